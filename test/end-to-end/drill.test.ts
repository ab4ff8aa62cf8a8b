import { beforeAll, describe, expect, test } from 'vitest';
import { VOTE_ACTION } from '../../blocks/action-ids.ts';
import { outputSchema } from '../../src/domain/contract.ts';
import { fleetOf } from '../bench/component-size.ts';
import { executionIdOf, startWorld, type World } from './world.ts';

const isOf =
  (job: { participants: readonly { recoveryInstanceId?: string }[] }) =>
  ({ instanceId }: { instanceId: string }): boolean =>
    job.participants.some(({ recoveryInstanceId }) => recoveryInstanceId === instanceId);

/** One server in each of two accounts. */
const SMALL = 'HealthEdge wave 1';

describe('a drill of HRP wave 1, asked for and approved by another person', () => {
  let world: World;
  /** What was there when the approvers were asked, and what people were told. */
  let asked: { answer: string; status: string; card: string; gateCard: string; launches: number; taskToken: string };
  let approval: string;

  beforeAll(async () => {
    world = await startWorld({ drsEvents: true, shared: true, database: 'dynalite', wire: 'http' });
    const answer = await world.says('requester', 'drill HRP wave 1 reason "quarterly test"');
    await world.untilAsked();
    const [gate] = await world.table.gates(executionIdOf(world.cards()[0]));
    asked = {
      answer,
      status: world.cardStatus(),
      card: world.textOf(world.cards()[0]),
      gateCard: world.textOf(world.openGateCards()[0]),
      launches: world.launches().length,
      taskToken: gate?.bell?.taskToken ?? '',
    };
    approval = await world.presses('approver', 'approve', world.openGateCards()[0]);
    await world.untilStatus('completed');
    await world.drawn();
    return () => world.practice.close();
  });

  test('shows the approvers what will be launched, and launches nothing before one has approved', () => {
    expect(asked.answer).toContain('Looking at HRP wave 1');
    expect(asked.status).toBe('awaiting approval');
    expect(asked.card).toContain('30 drill instances');
    expect(asked.card).toContain('quarterly test');
    expect(asked.gateCard).toContain('<@U0PAPPROVE1> <@U0PAPPROVE2>');
    expect(asked.launches).toBe(0);
    expect(approval).toContain('Your approval is recorded');
  });

  test('is launched once for each server, and reported', () => {
    const result = outputSchema.parse(world.result());
    const expected = world.serversOf('HRP', 1).map((server) => server.sourceServerId);
    expect(result).toMatchObject({
      status: 'success',
      action: 'drill',
      summary: { totalServers: 30, succeeded: 30, failed: 0, skipped: 0 },
      failedServers: [],
      nextPhaseReady: true,
    });
    expect(result.recoveryInstances.map((instance) => instance.sourceServerId).sort()).toEqual([...expected].sort());
    for (const instance of result.recoveryInstances) {
      expect(instance).toMatchObject({
        status: 'launched',
        privateIp: expect.any(String),
        launchTime: expect.any(String),
      });
    }
    expect(result.stagingAccountResults).toHaveLength(3);
    expect(world.textOf(world.cards()[0])).toContain('30 of 30 servers launched');
    expect(world.cards()).toHaveLength(1);
    expect(world.textOf(world.gateCards()[0])).toContain('Approved by <@U0PAPPROVE1>');
    expect(world.openGateCards()).toHaveLength(0);
    const [card] = world.cards();
    if (card === undefined) throw new Error('no card');
    const story = world.threadOf(card).map((reply) => reply.text ?? '');
    expect(story.join('\n')).toMatch(
      /Preflight passed[\s\S]*Approved by[\s\S]*Launching 30[\s\S]*ended with \*success\*/,
    );
    expect(story.filter((text) => text.includes('Launching'))).toHaveLength(1);
  });

  test('launches drills only, in jobs of at most 100 servers, each server once, tagged to be found again', () => {
    const jobs = world.jobs();
    expect(jobs).toHaveLength(3);
    const servers = jobs.flatMap((job) => job.participants.map((participant) => participant.sourceServerId));
    expect(new Set(servers).size).toBe(servers.length);
    for (const job of jobs) {
      expect(job).toMatchObject({ type: 'LAUNCH', isDrill: true });
      expect(job.participants.length).toBeLessThanOrEqual(100);
      expect(job.tags).toMatchObject({
        'DR-Orchestration': 'true',
        'DR-ExecutionId': executionIdOf(world.cards()[0]),
        'DR-BatchId': expect.stringMatching(/^r1-w1-\d{12}-01$/),
      });
      // A job's tags do not reach its instances: EC2 tells a drill's by a mark of its own.
      for (const { tags } of world.practice.fleet.ec2Instances(job.accountId).filter(isOf(job))) {
        expect(tags).toMatchObject({ 'DR-Drill': 'true', 'DR-ExecutionId': executionIdOf(world.cards()[0]) });
      }
    }
    expect(world.calls.filter(({ action }) => action === 'CreateTags')).toHaveLength(3);
  });

  test('keeps task tokens and secrets out of cards, answers and logs', () => {
    const { taskToken } = asked;
    expect(taskToken.length).toBeGreaterThan(20);
    const { workspace } = world.practice;
    const seen = JSON.stringify([
      world.messages(),
      ...['requester', 'approver'].map((name) =>
        workspace.ephemerals('C0INCIDENT1', workspace.person(name)?.userId ?? ''),
      ),
      workspace.files().map((file) => file.content.toString('utf8')),
      world.logLines,
    ]);
    expect(seen).toContain('Approved by');
    for (const secret of [taskToken, world.practice.botToken, world.practice.signingSecret])
      expect(seen).not.toContain(secret);
  });
});

