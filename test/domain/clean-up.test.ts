import { describe, expect, it } from 'vitest';
import {
  type CleanUpFacts,
  carriedApproval,
  cleanUpAfter,
  launchedServers,
  terminationIdOf,
  terminationOf,
} from '../../src/domain/clean-up.ts';
import { isApproved } from '../../src/domain/gate.ts';
import { DEFAULTS } from '../../src/domain/policy.ts';
import type { BatchRecord, ExecutionRecord, GateRecord } from '../../src/domain/records.ts';
import { APPROVER, aGate, anExecution, aPlan, EXECUTION_ID, minutes, REQUESTER, START } from '../blocks/views.ts';
import { ACCOUNT, aBatch, aBatchServer, OTHER_ACCOUNT } from './fleet.ts';

const TEAM = 'T0PRACTICE1';
const END = START + minutes(30);
const DUE = END + 4 * minutes(60);
const TERMINATION = 'fedcba01-2345-8678-8abc-def012345678';
const terminating = ['drs:ManageExecution', 'drs:TerminateInstances'] as const;

const launched = (number: number, differs = {}) =>
  aBatchServer(number, {
    state: 'launched',
    recoveryInstanceId: `i-0000000${number}`,
    ec2InstanceId: `i-0000000${number}`,
    instanceType: 'm5.large',
    ...differs,
  });

function aBatchRecord(differs: Partial<BatchRecord> = {}): BatchRecord {
  return {
    ...aBatch(),
    executionId: EXECUTION_ID,
    planRevision: 1,
    planHash: aPlan().hash,
    verb: 'drill',
    wave: 1,
    version: 3,
    ...differs,
  };
}

const drillBatches = [aBatchRecord({ servers: [launched(1), launched(2), aBatchServer(3, { state: 'failed' })] })];

const drill = (differs: Partial<ExecutionRecord> = {}): ExecutionRecord =>
  anExecution({
    status: 'completed',
    planRevision: 1,
    endTime: END,
    reason: 'a test',
    metadata: { ticketId: 'INC1', attempt: 9 },
    cleanUp: { afterHours: 4, at: DUE, executionId: TERMINATION },
    ...differs,
  });

const drillGate = (differs: Partial<GateRecord> = {}): GateRecord =>
  aGate({
    status: 'approved',
    answer: 'approve',
    permissions: [...terminating],
    cleanUpAfterHours: 4,
    votes: [{ userId: APPROVER, teamId: TEAM, choice: 'approve', at: START + minutes(5) }],
    settledAt: START + minutes(5),
    ...differs,
  });

/** The question about the termination, as it would be put to people when it is due. */
const question = (differs: Partial<GateRecord> = {}): GateRecord =>
  aGate({
    executionId: TERMINATION,
    planHash: 'f'.repeat(64),
    permissions: [...terminating],
    openedAt: DUE,
    expiresAt: DUE + minutes(30),
    ...differs,
  });

const ended = (...numbers: number[]): BatchRecord[] => [
  aBatchRecord({
    executionId: TERMINATION,
    verb: 'terminate',
    servers: numbers.map((number) => launched(number, { state: 'planned', isDrill: true })),
  }),
];

function facts(differs: Partial<CleanUpFacts> = {}): CleanUpFacts {
  const request = { executionId: TERMINATION, requester: drill().requester, now: DUE, reason: 'clean-up' };
  const cleansUp = { executionId: EXECUTION_ID, gateId: 'approval-1' };
  const termination = terminationOf(drill(), drillBatches, { ...request, cleansUp })?.execution;
  if (termination === undefined) throw new Error('the drill has launched nothing');
  return {
    termination,
    batches: ended(1, 2),
    drill: drill(),
    drillPlan: aPlan(),
    drillBatches,
    drillGate: drillGate(),
    policy: DEFAULTS.terminate,
    now: DUE,
    ...differs,
  };
}

