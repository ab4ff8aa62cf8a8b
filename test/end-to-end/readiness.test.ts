import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestedRun } from '../../src/domain/requested-run.ts';
import { TAG } from '../../src/domain/vocabulary.ts';
import type { Inventory } from '../../src/local/inventory.ts';
import { deployedName } from '../../src/local/names.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { executionStore } from '../../src/platform/execution-store.ts';
import { planLibrary } from '../../src/platform/plan-library.ts';
import { type ReadinessReport, readinessStore } from '../../src/platform/readiness-store.ts';
import type { Checked } from '../../src/readiness/check-readiness.ts';
import { aPlan as aFrozenPlan, anExecution } from '../blocks/views.ts';
import { aGroup, aPlan, aWave } from '../domain/plans.ts';
import { startWorld, type World, wholeInventory } from './world.ts';

const [ACCOUNT, OTHER] = ['111111111111', '222222222222'];
const BUSY = '333333333333';
/** DRS is not set up there, although the deployment has it. */
const EMPTY = '444444444444';
const HALF_HOUR = 30 * 60_000;

/** Two waves of HRP in two accounts, one server of CRM-like Connectors, and an account in which DRS was never set up. */
function inventory(): Inventory {
  const whole = wholeInventory();
  const seen = new Map<string, number>();
  const sourceServers = whole.sourceServers.filter(({ tags, accountId, replication, recoveryInstance }) => {
    const wave = `${tags['DR-Application']} ${tags['DR-Wave']} ${accountId}`;
    const isMeant = /^(HRP [12]|Connectors 1) (111111111111|222222222222)$/.test(wave);
    if (!isMeant || replication.state !== 'CONTINUOUS' || recoveryInstance !== undefined) return false;
    seen.set(wave, (seen.get(wave) ?? 0) + 1);
    return (seen.get(wave) ?? 0) <= 1;
  });
  const stagingAccounts = whole.stagingAccounts.filter(({ accountId }) => [ACCOUNT, OTHER].includes(accountId));
  return { ...whole, stagingAccounts, sourceServers };
}

/** HRP's plan: the waves of its servers' tags. */
const LIBRARY = {
  plans: [
    aPlan(
      [1, 2].map((wave) => aWave(wave)),
      { application: 'HRP', planName: 'HRP full' },
    ),
  ],
  groups: [1, 2].map((wave) =>
    aGroup(`g${wave}`, '', { tagCriteria: { [TAG.application]: 'HRP', [TAG.wave]: String(wave) } }),
  ),
};

let world: World;

beforeAll(async () => {
  world = await startWorld({
    ...{ inventory: inventory(), library: LIBRARY, lookedAfter: false, shared: true },
  });
});
afterAll(() => world.practice.close());

const invoke = <T>(name: 'check-readiness') => world.practice.host.invoke(deployedName(name), {}) as Promise<T>;
const platform = () => world.practice.platformOf('check-readiness');
const store = () => readinessStore(platform());

/** What a drill of HRP's plan leaves in the table when it has succeeded. */
async function drilled(): Promise<void> {
  const table = executionStore(platform());
  const run = requestedRun({ verb: 'drill', application: 'HRP', waves: [] }, await planLibrary(platform()).read(), []);
  if ('problem' in run || run.record === undefined) throw new Error('HRP has no plan');
  const executionId = 'drill-of-hrp';
  const batches = [1, 2].flatMap((wave) =>
    [ACCOUNT, OTHER].map((accountId) => ({
      ...{ batchId: `r1-w${wave}-${accountId}-01`, wave, accountId, region: 'us-east-2' },
      servers: world
        .serversOf('HRP', wave)
        .filter((server) => server.accountId === accountId)
        .map(({ sourceServerId, hostname, tags }) => ({ sourceServerId, hostname, tags })),
    })),
  );
  const { executionId: _, batchIds: __, frozenAt: ___, ...plan } = aFrozenPlan({ waves: [1, 2] });
  await table.createRecoveryPlan({ executionId, ...run.record });
  await table.freezePlan(executionId, { ...plan, batches });
  await table.createExecution(
    anExecution({
      ...{ executionId, waves: run.waves, recoveryPlan: run.ofPlan.recoveryPlan, planRevision: 1 },
      ...{ status: 'completed', startTime: world.clock.now(), endTime: world.clock.now() },
    }),
  );
}

/** A check, half an hour after the one before. */
async function check(): Promise<Checked> {
  await world.clock.advance(HALF_HOUR);
  return await invoke('check-readiness');
}

async function report(): Promise<ReadinessReport> {
  const found = await store().report();
  if (found === undefined) throw new Error('nothing was checked');
  return found;
}

async function readinessOf(application: string) {
  const found = (await report()).applications.find((one) => one.application === application);
  if (found === undefined) throw new Error(`${application} was not checked`);
  return found;
}

