import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { FunctionName } from '../../src/functions.ts';
import type { AwsCall } from '../../src/local/aws/identities.ts';
import { seeded } from '../../src/local/aws/seeded.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import type { Inventory } from '../../src/local/inventory.ts';
import { startPractice } from '../../src/local/practice.ts';
import { type Callable, type Called, call, listed, wholeResult } from '../end-to-end/component-call.ts';
import { type Benchmark, grouped, markdownTable, type Report } from './benchmark.ts';
import { bundledFunctions, type FunctionMemory, inProcesses } from './function-memory.ts';
import { sum } from './statistics.ts';

/** A fleet: as many staging accounts, with as many servers each. */
export interface Size {
  accounts: number;
  serversEach: number;
}

/** Staging account of a fleet, and its Region. */
type StagingAccount = Inventory['stagingAccounts'][number];

const SIZES: readonly Size[] = [
  { accounts: 5, serversEach: 30 },
  { accounts: 4, serversEach: 250 },
  { accounts: 16, serversEach: 250 },
  { accounts: 40, serversEach: 250 },
];

/** Most servers that DRS takes in a job, and so in a batch. */
const JOB_SERVERS = 100;
const KIB = 1_024;
const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems'];
/** Of its memory, what a function may have at the most. */
const MOST_MEMORY = 0.75;
/** Largest input or output of a state: 32 KiB up to 1,000 servers, 128 KiB above. */
const LARGEST_STATE = { servers: 1_000, upTo: 32 * KIB, above: 128 * KIB } as const;
const MINUTE = 60_000;
/** How often the executor looks at its jobs, and the catalogue at the fleet. */
const LOOK_EVERY_MS = 30_000;
const CATALOGUE_EVERY_MS = 300_000;
/** Entries in a page, as they are asked for: by central functions, by the executor for a job, and for its jobs. */
const PAGE = { servers: 200, instances: 100, instancesOfJob: 20, jobs: 2 } as const;
/** How often central functions read an account's servers, instances or jobs in a run, at the most. */
const CENTRAL_READS = 6;
/** Events in the history of main; Step Functions ends a run at 25,000. */
const MOST_MAIN_EVENTS = 2_000;
/** What a run may take beyond its longest job. */
const MOST_OVERHEAD_MS = 5 * MINUTE;

/** The largest text in the histories, and where it is. */
export interface LargestState<Machine extends string = 'main' | 'executor'> {
  /** In UTF-8. */
  bytes: number;
  state: string;
  /** Which of a state's texts it is. */
  kind: 'input' | 'output' | 'variables' | 'arguments' | 'result';
  machine: Machine;
}

/** What one drill of a fleet took. */
export interface Measurement {
  servers: number;
  accounts: number;
  /** Servers that succeeded, by the run's own summary. */
  succeeded: number;
  /** Different servers in the whole result, as it is kept in S3. */
  listed: number;
  jobs: number;
  /** Simulated milliseconds between the start of the first job and that of the last. */
  startSpreadMs: number;
  /** Calls of DRS by operation, throttled and refused ones among them. */
  drsCalls: Record<string, number>;
  ec2Calls: Record<string, number>;
  largest: LargestState;
  /** Events in the history of drs-orchestration-main. */
  mainEvents: number;
  /** Events in the longest history of an executor. */
  executorEvents: number;
  /** Writes of items to the table, those that a condition refused among them. */
  tableWrites: number;
  /** Simulated milliseconds from the start of the run to its end. */
  durationMs: number;
  /** Simulated milliseconds that the longest DRS job took. */
  longestJobMs: number;
}

/** What is measured: a deployment, and every AWS call that reached it. */
export interface Measured extends Callable {
  calls: readonly AwsCall[];
}

/** As many staging accounts with as many healthy servers each, all of wave 1. */
export function fleetOf({ accounts, serversEach }: Size): Inventory {
  const stagingAccounts = Array.from({ length: accounts }, (_, index) => ({
    accountId: String(100_000_000_001 + index),
    name: `staging-${index + 1}`,
  }));
  const serverOf = ({ accountId }: StagingAccount, account: number, index: number) => {
    const hostname = `app-${account + 1}-${index + 1}`;
    return {
      sourceServerId: `s-${seeded(hostname).hex(17)}`,
      hostname,
      accountId,
      ip: `10.${account + 1}.0.${index + 1}`,
      os: 'Ubuntu 22.04',
      instanceType: 't3.large',
      cpus: 2,
      ramGiB: 8,
      diskGiB: [20],
      replication: { state: 'CONTINUOUS' as const, lagDuration: 'PT0S', lastSeenAgo: 'PT5S' },
      tags: { 'DR-Application': 'Large', 'DR-Wave': '1' },
    };
  };
  return {
    region: 'us-east-2',
    stagingAccounts,
    sourceServers: stagingAccounts.flatMap((staging, account) =>
      Array.from({ length: serversEach }, (_, index) => serverOf(staging, account, index)),
    ),
  };
}

