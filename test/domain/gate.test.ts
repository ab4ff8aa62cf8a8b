import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Access, Person } from '../../src/domain/access.ts';
import {
  type Choice,
  castVote,
  expire,
  GATE_STATUSES,
  type Gate,
  isApproved,
  REASON_LENGTH,
  readReason,
  refusalOf,
} from '../../src/domain/gate.ts';

const TEAM = 'T0PRACTICE';
const person = (userId: string, teamId = TEAM): Person => ({ userId, teamId });
const requester = person('U0REQUESTER');
const approver = person('U0APPROVER');
const secondApprover = person('U0SECOND00');
const thirdApprover = person('U0THIRD000');
const reader = person('U0READER00');
const stranger = person('U0STRANGER');
const everybody = [requester, approver, secondApprover, thirdApprover, reader, stranger];

/** Everybody but the stranger is known; the requester may approve too, only not this question. */
function accessFor(...approvers: Person[]): Access {
  return {
    teamId: TEAM,
    grants: [
      { role: 'DRSRecoveryManager', users: [requester, ...approvers].map(({ userId }) => userId) },
      { role: 'DRSReadOnly', users: [reader.userId] },
    ],
  };
}
const access = accessFor(approver, secondApprover, thirdApprover);
/** All three may approve, but only these may do everything. */
function adminsFor(...admins: Person[]): Access {
  return {
    ...access,
    grants: [...access.grants, { role: 'DRSOrchestrationAdmin', users: admins.map(({ userId }) => userId) }],
  };
}

const OPENED = 1_000_000;
const EXPIRES = OPENED + 30 * 60_000;
const SOON = OPENED + 60_000;

function aGate(differs: Partial<Gate> = {}): Gate {
  return {
    executionId: 'exec-1',
    gateId: 'approval-1',
    kind: 'approval',
    status: 'pending',
    version: 1,
    planRevision: 1,
    planHash: 'hash-1',
    application: 'HRP',
    requester,
    permissions: ['drs:ManageExecution'],
    quorum: 1,
    openedAt: OPENED,
    expiresAt: EXPIRES,
    votes: [],
    ...differs,
  };
}

const PLAN = { hash: 'hash-1', revision: 1 };

interface Press {
  by: Person;
  choice?: Choice;
  planRevision?: number;
  rights?: Access;
  at?: number;
}

const REASON = 'too many people work at this hour';

function press(gate: Gate, { by, choice = 'approve', planRevision = 1, rights = access, at = SOON }: Press) {
  const decision = choice === 'approve' ? { choice } : { choice, reason: REASON };
  return castVote(gate, { person: by, planRevision, decision }, rights, at);
}

/** The gate after presses one after another; a refused press leaves it as it was. */
function gateAfter(gate: Gate, ...presses: Press[]): Gate {
  return presses.reduce((current, one) => {
    const result = press(current, one);
    return result.kind === 'recorded' ? result.gate : current;
  }, gate);
}

