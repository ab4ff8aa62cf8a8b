import { describe, expect, test } from 'vitest';
import { componentOptionsSchema } from '../../src/domain/contract.ts';
import type { BatchServer } from '../../src/domain/result.ts';
import { deployedName } from '../../src/local/names.ts';
import type { FailbackStep } from '../../src/orchestration/failback-origin.ts';
import { startWorld } from '../end-to-end/world.ts';

const ACCOUNT = { accountId: '111111111111', region: 'us-east-2' };
const ORIGIN = { accountId: '555555555555', region: 'us-east-1' };
const TAGS = { 'DR-Application': 'Connectors', 'DR-Wave': '1' };
const HOUR = 3_600_000;
const DONE: FailbackStep = { outcome: 'done' };

/**
 * Some of Connectors wave 1, of one staging account, run on live recovery instances: their servers came from another Region
 * of AWS. Steps are taken one by one, as the state machine would.
 */
async function failedOver({ servers: count = 3, options = {} }: { servers?: number; options?: object } = {}) {
  const world = await startWorld({ lookedAfter: false });
  const { clock, practice } = world;
  const { fleet, drs, host } = practice;
  const servers = world
    .serversOf('Connectors', 1)
    .filter((server) => server.origin !== undefined && server.accountId === ACCOUNT.accountId)
    .slice(0, count)
    .map(({ sourceServerId, hostname }) => ({
      sourceServerId,
      hostname,
      instanceId: fleet.addRecoveryInstance(sourceServerId, { isDrill: false }).instanceId,
    }));

  /** A run of the component whose plan is frozen as the fleet is now. */
  async function begin(name = 'run', { ageMs = 0 }: { ageMs?: number } = {}) {
    const run = {
      executionId: `run-${name}`,
      direct: true,
      planRevision: 1,
      wave: 1,
      action: 'failback',
      tags: TAGS,
      options: componentOptionsSchema.parse(options),
      metadata: {},
      correlationId: name,
      startedAt: clock.now() - ageMs,
    };
    await host.invoke(deployedName('discover-servers'), run);
    const step = async () =>
      (await host.invoke(deployedName('failback-origin'), { run, account: ACCOUNT })) as FailbackStep;
    const batches = () => world.table.batches(run.executionId);
    return {
      step,
      batches,
      /** Takes steps, waiting as told, until it is done. */
      async toTheEnd(): Promise<void> {
        for (let next = await step(); next.outcome === 'wait'; next = await step()) {
          await clock.advance(next.seconds * 1_000);
        }
      },
      /** Where the servers stand that have a recovery instance, by host name. */
      async standing(): Promise<Record<string, string>> {
        const stored = (await batches()).flatMap((batch) => batch.servers);
        return Object.fromEntries(stored.map((server) => [server.hostname, inWords(server)]));
      },
    };
  }

  const reversedIdOf = ({ instanceId }: { instanceId: string }) =>
    fleet.recoveryInstance(instanceId)?.reversedServerId ?? '';
  const [first, second, third] = servers;
  if (first === undefined || second === undefined || third === undefined) throw new Error('too few servers');
  return {
    ...world,
    fleet,
    drs,
    servers,
    first,
    second,
    third,
    begin,
    reversedIdOf,
    /** A first run has reversed the replications, and the copies are complete; hours are not waited for. */
    async copied(those = servers): Promise<void> {
      await (await begin('first')).toTheEnd();
      for (const server of those) fleet.setReplication(reversedIdOf(server), { state: 'CONTINUOUS' });
    },
    originJobs: () => drs.jobs.list(ORIGIN.accountId, ORIGIN.region),
    calls: (action: string) => world.calls.filter((call) => call.action === action),
  };
}

function inWords({ state, errorCode, errorMessage }: BatchServer): string {
  return [state, errorCode, errorMessage].filter((part) => part !== undefined).join(': ');
}