/** Drills a whole fleet of {@link fleetOf} by one direct call. */
export function drillAll(measured: Callable): Promise<Called> {
  // As many at once as DRS allows in an account, so that what is measured is one round of jobs.
  const input = { action: 'drill', tags: { 'DR-Wave': '1' }, options: { parallelism: 500 } };
  return call(measured, input, 'component-size');
}

/** What a run that has ended took. */
export function measurementOf({ clock, practice, calls }: Measured, size: Size, called: Called): Measurement {
  const { engine, drs } = practice;
  const { executionArn, output } = called;
  const accountIds = fleetOf(size).stagingAccounts.map(({ accountId }) => accountId);
  const main = { machine: 'main' as const, history: engine.getExecutionHistory(executionArn) };
  const executors = [...executorsStartedBy(main.history)].map((arn) => ({
    machine: 'executor' as const,
    history: engine.getExecutionHistory(arn),
  }));
  const jobs = accountIds.flatMap((accountId) => drs.jobs.list(accountId));
  const starts = jobs.map(({ createdAt }) => createdAt);
  const { startDate, stopDate } = engine.describeExecution(executionArn);
  return {
    servers: size.accounts * size.serversEach,
    accounts: size.accounts,
    succeeded: output?.summary.succeeded ?? 0,
    listed: new Set(listed(wholeResult({ clock, practice }, output))).size,
    jobs: jobs.length,
    startSpreadMs: Math.max(...starts) - Math.min(...starts),
    drsCalls: callsByOperation(calls, 'drs'),
    ec2Calls: callsByOperation(calls, 'ec2'),
    largest: [main, ...executors].map(largestState).reduce(larger),
    mainEvents: main.history.length,
    executorEvents: Math.max(0, ...executors.map(({ history }) => history.length)),
    tableWrites: calls.filter(({ service, action }) => service === 'dynamodb' && WRITES.includes(action)).length,
    durationMs: Number(stopDate) - Number(startDate),
    longestJobMs: Math.max(0, ...jobs.map(({ createdAt, endedAt = createdAt }) => endedAt - createdAt)),
  };
}

/** ARNs of the executions that a run's tasks started, from its history. */
function executorsStartedBy(history: readonly HistoryEvent[]): Set<string> {
  const arns = history.flatMap(({ taskSubmittedEventDetails: details }) => {
    const answer: { ExecutionArn?: string } = JSON.parse(details?.output ?? '{}');
    return answer.ExecutionArn === undefined ? [] : [answer.ExecutionArn];
  });
  return new Set(arns);
}

function callsByOperation(calls: readonly AwsCall[], service: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const call of calls) {
    if (call.service === service) counts[call.action] = (counts[call.action] ?? 0) + 1;
  }
  return counts;
}

/** The one of more bytes. */
export function larger<T extends { bytes: number }>(one: T, other: T): T {
  return other.bytes > one.bytes ? other : one;
}

/** The largest input, output, arguments, result or set of assigned variables in a history. */
export function largestState<Machine extends string>({
  machine,
  history,
}: {
  machine: Machine;
  history: readonly HistoryEvent[];
}): LargestState<Machine> {
  const found = history.flatMap((event) =>
    textsOf(event).map(({ kind, text }) => ({ event, kind, bytes: Buffer.byteLength(text) })),
  );
  const { event, kind, bytes } = found.reduce(larger);
  return { machine, state: stateOf(event, history), kind, bytes };
}