describe('a vote', () => {
  it.each<{ name: string; gate: Partial<Gate>; presses: Press[]; status: Gate['status'] }>([
    { name: 'one approval settles a quorum of one', gate: {}, presses: [{ by: approver }], status: 'approved' },
    {
      name: 'one rejection settles',
      gate: { quorum: 3 },
      presses: [{ by: approver, choice: 'reject' }],
      status: 'rejected',
    },
    { name: 'one approval of two leaves it open', gate: { quorum: 2 }, presses: [{ by: approver }], status: 'pending' },
    {
      name: 'the second approval of two settles',
      gate: { quorum: 2 },
      presses: [{ by: approver }, { by: secondApprover }],
      status: 'approved',
    },
    {
      name: 'a rejection after the first approval of two settles',
      gate: { quorum: 2 },
      presses: [{ by: approver }, { by: secondApprover, choice: 'reject' }],
      status: 'rejected',
    },
    {
      name: 'the same person twice is not two',
      gate: { quorum: 2 },
      presses: [{ by: approver }, { by: approver }],
      status: 'pending',
    },
    {
      name: 'the requester beside an approver is not two',
      gate: { quorum: 2 },
      presses: [{ by: requester }, { by: approver }, { by: requester }],
      status: 'pending',
    },
    {
      name: 'an approver whose right was withdrawn before the second vote no longer counts',
      gate: { quorum: 2 },
      presses: [{ by: approver }, { by: secondApprover, rights: accessFor(secondApprover, thirdApprover) }],
      status: 'pending',
    },
    {
      name: 'a third approver makes up for the one whose right was withdrawn',
      gate: { quorum: 2 },
      presses: [
        { by: approver },
        { by: secondApprover, rights: accessFor(secondApprover, thirdApprover) },
        { by: thirdApprover, rights: accessFor(secondApprover, thirdApprover) },
      ],
      status: 'approved',
    },
    {
      name: 'an approver who lost one of two permissions before the second vote no longer counts',
      gate: { quorum: 2, permissions: ['drs:ManageExecution', 'drs:ManageAccounts'] },
      presses: [
        { by: approver, rights: adminsFor(approver, secondApprover) },
        { by: secondApprover, rights: adminsFor(secondApprover) },
      ],
      status: 'pending',
    },
  ])('$name', ({ gate, presses, status }) => {
    expect(gateAfter(aGate(gate), ...presses).status).toBe(status);
  });

  it('is kept with who, when and what, and moves the version by one', () => {
    const gate = gateAfter(aGate({ quorum: 2 }), { by: approver });
    expect(gate).toEqual(aGate({ quorum: 2, version: 2, votes: [{ ...approver, choice: 'approve', at: SOON }] }));
  });

  it('to reject is kept with why', () => {
    const gate = gateAfter(aGate(), { by: approver, choice: 'reject' });
    expect(gate.votes).toEqual([{ ...approver, choice: 'reject', reason: REASON, at: SOON }]);
  });

  it('that settles says when', () => {
    expect(gateAfter(aGate(), { by: approver })).toMatchObject({ settledAt: SOON, version: 2 });
  });

  const twoNeeded = gateAfter(aGate({ quorum: 2 }), { by: approver });
  it.each<{ name: string; gate?: Gate; press: Press; reason: string }>([
    { name: 'of the requester', press: { by: requester }, reason: 'own request' },
    { name: 'of the requester to reject', press: { by: requester, choice: 'reject' }, reason: 'own request' },
    {
      name: 'of a requester without the right to approve',
      gate: aGate({ requester: reader }),
      press: { by: reader },
      reason: 'own request',
    },
    { name: 'of a reader', press: { by: reader }, reason: 'no permission' },
    { name: 'of a stranger', press: { by: stranger }, reason: 'no permission' },
    { name: 'to reject of a stranger', press: { by: stranger, choice: 'reject' }, reason: 'no permission' },
    {
      name: 'of somebody of another workspace with an approver’s id',
      press: { by: person(approver.userId, 'T0ELSEWHERE') },
      reason: 'no permission',
    },
    {
      name: 'of an approver of other applications only',
      press: {
        by: approver,
        rights: {
          teamId: TEAM,
          grants: [{ role: 'DRSRecoveryManager', users: [approver.userId], applications: ['CRM'] }],
        },
      },
      reason: 'no permission',
    },
    {
      name: 'to somebody who has only one of the permissions that the question needs',
      gate: aGate({ permissions: ['drs:ManageExecution', 'drs:ManageAccounts'] }),
      press: { by: approver },
      reason: 'no permission',
    },
    {
      name: 'where nobody wrote down what it needs',
      gate: aGate({ permissions: [] }),
      press: { by: approver },
      reason: 'no permission',
    },
    { name: 'on an old card', press: { by: approver, planRevision: 0 }, reason: 'old card' },
    { name: 'on a card of a later question', press: { by: approver, planRevision: 2 }, reason: 'old card' },
    { name: 'at the deadline', press: { by: approver, at: EXPIRES }, reason: 'expired' },
    { name: 'after the deadline', press: { by: approver, at: EXPIRES + 1 }, reason: 'expired' },
    { name: 'to reject after the deadline', press: { by: approver, choice: 'reject', at: EXPIRES }, reason: 'expired' },
    { name: 'on an expired gate', gate: aGate({ status: 'expired' }), press: { by: approver }, reason: 'expired' },
    { name: 'on an approved gate', gate: aGate({ status: 'approved' }), press: { by: approver }, reason: 'settled' },
    { name: 'on a rejected gate', gate: aGate({ status: 'rejected' }), press: { by: approver }, reason: 'settled' },
    { name: 'on a cancelled gate', gate: aGate({ status: 'cancelled' }), press: { by: approver }, reason: 'settled' },
    { name: 'a second time', gate: twoNeeded, press: { by: approver }, reason: 'already voted' },
    {
      name: 'a second time with another choice',
      gate: twoNeeded,
      press: { by: approver, choice: 'reject' },
      reason: 'already voted',
    },
  ])('is refused $name', ({ gate = aGate(), press: one, reason }) => {
    expect(press(gate, one)).toEqual({ kind: 'refused', reason });
    // The same is said to somebody who is about to be asked for a reason.
    const { by, planRevision = 1, rights = access, at = SOON } = one;
    expect(refusalOf(gate, { person: by, planRevision }, rights, at)).toBe(reason);
  });

  it('is taken in the last moment before the deadline', () => {
    expect(gateAfter(aGate(), { by: approver, at: EXPIRES - 1 }).status).toBe('approved');
  });

  it('leaves the gate that it was given untouched', () => {
    const gate = aGate();
    press(gate, { by: approver });
    expect(gate).toEqual(aGate());
  });
});

