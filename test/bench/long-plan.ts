import type { ExecutionRecord } from '../../src/domain/records.ts';
import { type RecoveryPlan, recoveryPlanSchema } from '../../src/domain/recovery-plan.ts';
import { EXECUTION_STATUSES, type ExecutionStatus, isTerminal } from '../../src/domain/status.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import type { Inventory } from '../../src/local/inventory.ts';
import { startPractice } from '../../src/local/practice.ts';
import { WORKSPACE } from '../../src/local/slack/people.ts';
import { executionStore } from '../../src/platform/execution-store.ts';
import { type Benchmark, grouped, markdownTable, type Report } from './benchmark.ts';
import { fleetOf, type LargestState, larger, largestState } from './component-size.ts';

/** A recovery plan with a pause before each wave but the first, each of which waits for so long. */
export interface LongPlan {
  waves: number;
  pauseHours: number;
}

/** Step Functions ends an execution at so many events, and takes so many bytes of data of a state. */
export const STEP_FUNCTIONS = { events: 25_000, bytes: 262_144 } as const;

/** What a drill of such a plan took. */
export interface LongPlanMeasurement extends LongPlan {
  status: ExecutionStatus;
  /** Servers that were recovered; one in each wave. */
  succeeded: number;
  /** For how many hours each pause stood open. */
  pausedHours: number[];
  /** Events in the history of dr-execution. */
  events: number;
  /** Of its states and of every run that it started. */
  largest: LargestState<string>;
  /** Simulated hours from the first wave to the end. */
  durationHours: number;
}

const APPLICATION = 'Long';
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Looks at what is stored, once in a simulated minute, until it is given up. */
const MOST_LOOKS = 600;

/** One server in each wave, in two staging accounts. */
function inventoryOf({ waves }: LongPlan): Inventory {
  const fleet = fleetOf({ accounts: 2, serversEach: Math.ceil(waves / 2) });
  const sourceServers = fleet.sourceServers
    .slice(0, waves)
    .map((server, index) => ({ ...server, tags: { 'DR-Application': APPLICATION, 'DR-Wave': String(index + 1) } }));
  return { ...fleet, sourceServers };
}

function planOf({ waves }: LongPlan): RecoveryPlan {
  return recoveryPlanSchema.parse({
    planId: 'long',
    planName: 'Long',
    application: APPLICATION,
    waves: Array.from({ length: waves }, (_, index) => ({
      waveNumber: index + 1,
      waveName: `Wave ${index + 1}`,
      tagCriteria: { 'DR-Application': APPLICATION, 'DR-Wave': String(index + 1) },
      dependsOn: index === 0 ? [] : [index],
      pauseBeforeWave: index > 0,
    })),
  });
}

/** Drills such a plan on a virtual clock, with somebody who resumes each pause when its time has passed. */
export async function measureLongPlan(long: LongPlan): Promise<LongPlanMeasurement> {
  const clock = new VirtualClock();
  const practice = await startPractice({
    clock,
    wallClock: clock,
    inventory: inventoryOf(long),
    library: { plans: [planOf(long)], groups: [] },
    drsEvents: false,
    // For weeks they would be called each minute, and find nothing to do.
    schedules: [],
    launchPace: 60,
  });
  try {
    const store = executionStore(practice.platformOf('answer-query'));
    const says = async (person: string, text: string): Promise<void> => {
      await practice.workspace.as(person).command('/dr', text, WORKSPACE.channelId);
    };
    const until = async (what: string, holds: (execution: ExecutionRecord) => boolean): Promise<ExecutionRecord> => {
      for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
        const [execution] = await store.newestExecutions({ statuses: EXECUTION_STATUSES, limit: 1 });
        if (execution !== undefined && holds(execution)) return execution;
        await clock.advance(MINUTE_MS);
      }
      throw new Error(`It was not ${what} in time`);
    };
    const isOver = ({ status }: ExecutionRecord) => isTerminal(status);

    await says('requester', `drill ${APPLICATION}`);
    const { executionId } = await until('asked about', ({ status }) => status === 'awaiting approval');
    await says('approver', `approve ${executionId}`);
    for (let wave = 1; wave < long.waves; wave += 1) {
      const isPaused = ({ status, currentWave }: ExecutionRecord) => status === 'paused' && currentWave === wave;
      await until(`paused after wave ${wave}`, (execution) => isPaused(execution) || isOver(execution));
      await clock.advance(long.pauseHours * HOUR_MS);
      await says('approver', `resume ${executionId}`);
    }
    const execution = await until('over', isOver);

    const gates = await store.getGates(executionId);
    const { engine } = practice;
    const machines = ['dr-execution', 'drs-orchestration-main'];
    const histories = engine
      .listStateMachines()
      .filter(({ name = '' }) => machines.includes(name))
      .flatMap(({ name = '', stateMachineArn = '' }) =>
        engine.listExecutions({ stateMachineArn }).map(({ executionArn = '' }) => {
          return { machine: name, history: engine.getExecutionHistory(executionArn) };
        }),
      );
    const [own] = histories.filter(({ machine }) => machine === machines[0]);
    const { launchStartedAt = 0, endTime = 0, summary, status } = execution;
    return {
      ...long,
      status,
      succeeded: summary?.succeeded ?? 0,
      pausedHours: gates
        .filter(({ kind }) => kind === 'pause')
        .map(({ openedAt, settledAt = openedAt }) => (settledAt - openedAt) / HOUR_MS),
      events: own?.history.length ?? 0,
      largest: histories.map(largestState).reduce(larger),
      durationHours: (endTime - launchStartedAt) / HOUR_MS,
    };
  } finally {
    await practice.close();
  }
}