/** The data of a state that an event shows. */
function textsOf(event: HistoryEvent): { kind: LargestState['kind']; text: string }[] {
  const variables = event.stateExitedEventDetails?.assignedVariables;
  const texts = [
    { kind: 'input', text: event.executionStartedEventDetails?.input },
    { kind: 'input', text: event.stateEnteredEventDetails?.input },
    { kind: 'output', text: event.stateExitedEventDetails?.output },
    { kind: 'variables', text: variables && Object.values(variables).join('') },
    { kind: 'arguments', text: event.taskScheduledEventDetails?.parameters },
    { kind: 'result', text: event.taskSubmittedEventDetails?.output },
    { kind: 'result', text: event.taskSucceededEventDetails?.output },
    { kind: 'output', text: event.executionSucceededEventDetails?.output },
  ] as const;
  return texts.map(({ kind, text = '' }) => ({ kind, text }));
}

/** Name of the state that an event belongs to: its own, or that of the newest state entered before it in its branch. */
function stateOf(event: HistoryEvent, history: readonly HistoryEvent[]): string {
  let at: HistoryEvent | undefined = event;
  while (at !== undefined) {
    const name = at.stateEnteredEventDetails?.name ?? at.stateExitedEventDetails?.name;
    if (name !== undefined) return name;
    // Ids count from 1.
    at = history[(at.previousEventId ?? 0) - 1];
  }
  return 'the execution itself';
}

/**
 * A sentence for each limit that a measurement breaks: every server launched once and at once, small states, and calls of
 * DRS that grow with pages and jobs.
 */
export function brokenLimits(measured: Measurement): string[] {
  const { servers, accounts, succeeded, listed, largest, mainEvents } = measured;
  const limit = servers > LARGEST_STATE.servers ? LARGEST_STATE.above : LARGEST_STATE.upTo;
  const most = mostCalls(measured);
  const rules: [holds: boolean, otherwise: string][] = [
    [succeeded === servers, `only ${succeeded} of them succeeded`],
    [listed === servers, `the whole result lists ${listed} different servers`],
    [largest.bytes <= limit, `${placeOf(largest)} is ${grouped(largest.bytes)} bytes; the limit is ${grouped(limit)}`],
    [mainEvents < MOST_MAIN_EVENTS, `the history of main has ${grouped(mainEvents)} events`],
    [measured.startSpreadMs < MINUTE, `${seconds(measured.startSpreadMs)} lay between the first and the last job`],
    [overheadOf(measured) < MOST_OVERHEAD_MS, `it took ${minutes(overheadOf(measured))} longer than its longest job`],
    ...Object.entries(measured.drsCalls).map(([action, count]): [boolean, string] => [
      count <= (most[action] ?? 0),
      `${action} was called ${grouped(count)} times; pages and jobs allow ${grouped(most[action] ?? 0)}`,
    ]),
  ];
  return rules.filter(([holds]) => !holds).map(([, otherwise]) => `${fleetName(servers, accounts)}: ${otherwise}.`);
}

/** Most calls of each operation of DRS that pages, jobs and the time of a run account for. An operation not here is none. */
function mostCalls({ servers, accounts, durationMs }: Measurement): Record<string, number> {
  const serversEach = servers / accounts;
  const jobsEach = pagesOf(serversEach, JOB_SERVERS);
  const looks = Math.ceil(durationMs / LOOK_EVERY_MS);
  const refreshes = Math.ceil(durationMs / CATALOGUE_EVERY_MS);
  return {
    StartRecovery: accounts * jobsEach,
    // Beside the looks at running jobs: one before each start, and those of central functions.
    DescribeJobs: accounts * pagesOf(jobsEach, PAGE.jobs) * (looks + jobsEach + CENTRAL_READS),
    // The catalogue's refreshes go on while a run runs.
    DescribeSourceServers: accounts * pagesOf(serversEach, PAGE.servers) * (refreshes + CENTRAL_READS),
    DescribeRecoveryInstances:
      accounts * jobsEach * pagesOf(JOB_SERVERS, PAGE.instancesOfJob) +
      accounts * pagesOf(serversEach, PAGE.instances) * CENTRAL_READS,
    // One a server and plan, never one a look: DRS has no other way to tell its launch settings.
    GetLaunchConfiguration: servers,
  };
}

function pagesOf(count: number, page: number): number {
  return Math.ceil(count / page);
}

/** What a run takes beyond its longest job, in simulated milliseconds. */
function overheadOf({ durationMs, longestJobMs }: Measurement): number {
  return durationMs - longestJobMs;
}

function fleetName(servers: number, accounts: number): string {
  return `${grouped(servers)} servers in ${accounts} ${accounts === 1 ? 'account' : 'accounts'}`;
}

function placeOf({ machine, state, kind }: LargestState): string {
  return `${machine}, “${state}”, ${kind}`;
}