describe('the first call', () => {
  test('reverses the replications one at a time, with the failback role, and says how far each copy is', async () => {
    const { begin, calls, servers, clock } = await failedOver();
    const run = await begin();
    expect(await run.step()).toEqual({ outcome: 'wait', seconds: 15 });
    const reversals = calls('ReverseReplication');
    expect(reversals).toHaveLength(servers.length);
    expect(new Set(reversals.map(({ identity }) => identity.roleArn))).toEqual(
      new Set(['arn:aws:iam::111111111111:role/dr-chatops-failback']),
    );
    await clock.advance(30 * 60_000);
    expect(await run.step()).toEqual(DONE);
    expect(calls('ReverseReplication')).toHaveLength(servers.length);
    for (const said of Object.values(await run.standing())) {
      expect(said).toMatch(
        /^copying: copying back to us-east-1 of 555555555555 \(INITIAL_SYNC.*, ready at about 20.*Z\)$/,
      );
    }
    // A step that is repeated changes nothing.
    const stored = await run.batches();
    expect(await run.step()).toEqual(DONE);
    expect(await run.batches()).toEqual(stored);
  });

  test('asks nobody twice when an answer is lost', async () => {
    const { begin, calls, drs, servers } = await failedOver();
    drs.faults.dropNextAnswer(1, { operation: 'ReverseReplication' });
    const run = await begin();
    expect(await run.step()).toMatchObject({ outcome: 'wait' });
    await run.toTheEnd();
    expect(calls('ReverseReplication').map(({ outcome }) => outcome)).toEqual(servers.map(() => 'ok'));
    for (const said of Object.values(await run.standing())) expect(said).toMatch(/^copying: /);
  });

  test('looks again where DRS is busy', async () => {
    const { begin, drs } = await failedOver();
    drs.faults.throttleNext(1, { operation: 'ReverseReplication', retryAfterSeconds: null });
    const run = await begin();
    expect(await run.step()).toEqual({ outcome: 'wait', seconds: 60 });
    await run.toTheEnd();
    for (const said of Object.values(await run.standing())) expect(said).toMatch(/^copying: /);
  });

  test('fails what DRS refuses, with its reason; the others are copied', async () => {
    const { begin, fleet, first, second, third, calls } = await failedOver();
    const run = await begin();
    fleet.setInstanceState(first.instanceId, 'stopped');
    const drill = fleet.recoveryInstance(second.instanceId);
    if (drill !== undefined) Object.assign(drill, { isDrill: true });
    await run.toTheEnd();
    expect(await run.standing()).toMatchObject({
      [first.hostname]: expect.stringMatching(/^failed: ConflictException: .*is not running/),
      [second.hostname]: expect.stringMatching(/^failed: DrillInstance: /),
      [third.hostname]: expect.stringMatching(/^copying: /),
    });
    expect(calls('ReverseReplication').filter(({ resource }) => resource.includes(second.instanceId))).toEqual([]);
  });

  test('says what to do where DRS has not been set up, and where no role is configured', async () => {
    const { begin, fleet, first, second, third, practice, calls } = await failedOver();
    const [bare, unknown] = [
      { accountId: ORIGIN.accountId, region: 'us-west-1', availabilityZone: 'us-west-1a' },
      { accountId: ORIGIN.accountId, region: 'eu-west-1', availabilityZone: 'eu-west-1a' },
    ];
    Object.assign(fleet.sourceServer(first.sourceServerId) ?? {}, { origin: bare });
    Object.assign(fleet.sourceServer(second.sourceServerId) ?? {}, { origin: unknown });
    const roleArn = 'arn:aws:iam::555555555555:role/dr-chatops-origin-us-west-1';
    const externalId = 'dr-chatops-practice';
    const principal = 'arn:aws:iam::900000000000:role/dr-chatops-failback-origin';
    practice.sts.addRole({ roleArn, trustedPrincipals: [principal], externalId });
    const { accountId, region } = bare;
    const document = JSON.stringify({ accountId, region, roleArn, externalId });
    practice.ssm.put(`${practice.configPath}/origins/${accountId}/${region}`, document);
    const run = await begin();
    await run.toTheEnd();
    expect(await run.standing()).toMatchObject({
      [first.hostname]: expect.stringMatching(
        /^failed: UninitializedAccountException: DRS has not been set up in us-west-1 of 555555555555: initialise it there/,
      ),
      [second.hostname]: expect.stringMatching(
        /^failed: ConfigurationError: No role is configured for eu-west-1 of 555555555555: add it/,
      ),
      [third.hostname]: expect.stringMatching(/^copying: /),
    });
    expect(calls('ReverseReplication')).toHaveLength(1);
  });

  test('names the role that does not let it in', async () => {
    const { begin, drs } = await failedOver();
    drs.faults.denyOperation('DescribeSourceServers', { accountId: ORIGIN.accountId });
    const run = await begin();
    await run.toTheEnd();
    for (const said of Object.values(await run.standing())) {
      expect(said).toContain(
        'failed: CrossAccountAccessDenied: access denied for arn:aws:iam::555555555555:role/dr-chatops',
      );
    }
  });
});

