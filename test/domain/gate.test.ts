import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Access, Person } from '../../src/domain/access.ts';
import {
  breakGlassRefusalOf,
  type Choice,
  castVote,
  type Decision,
  GATE_STATUSES,
  type Gate,
  isApproved,
  isPassed,
  nextDueAt,
  REASON_LENGTH,
  readReason,
  refusalOf,
  tick,
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
    requestedAt: OPENED - 20_000,
    permissions: ['drs:ManageExecution'],
    quorum: 1,
    openedAt: OPENED,
    expiresAt: EXPIRES,
    approvers: [approver, secondApprover, thirdApprover].map(({ userId }) => userId),
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
  const decision: Decision =
    choice === 'approve' ? { choice } : choice === 'reject' ? { choice, reason: REASON } : { choice };
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
    {
      name: 'of somebody who may approve now but could not when it opened',
      gate: aGate({ approvers: [secondApprover.userId] }),
      press: { by: approver },
      reason: 'not asked',
    },
    {
      name: 'of somebody whose role does not count here',
      gate: aGate({ roles: ['DRSOrchestrationAdmin'] }),
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
    expect(tick(aGate(gate), at).status).toBe(status);
  });

  it('moves the version and says when', () => {
    expect(tick(aGate(), EXPIRES + 5)).toEqual(aGate({ status: 'expired', version: 2, settledAt: EXPIRES + 5 }));
  });

  it('gives back the very gate that it does not change, so that nothing is written', () => {
    const gate = aGate();
    expect(tick(gate, SOON)).toBe(gate);
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

describe('a name that has to be typed', () => {
  const gate = aGate({ typedName: 'Human Resources' });
  const approveTyping = (typedName?: string) =>
    castVote(gate, { person: approver, planRevision: 1, decision: { choice: 'approve', typedName } }, access, SOON);

  it.each(['Human Resources', '  human  resources ', 'HUMAN RESOURCES'])('is taken as “%s”', (typed) => {
    expect(approveTyping(typed)).toMatchObject({ kind: 'recorded', gate: { status: 'approved' } });
  });

  it.each(['', 'Human', 'Human Resource', undefined])('is not taken as “%s”', (typed) => {
    expect(approveTyping(typed)).toEqual({ kind: 'refused', reason: 'wrong name' });
  });

  it('is not needed to reject', () => {
    expect(press(gate, { by: approver, choice: 'reject' })).toMatchObject({ kind: 'recorded' });
  });
});

describe('an approval of one’s own', () => {
  it('counts where the policy says so, once', () => {
    const gate = gateAfter(
      aGate({ quorum: 2, selfApproval: true, approvers: [requester, approver].map(({ userId }) => userId) }),
      { by: requester },
      { by: requester },
    );
    expect(gate).toMatchObject({ status: 'pending', votes: [{ userId: requester.userId }] });
    const settled = gateAfter(gate, { by: approver });
    expect(settled.status).toBe('approved');
    expect(isApproved(settled, PLAN)).toBe(true);
  });
});

describe('breaking the glass', () => {
  const admin = person('U0ADMIN000');
  const rights: Access = {
    ...access,
    grants: [...access.grants, { role: 'DRSOrchestrationAdmin', users: [admin.userId, requester.userId] }],
  };
  const glass = { roles: ['DRSOrchestrationAdmin' as const], userIds: [admin.userId], byRequester: false };
  const breaks = (gate: Gate, by: Person, typedName?: string) =>
    castVote(
      gate,
      { person: by, planRevision: 1, decision: { choice: 'approve', breakGlass: true, reason: REASON, typedName } },
      rights,
      SOON,
    );

  it('passes the gate alone, marked as such and with its reason', () => {
    const result = breaks(aGate({ quorum: 2, breakGlass: glass }), admin);
    if (result.kind !== 'recorded') throw new Error(result.reason);
    expect(result.gate).toMatchObject({
      status: 'approved',
      votes: [{ userId: admin.userId, breakGlass: true, reason: REASON }],
    });
    expect(isApproved(result.gate, PLAN)).toBe(true);
  });

  it('does not skip the typed name', () => {
    const gate = aGate({ quorum: 2, breakGlass: glass, typedName: 'HRP' });
    expect(breaks(gate, admin)).toEqual({ kind: 'refused', reason: 'wrong name' });
    expect(breaks(gate, admin, 'hrp')).toMatchObject({ kind: 'recorded' });
  });

  it('does not skip the plan hash', () => {
    const result = breaks(aGate({ quorum: 2, breakGlass: glass }), admin);
    if (result.kind !== 'recorded') throw new Error(result.reason);
    expect(isApproved(result.gate, { hash: 'hash-2', revision: 1 })).toBe(false);
  });

  it('is for nobody where the policy does not know it, and not for a vote that only says so', () => {
    expect(breaks(aGate({ quorum: 2 }), admin)).toEqual({ kind: 'refused', reason: 'no break-glass' });
    const forged = { ...admin, choice: 'approve' as const, breakGlass: true as const, reason: REASON, at: SOON };
    expect(isPassed(aGate({ status: 'approved', quorum: 2, votes: [forged] }))).toBe(false);
  });

  it('is not for the requester, unless the policy says so', () => {
    const mine = { ...glass, userIds: [admin.userId, requester.userId] };
    expect(breaks(aGate({ quorum: 2, breakGlass: mine }), requester)).toMatchObject({ reason: 'own request' });
    expect(breaks(aGate({ quorum: 2, breakGlass: { ...mine, byRequester: true } }), requester)).toMatchObject({
      kind: 'recorded',
    });
  });

  it('is not for an approver without the role, nor for who got it after the gate opened', () => {
    expect(breaks(aGate({ quorum: 2, breakGlass: glass }), approver)).toMatchObject({ reason: 'no break-glass' });
    expect(breaks(aGate({ quorum: 2, breakGlass: { ...glass, userIds: [] } }), admin)).toMatchObject({
      reason: 'no break-glass',
    });
  });

  it('does not come after a settlement or the deadline', () => {
    const gate = aGate({ quorum: 2, breakGlass: glass });
    const voter = { person: admin, planRevision: 1 };
    expect(breakGlassRefusalOf({ ...gate, status: 'rejected' }, voter, rights, SOON)).toBe('settled');
    expect(breakGlassRefusalOf(gate, voter, rights, EXPIRES)).toBe('expired');
  });

  it('does not overrule a rejection that was there first', () => {
    const gate = gateAfter(aGate({ quorum: 2, breakGlass: glass }), { by: approver, choice: 'reject' });
    expect(breaks(gate, admin)).toEqual({ kind: 'refused', reason: 'settled' });
  });

  it('by who has approved already is one vote of one person', () => {
    const both = { ...glass, userIds: [approver.userId], roles: ['DRSRecoveryManager' as const] };
    const gate = gateAfter(aGate({ quorum: 2, breakGlass: both }), { by: approver });
    expect(breaks(gate, approver)).toMatchObject({ gate: { status: 'approved', votes: [{ breakGlass: true }] } });
  });
});

describe('a question between waves', () => {
  const pause = aGate({ kind: 'pause', gateId: 'pause-2', wave: 2 });
  const decision = aGate({ kind: 'decision', gateId: 'decision-2-1', wave: 2, quorum: 2 });

  it('is passed by its own answers, and says which', () => {
    expect(gateAfter(pause, { by: approver, choice: 'resume' })).toMatchObject({
      status: 'approved',
      answer: 'resume',
    });
    const one = gateAfter(decision, { by: approver, choice: 'retry' }, { by: secondApprover, choice: 'continue' });
    expect(one.status).toBe('pending');
    const settled = gateAfter(one, { by: thirdApprover, choice: 'continue' });
    expect(settled).toMatchObject({ status: 'approved', answer: 'continue' });
    expect(isPassed(settled)).toBe(true);
  });

  it('is ended by one Stop', () => {
    expect(gateAfter(decision, { by: approver, choice: 'stop' })).toMatchObject({ status: 'rejected', answer: 'stop' });
  });

  it('takes no answers of another kind of question, and never approves a plan', () => {
    expect(press(pause, { by: approver, choice: 'approve' })).toEqual({ kind: 'refused', reason: 'old card' });
    expect(isApproved(gateAfter(pause, { by: approver, choice: 'resume' }), PLAN)).toBe(false);
  });
});

describe('reminders and escalation', () => {
  const minutes = (count: number) => OPENED + count * 60_000;
  const gate = aGate({
    remindAfterMinutes: 5,
    escalation: { at: minutes(20), users: ['U0BOSS0000'], userGroups: [] },
  });

  /** The gate after ticks at these minutes. */
  const ticked = (...at: number[]) => at.reduce((now, minute) => tick(now, minutes(minute)), gate);

  it('wait twice as long each time', () => {
    expect(ticked(4).reminders).toBeUndefined();
    expect(ticked(5, 6, 14, 15, 16).reminders).toEqual([minutes(5), minutes(15)]);
    expect(nextDueAt(ticked(5))).toBe(minutes(15));
    expect(nextDueAt(ticked(5, 15))).toBe(minutes(20));
  });

  it('come once each, also when the machine has slept', () => {
    expect(ticked(29).reminders).toEqual([minutes(29)]);
    expect(ticked(20, 21)).toMatchObject({ escalatedAt: minutes(20) });
  });

  it('settle nothing and take no votes away', () => {
    const voted = gateAfter({ ...gate, quorum: 2 }, { by: approver });
    expect(tick(voted, minutes(20))).toMatchObject({
      status: 'pending',
      votes: voted.votes,
      version: voted.version + 1,
    });
  });

  it('end with the decision', () => {
    const settled = gateAfter(gate, { by: approver });
    expect(tick(settled, minutes(20))).toBe(settled);
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
      gate = event.kind === 'tick' ? tick(before, event.at) : gateAfter(before, event);
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
