import type { ExecutionRecord } from '../../src/domain/records.ts';
import type { FunctionName } from '../../src/functions.ts';
import { CENTRAL_ACCOUNT } from '../../src/local/accounts.ts';
import type { AwsCall } from '../../src/local/aws/identities.ts';
import type { StreamRecord } from '../../src/local/dynamodb/change-feed.ts';
import type { Inventory } from '../../src/local/inventory.ts';
import { type Handler, type Practice, startPractice } from '../../src/local/practice.ts';
import { type Carry, carryBy, type Parcel } from './carrier.ts';
import { chanceOf } from './chance.ts';
import { SimulationClock } from './clock.ts';
import { MemoryDynamoDB } from './dynamodb/memory.ts';
import { plain } from './dynamodb/plain.ts';
import { drawFaults, Faults } from './faults.ts';
import { drawFleet } from './fleet.ts';
import { around } from './invocations.ts';
import { Launches } from './launches.ts';
import { Trace } from './trace.ts';
import { liveBy } from './virtual-globals.ts';

/** A Monday, at night. */
const START = Date.parse('2026-03-02T03:00:00Z');

/** What a planted bug may change: see planted.ts. */
export interface Plant {
  /** Puts itself between a function's handler and its caller. */
  around?: (name: FunctionName, create: () => Handler) => Handler;
  /** Puts itself between whoever calls and the service. */
  carry?: (next: Carry) => Carry;
}

/** One deployment on a clock of its own, with everything that was seen of it from outside. */
export interface World {
  clock: SimulationClock;
  trace: Trace;
  faults: Faults;
  inventory: Inventory;
  practice: Practice;
  calls: AwsCall[];
  /** Calls in the central account by another role than the caller's own, each once. */
  strangers: Set<string>;
  /** Every change of the table, in order. */
  changes: StreamRecord[];
  launches: Launches;
  /** Warnings and errors that functions logged. */
  logLines: string[];
  /** When DRS of an account let nobody in; milliseconds since the epoch. */
  denials: { accountId: string; from: number; until: number }[];
  database: MemoryDynamoDB;
  /** Who became able to decide besides those who always are. */
  mayDecide: Set<string>;
  /** Is done when nothing goes wrong any more. */
  whenCalm(task: () => void): void;
  calm(): void;
  /** What is stored now, as JavaScript values. */
  items(): Record<string, unknown>[];
  executions(): ExecutionRecord[];
}

/** Starts a deployment with the fleet and the faults of a seed. */
export async function startWorld(seed: number, plant: Plant = {}): Promise<World> {
  const clock = new SimulationClock(START);
  const random = chanceOf(seed, 'everything else');
  liveBy({ now: () => clock.now(), after: (ms, task) => clock.after(ms, task), random: () => random.next() });
  const trace = new Trace(() => clock.now());
  const chance = chanceOf(seed, 'fleet');
  const inventory = drawFleet(chance);
  const database = new MemoryDynamoDB();
  const launches = new Launches({
    now: () => clock.now(),
    trace,
    accountIds: inventory.stagingAccounts.map(({ accountId }) => accountId),
  });
  const calls: AwsCall[] = [];
  const logLines: string[] = [];
  const log = (message: string, fields?: Record<string, unknown>) => {
    logLines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  };
  const strangers = new Set<string>();
  let identities: Practice['identities'] | undefined;
  const toService: Carry = (parcel) => {
    const stranger = strangerOf(parcel, identities);
    if (stranger !== undefined) strangers.add(stranger);
    return launches.watch(parcel, (given) => given.deliver());
  };
  const onwards = plant.carry?.(toService) ?? toService;
  const faults = new Faults({ seed, plan: drawFaults(seed), trace, now: () => clock.now(), onwards });
  const outermost = around(faults);
  carryBy(faults.carry);
  const starting = startPractice({
    clock,
    wallClock: clock,
    inventory,
    database,
    launchPace: chance.pick([20, 40, 40, 60]),
    drsEvents: chance.happens(0.3),
    schedules: chance.happens(0.2)
      ? undefined
      : ['sweep-messages', 'watch-gates', 'close-execution', 'answer-parents', 'clean-up-drills'],
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    log: { info: () => {}, warn: log, error: log },
    onCall: (call) => calls.push(call),
    nowOf: (name) => {
      const skew = faults.plan.skew.get(name) ?? 0;
      return () => clock.now() + (faults.isOver ? 0 : skew);
    },
    around: (name, create) => outermost(name, () => plant.around?.(name, create) ?? create()),
  });
  const practice = await runUntilSettled(clock, starting, faults);
  launches.fleet = practice.fleet;
  identities = practice.identities;
  const changes: StreamRecord[] = [];
  const calming: (() => void)[] = [];
  practice.dynamodb.stream(practice.tableName).subscribe((record) => changes.push(record));
  const items = () => database.items(practice.tableName).map(plain);
  return {
    clock,
    trace,
    faults,
    inventory,
    practice,
    calls,
    strangers,
    changes,
    launches,
    logLines,
    denials: [],
    database,
    mayDecide: new Set(),
    whenCalm: (task) => void calming.push(task),
    calm: () => {
      for (const task of calming) task();
      practice.drs.jobs.releaseAll();
    },
    items,
    executions: () => items().filter(({ item }) => item === 'EXECUTION') as unknown as ExecutionRecord[],
  };
}

/** Who calls by a role of the central account that is another's. In other accounts STS asks whether the role trusts its own. */
function strangerOf(
  { by, service, action, request }: Parcel,
  identities: Practice['identities'] | undefined,
): string | undefined {
  const signer = identities?.signer(request.headers.authorization);
  if (by === undefined || signer === undefined || signer.accountId !== CENTRAL_ACCOUNT) return undefined;
  const role = signer.roleArn.split('/').at(-1);
  return role === `dr-chatops-${by}` || role === 'dr-chatops-actions'
    ? undefined
    : `${by} calls ${service}:${action} as ${role}`;
}

/** Nothing goes wrong while a deployment is made. */
async function runUntilSettled(clock: SimulationClock, starting: Promise<Practice>, faults: Faults): Promise<Practice> {
  let outcome: { practice: Practice } | { error: unknown } | undefined;
  faults.pause();
  starting.then(
    (practice) => {
      outcome = { practice };
    },
    (error: unknown) => {
      outcome = { error };
    },
  );
  for (let turns = 0; outcome === undefined && turns < 1000; turns += 1) {
    await clock.advance(10, () => outcome !== undefined);
  }
  faults.resume();
  if (outcome === undefined) throw new Error('the deployment did not start');
  if ('error' in outcome) throw outcome.error;
  return outcome.practice;
}
