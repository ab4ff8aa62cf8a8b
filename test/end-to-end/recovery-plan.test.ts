import { describe, expect, test } from 'vitest';
import { CLOSE_EXECUTION, RESUME_MACHINE, RUN_REST, VOTE_ACTION } from '../../blocks/action-ids.ts';
import { type AuditRecord, readRecord, verifyChain } from '../../src/domain/audit-chain.ts';
import { protectionGroupSchema } from '../../src/domain/protection-group.ts';
import { type PlanSet, recoveryPlanSchema } from '../../src/domain/recovery-plan.ts';
import { executionOutputSchema } from '../../src/domain/waves.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { refusedCalls } from '../infra/refused-calls.ts';
import { executionIdOf, startWorld, type World, wholeInventory } from './world.ts';

const WAVES = ['Database', 'Application', 'Web', 'Batch'];

/** HRP as a recovery plan of four waves, with all that can be around a wave. */
function hrp(over: { verbs?: ('drill' | 'failover')[] } = {}): PlanSet {
  const groups = WAVES.map((waveName, at) =>
    protectionGroupSchema.parse({
      groupId: `hrp-${at + 1}`,
      groupName: `HRP ${waveName}`,
      region: 'us-east-2',
      tagCriteria: { 'DR-Application': 'HRP', 'DR-Wave': String(at + 1) },
    }),
  );
  const waves = WAVES.map((waveName, at) => ({
    waveNumber: at + 1,
    waveName,
    protectionGroupIds: [`hrp-${at + 1}`],
    dependsOn: at === 0 ? [] : [at],
    successThresholdPercent: 100,
    rtoTargetMinutes: 60,
    estimatedDuration: 900,
    pauseBeforeWave: at === 2,
    pauseAfterWave: at === 3,
    preWaveActions:
      at === 0
        ? [
            {
              actionType: 'automation' as const,
              actionName: 'Fence the old site',
              documentName: 'HRP-FenceOldSite',
              parameters: { Application: ['{{ application }}'], IsDrill: ['{{ isDrill }}'] },
              verbs: over.verbs ?? (['drill', 'failover'] as const).slice(),
            },
          ]
        : [],
    postWaveActions: at === 3 ? [{ actionType: 'ec2Status' as const, actionName: 'The batch servers are well' }] : [],
  }));
  const plan = recoveryPlanSchema.parse({
    ...{ planId: 'hrp', planName: 'HRP full', application: 'HRP', rtoTargetMinutes: 240 },
    waves,
  });
  return { plans: [plan], groups };
}