describe('a later call', () => {
  test('launches all at their origin when all copies are complete, and follows them to the end', async () => {
    const { begin, copied, originJobs, fleet, servers, reversedIdOf, calls, clock } = await failedOver();
    await copied();
    const run = await begin('second');
    expect(await run.step()).toEqual({ outcome: 'wait', seconds: 60 });
    expect(originJobs()).toMatchObject([
      {
        initiatedBy: 'START_RECOVERY',
        tags: {
          'DR-Orchestration': 'true',
          'DR-ExecutionId': 'run-second',
          'DR-BatchId': 'r1-w1-111111111111-01',
          'DR-CorrelationId': 'second',
        },
      },
    ]);
    expect((await run.batches()).map(({ status, jobId }) => [status, jobId])).toEqual([
      ['running', originJobs()[0]?.jobId],
    ]);
    const begun = clock.now();
    await run.toTheEnd();
    expect(calls('StartRecovery')).toHaveLength(1);
    const [batch] = await run.batches();
    expect(batch).toMatchObject({ status: 'finished', jobStartedAt: begun });
    for (const server of servers) {
      const stored = batch?.servers.find(({ sourceServerId }) => sourceServerId === server.sourceServerId);
      const [launched] = fleet.recoveryInstancesOf(reversedIdOf(server), ORIGIN.accountId, ORIGIN.region);
      expect(stored).toMatchObject({
        state: 'launched',
        recoveryInstanceId: launched?.instanceId,
        ec2InstanceId: launched?.instanceId,
        privateIp: expect.any(String),
        instanceType: expect.any(String),
      });
      expect(launched?.isDrill).toBe(false);
    }
  });

  test('launches none while one is still copying, and says for whom the others wait', async () => {
    const { begin, copied, first, second, third, originJobs } = await failedOver();
    await copied([second, third]);
    const run = await begin('second');
    expect(await run.step()).toEqual(DONE);
    expect(originJobs()).toEqual([]);
    expect(await run.standing()).toMatchObject({
      [first.hostname]: expect.stringMatching(/^copying: copying back .*\(INITIATING/),
      [second.hostname]: 'copying: its copy is complete; it waits for 1 other server that is still copying',
    });
  });

  test('starts one job when the answer is lost, and finds it by its tags', async () => {
    const { begin, copied, drs, originJobs, calls } = await failedOver();
    await copied();
    drs.faults.dropNextAnswer(1, { operation: 'StartRecovery' });
    const run = await begin('second');
    expect(await run.step()).toEqual({ outcome: 'wait', seconds: 60 });
    await run.toTheEnd();
    expect(calls('StartRecovery')).toHaveLength(1);
    expect((await run.batches()).map(({ jobId }) => jobId)).toEqual(originJobs().map(({ jobId }) => jobId));
    for (const said of Object.values(await run.standing())) expect(said).toBe('launched');
  });

  test('waits for room where a quota is full', async () => {
    const { begin, copied, drs } = await failedOver();
    await copied();
    drs.faults.exceedQuotaNext(2, { operation: 'StartRecovery' });
    const run = await begin('second');
    await run.toTheEnd();
    for (const said of Object.values(await run.standing())) expect(said).toBe('launched');
  });

  test('launches nothing over what was failed back before', async () => {
    const { begin, copied, fleet, first, reversedIdOf, originJobs } = await failedOver();
    await copied();
    const live = fleet.addRecoveryInstance(reversedIdOf(first), { isDrill: false });
    const run = await begin('second');
    await run.toTheEnd();
    const { [first.hostname]: refused, ...others } = await run.standing();
    expect(refused).toMatch(new RegExp(`^failed: LiveInstance: ${live.instanceId} was launched from it in us-east-1`));
    for (const said of Object.values(others)) expect(said).toBe('launched');
    expect(originJobs().flatMap(({ participants }) => participants.map((one) => one.sourceServerId))).not.toContain(
      reversedIdOf(first),
    );
    expect(fleet.ec2Instance(live.instanceId)?.state).toBe('running');
  });

  test('leaves the others alone when one cannot go, unless continueOnFailure is set', async () => {
    for (const continueOnFailure of [false, true]) {
      const { begin, copied, fleet, first, second, reversedIdOf } = await failedOver({
        options: { continueOnFailure },
      });
      await copied();
      fleet.setReplication(reversedIdOf(first), { state: 'STALLED', lagDuration: 'PT3H' });
      const run = await begin('second');
      await run.toTheEnd();
      expect(await run.standing()).toMatchObject({
        [first.hostname]: expect.stringMatching(/^failed: ServerNotReady: .*STALLED, .*3 h behind/),
        [second.hostname]: continueOnFailure
          ? 'launched'
          : 'skipped: not started: another server could not be failed back, and continueOnFailure was not set',
      });
    }
  });

  test('keeps to parallelism, and starts nothing after a failed launch', async () => {
    const { begin, copied, drs, first, originJobs, reversedIdOf, servers } = await failedOver({
      options: { parallelism: 1 },
    });
    await copied();
    drs.jobs.failNextLaunch(reversedIdOf(first));
    const run = await begin('second');
    await run.toTheEnd();
    const [job, ...others] = originJobs();
    expect(others).toEqual([]);
    const said = await run.standing();
    expect(said[first.hostname]).toBe(
      `failed: FailbackFailed: The failback ended as FAILED in the job ${job?.jobId} in us-east-1 of 555555555555; its log says why.`,
    );
    expect(Object.values(said).filter((text) => text.startsWith('skipped: not started'))).toHaveLength(
      servers.length - 1,
    );
  });

  test('ends at the deadline, and names the job that goes on', async () => {
    const { begin, copied, drs, originJobs, clock } = await failedOver({ options: { maxWaitMinutes: 30 } });
    await copied();
    drs.jobs.stickNextJob(ORIGIN.accountId);
    const run = await begin('second');
    const startedAt = clock.now();
    await run.toTheEnd();
    expect(clock.now() - startedAt).toBe(30 * 60_000);
    for (const said of Object.values(await run.standing())) {
      expect(said).toBe(
        `failed: JobTimeout: The failback was not over when the time allowed was. The job ${originJobs()[0]?.jobId} goes on: DRS cannot stop it.`,
      );
    }
  });

  test.each([
    ['the origin lets nobody in for a while', 'origin'],
    ['the staging account lets nobody in for a while', 'staging'],
  ])('follows what is launched also where %s', async (_, where) => {
    const { begin, copied, drs, clock } = await failedOver();
    const accountId = where === 'origin' ? ORIGIN.accountId : ACCOUNT.accountId;
    await copied();
    const run = await begin('second');
    expect(await run.step()).toMatchObject({ outcome: 'wait' });
    drs.faults.denyAccount(accountId);
    await clock.advance(60_000);
    expect(await run.step()).toMatchObject({ outcome: 'wait' });
    for (const said of Object.values(await run.standing())) expect(said).toBe('launching');
    drs.faults.allowAccount(accountId);
    await run.toTheEnd();
    for (const said of Object.values(await run.standing())) expect(said).toBe('launched');
  });

  test('names the job of what is launched where nobody is let in until the time allowed is over', async () => {
    const { begin, copied, drs, originJobs } = await failedOver({ options: { maxWaitMinutes: 30 } });
    await copied();
    const run = await begin('second');
    await run.step();
    drs.faults.denyAccount(ORIGIN.accountId);
    await run.toTheEnd();
    for (const said of Object.values(await run.standing())) {
      expect(said).toContain(
        `failed: JobTimeout: The failback was not over when the time allowed was. The job ${originJobs()[0]?.jobId}`,
      );
    }
  });

  test('follows what is launched also when its recovery instance is deleted meanwhile', async () => {
    const { begin, copied, fleet, first } = await failedOver();
    await copied();
    const run = await begin('second');
    await run.step();
    fleet.forgetRecoveryInstance(first.instanceId);
    await run.toTheEnd();
    for (const said of Object.values(await run.standing())) expect(said).toBe('launched');
  });

  test('looks less often the longer it takes: a day must fit into a history', async () => {
    const { begin, copied, drs } = await failedOver({ options: { maxWaitMinutes: 1_440 } });
    await copied();
    drs.jobs.stickNextJob(ORIGIN.accountId);
    const run = await begin('second', { ageMs: 6 * HOUR });
    expect(await run.step()).toEqual({ outcome: 'wait', seconds: 3_600 });
  });
});
