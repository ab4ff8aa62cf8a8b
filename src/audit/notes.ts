import { randomBytes } from 'node:crypto';
import type { Person } from '../domain/access.ts';
import { type AuditNote, refusedDayOf } from '../domain/audit.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';

/** What is noted for the audit because nothing else in the table tells of it. */
export interface Noted {
  /** Of an execution that exists; left out for what belongs to none. */
  executionId?: string;
  gateId?: string;
  planHash?: string;
  person: Person;
  /** What was wanted, e.g. `vote: approve` or `/dr failover`. */
  what: string;
  /** What was typed, e.g. the command or the reason. Never a secret. */
  text?: string;
}

export type AuditNotes = ReturnType<typeof auditNotes>;

/** Longest text of a note in characters: what Slack takes as a command is longer only by mistake. */
const MAX_TEXT = 4_000;

/**
 * Notes for the audit what leaves no other trace in the table. A note is an item of its own, so that nothing is ever
 * overwritten; the table's stream takes it to the audit's chain. `now` is in milliseconds since the epoch.
 */
export function auditNotes(store: Pick<ExecutionStore, 'addNote'>, now: () => number) {
  const note = async (kind: AuditNote['kind'], noted: Noted & { why?: string }): Promise<void> => {
    const { executionId, gateId, planHash, person, what, why, text } = noted;
    const at = now();
    await store.addNote(
      {
        executionId: executionId ?? refusedDayOf(at),
        kind,
        at,
        person: { userId: person.userId, teamId: person.teamId },
        what,
        ...(why === undefined ? {} : { why }),
        ...(gateId === undefined ? {} : { gateId }),
        ...(planHash === undefined ? {} : { planHash }),
        ...(text === undefined ? {} : { text: [...text.toWellFormed()].slice(0, MAX_TEXT).join('') }),
      },
      randomBytes(8).toString('hex'),
    );
  };

  return {
    /** Somebody wanted something and was not given it: a request, a vote, a break-glass, a command. `why` says why not. */
    refused: (refusal: Noted & { why: string }) => note('refused', refusal),

    /** Somebody was given something that changes nothing in the table, e.g. the audit's file. */
    asked: (given: Noted) => note('asked', given),

    /** Somebody stored or removed recovery plans or protection groups. `what` says so, `text` which ones, with their versions. */
    stored: (stored: Noted) => note('plans stored', stored),
  };
}
