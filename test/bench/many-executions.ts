import { EXECUTION_STATUSES, isTerminal } from '../../src/domain/status.ts';
import type { AwsCall } from '../../src/local/aws/identities.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import type { Inventory } from '../../src/local/inventory.ts';
import { type Practice, startPractice } from '../../src/local/practice.ts';
import { WORKSPACE } from '../../src/local/slack/people.ts';
import { executionStore } from '../../src/platform/execution-store.ts';
import { type Benchmark, grouped, markdownTable, type Report } from './benchmark.ts';
import { fleetOf } from './component-size.ts';
import { counted, median } from './statistics.ts';

/** So many applications of so many servers, each in one of so many staging accounts. */
export interface Many {
  executions: number;
  serversEach: number;
  accounts: number;
}

/** What became of drills of all of them at once. */
export interface ManyMeasurement extends Many {
  /** Executions by how they ended. */
  statuses: Record<string, number>;
  succeeded: number;
  jobs: number;
  /** Most jobs that ran in one account at the same time. */
  mostJobsAtOnce: number;
  /** StartRecovery by outcome: `ok`, or the error's code. */
  starts: Record<string, number>;
  drsCalls: Record<string, number>;
  /** Simulated milliseconds from the approval to the end, of each execution. */
  durationsMs: number[];
  /** Simulated milliseconds from the first approval to the last end. */
  wholeMs: number;
  /** Simulated milliseconds of the longest job. */
  longestJobMs: number;
}

const SIZES: readonly Many[] = [
  { executions: 1, serversEach: 10, accounts: 4 },
  { executions: 100, serversEach: 10, accounts: 4 },
];
/** Concurrent jobs of an account (DRS, Service quotas). */
const MOST_JOBS = 20;
/** How many times as fast as in AWS servers are launched: what is measured is how quotas are shared, and most real time is looks at jobs. */
const LAUNCH_PACE = 4;
const MINUTE_MS = 60_000;
/** Of simulated time, until everything is over. */
const MOST_MINUTES = 6 * 60;
const MOST_TRIES = 30;
const RETRIED_AFTER_MS = 5_000;

/** Application `n` has its servers in account `n` modulo their number. */
function inventoryOf({ executions, serversEach, accounts }: Many): Inventory {
  const inAccount = Math.ceil(executions / accounts);
  const fleet = fleetOf({ accounts, serversEach: inAccount * serversEach });
  const sourceServers = fleet.sourceServers.map((server, index) => {
    const account = Math.floor(index / (inAccount * serversEach));
    const place = Math.floor((index % (inAccount * serversEach)) / serversEach);
    return { ...server, tags: { 'DR-Application': `App${place * accounts + account}`, 'DR-Wave': '1' } };
  });
  return {
    ...fleet,
    sourceServers: sourceServers.filter(({ tags }) => Number(tags['DR-Application'].slice(3)) < executions),
  };
}

/** Asks for a drill of each application, approves all of them at the same moment, and waits for the last end. */
export async function measureMany(many: Many): Promise<ManyMeasurement> {
  const clock = new VirtualClock();
  const calls: AwsCall[] = [];
  const practice = await startPractice({
    ...{ clock, wallClock: clock, inventory: inventoryOf(many), drsEvents: false },
    launchPace: LAUNCH_PACE,
    schedules: ['sweep-messages'],
    onCall: (made) => calls.push(made),
  });
  try {
    calls.length = 0;
    const approvedAt = await askAndApprove(clock, practice, many);
    await until(clock, practice, many, (statuses) => statuses.every((status) => isTerminal(status)));
    const executions = await executionsOf(practice, many);
    const ends = executions.map(({ endTime = 0 }) => endTime);
    const jobs = practice.drs.jobs.list();
    const drs = calls.filter(({ service }) => service === 'drs');
    return {
      ...many,
      statuses: counted(executions.map(({ status }) => status)),
      succeeded: executions.reduce((total, { summary }) => total + (summary?.succeeded ?? 0), 0),
      jobs: jobs.length,
      mostJobsAtOnce: mostAtOnce(jobs),
      starts: counted(drs.filter(({ action }) => action === 'StartRecovery').map(({ outcome }) => outcome)),
      drsCalls: counted(drs.map(({ action }) => action)),
      durationsMs: ends.map((end) => end - approvedAt),
      wholeMs: Math.max(...ends) - approvedAt,
      longestJobMs: Math.max(...jobs.map(({ createdAt, endedAt = createdAt }) => endedAt - createdAt)),
    };
  } finally {
    await practice.close();
  }
}

/** Answers the moment of the approvals, in simulated milliseconds since the epoch. */
async function askAndApprove(clock: VirtualClock, practice: Practice, many: Many): Promise<number> {
  const says = async (person: string, text: string): Promise<void> => {
    await practice.workspace.as(person).command('/dr', text, WORKSPACE.channelId);
  };
  for (let index = 0; index < many.executions; index += 1) await says('requester', `drill App${index} wave 1`);
  await until(clock, practice, many, (statuses) => statuses.every((status) => status === 'awaiting approval'));
  const approvedAt = clock.now();
  // Slack may be asked too often who is in a group: then nothing is recorded, and whoever pressed is told to try again.
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const waiting = (await executionsOf(practice, many)).filter(({ status }) => status === 'awaiting approval');
    if (waiting.length === 0) break;
    for (const { executionId } of waiting) await says('approver', `approve ${executionId}`);
    await clock.advance(RETRIED_AFTER_MS);
  }
  return approvedAt;
}

