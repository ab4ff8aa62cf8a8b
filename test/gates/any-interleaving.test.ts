import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gateCard } from '../../blocks/gate-card.ts';
import type { Access, Person, Standing } from '../../src/domain/access.ts';
import type { Decision } from '../../src/domain/gate.ts';
import { isPassed, tick } from '../../src/domain/gate.ts';
import type { GateRecord } from '../../src/domain/records.ts';
import { cancelGates, vote } from '../../src/gates/vote.ts';
import type { Directory } from '../../src/platform/directory.ts';
import type { ExecutionStore } from '../../src/platform/execution-store.ts';
import { aGate, aView } from '../blocks/views.ts';

/**
 * The handlers of votes, ticks and cancels against one stored gate, in every order in which their reads and writes can
 * come. A write may be done although its answer is lost: then whoever made it tries again.
 */

const TEAM = 'T0PRACTICE1';
const person = (userId: string): Person => ({ userId, teamId: TEAM });
const requester = person('U0PREQUEST1');
const people = ['U0APPROVE01', 'U0APPROVE02', 'U0APPROVE03', 'U0APPROVE04'].map(person);
const guest = person('U0GUEST0001');
const stranger = person('U0STRANGER1');
const admin = person('U0ADMIN0001');

const access: Access = {
  teamId: TEAM,
  grants: [
    { role: 'DRSRecoveryManager', users: [...people, guest, requester].map(({ userId }) => userId) },
    { role: 'DRSOrchestrationAdmin', users: [admin.userId, requester.userId] },
  ],
};

type Action =
  | { kind: 'vote'; by: Person; decision: Decision; lost: boolean }
  | { kind: 'tick'; minutes: number }
  | { kind: 'cancel' };

const anyone = fc.constantFrom(...people, ...people, requester, guest, stranger, admin);
const anyDecision: fc.Arbitrary<Decision> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Decision>({ choice: 'approve', typedName: 'HRP' }) },
  { weight: 1, arbitrary: fc.constant<Decision>({ choice: 'approve', typedName: 'CRM' }) },
  { weight: 1, arbitrary: fc.constant<Decision>({ choice: 'reject', reason: 'not now' }) },
  {
    weight: 1,
    arbitrary: fc.constant<Decision>({ choice: 'approve', breakGlass: true, reason: 'all asleep', typedName: 'HRP' }),
  },
);
const anyAction: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('vote' as const),
      by: anyone,
      decision: anyDecision,
      lost: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('tick' as const), minutes: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 1, arbitrary: fc.constant<Action>({ kind: 'cancel' }) },
);

/** One stored gate, written under conditions as the table does; every read and write waits for its turn. */
function aTable(first: GateRecord, turn: <T>(done: () => T) => Promise<T>) {
  let stored = first;
  const settlements: GateRecord[] = [];
  let loseNext = false;
  const store = {
    getGate: () => turn(() => stored),
    getGates: () => turn(() => [stored]),
    decideGate: (next: GateRecord, read: { version: number; before?: number }) =>
      turn(() => {
        const holds =
          stored.status === 'pending' &&
          stored.version === read.version &&
          (read.before === undefined || read.before < stored.expiresAt);
        if (holds) {
          stored = next;
          if (next.status !== 'pending') settlements.push(next);
        }
        if (loseNext) {
          loseNext = false;
          throw new Error('socket hang up');
        }
        return holds;
      }),
  };
  return {
    store: store as unknown as ExecutionStore,
    settlements,
    now: () => stored,
    loseNextAnswer: () => {
      loseNext = true;
    },
  };
}

const directory: Directory = {
  access: async () => access,
  standingOf: async ({ userId }): Promise<Standing> => (userId === guest.userId ? 'guest' : 'member'),
};

const START = aGate().openedAt;

describe('whatever happens at the same time', () => {
  test('a gate settles once, never below its quorum, never by the requester, and its card shows the truth', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        fc.array(anyAction, { minLength: 1, maxLength: 14 }),
        async (scheduler, quorum, withGlass, actions) => {
          const gate = aGate({
            quorum,
            requester,
            typedName: 'HRP',
            // Whatever went wrong when it opened: the requester does not count.
            approvers: [...people, requester].map(({ userId }) => userId),
            remindAfterMinutes: 5,
            ...(withGlass
              ? {
                  breakGlass: {
                    roles: ['DRSOrchestrationAdmin'],
                    userIds: [admin.userId, requester.userId],
                    byRequester: false,
                  },
                }
              : {}),
          });
          const table = aTable(gate, (done) => scheduler.schedule(Promise.resolve()).then(done));
          let now = START + 1_000;
          const tools = { store: table.store, directory, now: () => now };
          const press = { executionId: gate.executionId, gateId: gate.gateId, planRevision: gate.planRevision };

          const acting = actions.map(async (action): Promise<unknown> => {
            switch (action.kind) {
              case 'vote': {
                const cast = () => vote(tools, { ...press, person: action.by, decision: action.decision });
                if (!action.lost) return await cast();
                table.loseNextAnswer();
                // Slack's people press again when they hear nothing.
                return await cast().catch(cast).catch(cast);
              }
              case 'tick': {
                now += action.minutes * 60_000;
                const read = await table.store.getGate('', '');
                if (read === undefined) return undefined;
                const next = { ...read, ...tick(read, now) };
                return next.version === read.version
                  ? undefined
                  : await table.store.decideGate(next, { version: read.version }).catch(() => undefined);
              }
              case 'cancel':
                return await cancelGates(tools, gate.executionId, requester).catch(() => undefined);
            }
          });
          const all = Promise.allSettled(acting);
          await scheduler.waitFor(all);

          const settled = table.now();
          expect(table.settlements.length).toBeLessThanOrEqual(1);
          for (const { userId } of settled.votes) {
            expect([requester.userId, guest.userId, stranger.userId]).not.toContain(userId);
          }
          expect(new Set(settled.votes.map(({ userId }) => userId)).size).toBe(settled.votes.length);
          if (settled.status === 'approved') {
            expect(isPassed(settled)).toBe(true);
            const alone = settled.votes.some(({ breakGlass }) => breakGlass === true);
            const approvals = settled.votes.filter(({ choice }) => choice === 'approve');
            expect(alone ? quorum : approvals.length).toBeGreaterThanOrEqual(quorum);
            if (alone) expect(withGlass).toBe(true);
            expect(settled.settledAt).toBeLessThan(gate.expiresAt);
          }
          expect(shownStatus(settled)).toBe(settled.status);
        },
      ),
      { numRuns: 150 },
    );
  });
});

/** What somebody who reads the card takes it to be. */
function shownStatus(gate: GateRecord): string {
  const text = JSON.stringify(gateCard({ ...aView(), gates: [gate] }, gate));
  const shown = (
    [
      ['approved', /✅ Approved by|passed by <@\w+> alone/],
      ['rejected', /🚫 Rejected by/],
      ['expired', /⌛ Expired/],
      ['cancelled', /🚫 Cancelled/],
    ] as const
  ).filter(([, words]) => words.test(text));
  const open = text.includes('gate_approve');
  if (open) return shown.length === 0 ? 'pending' : `open and ${shown.join()}`;
  return shown.map(([status]) => status).join() || 'nothing';
}
