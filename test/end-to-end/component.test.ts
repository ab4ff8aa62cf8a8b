import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { type ComponentOutput, outputSchema } from '../../src/domain/contract.ts';
import { startWorld, type World } from './world.ts';

/** Somebody with a role in the central account calls the component, as the AWS CLI would. */
async function call(
  world: World,
  input: unknown,
  name: string,
): Promise<{ status: string; output: ComponentOutput | undefined; cause: string }> {
  const sfn = new SFNClient({
    credentials: world.practice.identities.forRole('arn:aws:iam::900000000000:role/operator'),
  });
  const stateMachineArn = 'arn:aws:states:us-east-2:900000000000:stateMachine:drs-orchestration-main';
  const { executionArn } = await sfn.send(
    new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }),
  );
  const describeRun = () => sfn.send(new DescribeExecutionCommand({ executionArn }));
  await world.clock.runUntil(async () => (await describeRun()).status !== 'RUNNING', { what: 'the end of the run' });
  const { status, output, cause } = await describeRun();
  return {
    status: status ?? '',
    output: output === undefined ? undefined : outputSchema.parse(JSON.parse(output)),
    cause: cause ?? '',
  };
}

describe('a direct call of the recovery component', () => {
  test('drills servers by tags and passes the metadata on', async () => {
    const world = await startWorld();
    const input = {
      action: 'drill',
      tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' },
      options: { isDrill: true, maxWaitMinutes: 90 },
      metadata: { correlationId: 'drill-2026-001', initiatedBy: 'jsmith', anything: { else: true } },
    };
    const { status, output } = await call(world, input, 'drill-2026-001');
    expect(status).toBe('SUCCEEDED');
    expect(output).toMatchObject({
      status: 'success',
      action: 'drill',
      metadata: input.metadata,
      summary: { totalServers: 30, succeeded: 30 },
    });
    expect(output?.recoveryInstances).toHaveLength(30);
    expect(world.jobs()[0]?.tags).toMatchObject({ 'DR-CorrelationId': 'drill-2026-001' });
    expect(world.cards()).toHaveLength(0);
  });

  test('answers success for no matching servers, as its contract says', async () => {
    const world = await startWorld();
    const { output } = await call(world, { action: 'drill', tags: { 'DR-Test': 'none' } }, 'none');
    expect(output).toMatchObject({
      status: 'success',
      summary: { totalServers: 0 },
      nextPhaseReady: true,
      message: 'No servers found matching the specified tags',
    });
  });

  test('launches nothing when a live instance exists; every server is in one list', async () => {
    const world = await startWorld();
    const { output } = await call(
      world,
      { action: 'drill', tags: { 'DR-Application': 'HRP', 'DR-Wave': '3' } },
      'live',
    );
    expect(output).toMatchObject({
      status: 'failed',
      nextPhaseReady: false,
      summary: { totalServers: 42, succeeded: 0, failed: 1, skipped: 41 },
    });
    expect(output?.failedServers).toMatchObject([{ sourceServerHostname: 'hrp-web-009', errorCode: 'LiveInstance' }]);
    expect(world.jobs()).toHaveLength(0);
  });

  test('leaves the lists out of an output that is too large, and says where the whole is', async () => {
    const world = await startWorld();
    const { output } = await call(
      world,
      { action: 'drill', tags: { 'DR-Application': 'HealthEdge' }, options: { parallelism: 100 } },
      'large',
    );
    expect(output).toMatchObject({
      truncated: true,
      recoveryInstances: [],
      resultLocation: expect.stringMatching(/^s3:\/\//),
    });
    expect(output?.summary.totalServers).toBeGreaterThan(100);
    const whole = outputSchema.parse(
      JSON.parse(world.practice.s3.read(world.practice.bucket, 'results/run-large/wave-00.json')?.toString() ?? ''),
    );
    const listed = whole.recoveryInstances.length + whole.failedServers.length + whole.skippedServers.length;
    expect(listed).toBe(whole.summary.totalServers);
  });

  test.each([
    ['failover', { action: 'failover', tags: { a: 'b' } }, 'failover is not available'],
    [
      'an isDrill that contradicts the verb',
      { action: 'drill', tags: { a: 'b' }, options: { isDrill: false } },
      'the action alone decides',
    ],
    ['an unknown field', { action: 'drill', tags: { a: 'b' }, wave: 1 }, 'wave'],
    ['no tags', { action: 'drill', tags: {} }, 'at least one tag'],
    [
      'an execution that is not approved',
      { action: 'drill', tags: { a: 'b' }, metadata: { executionId: 'x', gateId: 'approval-1', planHash: 'y' } },
      'Nothing was launched',
    ],
  ])('refuses %s', async (name, input, why) => {
    const world = await startWorld();
    const { status, cause } = await call(world, input, name.replaceAll(' ', '-'));
    expect(status).toBe('FAILED');
    expect(cause).toContain(why);
    expect(world.jobs()).toHaveLength(0);
  });
});