function executionsOf(practice: Practice, { executions }: Many) {
  const store = executionStore(practice.platformOf('answer-query'));
  return store.newestExecutions({ statuses: EXECUTION_STATUSES, limit: executions });
}

async function until(
  clock: VirtualClock,
  practice: Practice,
  many: Many,
  holds: (statuses: (typeof EXECUTION_STATUSES)[number][]) => boolean,
): Promise<void> {
  for (let minutes = 0; minutes < MOST_MINUTES; minutes += 1) {
    const statuses = (await executionsOf(practice, many)).map(({ status }) => status);
    if (statuses.length === many.executions && holds(statuses)) return;
    await clock.advance(MINUTE_MS);
  }
  throw new Error(`The ${many.executions} executions did not come so far in time`);
}

type Ran = Pick<ReturnType<Practice['drs']['jobs']['list']>[number], 'accountId' | 'createdAt' | 'endedAt'>;

/** Most jobs of one account that ran at the same moment. */
export function mostAtOnce(jobs: readonly Ran[]): number {
  const runningWith = ({ accountId, createdAt }: Ran): number =>
    jobs.filter(
      (other) =>
        other.accountId === accountId && other.createdAt <= createdAt && (other.endedAt ?? Infinity) > createdAt,
    ).length;
  return Math.max(0, ...jobs.map(runningWith));
}

/** A sentence for each limit that a measurement breaks: all end, each server is launched once, and no quota is broken. */
export function brokenMany(measured: ManyMeasurement): string[] {
  const { executions, serversEach, statuses, succeeded, jobs, mostJobsAtOnce, starts } = measured;
  const servers = executions * serversEach;
  const rules: [holds: boolean, otherwise: string][] = [
    [statuses.completed === executions, `they ended as ${JSON.stringify(statuses)}`],
    [succeeded === servers, `only ${succeeded} of ${servers} servers were recovered`],
    [jobs === executions && starts.ok === executions, `${jobs} jobs were started for ${executions} batches`],
    [mostJobsAtOnce <= MOST_JOBS, `${mostJobsAtOnce} jobs ran at once in an account`],
  ];
  return rules.filter(([holds]) => !holds).map(([, otherwise]) => `Of ${executions} executions at once: ${otherwise}.`);
}

const ABOUT = `Drills of as many applications, 10 servers each in one of four staging accounts, asked for by \`/dr drill\` and approved at the same moment. 25 jobs for each account are more than the 20 that DRS runs at
once: five of each account have to wait for room that others make, without knowing of each other. Servers are launched ${LAUNCH_PACE} times as fast as in AWS (else most of the time that the
benchmark takes is looks at jobs), and DRS's own events are switched off.`;

const LIMITS = `Limits that the command checks: all end as completed, every server is recovered, one job for each batch, never more than 20 jobs at once in an account.`;

/** The section of one execution and of many. */
export function manyReport(measured: readonly (ManyMeasurement & { wallMs: number })[]): Report {
  const minutes = (ms: number) => `${(ms / MINUTE_MS).toFixed(1)} min`;
  const row = (name: string, cell: (one: (typeof measured)[number]) => string) => [name, ...measured.map(cell)];
  const operations = [...new Set(measured.flatMap(({ drsCalls }) => Object.keys(drsCalls)))].sort();
  const refused = [...new Set(measured.flatMap(({ starts }) => Object.keys(starts)))].filter((code) => code !== 'ok');
  const table = markdownTable(
    row('executions at once', ({ executions }) => grouped(executions)),
    [
      row('ended as', ({ statuses }) =>
        Object.entries(statuses)
          .map(([status, count]) => `${count} ${status}`)
          .join(', '),
      ),
      row('servers recovered', ({ succeeded }) => grouped(succeeded)),
      row('most jobs at once in an account', ({ mostJobsAtOnce }) => grouped(mostJobsAtOnce)),
      row('longest DRS job', ({ longestJobMs }) => minutes(longestJobMs)),
      row('approval → end, median', ({ durationsMs }) => minutes(median(durationsMs))),
      row('approval → the last end', ({ wholeMs }) => minutes(wholeMs)),
      ...refused.map((code) => row(`StartRecovery refused: ${code}`, ({ starts }) => grouped(starts[code] ?? 0))),
      ...operations.map((action) => row(`DRS \`${action}\``, ({ drsCalls }) => grouped(drsCalls[action] ?? 0))),
      row('real time', ({ wallMs }) => `${(wallMs / 1_000).toFixed(1)} s`),
    ],
  );
  const [one, many] = measured;
  const perJob = (of: ManyMeasurement | undefined) => (of?.drsCalls.DescribeJobs ?? 0) / (of?.jobs ?? 1);
  return {
    title: 'A hundred executions at once',
    markdown: [ABOUT, table, LIMITS].join('\n\n'),
    broken: measured.flatMap(brokenMany),
    ratios: {
      'approval to the last end, 100 executions at once against one': (many?.wholeMs ?? 0) / (one?.wholeMs ?? 1),
      'DescribeJobs for each job, 100 executions at once against one': perJob(many) / perJob(one),
    },
  };
}

/** "100 executions of different applications at once". */
export const manyExecutions: Benchmark = {
  name: 'many-executions',
  summary: '100 executions of different applications at once, which share the quotas of four accounts',
  async run({ say }): Promise<Report> {
    const measured: (ManyMeasurement & { wallMs: number })[] = [];
    for (const size of SIZES) {
      say(`${size.executions} at once …`);
      const from = performance.now();
      measured.push({ ...(await measureMany(size)), wallMs: performance.now() - from });
    }
    return manyReport(measured);
  },
};
