import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { onTestFinished } from 'vitest';
import { definitionText } from '../../infra/constructs/state-machine-from-file.ts';
import { type ExecutorOutput, executorOutputSchema } from '../../src/domain/executor-contract.ts';
import { CENTRAL_ACCOUNT, REGION, STAGING_ACCOUNTS } from '../../src/local/accounts.ts';
import { startDrs } from '../../src/local/aws/drs/drs.ts';
import type { Job } from '../../src/local/aws/drs/jobs.ts';
import { startEc2 } from '../../src/local/aws/ec2.ts';
import { Fleet, type SourceServer } from '../../src/local/aws/fleet.ts';
import { type AwsCall, Identities } from '../../src/local/aws/identities.ts';
import { seeded } from '../../src/local/aws/seeded.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import type { InventoryServer } from '../../src/local/inventory.ts';
import { FunctionHost } from '../../src/local/lambda/function-host.ts';
import { sdkIntegrations } from '../../src/local/sdk-integrations.ts';
import { StepFunctionsEngine } from '../../src/local/step-functions/engine.ts';
import { IntegrationError } from '../../src/local/step-functions/errors.ts';
import type { Json, JsonObject } from '../../src/local/step-functions/json.ts';
import { inProcess } from '../wire.ts';

export const [ACCOUNT] = STAGING_ACCOUNTS;
export const MINUTE = 60_000;
export const EXECUTION_ID = 'dr-20260302-hrp';

/** One `DR Batch Progress` event. */
export interface Progress {
  executionId: string;
  accountId: string;
  batches: { batchId: string; jobId: string; status: string; servers: { id: string; status: string }[] }[];
}

export type Verb = 'drill' | 'failover' | 'terminate' | 'failback';
export type World = Awaited<ReturnType<typeof executorWorld>>;

/** The executor of one staging account alone: its deployed definition, the unmodified SDK, simulated DRS and EC2. */
export async function executorWorld() {
  const clock = new VirtualClock();
  const identities = new Identities();
  const fleet = new Fleet({ clock });
  const calls: AwsCall[] = [];
  const hooks: { action: string; run: () => void }[] = [];
  const onCall = (call: AwsCall) => {
    calls.push(call);
    const at = hooks.findIndex(({ action }) => action === call.action);
    if (at >= 0) hooks.splice(at, 1)[0]?.run();
  };
  const shared = { clock, identities, fleet, onCall };
  const [drs, ec2] = await inProcess(() => Promise.all([startDrs(shared), startEc2(shared)]));
  onTestFinished(async () => {
    await Promise.all([drs.close(), ec2.close()]);
  });
  Object.assign(process.env, { AWS_ENDPOINT_URL_DRS: drs.url, AWS_ENDPOINT_URL_EC2: ec2.url });

  const progress: Progress[] = [];
  const bus = { refuses: false };
  const integrations = sdkIntegrations({ identities, host: new FunctionHost({ clock }), region: REGION });
  const engine = new StepFunctionsEngine({
    clock,
    region: REGION,
    random: seededRandom(),
    integrations: {
      ...integrations,
      async putEvents({ entries }) {
        if (bus.refuses)
          throw new IntegrationError({ error: 'EventBridge.ThrottlingException', cause: 'Rate exceeded' });
        for (const entry of entries) progress.push(JSON.parse(String(entry.Detail)) as Progress);
        return { FailedEntryCount: 0, Entries: entries.map(() => ({ EventId: 'event' })) };
      },
    },
  });
  const stateMachineArn = engine.createStateMachine({
    name: 'drs-staging-account-executor',
    accountId: ACCOUNT,
    roleArn: `arn:aws:iam::${ACCOUNT}:role/dr-chatops-executor`,
    definition: definitionText('drs-staging-account-executor'),
  });
  /** Of the run: every execution of it is told the same. */
  let startedAt: string | undefined;
  let servers = 0;

  /** The Arguments of every attempt at a call, as the definition made them. */
  const requests = (executionArn: string, action: string): JsonObject[] =>
    engine.getExecutionHistory(executionArn).flatMap(({ type, taskScheduledEventDetails: details }) => {
      if (type !== 'TaskScheduled' || details?.resource !== action) return [];
      return [JSON.parse(details.parameters ?? '{}') as JsonObject];
    });

  const world = {
    clock,
    fleet,
    drs,
    ec2,
    engine,
    calls,
    progress,
    bus,
    requests,
    jobs: (): Job[] => drs.jobs.list(ACCOUNT),
    callsOf: (action: string): AwsCall[] => calls.filter((call) => call.action === action),
    history: (executionArn: string): readonly HistoryEvent[] => engine.getExecutionHistory(executionArn),

    /** Adds `count` healthy servers. */
    addServers(count: number, changes: Partial<InventoryServer> = {}): SourceServer[] {
      return Array.from({ length: count }, () => {
        const hostname = `host-${servers++}`;
        return fleet.addSourceServer({ ...healthyServer(hostname), ...changes });
      });
    },

    /** Servers with a running recovery instance each: of a drill, or live. */
    addRecovered(count: number, isDrill: boolean): { server: SourceServer; instanceId: string }[] {
      return world.addServers(count).map((server) => ({
        server,
        instanceId: fleet.addRecoveryInstance(server.sourceServerId, { isDrill }).instanceId,
      }));
    },

    start(action: Verb, batches: Json[], options: JsonObject = {}, name?: string, more: JsonObject = {}): string {
      startedAt ??= new Date(clock.now()).toISOString();
      const input = {
        ...more,
        executionId: EXECUTION_ID,
        accountId: ACCOUNT,
        region: REGION,
        action,
        correlationId: 'drill-2026-001',
        eventBusArn: `arn:aws:events:${REGION}:${CENTRAL_ACCOUNT}:event-bus/dr-chatops`,
        startedAt,
        options: { maxWaitMinutes: 120, parallelism: 500, continueOnFailure: false, replaceLive: [], ...options },
        batches,
      };
      return engine.startExecution({ stateMachineArn, name, input: JSON.stringify(input) }).executionArn;
    },

    /** Lets time pass until the execution has ended; a failure is thrown, so that a test shows it. */
    async ended(executionArn: string): Promise<ExecutorOutput> {
      const describe = () => engine.describeExecution(executionArn);
      await clock.runUntil(() => describe().status !== 'RUNNING', { what: 'the end of the executor', withinMs: 2e8 });
      const { status, output, error, cause } = describe();
      if (output === undefined) throw new Error(`the executor is ${status}: ${error}: ${cause}`);
      return executorOutputSchema.parse(JSON.parse(output));
    },

    run(action: Verb, batches: Json[], options: JsonObject = {}): Promise<ExecutorOutput> {
      return world.ended(world.start(action, batches, options));
    },

    /** Does something once, when the next call of this operation has been answered. */
    onceAfter: (action: string, run: () => void) => void hooks.push({ action, run }),

    /** Simulated minutes that the execution took. */
    minutes: (executionArn: string): number => {
      const { startDate, stopDate } = engine.describeExecution(executionArn);
      return (Number(stopDate) - Number(startDate)) / MINUTE;
    },
  };
  return world;
}

