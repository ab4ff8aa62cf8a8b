import type { ExecutionRecord } from '../../src/domain/records.ts';
import type { FunctionName } from '../../src/functions.ts';
import { ACTION_DOCUMENTS_ROLE, ACTIONS_ROLE, CENTRAL_ACCOUNT } from '../../src/local/accounts.ts';
import type { AwsCall } from '../../src/local/aws/identities.ts';
import type { StreamRecord } from '../../src/local/dynamodb/change-feed.ts';
import type { Inventory } from '../../src/local/inventory.ts';
import { type Handler, type Practice, startPractice } from '../../src/local/practice.ts';
import { BegunActions } from './begun-actions.ts';
import { type Carry, carryBy, type Parcel } from './carrier.ts';
import { chanceOf } from './chance.ts';
import { SimulationClock } from './clock.ts';
import { MemoryDynamoDB } from './dynamodb/memory.ts';
import { plain } from './dynamodb/plain.ts';
import { afterFailover, drawFailback, drawFailbackAims, type Failback } from './failback.ts';
import { drawFaults, Faults } from './faults.ts';
import { drawFleet } from './fleet.ts';
import { around } from './invocations.ts';
import { Launches } from './launches.ts';
import { type DrawnPlans, drawPlans } from './plans.ts';
import { Returns } from './returns.ts';
import { type DrawnSchedules, drawSchedules } from './schedules.ts';
import { Trace } from './trace.ts';
import { TypedNames } from './typed-names.ts';
import { liveBy } from './virtual-globals.ts';

/** A Monday, at night. */
const START = Date.parse('2026-03-02T03:00:00Z');

/** By which roles of the central account as a target account a function may act besides its own. */
const TARGET_ROLES: Partial<Record<FunctionName, readonly string[]>> = {
  'take-action': [ACTIONS_ROLE],
  'answer-query': [ACTION_DOCUMENTS_ROLE],
  'validate-accounts': [ACTION_DOCUMENTS_ROLE],
};

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
  /** When it began, in milliseconds since the epoch. */
  startedAt: number;
  trace: Trace;
  faults: Faults;
  inventory: Inventory;
  practice: Practice;
  calls: AwsCall[];
  /** Calls in the central account by another role than the caller's own, each once. */
  strangers: Set<string>;
  /** Every change of the table, in order. */
  changes: StreamRecord[];
  /** When each of them was written, in milliseconds since the epoch. */
  changedAt: number[];
  launches: Launches;
  begunActions: BegunActions;
  /** Recovery plans and schedules of the run; undefined for none. */
  plans: DrawnPlans | undefined;
  schedules: DrawnSchedules | undefined;
  /** Who lost the right to ask for drills, and when; milliseconds since the epoch. */
  withdrawals: { userId: string; at: number }[];
  /** How servers go back in this run, where they do. */
  failback?: Failback;
  returns: Returns;
  typedNames: TypedNames;
  /** Instances that somebody has ended from outside. */
  byHand: Set<string>;
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
  const failback = drawFailback(seed);
  const fleet = drawFleet(chance);
  const inventory = failback === undefined ? fleet : afterFailover(fleet, failback);
  const database = new MemoryDynamoDB();
  const launches = new Launches({
    now: () => clock.now(),
    trace,
    accountIds: inventory.stagingAccounts.map(({ accountId }) => accountId),
  });
  const returns = new Returns({ now: () => clock.now(), trace });
  const typedNames = new TypedNames(() => clock.now());
  const calls: AwsCall[] = [];
  const logLines: string[] = [];
  const log = (message: string, fields?: Record<string, unknown>) => {
    logLines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  };
  const plans = drawPlans(seed, inventory);
  const schedules = drawSchedules(seed);
  const begunActions = new BegunActions({
    now: () => clock.now(),
    trace,
    accountOf: (authorization) => identities?.signer(authorization)?.accountId ?? '',
  });
  const strangers = new Set<string>();
  let identities: Practice['identities'] | undefined;
  const toService: Carry = (parcel) => {
    const stranger = strangerOf(parcel, identities);
    if (stranger !== undefined) strangers.add(stranger);
    typedNames.watch(parcel);
    return returns.watch(parcel, (one) =>
      launches.watch(one, (given) => begunActions.watch(given, (own) => own.deliver())),
    );
  };
  const onwards = plant.carry?.(toService) ?? toService;
  const drawn = drawFaults(seed);
  const failbackAims = failback === undefined ? [] : drawFailbackAims(seed);
  const plan = {
    ...drawn,
    aims: [...drawn.aims, ...(plans?.aims ?? []), ...(schedules?.aims ?? []), ...failbackAims],
  };
  const faults = new Faults({ seed, plan, trace, now: () => clock.now(), onwards });
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
      : [
          ...(['sweep-messages', 'watch-gates', 'close-execution', 'answer-parents', 'clean-up-drills'] as const),
          ...(schedules === undefined ? [] : (['run-schedules'] as const)),
        ],
    ...(plans === undefined ? {} : { library: plans.first.set }),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    log: { info: () => {}, warn: log, error: log },
    onCall: (call) => calls.push(call),
    nowOf: (name) => {
      const skew = faults.plan.skew.get(name) ?? 0;
      return () => clock.now() + (faults.isOver ? 0 : skew);
    },
    around: (name, create) => {
      const handler = outermost(name, () => plant.around?.(name, create) ?? create());
      return name === 'run-schedules' ? unlessOut(handler, () => clock.now() - START, schedules) : handler;
    },
  });
  const practice = await runUntilSettled(clock, starting, faults);
  launches.fleet = practice.fleet;
  returns.fleet = practice.fleet;
  returns.identities = practice.identities;
  identities = practice.identities;
  const changes: StreamRecord[] = [];
  const calming: (() => void)[] = [];
  const changedAt: number[] = [];
  practice.dynamodb.stream(practice.tableName).subscribe((record) => {
    changes.push(record);
    changedAt.push(clock.now());
  });
  const items = () => database.items(practice.tableName).map(plain);
  return {
    clock,
    startedAt: START,
    trace,
    faults,
    inventory,
    practice,
    calls,
    strangers,
    changes,
    changedAt,
    launches,
    begunActions,
    plans,
    schedules,
    withdrawals: [],
    failback,
    returns,
    typedNames,
    byHand: new Set(),
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

/** A handler that the clock does not call while it is out. */
function unlessOut(handler: Handler, since: () => number, schedules: DrawnSchedules | undefined): Handler {
  const { from = 0, until = 0 } = schedules?.outage ?? {};
  return async (event) => (since() >= from && since() < until ? {} : await handler(event));
}

/** Who calls by a role of the central account that is another's. In other accounts STS asks whether the role trusts its own. */
function strangerOf(
  { by, service, action, request }: Parcel,
  identities: Practice['identities'] | undefined,
): string | undefined {
  const signer = identities?.signer(request.headers.authorization);
  if (by === undefined || signer === undefined || signer.accountId !== CENTRAL_ACCOUNT) return undefined;
  const role = signer.roleArn.split('/').at(-1);
  // The central account is a target account, too: what is done there is done by that account's roles.
  return role === `dr-chatops-${by}` || TARGET_ROLES[by]?.includes(role ?? '') === true
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