/** What somebody is answered by the worker. */
async function asks(person: string, text: string): Promise<string> {
  const idOf = PEOPLE.find(({ name }) => name === person)?.userId ?? '';
  const told = () => world.practice.workspace.ephemerals(WORKSPACE.channelId, idOf);
  const before = told().length;
  await world.practice.workspace.as(person).command('/dr', text, WORKSPACE.channelId);
  await world.clock.runUntil(() => told().length > before + 1, { what: text, withinMs: 60_000 });
  const last = told().at(-1);
  return `${last?.text} ${JSON.stringify(last?.blocks ?? '')}`;
}

function metricsSince(line: number): { metric: string; account?: string; value: number }[] {
  return world.metricLines.slice(line).flatMap((text) => {
    const { _aws, ...values } = JSON.parse(text);
    const names = _aws.CloudWatchMetrics[0].Metrics.map(({ Name }: { Name: string }) => Name) as string[];
    return names.map((metric) => ({ metric, account: values.StagingAccount, value: [values[metric]].flat()[0] }));
  });
}

describe('a check of readiness', () => {
  it('finds what was never drilled at risk, and launches nothing', async () => {
    expect(await asks('reader', 'readiness')).toContain('no check has come to its end yet');
    const lines = world.metricLines.length;
    expect(await check()).toMatchObject({ applications: 2, unready: 0, lost: [], regained: [] });
    expect(await readinessOf('HRP')).toMatchObject({
      ...{ state: 'at risk', servers: 4, findings: [{ kind: 'drill' }], findingCount: 1 },
      plan: { verification: { verified: false, why: 'not drilled' } },
    });
    expect(metricsSince(lines)).toEqual(
      expect.arrayContaining([
        { metric: 'UnreadyApplications', value: 0 },
        { metric: 'StalledServers', account: ACCOUNT, value: 0 },
        { metric: 'QuotaHeadroomPercent', account: OTHER, value: expect.any(Number) },
      ]),
    );
    const actions = world.calls.filter(({ identity }) => identity.roleArn.includes('DRS-Orchestration-Role'));
    expect(new Set(actions.filter(({ service }) => service === 'drs').map(({ action }) => action))).toEqual(
      new Set(['DescribeSourceServers', 'DescribeJobs']),
    );
  });

  it('asks an account in which an execution is at work for its servers alone', async () => {
    const table = executionStore(platform());
    const [server] = world.serversOf('HRP', 1);
    const place = { accountId: server?.accountId ?? '', region: 'us-east-2' };
    await table.lockServers(place, [server?.sourceServerId ?? ''], 'run-at-work');
    const before = world.calls.length;
    await check();
    const asked = world.calls.slice(before).filter(({ identity }) => identity.accountId === place.accountId);
    expect(asked.map(({ action }) => action)).toEqual(['DescribeSourceServers']);
    const { accounts } = (await report()).fleet;
    expect(accounts.find(({ accountId }) => accountId === place.accountId)).toMatchObject({
      state: 'read',
      isBusy: true,
    });
    await table.noteRunEnded('run-at-work');
    await check();
    expect((await report()).fleet.accounts.map(({ isBusy }) => isBusy)).toEqual([undefined, undefined]);
  });

  it('verifies the plan by a successful drill of all its waves, also one that nobody kept at its end', async () => {
    await drilled();
    await check();
    expect(await asks('reader', 'plans')).toContain('*verified* by drill');
    expect(await readinessOf('HRP')).toMatchObject({ state: 'ready', plan: { verification: { verified: true } } });
    expect(await asks('reader', 'plan show HRP full')).toContain('*verified* by drill');
    expect(await asks('reader', 'readiness HRP')).toContain('Nothing speaks against a recovery.');
  });

  it('takes it away when a wave has another server', async () => {
    const [server] = world.serversOf('Connectors', 1);
    const machine = world.practice.fleet.sourceServer(server?.sourceServerId ?? '');
    if (machine === undefined) throw new Error('there is no such server');
    const tags = machine.tags;
    machine.tags = { ...tags, [TAG.application]: 'HRP', [TAG.wave]: '2' };
    await check();
    expect(await readinessOf('HRP')).toMatchObject({
      ...{ state: 'at risk', servers: 5, findings: [{ kind: 'verification' }] },
      plan: { verification: { why: 'other servers', waves: [2] } },
    });
    expect(await asks('reader', 'plans')).toContain('not verified: 1 wave with other servers');
    machine.tags = tags;
    await check();
    expect(await readinessOf('HRP')).toMatchObject({ state: 'ready' });
  });

  it('tells of readiness that was lost once, although two checks find it, and of its return', async () => {
    const [server] = world.serversOf('HRP', 2);
    const id = server?.sourceServerId ?? '';
    world.practice.fleet.setReplication(id, { state: 'STALLED' });
    const lines = world.metricLines.length;
    await world.clock.advance(HALF_HOUR);
    const both = await Promise.all([1, 2].map(() => invoke<Checked>('check-readiness')));
    expect(both.map(({ lost }) => lost)).toContainEqual(['HRP']);
    expect(await readinessOf('HRP')).toMatchObject({
      ...{ state: 'not ready', knownState: 'not ready' },
      findings: expect.arrayContaining([expect.objectContaining({ kind: 'stalled', servers: [server?.hostname] })]),
    });
    expect((await readinessOf('HRP')).history.filter(({ change }) => change === 'lost')).toHaveLength(1);
    expect((await check()).lost).toEqual([]);
    expect(metricsSince(lines)).toContainEqual({ metric: 'StalledServers', account: server?.accountId, value: 1 });
    expect(await asks('reader', 'readiness')).toContain('❌ *HRP* not ready: The replication of 1 server has stalled.');
    world.practice.fleet.setReplication(id, { state: 'CONTINUOUS' });
    expect(await check()).toMatchObject({ lost: [], regained: ['HRP'] });
  });

  it('goes on with accounts that refuse, throttle or were never set up; each is a finding', async () => {
    const { ssm, sts, drs, fleet: machines, configPath } = world.practice;
    const known = ssm.get(`${configPath}/staging-accounts/${ACCOUNT}`) ?? '';
    for (const accountId of [BUSY, EMPTY]) {
      ssm.put(`${configPath}/staging-accounts/${accountId}`, known.replaceAll(ACCOUNT, accountId));
      const roleArn = `arn:aws:iam::${accountId}:role/DRS-Orchestration-Role`;
      const trusted = ['prepare', 'check-readiness', 'answer-query'].map(
        (name) => `arn:aws:iam::900000000000:role/dr-chatops-${name}`,
      );
      sts.addRole({ roleArn, trustedPrincipals: trusted, externalId: JSON.parse(known).externalId });
    }
    machines.initializeAccount(BUSY);
    drs.faults.denyAccount(OTHER);
    drs.faults.throttleNext(3, { accountId: BUSY, retryAfterSeconds: null });
    await check();
    const { fleet } = await report();
    expect(fleet.accounts.map(({ accountId, state }) => [accountId, state]).sort()).toEqual([
      [ACCOUNT, 'read'],
      [OTHER, 'denied'],
      [BUSY, 'not read'],
      [EMPTY, 'not initialised'],
    ]);
    expect(await readinessOf('HRP')).toMatchObject({
      ...{ state: 'not ready', servers: 2 },
      findings: [
        { kind: 'account', severity: 'stop', count: 2, accounts: [OTHER] },
        { kind: 'account', severity: 'unknown', accounts: [BUSY] },
        { kind: 'account', severity: 'unknown', accounts: [EMPTY] },
      ],
    });
    expect(
      metricsSince(0)
        .filter(({ metric }) => metric === 'UnreachableAccounts')
        .at(-1)?.value,
    ).toBe(3);
    drs.faults.allowAccount(OTHER);
    machines.initializeAccount(EMPTY);
    await check();
    expect(await readinessOf('HRP')).toMatchObject({ state: 'ready', servers: 4 });
  });

  it('says of EC2 instances that are tagged while their source servers are not', async () => {
    const [server] = world.serversOf('Connectors', 1);
    const machine = world.practice.fleet.sourceServer(server?.sourceServerId ?? '');
    if (machine === undefined) throw new Error('there is no such server');
    const tags = machine.tags;
    machine.tags = { Name: 'untagged' };
    const { accountId } = machine;
    world.practice.fleet.initializeAccount(accountId, 'us-east-1');
    machine.origin = { accountId, region: 'us-east-1', availabilityZone: 'us-east-1a' };
    world.practice.fleet.addOriginInstance(machine.sourceServerId, { instanceId: 'i-0123456789abcdef0', tags });
    await check();
    expect(await readinessOf('Connectors')).toMatchObject({
      state: 'not ready',
      findings: expect.arrayContaining([expect.objectContaining({ kind: 'instance tags', count: 1 })]),
    });
    expect((await report()).fleet).toMatchObject({ untagged: 1 });
    // Only those who may see what is of no application are told of it.
    expect(await asks('lead', 'readiness')).toContain('1 source server belongs to no application');
    machine.tags = tags;
  });

  it('is shown in App Home; one that is too old is not known', async () => {
    await check();
    const homeOf = async (person: string) => {
      const user = PEOPLE.find(({ name }) => name === person)?.userId ?? '';
      await world.practice.workspace.as(person).openHome();
      await world.clock.advance(5_000);
      return JSON.stringify(world.practice.workspace.home(user)?.blocks ?? '');
    };
    expect(await homeOf('reader')).toContain('*Readiness*');
    expect(await homeOf('reader')).not.toContain('longer than 90 min');
    await world.clock.advance(4 * HALF_HOUR);
    expect(await homeOf('reader')).toContain('*HRP* not known: it was not looked at for more than 90 min');
    expect(await asks('reader', 'readiness HRP')).toContain('longer ago than 90 min');
  });
});