function healthyServer(hostname: string): InventoryServer {
  return {
    sourceServerId: `s-${seeded(hostname).hex(17)}`,
    hostname,
    accountId: ACCOUNT,
    ip: '10.0.0.10',
    os: 'Ubuntu 22.04',
    instanceType: 'm5.large',
    cpus: 2,
    ramGiB: 8,
    diskGiB: [50],
    replication: { state: 'CONTINUOUS', lagDuration: 'PT2S', lastSeenAgo: 'PT10S' },
    tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' },
  };
}

/** The same numbers in every run (a linear congruential generator, constants of Numerical Recipes). */
function seededRandom(): () => number {
  let state = 1;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

export function idsOf(servers: readonly SourceServer[]): string[] {
  return servers.map(({ sourceServerId }) => sourceServerId);
}

/** A batch to launch. */
export function launchBatch(batchId: string, servers: readonly SourceServer[], changes: JsonObject = {}): JsonObject {
  return { batchId, serverIds: idsOf(servers), snapshots: {}, waitForReady: false, ...changes };
}

/** A batch to terminate, as it was approved. */
export function instanceBatch(
  batchId: string,
  recovered: readonly { server: SourceServer; instanceId: string }[],
  isDrill: boolean,
): JsonObject {
  return {
    batchId,
    instances: recovered.map(({ server, instanceId }) => ({
      id: instanceId,
      serverId: server.sourceServerId,
      isDrill,
    })),
  };
}

/** Statuses of the servers of one finished batch, each once. */
export function statusesOf(output: ExecutorOutput, batchId: string): string[] {
  const batch = output.finished.find((candidate) => candidate.batchId === batchId);
  return [...new Set(batch?.servers.map(({ status }) => status))].sort();
}

/** Bytes of the largest text in a history: inputs, outputs, arguments, results and assigned variables of states. */
export function largestData(history: readonly HistoryEvent[]): number {
  const texts = history.flatMap((event) => [
    event.stateEnteredEventDetails?.input,
    event.stateExitedEventDetails?.output,
    Object.values(event.stateExitedEventDetails?.assignedVariables ?? {}).join(''),
    event.taskScheduledEventDetails?.parameters,
    event.taskSucceededEventDetails?.output,
    event.executionSucceededEventDetails?.output,
  ]);
  return Math.max(...texts.map((text) => Buffer.byteLength(text ?? '')));
}
