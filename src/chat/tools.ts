import { randomBytes } from 'node:crypto';
import { escapeText } from '../../blocks/message.ts';
import type { AuditNotes } from '../audit/notes.ts';
import { DrError, messageOf, nameOf } from '../domain/errors.ts';
import type { Choice } from '../domain/gate.ts';
import type { Press, VoteResult } from '../gates/vote.ts';
import type { Configuration } from '../platform/configuration.ts';
import type { Directory } from '../platform/directory.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';
import type { PlanLibrary } from '../platform/plan-library.ts';
import type { Log } from '../platform/platform.ts';

/** What the listeners work with. */
export interface ChatTools {
  store: ExecutionStore;
  configuration: Configuration;
  directory: Directory;
  /** Recovery plans and protection groups. */
  library: PlanLibrary;
  /** Notes what leaves no other trace: refusals above all. */
  audit: AuditNotes;
  /** The path of the configuration's SSM parameters, for telling people where something is said. */
  configPath: string;
  /** Milliseconds since the epoch. */
  now: () => number;
  log: Log;
}

/** Notes in the log what became of a vote; never its reason, which may say anything. */
export function noteVote(log: Log, press: Press, choice: Choice, result: VoteResult): void {
  log.info('A gate was voted on', {
    executionId: press.executionId,
    gateId: press.gateId,
    userId: press.person.userId,
    choice,
    outcome: result.kind === 'recorded' ? result.gate.status : result.reason,
  });
}

/**
 * Turns anything thrown into a sentence for the person who asked, in mrkdwn: a known error says what happened and what
 * to do; an unknown one gets an id that is shown and logged.
 */
export function explain(error: unknown, log: Log): string {
  return escapeText(explainPlainly(error, log));
}

/** The same where Slack shows plain text, e.g. at the input of a form. */
export function explainPlainly(error: unknown, log: Log): string {
  if (error instanceof DrError) return `⚠️ ${error.message}`;
  const id = randomBytes(4).toString('hex');
  log.error('An unexpected error', { id, error: nameOf(error), cause: messageOf(error) });
  return `⚠️ Something went wrong on our side (error ${id}); the log says more under this id. Look at the card to see whether it took effect before you try again.`;
}