describe('a drill’s clean-up', () => {
  it('has its time when the drill ends, where something was launched', () => {
    const asked = { verb: 'drill', cleanUp: { afterHours: 4 } } as const;
    expect(cleanUpAfter(asked, drillBatches, END)).toEqual({ afterHours: 4, at: DUE });
    expect(cleanUpAfter(asked, [aBatchRecord()], END)).toBeUndefined();
    expect(cleanUpAfter({ verb: 'drill' }, drillBatches, END)).toBeUndefined();
    expect(cleanUpAfter({ ...asked, verb: 'failover' }, drillBatches, END)).toBeUndefined();
  });

  it('is about what was launched in every attempt', () => {
    const retry = aBatchRecord({ accountId: OTHER_ACCOUNT, servers: [launched(4)] });
    expect(launchedServers([...drillBatches, retry]).map(({ recoveryInstanceId }) => recoveryInstanceId)).toEqual([
      'i-00000001',
      'i-00000002',
      'i-00000004',
    ]);
  });

  it('is a termination of exactly the launched instances, of exactly their servers, with nothing around it', () => {
    const retry = aBatchRecord({ accountId: OTHER_ACCOUNT, servers: [launched(4)] });
    const { execution, recoveryPlan } =
      terminationOf(drill({ otherApplications: ['Web'] }), [...drillBatches, retry], {
        executionId: TERMINATION,
        requester: drill().requester,
        now: DUE,
        reason: 'clean-up',
      }) ?? {};
    expect(execution).toMatchObject({
      verb: 'terminate',
      status: 'planning',
      application: 'HRP',
      otherApplications: ['Web'],
      waves: [1],
      tags: { 'DR-Application': 'HRP' },
      metadata: { ticketId: 'INC1' },
      endsDrill: EXECUTION_ID,
      options: { instanceIds: ['i-00000001', 'i-00000002', 'i-00000004'], terminateLive: false, minServers: 1 },
    });
    expect(execution?.metadata).toEqual({ ticketId: 'INC1' });
    const serverIds = launchedServers(drillBatches).map(({ sourceServerId }) => sourceServerId);
    expect(recoveryPlan?.waves).toMatchObject([
      {
        wave: 1,
        selectors: [
          { accountId: ACCOUNT, serverIds },
          { accountId: OTHER_ACCOUNT, serverIds: [launched(4).sourceServerId] },
        ],
        preWaveActions: [],
        postWaveActions: [],
      },
    ]);
    expect(terminationOf(drill(), [aBatchRecord()], { ...facts().termination, now: DUE, reason: '' })).toBeUndefined();
  });

  it('has one id for each attempt', () => {
    expect(terminationIdOf('a', 1)).toBe(terminationIdOf('a', 1));
    expect(new Set([terminationIdOf('a', 1), terminationIdOf('a', 2), terminationIdOf('b', 1)]).size).toBe(3);
  });
});