describe('a drill', () => {
  test('names the servers that failed to launch and ends as partial', async () => {
    const world = await startWorld({ inventory: fleetOf({ accounts: 2, serversEach: 5 }) });
    const [first] = world.serversOf('Large', 1);
    if (first === undefined) throw new Error('there are no servers');
    world.practice.drs.jobs.failNextLaunch(first.sourceServerId);
    await world.approvedDrillOf('Large wave 1', 'partial');

    const result = outputSchema.parse(world.result());
    expect(result).toMatchObject({
      status: 'partial',
      nextPhaseReady: true,
      summary: { totalServers: 10, succeeded: 9, failed: 1 },
    });
    expect(result.failedServers).toMatchObject([{ sourceServerId: first.sourceServerId, errorCode: 'LaunchFailed' }]);
    expect(world.textOf(world.cards()[0])).toContain(first.hostname);
  });

  test('ends as timeout, with what is known of every server, when a job sticks', async () => {
    const world = await startWorld({ lookedAfter: false });
    world.practice.drs.jobs.stickNextJob('111111111111');
    await world.approvedDrillOf(SMALL, 'paused');
    const [question] = world.questions();
    if (question === undefined) throw new Error('nobody is asked what now');
    await world.practice.workspace.as('approver').click(question, VOTE_ACTION.stop);
    await world.untilStatus('failed');
    await world.drawn();

    const result = outputSchema.parse(world.result());
    expect(result.status).toBe('timeout');
    expect(result.summary).toMatchObject({ totalServers: 2, succeeded: 1, failed: 1 });
    for (const server of result.failedServers) {
      expect(server).toMatchObject({
        errorCode: 'JobTimeout',
        stagingAccountId: '111111111111',
        errorMessage: expect.stringMatching(/drsjob-/),
      });
    }
  });

  test('is not disturbed by throttling and by lost answers, and starts no second job', async () => {
    const world = await startWorld();
    world.practice.drs.faults.throttleNext(2, {
      operation: 'StartRecovery',
      accountId: '111111111111',
      retryAfterSeconds: 0,
    });
    world.practice.drs.faults.dropNextAnswer(1, { operation: 'StartRecovery', accountId: '222222222222' });
    await world.approvedDrillOf(SMALL);

    expect(world.result()).toMatchObject({ status: 'success', summary: { succeeded: 2 } });
    expect(world.jobs()).toHaveLength(2);
  });

  test('goes on without Slack having anything to say: progress events that are lost change nothing', async () => {
    const world = await startWorld();
    for (let n = 0; n < 50; n += 1) world.practice.host.crashNext('dr-chatops-record-progress', 'before');
    await world.approvedDrillOf(SMALL, 'completed');
    expect(world.result().summary.succeeded).toBe(2);
  });

  test('survives crashes of every function, before and after its work, launching each server once', async () => {
    const world = await startWorld();
    const names = [
      ...['prepare', 'open-gate', 'read-decision', 'begin-wave'],
      ...['validate-input', 'discover-servers', 'load-account-work', 'record-account-result'],
      ...['aggregate-results', 'finish', 'effects', 'projector'],
    ];
    for (const name of names) {
      world.practice.host.crashNext(`dr-chatops-${name}`, 'before');
      world.practice.host.crashNext(`dr-chatops-${name}`, 'after');
    }
    const seen: string[] = [];
    world.practice.host.onInvoke(({ functionName }) => seen.push(functionName));
    await world.approvedDrillOf(SMALL);
    expect(world.result()).toMatchObject({ status: 'success', summary: { succeeded: 2 } });
    expect(world.jobs()).toHaveLength(2);
    expect(world.cards()).toHaveLength(1);
    expect(world.gateCards()).toHaveLength(1);
    // Each has died twice, and done its work at last.
    for (const name of names) {
      expect(seen.filter((one) => one === `dr-chatops-${name}`).length, name).toBeGreaterThan(2);
    }
  });
});