/** One server of each wave of HRP in each account. */
function fewServers() {
  const whole = wholeInventory();
  const seen = new Set<string>();
  const sourceServers = whole.sourceServers.filter(({ accountId, tags }) => {
    const key = `${accountId} ${tags['DR-Wave']}`;
    if (tags['DR-Application'] !== 'HRP' || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return { ...whole, sourceServers };
}

async function until(world: World, what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let looks = 0; looks < 300; looks += 1) {
    if (await holds()) return;
    await world.clock.advance(60_000);
  }
  throw new Error(`it did not come true: ${what}`);
}

/** The newest message with this button; it is waited for. */
async function withButton(world: World, actionId: string) {
  const find = () => world.messages().findLast(({ blocks = [] }) => JSON.stringify(blocks).includes(`"${actionId}"`));
  await until(world, `a button ${actionId}`, () => find() !== undefined);
  const message = find();
  if (message === undefined) throw new Error('unreachable');
  return message;
}

async function clicks(world: World, person: string, actionId: string): Promise<void> {
  await world.practice.workspace.as(person).click(await withButton(world, actionId), actionId);
}

/** Stops the machine of the newest execution, as an operator might. */
function stopMachine({ practice: { engine } }: World): void {
  const machine = engine.listStateMachines('900000000000').find(({ name }) => name === 'dr-execution');
  const [run] = engine.listExecutions({ stateMachineArn: machine?.stateMachineArn ?? '' });
  engine.stopExecution({ executionArn: run?.executionArn ?? '', cause: 'an operator stopped it' });
}

/** What the audit's bucket has of an execution. */
function chainOf({ practice: { s3, auditBucket } }: World, id: string): AuditRecord[] {
  return s3
    .keys(auditBucket)
    .filter((key) => key.startsWith(`audit/executions/${id}/`))
    .map((key) => readRecord(s3.read(auditBucket, key)?.toString('utf8') ?? ''));
}

/** Types a command that a worker answers; everything that the answer shows. */
async function asks(world: World, person: string, text: string): Promise<string> {
  const userId = PEOPLE.find(({ name }) => name === person)?.userId ?? '';
  const told = () => world.practice.workspace.ephemerals(WORKSPACE.channelId, userId);
  const before = told().length;
  await world.says(person, text);
  await world.clock.runUntil(() => told().length > before + 1, { what: text, withinMs: 60_000 });
  return JSON.stringify(told().at(-1)?.blocks);
}

/** Ids of the servers of each job that DRS took, whether they were drills, in their order. */
function started(world: World): { ids: string[]; isDrill: boolean }[] {
  const jobs = world.jobs().toSorted((a, b) => a.createdAt - b.createdAt);
  return jobs.map(({ participants, isDrill }) => ({
    ids: participants.map(({ sourceServerId }) => sourceServerId),
    isDrill,
  }));
}

describe('a failover by recovery plan', () => {
  test('of four waves: an automation that fails once, a server that fails, a pause, and a machine that dies', async () => {
    const world = await startWorld({ inventory: fewServers(), library: hrp() });
    const { ssm, drs } = world.practice;
    const servers = (wave: number) => world.serversOf('HRP', wave).map(({ sourceServerId }) => sourceServerId);
    const [failing = ''] = servers(2);
    ssm.automation.failNext('HRP-FenceOldSite', 1, { message: 'The writers did not stop' });

    const answer = await world.says('requester', 'failover HRP reason "the site is lost" ticket INC0012345');
    expect(answer).toContain('HRP full');
    await world.untilAsked();
    const id = executionIdOf(world.cards().at(-1));
    expect(world.textOf(world.openGateCards().at(-1))).toContain('Fence the old site');
    for (const person of ['approver', 'second-approver']) await world.approves(person, world.openGateCards()[0]);

    // Before wave 1 the automation fails; nothing is launched until people say so, and it is done again.
    const failed = await withButton(world, VOTE_ACTION.retry);
    expect(world.textOf(failed)).toContain('Fence the old site');
    expect(world.textOf(failed)).toContain('The writers did not stop');
    expect(world.launches()).toHaveLength(0);
    await world.practice.workspace.as('approver').click(failed, VOTE_ACTION.retry);

    // Wave 2 has a server that fails, and fails again: it is left behind.
    drs.jobs.failNextLaunch(failing);
    await until(world, 'a decision', async () =>
      (await world.table.gates(id)).some(({ gateId, status }) => gateId === 'decision-2-1' && status === 'pending'),
    );
    await world.drawn();
    drs.jobs.failNextLaunch(failing);
    await clicks(world, 'approver', VOTE_ACTION.retry);
    await until(world, 'another decision', async () =>
      (await world.table.gates(id)).some(({ gateId, status }) => gateId === 'decision-2-2' && status === 'pending'),
    );
    await world.drawn();
    await clicks(world, 'second-approver', VOTE_ACTION.continue);

    // Before wave 3 somebody has to release it.
    await until(world, 'the pause', async () => (await world.table.execution(id))?.status === 'paused');
    const before = world.launches().length;
    await world.clock.advance(3_600_000);
    expect(world.launches()).toHaveLength(before);
    await clicks(world, 'approver', VOTE_ACTION.resume);

    // In the middle of wave 3 its machine dies; somebody sets it going again.
    await until(world, 'wave 3 to launch', () => world.launches().length > before);
    stopMachine(world);
    await until(world, 'the note', async () => (await world.table.execution(id))?.machineStopped !== undefined);
    expect((await world.table.execution(id))?.status).toBe('executing');
    await clicks(world, 'approver', RESUME_MACHINE);

    // After the last wave somebody has to say that all is well.
    await until(world, 'the last pause', async () =>
      (await world.table.gates(id)).some(({ gateId, status }) => gateId === 'pause-after-4' && status === 'pending'),
    );
    await world.drawn();
    await clicks(world, 'approver', VOTE_ACTION.resume);
    await world.untilStatus('partial', 'completed', 'failed');
    await world.drawn();

    const execution = await world.table.execution(id);
    expect(execution).toMatchObject({
      status: 'partial',
      waves: [1, 2, 3, 4],
      recoveryPlan: { planName: 'HRP full', version: 1, rtoTargetMinutes: 240 },
      summary: { totalServers: 12, succeeded: 11, failed: 1, skipped: 0 },
    });
    expect(execution).not.toHaveProperty('machineStopped');

    // Every server was launched once, the failing one twice, nothing as a drill, wave after wave.
    const calls = started(world);
    expect(calls.every(({ isDrill }) => !isDrill)).toBe(true);
    const times = new Map<string, number>();
    for (const launched of calls.flatMap(({ ids }) => ids)) times.set(launched, (times.get(launched) ?? 0) + 1);
    const all = [1, 2, 3, 4].flatMap(servers);
    expect(Object.fromEntries(times)).toEqual(Object.fromEntries(all.map((one) => [one, one === failing ? 2 : 1])));
    const waveOf = (server: string) => [1, 2, 3, 4].find((wave) => servers(wave).includes(server)) ?? 0;
    const order = calls.flatMap(({ ids }) => ids.map(waveOf));
    expect(order).toEqual(order.toSorted());

    // What people decided, and by whom.
    const gates = await world.table.gates(id);
    expect(gates.map(({ gateId, status, answer }) => [gateId, status, answer])).toEqual([
      ['action-1-pre-1-1', 'approved', 'retry'],
      ['approval-1', 'approved', 'approve'],
      ['decision-2-1', 'approved', 'retry'],
      ['decision-2-2', 'approved', 'continue'],
      ['pause-3', 'approved', 'resume'],
      ['pause-after-4', 'approved', 'resume'],
    ]);
    expect(
      (await world.table.actions(id)).map(({ phase, wave, attempt, status }) => [phase, wave, attempt, status]),
    ).toEqual([
      ['pre', 1, 1, 'failed'],
      ['pre', 1, 2, 'succeeded'],
      ['post', 4, 1, 'succeeded'],
    ]);
    expect(ssm.automation.count('HRP-FenceOldSite')).toBe(2);

    // Every server is in one list of one wave.
    const key = (execution?.resultLocation ?? '').replace(`s3://${world.practice.bucket}/`, '');
    const result = executionOutputSchema.parse(
      JSON.parse(world.practice.s3.read(world.practice.bucket, key)?.toString() ?? ''),
    );
    const listed = result.waves.flatMap(({ output }) =>
      [...output.recoveryInstances, ...output.failedServers, ...output.skippedServers].map((one) => one.sourceServerId),
    );
    expect(listed.toSorted()).toEqual(all.toSorted());

    // The card says by which plan, and how long it took against its target.
    const card = world.textOf(world.cards().at(-1));
    for (const words of ['HRP full', 'RTO', ...WAVES]) expect(card).toContain(words);

    // The audit tells the whole story, as one chain.
    const chain = chainOf(world, id);
    expect(verifyChain(chain)).toMatchObject({ intact: true, records: chain.length });
    const told = chain.map(({ event }) => event.kind);
    const timesTold = (kind: string) => told.filter((one) => one === kind).length;
    expect(
      Object.fromEntries(
        [
          'requested',
          'preflight',
          'gate opened',
          'decision',
          'action begun',
          'action ended',
          'wave ended',
          'ended',
        ].map((kind) => [kind, timesTold(kind)]),
      ),
    ).toEqual({
      requested: 1,
      preflight: 1,
      'gate opened': 6,
      decision: 6,
      'action begun': 3,
      'action ended': 3,
      // Wave 2 has two attempts.
      'wave ended': 5,
      ended: 1,
    });
    expect(told).toContain('machine stopped');

    // The history says how long each wave took, from what is stored.
    const history = await asks(world, 'reader', 'executions HRP');
    for (const words of ['HRP full', 'Failover', 'target', ...WAVES]) expect(history).toContain(words);
    const [first] = await world.table.waves(id);
    expect(first).toMatchObject({ wave: 1, outcome: 'success' });
    expect(first?.endedAt).toBeGreaterThan(first?.startedAt ?? 0);

    // What it has left is asked for by a button, approved anew, and is that server alone.
    const jobs = world.jobs().length;
    for (let presses = 0; presses < 2; presses += 1) await clicks(world, 'requester', RUN_REST);
    await until(world, 'the rest', () => world.cards().length === 2 && world.openGateCards().length > 0);
    for (const person of ['approver', 'second-approver']) await world.approves(person, world.openGateCards().at(-1));
    const rest = executionIdOf(world.cards().at(-1));
    await until(world, 'its last pause or end', async () => (await world.table.execution(rest))?.endTime !== undefined);
    expect(await world.table.execution(rest)).toMatchObject({
      status: 'completed',
      waves: [2],
      recoveryPlan: { planName: 'the rest of HRP full' },
      summary: { totalServers: 1, succeeded: 1 },
    });
    expect(world.jobs()).toHaveLength(jobs + 1);
    expect(started(world).at(-1)).toEqual({ ids: [failing], isDrill: false });

    // Every call of all this is allowed to the role that made it.
    const actions = new Set(world.calls.map(({ action }) => action));
    for (const made of ['RedriveExecution', 'StartAutomationExecution', 'DescribeInstanceStatus'])
      expect(actions).toContain(made);
    expect(refusedCalls(world.calls, ['test-reader'])).toEqual([]);
  });
});

describe('an execution whose machine has died', () => {
  test('is closed when somebody says so', async () => {
    const world = await startWorld({ inventory: fewServers() });
    await world.says('requester', 'drill HRP');
    await world.untilAsked();
    const id = executionIdOf(world.cards().at(-1));
    await world.presses('approver', 'approve', world.openGateCards()[0]);
    await until(world, 'the first launch', () => world.launches().length > 0);
    stopMachine(world);
    await until(world, 'the note', async () => (await world.table.execution(id))?.machineStopped !== undefined);
    await clicks(world, 'approver', CLOSE_EXECUTION);
    await until(world, 'the end', async () => (await world.table.execution(id))?.endTime !== undefined);
    expect(await world.table.execution(id)).toMatchObject({ summary: { totalServers: 12 } });
    expect(await world.table.item('LOCK#HRP', 'LOCK')).not.toHaveProperty('owner');
    const again = await world.says('requester', 'drill HRP wave 4');
    expect(again).toContain('Looking at HRP wave 4');
  });
});
