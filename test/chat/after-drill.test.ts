import { describe, expect, it } from 'vitest';
import { endDrill, keepInstances } from '../../src/chat/after-drill.ts';
import type { ChatTools } from '../../src/chat/tools.ts';
import type { Access, Standing } from '../../src/domain/access.ts';
import { terminationIdOf } from '../../src/domain/clean-up.ts';
import type { Policies } from '../../src/domain/policy.ts';
import type { ExecutionRecord } from '../../src/domain/records.ts';
import { anExecution, aPlan, EXECUTION_ID, START } from '../blocks/views.ts';
import { aBatch, aBatchServer } from '../domain/fleet.ts';

const TEAM = 'T0PRACTICE1';
const MANAGER = { userId: 'U0MANAGER01', teamId: TEAM };
const OPERATOR = { userId: 'U0OPERATOR1', teamId: TEAM };
const READER = { userId: 'U0READER001', teamId: TEAM };
const ACCESS: Access = {
  teamId: TEAM,
  grants: [
    { role: 'DRSRecoveryManager', users: [MANAGER.userId], applications: ['HRP'] },
    { role: 'DRSOperator', users: [OPERATOR.userId] },
    { role: 'DRSReadOnly', users: [READER.userId] },
  ],
};

const drill = (differs: Partial<ExecutionRecord> = {}): ExecutionRecord =>
  anExecution({ status: 'completed', planRevision: 1, ...differs });

/** What is stored besides the drill, and what a press leads to. */
function world({
  stored = [],
  launched = 2,
  standing = 'member',
  policies = {},
  owner,
}: {
  stored?: ExecutionRecord[];
  launched?: number;
  standing?: Standing;
  policies?: Policies;
  owner?: string;
} = {}) {
  const executions = new Map(stored.map((one) => [one.executionId, one]));
  const order: string[] = [];
  const refusals: string[] = [];
  const batch = {
    ...aBatch(),
    servers: Array.from({ length: launched }, (_, at) =>
      aBatchServer(at + 1, { state: 'launched', recoveryInstanceId: `i-0000000${at + 1}` }),
    ),
  };
  const tools = {
    store: {
      getExecution: async (id: string) => executions.get(id),
      getMessage: async () => undefined,
      getPlan: async () => aPlan(),
      getBatches: async () => [batch],
      lockApplication: async () => (owner === undefined ? { locked: true } : { locked: false, owner }),
      createRecoveryPlan: async () => order.push('recovery plan') > 0,
      createExecution: async (execution: ExecutionRecord) => {
        order.push('execution');
        executions.set(execution.executionId, execution);
        return true;
      },
      keepInstances: async (_: string, kept: NonNullable<ExecutionRecord['cleanUp']>['kept']) => {
        const { cleanUp } = executions.get(EXECUTION_ID) ?? drill();
        const isLate = cleanUp?.at === undefined || cleanUp.kept !== undefined || cleanUp.executionId !== undefined;
        if (!isLate) executions.set(EXECUTION_ID, drill({ cleanUp: { ...cleanUp, kept } }));
        return !isLate;
      },
    },
    directory: { standingOf: async () => standing, access: async () => ACCESS },
    configuration: { policies: async () => policies },
    audit: { refused: async ({ why }: { why: string }) => void refusals.push(why) },
    now: () => START,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  } as unknown as ChatTools;
  return { tools, executions, order, refusals };
}

const first = terminationIdOf(EXECUTION_ID, 1);
const second = terminationIdOf(EXECUTION_ID, 2);
const termination = (executionId: string, status: ExecutionRecord['status']) =>
  anExecution({ executionId, status, verb: 'terminate' });