describe('the approval of a clean-up', () => {
  it('is the drill’s, whose question said so', () => {
    const gate = carriedApproval(question(), facts());
    expect(gate).toMatchObject({
      status: 'approved',
      planHash: 'f'.repeat(64),
      votes: drillGate().votes,
      from: { executionId: EXECUTION_ID, gateId: 'approval-1' },
      settledAt: DUE,
    });
    expect(gate && isApproved(gate, { hash: 'f'.repeat(64), revision: 1 })).toBe(true);
  });

  it('is for what is left, too', () => {
    expect(carriedApproval(question(), facts({ batches: ended(2) }))).toBeDefined();
  });

  const others = { userId: 'U0PAPPROVE2', teamId: TEAM, choice: 'approve', at: START } as const;
  const kept = { userId: REQUESTER, teamId: TEAM, at: END };
  const unlike: [string, Partial<CleanUpFacts>, Partial<GateRecord>?][] = [
    ['another instance would be ended', { batches: ended(1, 4) }],
    ['an instance of a server that the drill could not launch would be ended', { batches: ended(3) }],
    ['a live instance would be ended', { batches: [aBatchRecord({ servers: [launched(1, { isDrill: false })] })] }],
    [
      'another instance of the same server would be ended with it',
      {
        batches: [
          aBatchRecord({
            servers: [
              launched(1, {
                isDrill: true,
                otherInstances: [{ recoveryInstanceId: 'i-00000009', ec2InstanceId: 'i-00000009', isDrill: true }],
              }),
            ],
          }),
        ],
      },
    ],
    ['nothing would be ended', { batches: [] }],
    ['live instances are asked for', { termination: withOptions({ terminateLive: true }) }],
    ['the drill was rejected', { drillGate: drillGate({ status: 'rejected', answer: 'reject' }) }],
    ['the drill’s gate says approved without votes', { drillGate: drillGate({ votes: [] }) }],
    [
      'somebody said no to the drill',
      { drillGate: drillGate({ votes: [...drillGate().votes, { ...others, choice: 'reject' }] }) },
    ],
    ['the drill’s gate is about another plan', { drillPlan: aPlan({ hash: '0'.repeat(64) }) }],
    ['the drill’s gate is about another revision', { drillPlan: aPlan({ revision: 2 }) }],
    ['the drill’s gate is another execution’s', { drillGate: drillGate({ executionId: TERMINATION }) }],
    [
      'the termination is another drill’s clean-up',
      {
        termination: {
          ...facts().termination,
          cleansUp: { executionId: TERMINATION, gateId: 'approval-1' },
        },
      },
    ],
    [
      'somebody broke the glass for the drill',
      {
        drillGate: drillGate({
          votes: drillGate().votes.map((vote) => ({ ...vote, breakGlass: true, reason: 'now' })),
        }),
      },
    ],
    ['the termination names another gate', { termination: withCleansUp('approval-2') }],
    ['the drill’s question did not speak of a clean-up', { drillGate: drillGate({ cleanUpAfterHours: undefined }) }],
    ['the drill’s question named other hours', { drillGate: drillGate({ cleanUpAfterHours: 8 }) }],
    [
      'the drill’s question was one that may not end instances',
      { drillGate: drillGate({ permissions: ['drs:ManageExecution'] }) },
    ],
    ['the drill has no clean-up', { drill: drill({ cleanUp: undefined }) }],
    ['the drill has not ended', { drill: drill({ status: 'executing' }) }],
    ['it was no drill', { drill: drill({ verb: 'failover' }) }],
    ['it is not due', { now: DUE - 1 }],
    [
      'somebody keeps the instances',
      { drill: drill({ cleanUp: { afterHours: 4, at: DUE, executionId: TERMINATION, kept } }) },
    ],
    [
      'it is not the termination that was begun',
      { drill: drill({ cleanUp: { afterHours: 4, at: DUE, executionId: 'x' } }) },
    ],
    ['it is about another application', { drill: drill({ application: 'Web' }) }],
    ['it is about further applications', { drill: drill({ otherApplications: ['Web'] }) }],
    [
      'somebody else asks for it',
      { termination: { ...facts().termination, requester: { userId: APPROVER, teamId: TEAM } } },
    ],
    ['a termination needs more votes now', {}, { quorum: 2 }],
    ['who voted may decide no more', {}, { approvers: ['U0PAPPROVE2'] }],
    ['a termination needs the name now', {}, { typedName: 'HRP' }],
    ['terminations are frozen now', { policy: { ...DEFAULTS.terminate, freeze: 'audit' } }],
    [
      'a termination needs a ticket now',
      {
        policy: { ...DEFAULTS.terminate, requireTicket: true },
        termination: { ...facts().termination, metadata: undefined },
      },
    ],
    [
      'a termination needs a reason now',
      { policy: { ...DEFAULTS.terminate, requireReason: true }, drill: drill({ reason: undefined }) },
    ],
  ];
  it.each(unlike)('is asked for when %s', (_, differs, asked = {}) => {
    expect(carriedApproval(question(asked), facts(differs))).toBeUndefined();
  });

  it('is asked for when the requester’s own vote counted then and does not now', () => {
    const own = { userId: REQUESTER, teamId: TEAM, choice: 'approve', at: START } as const;
    const gate = drillGate({ selfApproval: true, approvers: [REQUESTER], votes: [own] });
    const now = { approvers: [REQUESTER, APPROVER] };
    expect(carriedApproval(question({ ...now, selfApproval: true }), facts({ drillGate: gate }))).toBeDefined();
    expect(carriedApproval(question(now), facts({ drillGate: gate }))).toBeUndefined();
  });

  it('takes over no vote that did not count for the drill', () => {
    const outside = { userId: 'U0OUTSIDER1', teamId: TEAM, choice: 'approve', at: START } as const;
    const gate = drillGate({ votes: [...drillGate().votes, outside] });
    const asked = question({ quorum: 2, approvers: [APPROVER, 'U0OUTSIDER1'] });
    expect(carriedApproval(asked, facts({ drillGate: gate }))).toBeUndefined();
    // The requester's own, which did not count, would now.
    const own = { userId: REQUESTER, teamId: TEAM, choice: 'approve', at: START } as const;
    const both = drillGate({ approvers: [APPROVER, REQUESTER], votes: [...drillGate().votes, own] });
    const ofTwo = question({ quorum: 2, selfApproval: true, approvers: [APPROVER, REQUESTER] });
    expect(carriedApproval(ofTwo, facts({ drillGate: both }))).toBeUndefined();
  });

  it('takes over the name where the drill’s question had asked for it', () => {
    const gate = drillGate({ typedName: 'HRP' });
    expect(carriedApproval(question({ typedName: 'HRP' }), facts({ drillGate: gate }))).toBeDefined();
  });

  function withOptions(options: Partial<ExecutionRecord['options']>): ExecutionRecord {
    const { termination } = facts();
    return { ...termination, options: { ...termination.options, ...options } };
  }

  function withCleansUp(gateId: string): ExecutionRecord {
    return { ...facts().termination, cleansUp: { executionId: EXECUTION_ID, gateId } };
  }
});
