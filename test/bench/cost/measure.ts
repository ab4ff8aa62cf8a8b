import type { ExecutionRecord } from '../../../src/domain/records.ts';
import { EXECUTION_STATUSES, isTerminal } from '../../../src/domain/status.ts';
import type { FunctionName } from '../../../src/functions.ts';
import { VirtualClock } from '../../../src/local/clock.ts';
import { type Practice, startPractice } from '../../../src/local/practice.ts';
import { WORKSPACE } from '../../../src/local/slack/people.ts';
import { executionStore } from '../../../src/platform/execution-store.ts';
import { fleetOf, type Size } from '../component-size.ts';
import { type MemoryOf, meterOf } from './meter.ts';
import type { Usage } from './prices.ts';

/** What was counted for one fleet. */
export interface Measured extends Size {
  /** Of one drill with the end of its instances. */
  drill: Usage;
  /** Of an hour in which nobody asks for anything. */
  idleHour: Usage;
  /** Simulated minutes from the command to the end of the instances. */
  drillMinutes: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** How long people take to answer. */
const ANSWERED_AFTER_MINUTES = 5;
/** Of what the clock calls a drill needs these alone; all of it is counted as idle. */
const NEEDED: readonly FunctionName[] = ['sweep-messages', 'clean-up-drills'];
const MOST_MINUTES = 24 * 60;

/** Counts a drill of a whole fleet, and an hour at rest, in practice mode on a virtual clock. */
export async function measure(size: Size, memoryOf: MemoryOf): Promise<Measured> {
  const idle = await inPractice(size, undefined, memoryOf, [], ({ clock }) => clock.advance(HOUR_MS));
  let minutes = 0;
  const drill = await inPractice(size, NEEDED, memoryOf, idle.metrics, async ({ clock, practice }) => {
    const from = clock.now();
    await drillAndCleanUp(clock, practice, size);
    minutes = (clock.now() - from) / MINUTE_MS;
  });
  // An hour that begins in the middle of one has values in two.
  const idleHour = { ...idle.usage, metricHours: idle.metrics.length };
  return { ...size, drill: rounded(drill.usage), idleHour: rounded(idleHour), drillMinutes: Math.round(minutes) };
}

/** Six digits are more than what is counted is worth. */
function rounded(usage: Usage): Usage {
  return Object.fromEntries(Object.entries(usage).map(([key, amount]) => [key, Number(amount.toPrecision(6))]));
}

async function inPractice(
  size: Size,
  schedules: readonly FunctionName[] | undefined,
  memoryOf: MemoryOf,
  knownMetrics: readonly string[],
  run: (world: { clock: VirtualClock; practice: Practice }) => Promise<void>,
) {
  const clock = new VirtualClock();
  const meter = meterOf(() => clock.now());
  const practice = await startPractice({
    ...{ clock, wallClock: clock, inventory: fleetOf(size) },
    ...(schedules === undefined ? {} : { schedules }),
    ...meter.options,
  });
  try {
    meter.start(practice);
    await run({ clock, practice });
    return meter.read(memoryOf, knownMetrics);
  } finally {
    await practice.close();
  }
}

/** Somebody asks, somebody else approves; an hour after the drill its instances are ended by its own approval. */
async function drillAndCleanUp(clock: VirtualClock, practice: Practice, size: Size): Promise<void> {
  const store = executionStore(practice.platformOf('answer-query'));
  const says = async (person: string, text: string): Promise<void> => {
    await practice.workspace.as(person).command('/dr', text, WORKSPACE.channelId);
  };
  const until = async (what: string, holds: (execution: ExecutionRecord) => boolean): Promise<ExecutionRecord> => {
    for (let minutes = 0; minutes < MOST_MINUTES; minutes += 1) {
      const executions = await store.newestExecutions({ statuses: EXECUTION_STATUSES, limit: 2 });
      const found = executions.find(holds);
      if (found !== undefined) return found;
      await clock.advance(MINUTE_MS);
    }
    throw new Error(`There was no ${what} in time`);
  };
  await says('requester', 'drill Large wave 1 cleanup 1h');
  const { executionId } = await until('question', ({ status }) => status === 'awaiting approval');
  await clock.advance(ANSWERED_AFTER_MINUTES * MINUTE_MS);
  await says('approver', `approve ${executionId}`);
  const isOver = (verb: string) => (execution: ExecutionRecord) =>
    execution.verb === verb && isTerminal(execution.status);
  for (const verb of ['drill', 'terminate']) {
    const { status, summary } = await until(`end of the ${verb}`, isOver(verb));
    const servers = size.accounts * size.serversEach;
    if (status !== 'completed' || summary?.succeeded !== servers) {
      throw new Error(`The ${verb} of ${servers} servers ended as ${status} with ${summary?.succeeded}`);
    }
  }
  // What is left to draw.
  await clock.advance(MINUTE_MS);
}
