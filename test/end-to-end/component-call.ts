import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { type ComponentOutput, outputSchema } from '../../src/domain/contract.ts';
import type { Verb } from '../../src/domain/vocabulary.ts';
import type { World } from './world.ts';

const MAIN = 'arn:aws:states:us-east-2:900000000000:stateMachine:drs-orchestration-main';
/** The longest that a run may take, in simulated milliseconds. */
const LONGEST_MS = 30 * 3_600_000;

/** What a caller of the component needs of a world. */
export type Callable = Pick<World, 'clock' | 'practice'>;

/** How a run of the component ended. */
export interface Called {
  executionArn: string;
  status: string;
  output: ComponentOutput | undefined;
  /** Name of the error it failed with; empty when it did not. */
  error: string;
  cause: string;
}

/** Somebody with a role in the central account calls the component, as the AWS CLI would, and waits for its end. */
export async function call(world: Callable, input: unknown, name: string): Promise<Called> {
  return await ended(world, await start(world, input, name));
}

/** Calls the component; the answer is the run's ARN. */
export async function start(world: Callable, input: unknown, name: string): Promise<string> {
  const command = new StartExecutionCommand({ stateMachineArn: MAIN, name, input: JSON.stringify(input) });
  return String((await operator(world).send(command)).executionArn);
}

/** Waits for the end of a run. */
export async function ended(world: Callable, executionArn: string): Promise<Called> {
  // Asked of the engine itself: this is looked at after every step of the clock.
  const { engine } = world.practice;
  await world.clock.runUntil(() => engine.describeExecution(executionArn).status !== 'RUNNING', {
    what: 'the end of the run',
    withinMs: LONGEST_MS,
  });
  const { status, output, error, cause } = engine.describeExecution(executionArn);
  return {
    executionArn,
    status: status ?? '',
    output: output === undefined ? undefined : outputSchema.parse(JSON.parse(output)),
    error: error ?? '',
    cause: cause ?? '',
  };
}

/** The whole result of a run, as it is kept in S3. */
export function wholeResult(world: Callable, output: ComponentOutput | undefined): ComponentOutput {
  const key = String(output?.resultLocation).replace(`s3://${world.practice.bucket}/`, '');
  return outputSchema.parse(JSON.parse(world.practice.s3.read(world.practice.bucket, key)?.toString() ?? ''));
}

/** The deployment lets direct callers run these actions, and have these topics told. */
export function allowDirect(world: World, directActions: Verb[], notificationTopicArns: string[] = []): void {
  const { ssm, configPath } = world.practice;
  ssm.put(`${configPath}/component`, JSON.stringify({ directActions, notificationTopicArns }));
}

/**
 * Gives `count` healthy servers of these accounts (one after the other) the tag DR-Test with this value, so that nothing
 * else matches. The answer is the servers.
 */
export function tagged(world: World, value: string, count: number, accountIds: readonly string[] = ['111111111111']) {
  const { fleet } = world.practice;
  const chosen = accountIds.flatMap((accountId, index) =>
    fleet
      .sourceServers(accountId)
      .filter((server) => server.replication.state === 'CONTINUOUS' && server.recoveryInstanceId === undefined)
      .filter((server) => server.tags['DR-Test'] === undefined && server.tags['DR-Enabled'] !== 'false')
      .slice(0, Math.floor(count / accountIds.length) + (index < count % accountIds.length ? 1 : 0)),
  );
  for (const server of chosen) fleet.setTags(server.sourceServerId, { ...server.tags, 'DR-Test': value });
  return chosen;
}

/** Every server of a whole result, each list's beside the others'. */
export function listed(output: ComponentOutput): string[] {
  return [...output.recoveryInstances, ...output.failedServers, ...output.skippedServers].map(
    (server) => server.sourceServerId,
  );
}

function operator(world: Callable): SFNClient {
  return new SFNClient({
    credentials: world.practice.identities.forRole('arn:aws:iam::900000000000:role/operator'),
  });
}