/** A sentence for each limit that a measurement breaks; of a shorter plan as if it had as many waves as the longest. */
export function brokenLongPlanLimits(measured: LongPlanMeasurement, mostWaves: number = measured.waves): string[] {
  const { waves, pauseHours, status, succeeded, pausedHours, largest } = measured;
  const events = Math.ceil((measured.events * mostWaves) / waves);
  const shortest = Math.min(...pausedHours);
  const rules: [holds: boolean, otherwise: string][] = [
    [status === 'completed', `it ended as ${status}`],
    [succeeded === waves, `only ${succeeded} of its servers were recovered`],
    [pausedHours.length === waves - 1, `it paused ${pausedHours.length} times`],
    [shortest >= pauseHours, `a pause stood open for ${shortest.toFixed(1)} hours only`],
    [events < STEP_FUNCTIONS.events, `the history of dr-execution has ${grouped(events)} events`],
    [largest.bytes <= STEP_FUNCTIONS.bytes, `${placeOf(largest)} is ${grouped(largest.bytes)} bytes`],
  ];
  return rules.filter(([holds]) => !holds).map(([, otherwise]) => `${planName(measured)}: ${otherwise}.`);
}

function planName({ waves, pauseHours }: LongPlan): string {
  return `${waves} waves with pauses of ${pauseHours} hours`;
}

function placeOf({ machine, state, kind }: LargestState<string>): string {
  return `${machine}, “${state}”, ${kind}`;
}

/** Two days for each pause, and as long as a pause may stand open before it expires, unless a policy says something else. */
const PLANS: readonly LongPlan[] = [
  { waves: 20, pauseHours: 48 },
  { waves: 20, pauseHours: 160 },
];

const ABOUT = `A drill by a recovery plan of 20 waves, one server each, with a pause before every wave but the first. Each pause waits for days before
somebody resumes it. Nothing else happens meanwhile: functions that only the clock calls are switched off. The largest data is that of all states of
\`dr-execution\` and of the runs of \`drs-orchestration-main\`: inputs, outputs, variables, arguments and results of tasks.`;

const LIMITS = `Limits that the command checks: every server recovered, every pause as long as it was to be, fewer than 25,000 events in the history of
\`dr-execution\`, no data of a state over 256 KiB.`;

/** "A long plan": 20 waves, weeks of waiting. */
export const longPlan: Benchmark = {
  name: 'long-plan',
  summary: '20 waves with pauses of days: history, sizes of states',
  async run({ say }): Promise<Report> {
    const measured: (LongPlanMeasurement & { wallMs: number })[] = [];
    for (const plan of PLANS) {
      say(`${planName(plan)} …`);
      const from = performance.now();
      measured.push({ ...(await measureLongPlan(plan)), wallMs: performance.now() - from });
    }
    const row = (name: string, cell: (one: (typeof measured)[number]) => string) => [name, ...measured.map(cell)];
    const table = markdownTable(
      row('hours of each pause', ({ pauseHours }) => grouped(pauseHours)),
      [
        row('waves', ({ waves }) => grouped(waves)),
        row('days from the first wave to the end', ({ durationHours }) => (durationHours / 24).toFixed(1)),
        row('history events, dr-execution', ({ events }) => grouped(events)),
        row('largest data of a state, bytes', ({ largest }) => grouped(largest.bytes)),
        row('… and where', ({ largest }) => placeOf(largest)),
        row('real time', ({ wallMs }) => `${(wallMs / 1_000).toFixed(1)} s`),
      ],
    );
    const broken = measured.flatMap((one) => brokenLongPlanLimits(one));
    const markdown = [ABOUT, table, LIMITS].join('\n\n');
    const [shorter, longer] = measured.map(({ events }) => events);
    const ratios = {
      'history of dr-execution against what Step Functions allows': (longer ?? 0) / STEP_FUNCTIONS.events,
      'history of dr-execution, pauses of 160 hours against 48': (longer ?? 0) / (shorter ?? 1),
      'largest data of a state of a long plan against what Step Functions allows':
        Math.max(...measured.map(({ largest }) => largest.bytes)) / STEP_FUNCTIONS.bytes,
    };
    return { title: 'A recovery plan that waits for people', markdown, broken, ratios };
  },
};