function minutes(ms: number): string {
  return `${(ms / MINUTE).toFixed(1)} min`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/**
 * A column of the table: a measurement, the real milliseconds in which it was made, the function with the most memory, and
 * the one with the most of its own.
 */
interface Column extends Measurement {
  wallMs: number;
  memory: FunctionMemory;
  fullest: FunctionMemory;
}

/** Of a function's memory, what it had at the most. */
function shareOf({ peakMb, memoryMb }: FunctionMemory): number {
  return peakMb / memoryMb;
}

/** Bundles of the functions, and the MB that they are deployed with, by their deployed names. */
interface Functions {
  fileOf: (name: FunctionName) => string;
  memoryOf: ReadonlyMap<string, number>;
}

/** Drills a fleet of this size on a virtual clock and measures it. */
async function measure(size: Size, { fileOf, memoryOf }: Functions): Promise<Column> {
  const from = performance.now();
  const clock = new VirtualClock();
  const calls: AwsCall[] = [];
  const practice = await startPractice({
    clock,
    wallClock: clock,
    inventory: fleetOf(size),
    // Best effort, so that they may be missing: polling has to be enough, and is what is measured.
    drsEvents: false,
    onCall: (made) => calls.push(made),
  });
  const processes = await inProcesses({ clock, practice }, fileOf, memoryOf);
  try {
    // What starting costs is not the run's.
    calls.length = 0;
    const measured = { clock, practice, calls };
    const measurement = measurementOf(measured, size, await drillAll(measured));
    const peaks = processes.peaks();
    const memory = peaks.reduce((one, other) => (other.peakMb > one.peakMb ? other : one));
    // A small function may be nearer to its end than the biggest one.
    const fullest = peaks.reduce((one, other) => (shareOf(other) > shareOf(one) ? other : one));
    return { ...measurement, memory, fullest, wallMs: performance.now() - from };
  } finally {
    processes.close();
    await practice.close();
  }
}

/** The rows of the table; there is one for each operation that was called. */
function tableOf(columns: readonly Column[]): string {
  const row = (name: string, cell: (column: Column) => string) => [name, ...columns.map(cell)];
  const operations = (of: (column: Column) => Record<string, number>) =>
    [...new Set(columns.flatMap((column) => Object.keys(of(column))))].sort();
  return markdownTable(
    row('servers', ({ servers }) => grouped(servers)),
    [
      row('staging accounts', ({ accounts }) => grouped(accounts)),
      row('DRS jobs', ({ jobs }) => grouped(jobs)),
      ...operations(({ drsCalls }) => drsCalls).map((action) =>
        row(`DRS \`${action}\``, ({ drsCalls }) => grouped(drsCalls[action] ?? 0)),
      ),
      ...operations(({ ec2Calls }) => ec2Calls).map((action) =>
        row(`EC2 \`${action}\``, ({ ec2Calls }) => grouped(ec2Calls[action] ?? 0)),
      ),
      row('largest data of a state, bytes', ({ largest }) => grouped(largest.bytes)),
      row('… and where', ({ largest }) => placeOf(largest)),
      row('history events, main', ({ mainEvents }) => grouped(mainEvents)),
      row('history events, largest executor', ({ executorEvents }) => grouped(executorEvents)),
      row('writes to the table', ({ tableWrites }) => grouped(tableWrites)),
      row('most memory of a function, MB', ({ memory }) => grouped(Math.round(memory.peakMb))),
      row('… of which, and what it has', ({ memory }) => `${memory.name}, ${grouped(memory.memoryMb)} MB`),
      row('most of its own memory that a function has', ({ fullest }) => `${Math.round(shareOf(fullest) * 100)} %`),
      row('… of which', ({ fullest }) => fullest.name),
      row('simulated duration', ({ durationMs }) => minutes(durationMs)),
      row('longest DRS job', ({ longestJobMs }) => minutes(longestJobMs)),
      row('overhead', (column) => `${((100 * overheadOf(column)) / column.longestJobMs).toFixed(1)} %`),
      row('real time', ({ wallMs }) => seconds(wallMs)),
    ],
  );
}

const ABOUT = `One direct call of \`drs-orchestration-main\` drills every server of a fleet (\`parallelism\` 500, the most that DRS launches
at once in an account) in practice mode on a virtual clock. DRS's own launch events are switched off: they are best effort, so what is measured is
polling alone. Simulated calls take no simulated time and nothing is throttled; the overhead is what the component itself waits.

Calls are those from the start of the run to its end, with the catalogue's refreshes of that time (\`DescribeSourceServers\`, every 5 minutes).
\`GetLaunchConfiguration\` is one a server and plan: DRS has no other way to tell its launch settings. The largest data is that of all states of main
and of every executor: inputs, outputs, variables, arguments and results of tasks.

Memory is that of a whole process (its resident set at the most), with the bundle that is deployed and Node.js's heap limited as by the function's memory. Functions of the component run in processes of
their own for this, one for each function, that take all events of a run one after the other.`;

const LIMITS = `Limits that the command checks: every server is launched once; no data of a state over 32 KiB up to 1,000 servers and over 128 KiB above; calls
of DRS at most as many as pages, jobs and looks account for; all jobs started within a minute; less than 5 minutes beyond the longest job; fewer
than 2,000 events in the history of main; no function over 75 % of its memory.`;

/** How much larger each figure of the larger fleet is, for as many times as many servers. */
function growthOf(larger: Column, smaller: Column) {
  const of = (figure: (column: Column) => number) => figure(larger) / figure(smaller);
  return {
    'largest data of a state': of(({ largest }) => largest.bytes),
    'history events of main': of(({ mainEvents }) => mainEvents),
    'history events of the largest executor': of(({ executorEvents }) => executorEvents),
    'writes to the table': of(({ tableWrites }) => tableWrites),
    'memory of the biggest function': of(({ memory }) => memory.peakMb),
    'calls of DRS without launch settings': of(({ drsCalls: { GetLaunchConfiguration: _, ...drsCalls } }) =>
      sum(Object.values(drsCalls)),
    ),
    'simulated duration': of(({ durationMs }) => durationMs),
    'real time': of(({ wallMs }) => wallMs),
  };
}

function growthText(larger: Column, smaller: Column): string {
  const times = (factor: number) => `${factor.toFixed(1)} ×`;
  const rows = Object.entries(growthOf(larger, smaller)).map(([name, factor]) => [name, times(factor)]);
  return [
    `How it grows from ${fleetName(smaller.servers, smaller.accounts)} to ${fleetName(larger.servers, larger.accounts)}, which are ${times(larger.servers / smaller.servers)} as many:`,
    markdownTable(['', 'is'], rows),
  ].join('\n\n');
}

/** "Size": one call for 150, 1,000, 4,000 and 10,000 servers. */
export const componentSize: Benchmark = {
  name: 'component-size',
  summary: 'one drill of 150, 1,000, 4,000 and 10,000 servers: calls, sizes of states, history, table, memory, time',
  isTimed: true,
  async run({ say }): Promise<Report> {
    // The CDK takes seconds to load, which whoever only wants a fleet need not wait for.
    const { deployedMemory } = await import('./deployed.ts');
    const bundles = await bundledFunctions();
    try {
      const columns: Column[] = [];
      for (const size of SIZES) {
        say(`${fleetName(size.accounts * size.serversEach, size.accounts)} …`);
        columns.push(await measure(size, { fileOf: bundles.fileOf, memoryOf: deployedMemory() }));
      }
      return sizeReport(columns);
    } finally {
      bundles.close();
    }
  },
};

function sizeReport(columns: readonly Column[]): Report {
  const [, smaller, , larger] = columns;
  if (smaller === undefined || larger === undefined) throw new Error('four sizes are compared');
  // Real time is told and not compared: most of it is the simulators', and it depends on all else that runs.
  const { 'real time': _, ...grows } = growthOf(larger, smaller);
  const growth = Object.entries(grows).map(([name, factor]) => [
    `${name}, ${grouped(larger.servers)} against ${grouped(smaller.servers)} servers`,
    factor,
  ]);
  const hungry = columns.filter(({ fullest }) => shareOf(fullest) > MOST_MEMORY);
  return {
    title: 'Size of a recovery',
    markdown: [ABOUT, tableOf(columns), growthText(larger, smaller), LIMITS].join('\n\n'),
    broken: [
      ...columns.flatMap(brokenLimits),
      ...hungry.map(({ servers, accounts, fullest: { name, peakMb, memoryMb } }) => {
        return `${fleetName(servers, accounts)}: ${name} had ${Math.round(peakMb)} MB of its ${memoryMb} MB.`;
      }),
    ],
    ratios: Object.fromEntries(growth),
  };
}
