import type { ExecutionRecord } from '../../src/domain/records.ts';
import { EXECUTION_STATUSES, isTerminal } from '../../src/domain/status.ts';
import type { AwsCall } from '../../src/local/aws/identities.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import type { Inventory } from '../../src/local/inventory.ts';
import { type Practice, startPractice } from '../../src/local/practice.ts';
import { WORKSPACE } from '../../src/local/slack/people.ts';
import { executionStore } from '../../src/platform/execution-store.ts';
import { finderAndPoller, type Loop, waitAndPoll } from './baselines/loops.ts';
import { BASELINE_ROLE, type Bench, type Waves } from './baselines/recovery.ts';
import { type Benchmark, grouped, markdownTable, type Report } from './benchmark.ts';
import { fleetOf } from './component-size.ts';
import { executionsOf, transitionsOf } from './cost/meter.ts';
import { counted, sum } from './statistics.ts';

/** A drill of one application: so many waves, in each the same number of servers in each of so many staging accounts. */
export interface Drilled {
  waves: number;
  accounts: number;
  serversEach: number;
}

/** Who runs it. */
export const CONTENDERS = ['ours', 'waitAndPoll', 'finderAndPoller'] as const;
export type Contender = (typeof CONTENDERS)[number];

/** What one contender took for one drill. */
export interface Orchestrated extends Drilled {
  contender: Contender;
  /** Simulated milliseconds from the approval (of a baseline: from the start) to the end. */
  durationMs: number;
  /** Simulated milliseconds of the longest DRS job of each wave, all waves together: nobody can be faster. */
  criticalMs: number;
  jobs: number;
  /** From the request to the end, by service; `state transitions` and `lambda` (invocations) among them. */
  calls: Record<string, number>;
  /** Calls of DRS by operation. */
  drsCalls: Record<string, number>;
}

const APPLICATION = 'Bench';
const MINUTE_MS = 60_000;
const MOST_MINUTES = 24 * 60;
const LOOPS: Record<Exclude<Contender, 'ours'>, Loop> = { waitAndPoll, finderAndPoller };
const NAMES: Record<Contender, string> = {
  ours: 'ours',
  waitAndPoll: 'wait 30 s and poll',
  finderAndPoller: '1-minute finder, poller',
};

const SIZES: readonly Drilled[] = [1, 4, 10].map((waves) => ({ waves, accounts: 2, serversEach: 10 }));
/** As many jobs as the first, and five times as many servers in each. */
const MORE_SERVERS: Drilled = { waves: 1, accounts: 2, serversEach: 50 };

/**
 * What Step Functions may need to notice the end of a child in another account. AWS says that it polls for it and that there is
 * "a slight delay" (developer guide, cross-account access for .sync), and not how long. Simulated children are noticed at once.
 */
const SYNC_DELAY_MS = 5_000;
/** Target: what an execution may take beyond its jobs. */
const MOST_OVERHEAD = 0.02;
/** What the loops were thought to take at the least. */
const EXPECTED_OF_THEIRS = 0.05;
/** DRS calls for each further job, more waves against fewer; and for five times as many servers in the same jobs. */
const MOST_GROWTH = 1.2;

/** All accounts' servers, one after the other in waves. */
function inventoryOf({ waves, accounts, serversEach }: Drilled): Inventory {
  const fleet = fleetOf({ accounts, serversEach: serversEach * waves });
  const sourceServers = fleet.sourceServers.map((server, index) => {
    const wave = Math.floor((index % (serversEach * waves)) / serversEach) + 1;
    return { ...server, tags: { 'DR-Application': APPLICATION, 'DR-Wave': String(wave) } };
  });
  return { ...fleet, sourceServers };
}

function wavesOf({ sourceServers, stagingAccounts }: Inventory): Waves {
  const byWave = Map.groupBy(sourceServers, ({ tags }) => Number(tags['DR-Wave']));
  return [...byWave].map(([, servers]) =>
    stagingAccounts.map(({ accountId }) => ({
      accountId,
      serverIds: servers.filter((server) => server.accountId === accountId).map((server) => server.sourceServerId),
    })),
  );
}

