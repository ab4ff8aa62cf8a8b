import type { AwsCall } from '../../src/local/aws/identities.ts';
import { chanceOf } from './chance.ts';
import { type Violation, violationsOf } from './checks.ts';
import { disturb } from './disturb.ts';
import { exercisedOf } from './exercised.ts';
import { disturbFailback, failbackCommands, habitsOf } from './failback.ts';
import { faultsText } from './faults.ts';
import { letMachinesAsk } from './machines.ts';
import { People } from './people.ts';
import { isCleanUpToCome, letPlansChange } from './planners.ts';
import { redrawn } from './redraw.ts';
import { isScheduledYet, letPeopleSchedule } from './schedules.ts';
import { realMilliseconds } from './virtual-globals.ts';
import { type Plant, startWorld, type World } from './world.ts';

/** What became of one run. */
export interface Run {
  seed: number;
  faults: string;
  violations: Violation[];
  /** Of everything that happened, in order. */
  hash: string;
  lines: string[];
  realMs: number;
  /** That reached AWS. */
  calls: readonly AwsCall[];
  /** Calls and invocations that a fault met. */
  faulty: number;
  executions: { verb: string; status: string }[];
  /** How often what recovery plans and schedules can do was done. */
  exercised: Record<string, number>;
}

/** What goes wrong goes wrong in this time. */
const FAULTY_MS = 45 * 60_000;
/** After it everything has to come to an end within this. */
const QUIET_MS = 12 * 3_600_000;
/** In this time everything that the clock calls was called once, and what it calls each minute some times. */
const SWEPT_MS = 330_000;
const OVER = ['completed', 'partial', 'failed', 'rejected', 'expired', 'cancelled'];

/** Runs one seed from its first command until nothing happens any more, and checks what is left. */
export async function simulate(seed: number, plant: Plant = {}): Promise<Run> {
  const began = realMilliseconds();
  const world = await startWorld(seed, plant);
  const { clock, trace, faults } = world;
  trace.note(
    'seed',
    `${seed}: ${faultsText(faults.plan)}${world.failback ? `; ${world.failback.scenario}, from ${world.failback.home}` : ''}`,
  );
  let violations: Violation[];
  try {
    await live(seed, world);
    violations = [...violationsOf(world), ...(await redrawn(world))];
  } catch (error) {
    violations = [{ rule: 'every execution ends', what: error instanceof Error ? (error.stack ?? '') : String(error) }];
  }
  for (const { rule, what } of violations) trace.note('BROKEN', `${rule}: ${what}`);
  const executions = world.executions().map(({ verb, status }) => ({ verb, status }));
  clock.stop();
  return {
    seed,
    faults: faultsText(faults.plan),
    violations,
    hash: trace.digest(),
    lines: trace.lines,
    realMs: realMilliseconds() - began,
    calls: world.calls,
    faulty: faults.met,
    executions,
    exercised: exercisedOf(world),
  };
}

async function live(seed: number, world: World): Promise<void> {
  const { clock, trace, faults } = world;
  const { workspace } = world.practice;
  const { inventory, failback } = world;
  const own = failback && { commands: failbackCommands(failback), habits: habitsOf(failback) };
  const people = new People({ seed, workspace, inventory, trace, now: () => clock.now(), ...own });
  const chance = chanceOf(seed, 'turns');
  watch(world);
  disturb(seed, world);
  if (failback !== undefined) disturbFailback(world, failback);
  letMachinesAsk(seed, world);
  if (world.plans !== undefined) letPlansChange(world.plans, world);
  if (world.schedules !== undefined) letPeopleSchedule(world.schedules, world);
  const since = clock.now();
  const isToCome = () => isScheduledYet(world.schedules, world, since) || isCleanUpToCome(world);
  const faultyUntil = clock.now() + FAULTY_MS;
  while (clock.now() < faultyUntil) {
    people.act();
    await clock.advance(chance.integer(1000, 25_000));
    if (people.haveAsked && isOver(world) && !isScheduledYet(world.schedules, world, since)) break;
  }
  faults.end();
  trace.note('quiet', 'nothing goes wrong any more');
  world.calm();
  const quietUntil = clock.now() + QUIET_MS;
  const isDone = () => isOver(world) && !isToCome();
  do {
    while (clock.now() < quietUntil && !isDone()) {
      people.conclude();
      // What is to come by the clock comes on a minute: until then nothing has to be looked at.
      const isWaiting = isOver(world);
      await clock.advance(60_000, () => !isWaiting && isOver(world));
    }
    // What is left to draw is drawn, what was put off is swept, what is locked is freed: all of it within five minutes. A
    // request that was late may begin in it.
    await clock.advance(SWEPT_MS);
  } while (clock.now() < quietUntil && !isDone());
}

function isOver(world: World): boolean {
  const { engine } = world.practice;
  const runs = engine
    .listStateMachines()
    .some(
      ({ stateMachineArn }) =>
        engine.listExecutions({ stateMachineArn: String(stateMachineArn), statusFilter: 'RUNNING' }).length > 0,
    );
  return !runs && world.executions().every(({ status }) => OVER.includes(status));
}

/** Writes down what people see and what is stored. */
function watch(world: World): void {
  const { trace, practice } = world;
  practice.workspace.subscribe((event) => {
    if (event.type !== 'message_posted' && event.type !== 'message_updated') return;
    const { key, status } = event.message.metadata?.event_payload ?? {};
    const what = key === undefined ? event.message.text.slice(0, 150) : `${String(key)} ${String(status ?? '')}`;
    trace.note(event.type === 'message_posted' ? 'posted' : 'drawn', what.replaceAll('\n', ' '));
  });
  practice.dynamodb.stream(practice.tableName).subscribe(({ eventName, dynamodb }) => {
    const item = dynamodb.Keys.item?.S ?? '';
    if (item.startsWith('MESSAGE#') || item.startsWith('SEQ#')) return;
    const status = dynamodb.NewImage?.status?.S ?? '';
    trace.note('stored', `${eventName} ${dynamodb.Keys.executionId?.S?.slice(0, 20)} ${item} ${status}`);
  });
  practice.host.onInvoke(({ functionName, outcome }) => {
    if (outcome !== 'ok') trace.note('function', `${functionName} ${outcome}`);
  });
}
