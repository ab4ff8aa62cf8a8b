import type { AwsCall } from '../../../src/local/aws/identities.ts';
import type { WireAttribute, WireItem } from '../../../src/local/dynamodb/change-feed.ts';
import type { Invocation } from '../../../src/local/lambda/function-host.ts';
import type { Practice, PracticeOptions } from '../../../src/local/practice.ts';
import { median, sum } from '../statistics.ts';
import type { Usage } from './prices.ts';

/** The memory of each function of a deployment in MB: CPU comes with it, 1,769 MB are one core. */
export type MemoryOf = ReadonlyMap<string, number>;

/**
 * What functions take longer in AWS than on one machine, in milliseconds. Calls are counted as if they came one after the
 * other: an upper bound.
 */
export const ALLOWANCE_MS = {
  /** A call of DynamoDB, S3, Step Functions and the like in the same Region. */
  call: 10,
  /** A call in a staging account: STS, DRS, EC2, Service Quotas. */
  accountCall: 60,
  /** A message that Slack takes. */
  slackMessage: 300,
  /** A drawing waits for Slack's pace: one update of a message in three seconds. */
  drawing: 3_000,
  /** The start of a function that has not been called for a while, which is paid for since August 2025. */
  coldStart: 400,
} as const;

const CORE_MB = 1_769;
/** The memory of the functions that look at staging accounts. */
const FLEET_MB = 1_024;
const DRAWER = 'dr-chatops-projector';
/** Lambda's own lines of a traced invocation (start and report, as JSON), in bytes. */
const PLATFORM_LINES_BYTES = 1_200;
/** What the logger adds to a line (level, time, service), and CloudWatch to every event, in bytes. */
const LOGGER_BYTES = 120;
const EVENT_BYTES = 26;
/** DynamoDB asks KMS for a table's key again after five minutes, for each caller (developer guide: table key cache). */
const KEY_CACHE_MS = 300_000;
const HOUR_MS = 3_600_000;
const GIGABYTE = 1_000_000_000;

/** What was counted, besides the usage. */
export interface Metered {
  usage: Usage;
  /** Our metrics that were written, each with its dimensions. */
  metrics: string[];
}

/** Counts what a practice does, in the units in which AWS charges it. `now`: the practice's clock. */
export function meterOf(now: () => number) {
  const calls: { call: AwsCall; at: number }[] = [];
  const invocations: Invocation[] = [];
  const metrics = new Map<string, Set<number>>();
  const counted = { reads: 0, writes: 0, events: 0, logBytes: 0, messages: 0 };
  let executionsBefore = new Set<string>();
  let practice: Practice | undefined;

  const log = (text: string, added: number): void => {
    counted.logBytes += Buffer.byteLength(text) + added + EVENT_BYTES;
  };
  const line = (message: string, fields?: object): void => log(JSON.stringify({ message, ...fields }), LOGGER_BYTES);

  return {
    /** What the practice has to be started with. */
    options: {
      onCall: (call) => void calls.push({ call, at: now() }),
      onCapacity: ({ readUnits, writeUnits }) => {
        counted.reads += readUnits;
        counted.writes += writeUnits;
      },
      onMetrics: (text) => {
        log(text, 0);
        noteMetrics(text);
      },
      log: { info: line, warn: line, error: line },
    } satisfies Partial<PracticeOptions>,

    /** Counts from here on. */
    start(started: Practice): void {
      practice = started;
      calls.length = 0;
      metrics.clear();
      Object.assign(counted, { reads: 0, writes: 0, events: 0, logBytes: 0, messages: 0 });
      executionsBefore = new Set(executionsOf(started));
      started.host.onInvoke((invocation) => invocations.push(invocation));
      started.dynamodb.stream(started.tableName).subscribe(({ dynamodb: { OldImage, NewImage } }) => {
        counted.writes += indexUnits(OldImage, NewImage);
      });
      // Each goes to the central bus, which is another account's.
      started.fleet.onEvent(() => {
        counted.events += 1;
      });
    },

    /** What was used since. `known`: metrics that are paid for already. */
    read(memoryOf: MemoryOf, known: readonly string[] = []): Metered {
      if (practice === undefined) throw new Error('nothing was counted');
      const { engine } = practice;
      const executions = executionsOf(practice).filter((arn) => !executionsBefore.has(arn));
      const of = (service: string, ...actions: string[]): number =>
        calls.filter(({ call }) => call.service === service && actions.includes(call.action)).length;
      const stores = ['s3', 'secretsmanager', 'sns'].map((service) =>
        calls.filter(({ call }) => call.service === service),
      );
      return {
        usage: {
          stateTransitions: sum(executions.map((arn) => transitionsOf(engine, arn))),
          lambdaSeconds: gigabyteSeconds(memoryOf),
          lambdaRequests: invocations.length,
          dynamodbWrites: counted.writes,
          dynamodbReads: counted.reads,
          s3Writes: of('s3', 'PutObject', 'ListObjectsV2'),
          s3Reads: of('s3', 'GetObject', 'HeadObject'),
          kmsRequests: keyReads() + sum(stores.map((made) => made.length)),
          events: counted.events + of('events', 'PutEvents'),
          notifications: of('sns', 'Publish'),
          apiRequests: invocations.filter(({ functionName }) => functionName === 'dr-chatops-slack-ingress').length,
          secretReads: of('secretsmanager', 'GetSecretValue'),
          logGigabytes: (counted.logBytes + invocations.length * PLATFORM_LINES_BYTES) / GIGABYTE,
          metricHours: sum([...metrics].filter(([name]) => !known.includes(name)).map(([, hours]) => hours.size)),
          traces: invocations.length + executions.length,
        },
        metrics: [...metrics.keys()],
      };
    },
  };

  /** Every metric with its dimensions, and the hours in which it had values: CloudWatch charges a metric by the hour. */
  function noteMetrics(text: string): void {
    const { _aws, ...content } = JSON.parse(text) as {
      _aws: { Timestamp: number; CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string }[] }[] };
    } & Record<string, unknown>;
    for (const { Dimensions, Metrics } of _aws.CloudWatchMetrics) {
      const dimensions = (Dimensions[0] ?? []).map((name) => `${name}=${content[name]}`);
      for (const { Name } of Metrics) {
        const key = [Name, ...dimensions].join(' ');
        metrics.set(key, (metrics.get(key) ?? new Set()).add(Math.floor(_aws.Timestamp / HOUR_MS)));
      }
    }
    counted.messages += [content.SlackDeliverySeconds ?? []].flat().length;
  }

  /**
   * The median of a function's own times here (others run at the same moment on the same core), as much slower as its share
   * of a core is smaller, and what AWS and Slack take to answer.
   */
  function gigabyteSeconds(memoryOf: MemoryOf): number {
    const functions = [...Map.groupBy(invocations, ({ functionName }) => functionName)];
    const own = functions.map(([name, made]) => {
      const memory = memoryNamed(memoryOf, name);
      const ownMs = median(made.map(({ durationMs }) => durationMs)) * Math.max(1, CORE_MB / memory);
      const asked = calls.filter(({ call }) => call.identity.roleArn.endsWith(`:role/${name}`)).length;
      return gigabytes(memory, made.length * ownMs + asked * ALLOWANCE_MS.call + ALLOWANCE_MS.coldStart);
    });
    const inAccounts = calls.filter(({ call }) => ['sts', 'drs', 'ec2', 'servicequotas'].includes(call.service)).length;
    const drawings = invocations.filter(({ functionName }) => functionName === DRAWER).length;
    const slackMs = counted.messages * ALLOWANCE_MS.slackMessage + drawings * ALLOWANCE_MS.drawing;
    return (
      sum(own) +
      gigabytes(FLEET_MB, inAccounts * ALLOWANCE_MS.accountCall) +
      gigabytes(memoryNamed(memoryOf, DRAWER), slackMs)
    );
  }

  function keyReads(): number {
    const asking = calls
      .filter(({ call }) => call.service === 'dynamodb')
      .map(({ call, at }) => `${call.identity.roleArn} ${call.resource} ${Math.floor(at / KEY_CACHE_MS)}`);
    return new Set(asking).size;
  }
}