/** Runs one drill by one contender, on its own clock and the same jobs. */
export async function orchestrate(drilled: Drilled, contender: Contender): Promise<Orchestrated> {
  const clock = new VirtualClock();
  const inventory = inventoryOf(drilled);
  const calls: AwsCall[] = [];
  const noted: Record<string, number> = {};
  const practice = await startPractice({
    clock,
    wallClock: clock,
    inventory,
    // Best effort: polling has to be enough, and is what is measured.
    drsEvents: false,
    schedules: [],
    onCall: (made) => calls.push(made),
  });
  try {
    calls.length = 0;
    const note = (service: string, times = 1): void => {
      noted[service] = (noted[service] ?? 0) + times;
    };
    if (contender === 'ours') practice.host.onInvoke(() => note('lambda'));
    const durationMs =
      contender === 'ours'
        ? await drill(clock, practice, drilled)
        : await looped(clock, LOOPS[contender], wavesOf(inventory), { practice, note });
    const { engine } = practice;
    if (contender === 'ours') {
      note('state transitions', sum(executionsOf(practice).map((arn) => transitionsOf(engine, arn))));
    }
    // What the practice does by itself meanwhile is no baseline's.
    const made = calls.filter(({ identity }) => contender === 'ours' || identity.roleArn.endsWith(BASELINE_ROLE));
    const jobs = practice.drs.jobs.list();
    const waveOf = new Map(
      inventory.sourceServers.map(({ sourceServerId, tags }) => [sourceServerId, tags['DR-Wave']]),
    );
    const byWave = Map.groupBy(jobs, ({ participants }) => waveOf.get(participants[0]?.sourceServerId ?? ''));
    const longest = [...byWave.values()].map((own) =>
      Math.max(...own.map(({ createdAt, endedAt = createdAt }) => endedAt - createdAt)),
    );
    return {
      ...drilled,
      contender,
      durationMs,
      criticalMs: sum(longest),
      jobs: jobs.length,
      calls: { ...counted(made.map(({ service }) => service)), ...noted },
      drsCalls: counted(made.filter(({ service }) => service === 'drs').map(({ action }) => action)),
    };
  } finally {
    await practice.close();
  }
}

/** Somebody asks, somebody else approves; answers the simulated milliseconds from there to the end. */
async function drill(
  clock: VirtualClock,
  practice: Practice,
  { waves, accounts, serversEach }: Drilled,
): Promise<number> {
  const store = executionStore(practice.platformOf('answer-query'));
  const says = async (person: string, text: string): Promise<void> => {
    await practice.workspace.as(person).command('/dr', text, WORKSPACE.channelId);
  };
  const until = async (holds: (execution: ExecutionRecord) => boolean): Promise<ExecutionRecord> => {
    for (let minutes = 0; minutes < MOST_MINUTES; minutes += 1) {
      const [execution] = await store.newestExecutions({ statuses: EXECUTION_STATUSES, limit: 1 });
      if (execution !== undefined && holds(execution)) return execution;
      await clock.advance(MINUTE_MS);
    }
    throw new Error('The drill did not come so far in time');
  };
  await says('requester', `drill ${APPLICATION}`);
  const { executionId } = await until(({ status }) => status === 'awaiting approval');
  const approvedAt = clock.now();
  await says('approver', `approve ${executionId}`);
  const { status, summary, endTime = 0 } = await until((execution) => isTerminal(execution.status));
  const servers = waves * accounts * serversEach;
  if (status !== 'completed' || summary?.succeeded !== servers) {
    throw new Error(`The drill of ${servers} servers ended as ${status} with ${summary?.succeeded}`);
  }
  return endTime - approvedAt;
}

/** Runs a loop; answers the simulated milliseconds that it took. */
async function looped(
  clock: VirtualClock,
  loop: Loop,
  waves: Waves,
  rest: Pick<Bench, 'practice' | 'note'>,
): Promise<number> {
  const from = clock.now();
  // Held except while the loop waits: its calls take no simulated time.
  let release = clock.hold();
  const pass = (ms: number) =>
    new Promise<void>((resolve) => {
      clock.after(ms, () => {
        release = clock.hold();
        resolve();
      });
      release();
    });
  let ended = false;
  const run = loop({ ...rest, now: () => clock.now(), pass }, waves).finally(() => {
    ended = true;
    release();
  });
  await Promise.all([run, clock.runUntil(() => ended, { what: 'the end of the loop' })]);
  return clock.now() - from;
}

const overheadOf = ({ durationMs, criticalMs }: Orchestrated): number => (durationMs - criticalMs) / criticalMs;

/** The same with what the notice of a child's end may take, once for each wave; baselines have no children. */
function assumedOverheadOf(one: Orchestrated): number {
  const delays = one.contender === 'ours' ? one.waves * SYNC_DELAY_MS : 0;
  return overheadOf(one) + delays / one.criticalMs;
}

/** Calls of DRS without the one that is made once for each server and plan. */
function drsCallsOf({ drsCalls }: Orchestrated): number {
  const { GetLaunchConfiguration: _, ...rest } = drsCalls;
  return sum(Object.values(rest));
}

