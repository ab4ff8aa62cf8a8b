import { terminationIdOf } from '../domain/clean-up.ts';
import { DrError } from '../domain/errors.ts';
import type { ExecutionRecord } from '../domain/records.ts';
import { isTerminal } from '../domain/status.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';

/** More terminations of one drill that all came to nothing mean that something is wrong. */
const MOST_ATTEMPTS = 50;

/** What was done about a drill's instances so far, and the id that another termination of them has. */
export interface EarlierTerminations {
  /** The last one, where it still runs or has ended all of them. */
  earlier?: ExecutionRecord;
  next: string;
}

/**
 * The terminations of a drill's instances. After one that was rejected, or that left some, another may be asked for;
 * while one runs, and after one that has ended all, there is no other.
 * @throws {DrError} Conflict when there were too many.
 */
export async function earlierTerminations(
  store: Pick<ExecutionStore, 'getExecution'>,
  { executionId, cleanUp }: Pick<ExecutionRecord, 'executionId' | 'cleanUp'>,
): Promise<EarlierTerminations> {
  const cleanedUp = cleanUp?.executionId === undefined ? undefined : await store.getExecution(cleanUp.executionId);
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const next = terminationIdOf(executionId, attempt);
    const earlier = await store.getExecution(next);
    if (earlier !== undefined && isLastWord(earlier)) return { earlier, next };
    if (earlier === undefined) return { next, ...(isLastWord(cleanedUp) ? { earlier: cleanedUp } : {}) };
  }
  throw new DrError('Conflict', `The instances of ${executionId} were to be ended ${MOST_ATTEMPTS} times already.`);
}

function isLastWord(termination: ExecutionRecord | undefined): termination is ExecutionRecord {
  return termination !== undefined && (termination.status === 'completed' || !isTerminal(termination.status));
}
