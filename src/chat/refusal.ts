import type { Person } from '../domain/access.ts';
import { DrError, type ErrorCode, messageOf } from '../domain/errors.ts';
import type { ChatTools } from './tools.ts';

/** What somebody wanted and was not given. */
export interface Refusal {
  person: Person;
  /** What was wanted, e.g. `/dr drill` or `vote: approve`. */
  what: string;
  /** In a few words, for auditors. */
  why: string;
  /** What was typed. */
  text?: string;
  executionId?: string;
  gateId?: string;
  planHash?: string;
}

/**
 * Notes a refusal for the audit and gives `answer` back. What cannot be noted is refused all the same: the log has it,
 * and the person still hears why.
 */
export async function refused(tools: ChatTools, refusal: Refusal, answer: string): Promise<string> {
  try {
    await tools.audit.refused(refusal);
  } catch (error) {
    const { what, why, executionId, person } = refusal;
    tools.log.error('A refusal could not be noted for the audit', {
      what,
      why,
      executionId,
      userId: person.userId,
      error: messageOf(error),
    });
  }
  return answer;
}

/** When rights cannot be checked. */
const UNCHECKED: readonly ErrorCode[] = ['DirectoryUnavailable', 'ConfigurationError'];

/** Checks somebody's rights. Where they cannot be checked, that is a refusal like another, and is noted before it is told. */
export async function checked<T>(tools: ChatTools, refusal: Omit<Refusal, 'why'>, check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof DrError && UNCHECKED.includes(error.code)) {
      await refused(tools, { ...refusal, why: `not checked: ${error.message}` }, '');
    }
    throw error;
  }
}