describe('a reason', () => {
  const { min, max } = REASON_LENGTH;
  it.each<[string, string, string | undefined]>([
    ['is taken without the space around it', '  not now\n', 'not now'],
    ['may have several lines', 'not now\nbut at night', 'not now\nbut at night'],
    ['may be as short as it may be', 'x'.repeat(min), 'x'.repeat(min)],
    ['may not be shorter', 'x'.repeat(min - 1), undefined],
    ['may not be of nothing but space', ' '.repeat(min + 7), undefined],
    ['may be as long as it may be', 'x'.repeat(max), 'x'.repeat(max)],
    ['may not be longer', 'x'.repeat(max + 1), undefined],
    ['is counted as it is read: an emoji is one character', '🚧'.repeat(max), '🚧'.repeat(max)],
    ['can be stored, whatever was typed', 'half \uD83D', 'half \uFFFD'],
  ])('%s', (_, typed, reason) => {
    expect(readReason(typed)).toBe(reason);
  });
});

describe('expiry', () => {
  it.each<{ name: string; gate: Partial<Gate>; at: number; status: Gate['status'] }>([
    { name: 'not before the deadline', gate: {}, at: EXPIRES - 1, status: 'pending' },
    { name: 'at the deadline', gate: {}, at: EXPIRES, status: 'expired' },
    {
      name: 'also with approvals below the quorum',
      gate: { quorum: 2, votes: [{ ...approver, choice: 'approve', at: SOON }] },
      at: EXPIRES,
      status: 'expired',
    },
    { name: 'never of an approved gate', gate: { status: 'approved' }, at: EXPIRES, status: 'approved' },
    { name: 'never of a rejected gate', gate: { status: 'rejected' }, at: EXPIRES, status: 'rejected' },
    { name: 'never of a cancelled gate', gate: { status: 'cancelled' }, at: EXPIRES, status: 'cancelled' },
  ])('$name', ({ gate, at, status }) => {
    expect(expire(aGate(gate), at).status).toBe(status);
  });

  it('moves the version and says when', () => {
    expect(expire(aGate(), EXPIRES + 5)).toEqual(aGate({ status: 'expired', version: 2, settledAt: EXPIRES + 5 }));
  });

  it('gives back the very gate that it does not change, so that nothing is written', () => {
    const gate = aGate();
    expect(expire(gate, SOON)).toBe(gate);
  });
});

describe('the last word before the launch', () => {
  const approved = gateAfter(aGate(), { by: approver });
  const approve = (by: Person) => ({ ...by, choice: 'approve' as const, at: SOON });

  it('is yes for the approved plan', () => {
    expect(isApproved(approved, PLAN)).toBe(true);
  });

  it.each<{ name: string; gate?: Partial<Gate>; plan?: { hash: string; revision: number } }>([
    { name: 'another plan hash', plan: { hash: 'hash-2', revision: 1 } },
    { name: 'another revision', plan: { hash: 'hash-1', revision: 2 } },
    { name: 'no votes, whatever the status says', gate: { votes: [] } },
    { name: 'the requester’s vote only', gate: { votes: [approve(requester)] } },
    { name: 'fewer votes than the quorum', gate: { quorum: 2 } },
    { name: 'one person’s vote written twice', gate: { quorum: 2, votes: [approve(approver), approve(approver)] } },
    {
      name: 'a rejection among the votes',
      gate: { votes: [approve(approver), { ...approve(secondApprover), choice: 'reject' }] },
    },
  ])('is no for $name', ({ gate = {}, plan = PLAN }) => {
    expect(isApproved({ ...approved, ...gate }, plan)).toBe(false);
  });

  it.each(GATE_STATUSES.filter((status) => status !== 'approved'))('is no for a gate that is %s', (status) => {
    expect(isApproved({ ...approved, status }, PLAN)).toBe(false);
  });
});