/** What was measured, of each contender for each size in turn; `moreServers` is ours alone. */
export interface Compared {
  sizes: readonly Record<Contender, Orchestrated>[];
  moreServers: Orchestrated;
}

/** A sentence for each limit that is broken: the target, and what calls of DRS grow with. */
export function brokenOrchestration({ sizes, moreServers }: Compared): string[] {
  const ours = sizes.map((size) => size.ours);
  const late = ours.filter((one) => assumedOverheadOf(one) > MOST_OVERHEAD);
  const steps = ours.slice(1).map((more, index) => {
    const fewer = ours[index] ?? more;
    return (drsCallsOf(more) - drsCallsOf(fewer)) / (more.jobs - fewer.jobs);
  });
  const [first = 0, ...later] = steps;
  const [smallest] = ours;
  const few = smallest === undefined ? 0 : drsCallsOf(smallest);
  return [
    ...late.map(
      (one) =>
        `${wavesName(one)} took ${percent(assumedOverheadOf(one))} beyond its jobs; the target is ${percent(MOST_OVERHEAD)}.`,
    ),
    ...later
      .filter((step) => step > first * MOST_GROWTH)
      .map(
        (step) =>
          `Each further job costs ${step.toFixed(1)} calls of DRS with more waves, and ${first.toFixed(1)} with fewer.`,
      ),
    ...(drsCallsOf(moreServers) > few * MOST_GROWTH
      ? [
          `The same jobs with five times as many servers cost ${drsCallsOf(moreServers)} calls of DRS instead of ${few}.`,
        ]
      : []),
  ];
}

const ABOUT = `A drill of one application: 20 servers in two staging accounts in each wave, one job for each account and wave, one wave after the other. The same simulated jobs, with
DRS's own pace, are run by ours (from the approval to the end) and by two loops of \`test/bench/baselines\`:

- *wait 30 s and poll*: the state machine of seed 5, and of seed 4: execute the wave, look whether it is complete, else wait 30 s and look again;
- *1-minute finder, poller*: seed 5's polling: each minute a finder invokes a poller, which starts the next wave at once when one is over (better than the seed says).

Nobody can be faster than the longest job of each wave; what is beyond that is overhead. DRS's own events are switched off: they are best effort. Calls and functions take no
simulated time, neither ours nor theirs, so that overhead is what a design waits. One thing ours waits for in AWS is not simulated: Step Functions polls for the end of an
executor in another account (\`.sync:2\`) with "a slight delay" that AWS does not publish. ${SYNC_DELAY_MS / 1_000} s for each wave are assumed; each further second would be another
0.1 % or so. Theirs have nothing like it.`;

const CALLS = `Calls from the request to the end, without what the clock alone calls. Theirs are what the seeds say and no more: no approval, no card, no audit, no look at live instances
before a launch, no progress of single servers, no retry; functions count as the seeds have them. Where ours calls DRS more
often than the state machine does, it looks at the account's jobs and at live instances before it launches. Calls of DRS and EC2 were made; the others of the loops are noted. \`states\` are calls of
its API, and \`GetLaunchConfiguration\` is one a server and plan: DRS has no other way to tell its launch settings.`;

function overheadTable({ sizes }: Compared): string {
  const row = (name: string, cell: (size: Record<Contender, Orchestrated>) => string) => [name, ...sizes.map(cell)];
  const minutes = (ms: number) => `${(ms / MINUTE_MS).toFixed(1)} min`;
  return markdownTable(
    row('waves', ({ ours }) => grouped(ours.waves)),
    [
      row('longest jobs, all waves', ({ ours }) => minutes(ours.criticalMs)),
      ...CONTENDERS.flatMap((contender) => [
        row(`${NAMES[contender]}: whole`, (size) => minutes(size[contender].durationMs)),
        row(`${NAMES[contender]}: overhead`, (size) => percent(overheadOf(size[contender]))),
      ]),
      row(
        `**ours, with ${SYNC_DELAY_MS / 1_000} s for \`.sync:2\`**`,
        ({ ours }) => `**${percent(assumedOverheadOf(ours))}**`,
      ),
      row(
        `… and what \`.sync:2\` may take for each wave until ${percent(MOST_OVERHEAD)} are reached`,
        ({ ours }) => `${(((MOST_OVERHEAD - overheadOf(ours)) * (ours.criticalMs / ours.waves)) / 1_000).toFixed(0)} s`,
      ),
    ],
  );
}