/** State transitions of an execution: entered states, tasks that were tried again, and the start. */
export function transitionsOf(engine: Practice['engine'], executionArn: string): number {
  const types = engine.getExecutionHistory(executionArn).map(({ type = '' }) => type);
  const entered = types.filter((type) => type.endsWith('StateEntered')).length;
  const tasks = types.filter((type) => type === 'TaskStateEntered').length;
  const tries = types.filter((type) => type === 'TaskScheduled').length;
  return entered + Math.max(0, tries - tasks) + 1;
}

/** ARNs of all executions of a practice, in all accounts. */
export function executionsOf({ engine }: Practice): string[] {
  return engine
    .listStateMachines()
    .flatMap(({ stateMachineArn = '' }) => engine.listExecutions({ stateMachineArn }))
    .map(({ executionArn = '' }) => executionArn);
}

/**
 * Write units of StatusIndex, which has every attribute of the items with a status: an item whose key in it changes is
 * removed and put.
 */
function indexUnits(before: WireItem | undefined, after: WireItem | undefined): number {
  const place = (item: WireItem | undefined): string | undefined =>
    item?.status?.S === undefined || item.startTime?.N === undefined
      ? undefined
      : `${item.status.S} ${item.startTime.N}`;
  const [from, to] = [place(before), place(after)];
  if (from === to) return from === undefined ? 0 : Math.max(unitsOf(before), unitsOf(after));
  return (from === undefined ? 0 : unitsOf(before)) + (to === undefined ? 0 : unitsOf(after));
}

/** Write units of an item: one for each begun KB. */
function unitsOf(item: WireItem = {}): number {
  return Math.ceil(bytesOf(item) / 1_024);
}

/** DynamoDB developer guide, "Item sizes and formats". */
function bytesOf(item: WireItem): number {
  return sum(Object.entries(item).map(([name, value]) => Buffer.byteLength(name) + valueBytes(value)));
}

function valueBytes({ S, N, BOOL, NULL, L, M, SS = [] }: WireAttribute): number {
  if (S !== undefined) return Buffer.byteLength(S);
  if (N !== undefined) return Math.ceil(N.length / 2) + 1;
  if (BOOL !== undefined || NULL !== undefined) return 1;
  if (L !== undefined) return 3 + sum(L.map((member) => 1 + valueBytes(member)));
  if (M !== undefined) return 3 + Object.keys(M).length + bytesOf(M);
  return sum(SS.map((member) => Buffer.byteLength(member)));
}

function memoryNamed(memoryOf: MemoryOf, name: string): number {
  const memory = memoryOf.get(name);
  if (memory === undefined) throw new Error(`the memory of ${name} is not known`);
  return memory;
}

function gigabytes(memoryMb: number, ms: number): number {
  return (memoryMb / 1_024) * (ms / 1_000);
}