describe('any presses and ticks in any order', () => {
  /** What people and the clock may do to a gate, at any time, also again and also too late. */
  type Event = { kind: 'tick'; at: number } | ({ kind: 'press'; choice: Choice; rights: Access; at: number } & Press);

  const anyTime = fc.integer({ min: OPENED, max: EXPIRES + 10 * 60_000 });
  const anyEvent: fc.Arbitrary<Event> = fc.oneof(
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('tick' as const), at: anyTime }) },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('press' as const),
        by: fc.constantFrom(...everybody),
        choice: fc.constantFrom<Choice>('approve', 'approve', 'approve', 'reject'),
        planRevision: fc.constantFrom(1, 1, 1, 2),
        rights: fc
          .subarray([approver, secondApprover, thirdApprover], { minLength: 1 })
          .map((some) => accessFor(...some)),
        at: anyTime,
      }),
    },
  );
  const anyHistory = fc.record({
    quorum: fc.integer({ min: 1, max: 3 }),
    // Time does not run backwards; the people come in any order.
    events: fc
      .array(anyEvent, { maxLength: 25 })
      .map((events) => events.toSorted((earlier, later) => earlier.at - later.at)),
  });

  /** Every state that the gate was in, with the event that led to it. */
  function historyOf(quorum: number, events: Event[]): { event: Event; before: Gate; now: Gate }[] {
    let gate = aGate({ quorum });
    return events.map((event) => {
      const before = gate;
      gate = event.kind === 'tick' ? expire(before, event.at) : gateAfter(before, event);
      return { event, before, now: gate };
    });
  }

  function holds(rule: (step: { event: Event; before: Gate; now: Gate }) => void): void {
    fc.assert(
      fc.property(anyHistory, ({ quorum, events }) => {
        for (const step of historyOf(quorum, events)) rule(step);
      }),
      { numRuns: 500 },
    );
  }

  it('settle the gate at most once: what is settled never changes again', () => {
    holds(({ before, now }) => {
      if (before.status !== 'pending') expect(now).toEqual(before);
    });
  });

  it('never record a vote of the requester, of a stranger or of a reader', () => {
    holds(({ now }) => {
      const voters = now.votes.map(({ userId }) => userId);
      for (const { userId } of [requester, stranger, reader]) expect(voters).not.toContain(userId);
    });
  });

  it('never record two votes of one person', () => {
    holds(({ now }) => {
      expect(new Set(now.votes.map(({ userId }) => userId)).size).toBe(now.votes.length);
    });
  });

  it('keep a reason with every rejection, and with nothing else', () => {
    holds(({ now }) => {
      for (const { choice, reason } of now.votes) expect(reason).toBe(choice === 'reject' ? REASON : undefined);
    });
  });

  it('approve only with as many people as the quorum who still may approve at that moment', () => {
    holds(({ event, before, now }) => {
      if (before.status !== 'pending' || now.status !== 'approved') return;
      if (event.kind !== 'press') throw new Error('a tick has approved');
      const rights = event.rights.grants.flatMap((grant) => (grant.role === 'DRSRecoveryManager' ? grant.users : []));
      const counted = now.votes.filter(({ userId, choice }) => choice === 'approve' && rights.includes(userId));
      expect(counted.length).toBeGreaterThanOrEqual(now.quorum);
      expect(now.votes.every(({ choice }) => choice === 'approve')).toBe(true);
    });
  });

  it('approve nothing at or after the deadline, and record no vote there', () => {
    holds(({ now }) => {
      expect(now.votes.every(({ at }) => at < EXPIRES)).toBe(true);
      if (now.status === 'approved') expect(now.settledAt).toBeLessThan(EXPIRES);
      if (now.status === 'expired') expect(now.settledAt).toBeGreaterThanOrEqual(EXPIRES);
    });
  });

  it('settle by a rejection at once', () => {
    holds(({ now }) => {
      if (now.votes.some(({ choice }) => choice === 'reject')) expect(now.status).toBe('rejected');
    });
  });

  it('change nothing on a card of another revision', () => {
    holds(({ event, before, now }) => {
      if (event.kind === 'press' && event.planRevision !== before.planRevision) expect(now).toBe(before);
    });
  });

  it('move the version with every change, and only then', () => {
    holds(({ before, now }) => {
      expect(now.version).toBe(now === before ? before.version : before.version + 1);
    });
  });

  it('let the last word agree with the status', () => {
    holds(({ now }) => {
      expect(isApproved(now, PLAN)).toBe(now.status === 'approved');
    });
  });

  it('do reach every end, so that the rules above are not true of nothing', () => {
    const seen = new Set(
      fc
        .sample(anyHistory, { numRuns: 500, seed: 7 })
        .flatMap(({ quorum, events }) => historyOf(quorum, events).map(({ now }) => now.status)),
    );
    expect([...seen].sort()).toEqual(['approved', 'expired', 'pending', 'rejected']);
  });
});