describe('Terminate Drill Instances', () => {
  it('asks for the end of what the drill has launched: what it is about is stored first', async () => {
    const { tools, executions, order } = world();
    const told = await endDrill(tools, { person: MANAGER, drill: drill() });
    expect(told).toContain('2 drill instances of drill abcdef01');
    expect(order).toEqual(['recovery plan', 'execution']);
    expect(executions.get(first)).toMatchObject({
      verb: 'terminate',
      requester: MANAGER,
      endsDrill: EXECUTION_ID,
      options: { instanceIds: ['i-00000001', 'i-00000002'] },
    });
    expect(executions.get(first)).not.toHaveProperty('cleansUp');
  });

  it.each<[string, ExecutionRecord['status'], string]>([
    ['runs', 'awaiting approval', 'being ended already'],
    ['has ended all', 'completed', 'Nothing is left'],
  ])('asks for no other while one %s', async (_, status, why) => {
    const { tools, order } = world({ stored: [termination(first, status)] });
    expect(await endDrill(tools, { person: MANAGER, drill: drill() })).toContain(why);
    expect(order).toEqual([]);
  });

  it('asks for no other while the clean-up runs', async () => {
    const { tools, order } = world({ stored: [termination('the clean-up', 'executing')] });
    const cleanUp = { afterHours: 4, at: START, executionId: 'the clean-up' };
    expect(await endDrill(tools, { person: MANAGER, drill: drill({ cleanUp }) })).toContain('being ended already');
    expect(order).toEqual([]);
  });

  it.each<ExecutionRecord['status']>(['rejected', 'expired', 'failed', 'partial', 'cancelled'])(
    'asks for another after one that was %s',
    async (status) => {
      const { tools, executions } = world({ stored: [termination(first, status)] });
      await endDrill(tools, { person: MANAGER, drill: drill() });
      expect(executions.get(second)).toMatchObject({ status: 'planning' });
    },
  );

  it.each<[string, Parameters<typeof world>[0], Partial<ExecutionRecord>, string]>([
    ['a guest presses', { standing: 'guest' }, {}, 'Guests of the workspace'],
    ['it is of an application that is not theirs, too', {}, { otherApplications: ['Web'] }, 'of Web'],
    ['the drill runs', {}, { status: 'executing' }, 'has launched no instance'],
    ['it is no drill', {}, { verb: 'failover' }, 'has launched no instance'],
    ['nothing was launched', { launched: 0 }, {}, 'has launched no instance'],
    ['terminations are frozen', { policies: { terminate: { freeze: 'year end' } } }, {}, '“year end”'],
    ['terminations need a ticket', { policies: { terminate: { requireTicket: true } } }, {}, 'needs a ticket'],
    ['the application is busy', { owner: 'other' }, {}, 'HRP is busy'],
  ])('starts nothing when %s', async (_, of, differs, why) => {
    const { tools, order, refusals } = world(of);
    expect(await endDrill(tools, { person: MANAGER, drill: drill(differs) })).toContain(why);
    expect(order).toEqual([]);
    expect(refusals).toHaveLength(1);
  });

  it('takes the ticket of the drill', async () => {
    const { tools, executions } = world({ policies: { terminate: { requireTicket: true } } });
    await endDrill(tools, { person: MANAGER, drill: drill({ metadata: { ticketId: 'OPS-1' } }) });
    expect(executions.get(first)).toMatchObject({ metadata: { ticketId: 'OPS-1' } });
  });

  it('is for people who may end instances', async () => {
    const { tools, order } = world();
    expect(await endDrill(tools, { person: OPERATOR, drill: drill() })).toContain('You may not ask for the end');
    expect(order).toEqual([]);
  });
});

describe('Keep', () => {
  const due = { afterHours: 4, at: START };

  it('keeps the instances, for whoever may ask for such a drill', async () => {
    const { tools, executions } = world({ stored: [drill({ cleanUp: due })] });
    expect(await keepInstances(tools, { person: READER, drill: drill({ cleanUp: due }) })).toContain(
      'You may not keep',
    );
    expect(await keepInstances(tools, { person: OPERATOR, drill: drill({ cleanUp: due }) })).toContain('are kept');
    expect(executions.get(EXECUTION_ID)?.cleanUp?.kept).toEqual({ ...OPERATOR, at: START });
  });

  it.each<[string, ExecutionRecord['cleanUp'], string]>([
    ['nothing ends them', undefined, 'there is nothing to keep'],
    ['somebody keeps them', { ...due, kept: { ...MANAGER, at: START } }, `<@${MANAGER.userId}> keeps`],
    ['their termination has begun', { ...due, executionId: first }, 'Too late'],
  ])('says so when %s', async (_, cleanUp, why) => {
    const { tools, refusals } = world({ stored: [drill({ cleanUp })] });
    // The card may be older than what is stored.
    expect(await keepInstances(tools, { person: OPERATOR, drill: drill({ cleanUp: due }) })).toContain(why);
    expect(refusals).toEqual(['too late']);
  });
});