function theirs({ sizes }: Compared): string {
  const found = sizes.flatMap((size) => [overheadOf(size.waitAndPoll), overheadOf(size.finderAndPoller)]);
  const range = `Theirs take ${percent(Math.min(...found))} to ${percent(Math.max(...found))}`;
  const expected =
    Math.max(...found) > EXPECTED_OF_THEIRS
      ? ''
      : `, and never the ${percent(EXPECTED_OF_THEIRS)} that were expected of them`;
  return `${range}${expected}: what a poll wastes is half its interval for each wave, and a wave is a quarter of an hour. Ours looks every 30 s, too, and every 10 s when all servers of a job are
done and DRS is about to close it.`;
}

function callsTable({ sizes, moreServers }: Compared): string {
  const all = [...sizes.flatMap((size) => CONTENDERS.map((contender) => size[contender])), moreServers];
  const names = (of: (one: Orchestrated) => Record<string, number>) =>
    [...new Set(all.flatMap((one) => Object.keys(of(one))))].sort();
  const row = (name: string, cell: (one: Orchestrated) => number) => [name, ...all.map((one) => grouped(cell(one)))];
  return markdownTable(
    [
      '',
      ...all.map(
        ({ contender, waves, accounts, serversEach }) => `${NAMES[contender]}, ${waves} × ${accounts * serversEach}`,
      ),
    ],
    [
      row('DRS jobs', ({ jobs }) => jobs),
      ...names(({ drsCalls }) => drsCalls).map((action) =>
        row(`DRS \`${action}\``, ({ drsCalls }) => drsCalls[action] ?? 0),
      ),
      row('**DRS, without `GetLaunchConfiguration`**', drsCallsOf),
      ...names(({ calls }) => calls)
        .filter((service) => service !== 'drs')
        .map((service) => row(service, ({ calls }) => calls[service] ?? 0)),
    ],
  );
}

function wavesName({ waves }: Drilled): string {
  return waves === 1 ? '1 wave' : `${waves} waves`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function ratiosOf({ sizes, moreServers }: Compared): Record<string, number> {
  const [smallest] = sizes;
  return {
    ...Object.fromEntries(
      sizes.flatMap(({ ours, waitAndPoll: loop, finderAndPoller: finder }) => [
        [`overhead of ${wavesName(ours)}, ours against wait 30 s and poll`, overheadOf(ours) / overheadOf(loop)],
        [`overhead of ${wavesName(ours)}, ours against a 1-minute finder`, overheadOf(ours) / overheadOf(finder)],
        [`calls of DRS of ${wavesName(ours)}, ours against wait 30 s and poll`, drsCallsOf(ours) / drsCallsOf(loop)],
      ]),
    ),
    'calls of DRS, five times as many servers in the same jobs':
      drsCallsOf(moreServers) / (smallest === undefined ? 1 : drsCallsOf(smallest.ours)),
  };
}

/** The two sections of what was measured. */
export function orchestrationReport(compared: Compared): Report {
  return {
    title: 'Orchestration: what it takes beyond the jobs, and its calls',
    markdown: [
      ABOUT,
      overheadTable(compared),
      theirs(compared),
      CALLS,
      callsTable(compared),
      `Limits that the command checks: at most ${percent(MOST_OVERHEAD)} beyond the jobs, the assumed delay included; the calls of DRS for each further job do not grow with the number of waves, and
five times as many servers in the same jobs cost at most 20 % more.`,
    ].join('\n\n'),
    broken: brokenOrchestration(compared),
    ratios: ratiosOf(compared),
  };
}

/** "Orchestration overhead" and "Calls": 1, 4 and 10 waves, against the loops of the seeds. */
export const orchestration: Benchmark = {
  name: 'orchestration',
  summary: 'what 1, 4 and 10 waves take beyond their DRS jobs, and calls by service, against the loops of the seeds',
  async run({ say }): Promise<Report> {
    const measured = async (drilled: Drilled, contender: Contender) => {
      const one = await orchestrate(drilled, contender);
      say(`${wavesName(drilled)}, ${NAMES[contender]}: ${percent(overheadOf(one))}, ${drsCallsOf(one)} calls of DRS`);
      return one;
    };
    const sizes: Record<Contender, Orchestrated>[] = [];
    for (const size of SIZES) {
      sizes.push({
        ours: await measured(size, 'ours'),
        waitAndPoll: await measured(size, 'waitAndPoll'),
        finderAndPoller: await measured(size, 'finderAndPoller'),
      });
    }
    return orchestrationReport({ sizes, moreServers: await measured(MORE_SERVERS, 'ours') });
  },
};
