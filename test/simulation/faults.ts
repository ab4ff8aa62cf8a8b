import { FUNCTIONS, type FunctionName } from '../../src/functions.ts';
import type { LocalResponse } from '../../src/local/http.ts';
import { failed, noAnswer, throttled } from './answers.ts';
import type { Carry, Parcel } from './carrier.ts';
import { type Chance, chanceOf } from './chance.ts';
import {
  ASYNCHRONOUS,
  apart,
  currentInvocation,
  type Invocation,
  type InvocationFaults,
  never,
} from './invocations.ts';
import type { Trace } from './trace.ts';

/** What can go wrong with any call or invocation. */
export const CALL_FAULTS = [
  /** A function's process ends before or after one of its calls. */
  'crash',
  /** A service asks to be called less often. */
  'throttle',
  /** A service fails. */
  'error',
  /** A request never arrives. */
  'lost request',
  /** A request is carried out, and its answer is lost. */
  'lost answer',
  /** A request takes its time. */
  'slow',
  /** An event is delivered twice. */
  'twice',
  /** An event is delivered late. */
  'late',
  /** A function has done its work, and its caller is not told: streams deliver again, machines try again. */
  'redelivery',
  /** Slack cannot be reached for an hour. */
  'slack down',
  /** The functions' clocks differ. */
  'skew',
  /** A read of the table that does not ask to be consistent, or of its index, shows what was there the last time. */
  'stale read',
  /** One of the calls that matter most goes wrong the first times. */
  'aimed',
] as const;

/** What can go wrong with the world. */
export const WORLD_FAULTS = [
  'stuck job',
  'failing launch',
  'denied account',
  'group change',
  'policy change',
  'live instance',
  'stopped machine',
  'unfit server',
  'tag change',
  'deploy',
] as const;

export type CallFault = (typeof CALL_FAULTS)[number];
export type WorldFault = (typeof WORLD_FAULTS)[number];

const SERVICES = [
  'drs',
  'sts',
  'states',
  'dynamodb',
  'slack',
  's3',
  'ssm',
  'events',
  'ec2',
  'secretsmanager',
  'servicequotas',
  'bot',
] as const;
/** Of these less depends than of the others: they go wrong when everything does. */
const LESSER_SERVICES = ['sns', 'pricing', 'cloudtrail', 'lambda'] as const;
const EVERYTHING: ReadonlySet<string> = new Set([...SERVICES, ...LESSER_SERVICES]);

/** The calls after which nothing may be done again, or left undone. */
const AIMS = [
  'drs:StartRecovery',
  'drs:StartRecovery',
  'drs:StartRecovery',
  'drs:StartRecovery',
  'drs:TerminateRecoveryInstances',
  'drs:DescribeJobs',
  'states:SendTaskSuccess',
  'states:StartExecution',
  'slack:chat.postMessage',
  'slack:chat.update',
  's3:PUT',
  'events:PutEvents',
  'sts:AssumeRole',
] as const;
const AIMED_FAULTS = [
  'crash',
  'lost answer',
  'lost answer',
  'lost answer',
  'lost request',
  'error',
  'throttle',
  'slow',
] as const;

/** One call that goes wrong the first times. */
export interface Aim {
  /** Service and action, e.g. `drs:StartRecovery`. */
  call: string;
  fault: (typeof AIMED_FAULTS)[number];
  times: number;
  /** Only where this function calls. @default whoever calls */
  by?: FunctionName;
}

/** What goes wrong in one run, and how often. */
export interface FaultPlan {
  /** Probability of each fault for a call, or for an invocation. */
  calls: Map<CallFault, { rate: number; services: ReadonlySet<string> }>;
  world: WorldFault[];
  /** Milliseconds of each function's clock beside the right time. */
  skew: Map<FunctionName, number>;
  /** When Slack goes down, in milliseconds since the start. */
  slackDownAt: number;
  aims: Aim[];
}

/** Nothing goes wrong in one run of twenty, one thing in a third of the others, several in the rest. */
export function drawFaults(seed: number): FaultPlan {
  const chance = chanceOf(seed, 'faults');
  const all = [...CALL_FAULTS, ...WORLD_FAULTS];
  const kinds = new Set(
    chance.happens(0.05) ? [] : chance.happens(0.33) ? [chance.pick(all)] : chance.some(all, chance.between(0.1, 0.4)),
  );
  if (kinds.size !== 1 && chance.happens(0.25)) kinds.add('aimed');
  const skewed = kinds.has('skew') ? chance.some(Object.keys(FUNCTIONS) as FunctionName[], 0.4) : [];
  return {
    calls: new Map(
      CALL_FAULTS.filter((kind) => kinds.has(kind)).map((kind) => [
        kind,
        { rate: drawRate(chance), services: drawServices(chance) },
      ]),
    ),
    world: WORLD_FAULTS.filter((kind) => kinds.has(kind)),
    skew: new Map(skewed.map((name) => [name, chance.integer(-20_000, 20_000)])),
    slackDownAt: chance.integer(0, 300_000),
    aims: kinds.has('aimed') ? Array.from({ length: chance.integer(1, 2) }, () => drawAim(chance)) : [],
  };
}

function drawAim(chance: Chance): Aim {
  return { call: chance.pick(AIMS), fault: chance.pick(AIMED_FAULTS), times: chance.integer(1, 3) };
}

/** Mostly seldom; at times so often that nothing gets through for a while. */
function drawRate(chance: Chance): number {
  return chance.happens(0.2) ? chance.between(0.1, 0.3) : chance.between(0.005, 0.06);
}

function drawServices(chance: Chance): ReadonlySet<string> {
  return chance.happens(0.4) ? EVERYTHING : new Set<string>([chance.pick(SERVICES), ...chance.some(SERVICES, 0.2)]);
}

const SLACK_IS_DOWN_MS = 3_600_000;

/** Makes a run's calls and invocations go wrong, until {@link Faults.end}. What gets through goes `onwards`. */
export class Faults implements InvocationFaults {
  readonly plan: FaultPlan;
  readonly #chance: Chance;
  readonly #trace: Trace;
  readonly #now: () => number;
  readonly #from: number;
  readonly #onwards: Carry;
  readonly #aims: Aim[];
  /** Answers of reads that may be stale, by what was asked. */
  readonly #answers = new Map<string, LocalResponse>();
  /** How often something went wrong. */
  met = 0;
  #isOver = false;
  #isPaused = false;

  constructor(options: { seed: number; plan: FaultPlan; trace: Trace; now: () => number; onwards: Carry }) {
    this.plan = options.plan;
    this.#chance = chanceOf(options.seed, 'calls');
    this.#trace = options.trace;
    this.#now = options.now;
    this.#from = options.now();
    this.#onwards = options.onwards;
    this.#aims = options.plan.aims.map((aim) => ({ ...aim }));
  }

  /** Nothing goes wrong any more. */
  end(): void {
    this.#isOver = true;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Nothing goes wrong until {@link resume}. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  lateBy(name: FunctionName): number {
    if (!this.#draws('late')) return 0;
    const ms = this.#chance.integer(1000, ASYNCHRONOUS.includes(name) ? 120_000 : 8000);
    this.#trace.note('late', `${name} by ${ms} ms`);
    return ms;
  }

  againAfter(name: FunctionName): number | undefined {
    if (!ASYNCHRONOUS.includes(name) || !this.#draws('twice')) return undefined;
    this.#trace.note('twice', name);
    return this.#chance.integer(0, 90_000);
  }

  losesAnswer(name: FunctionName): boolean {
    const loses = this.#draws('redelivery');
    if (loses) this.#trace.note('redeliver', name);
    return loses;
  }

  /** Brings a parcel to its service, as far as the run's faults let it. */
  readonly carry: Carry = async (sent) => {
    const invocation = currentInvocation();
    const parcel = { ...sent, by: invocation?.name };
    if (invocation?.isDead === true) return await never();
    const deliver = (): Promise<LocalResponse> => apart(() => this.#onwards(parcel));
    if (this.#isOver || this.#isPaused) return await deliver();
    if (parcel.service === 'slack' && this.#isSlackDown()) return this.#chance.happens(0.5) ? failed(parcel) : noAnswer;
    const stale = this.#staleAnswer(parcel);
    if (stale !== undefined) return stale;
    const kind = this.#faultOf(parcel, invocation !== undefined);
    if (kind === undefined) return await this.#remembering(parcel, deliver());
    this.met += 1;
    const who = invocation?.name ?? '';
    const before = this.#chance.happens(0.5);
    const when = kind === 'crash' ? (before ? ' before' : ' after') : '';
    this.#trace.note(kind, `${who}${when} ${parcel.service}:${parcel.action}`);
    switch (kind) {
      case 'crash':
        if (!before) await deliver();
        invocation?.die();
        return await never();
      case 'throttle':
        return parcel.service === 'bot' ? noAnswer : throttled(parcel);
      case 'error':
        return parcel.service === 'bot' ? noAnswer : failed(parcel);
      case 'lost request':
        return noAnswer;
      case 'lost answer':
        await deliver();
        return noAnswer;
      default: {
        // Slack has its client's ten seconds: a post that is taken after the client has given up is posted twice, whoever calls.
        const most = parcel.service === 'slack' ? 8000 : 20_000;
        const ms = this.#chance.integer(200, this.#chance.happens(0.1) ? most : 2000);
        await new Promise((resolve) => setTimeout(resolve, ms));
        return await (isGone(invocation) ? never<LocalResponse>() : deliver());
      }
    }
  };

  /** What the same question was answered before; undefined where that is not to be, or there is none. */
  #staleAnswer(parcel: Parcel): LocalResponse | undefined {
    if (!mayBeStale(parcel)) return undefined;
    const before = this.#answers.get(parcel.request.body.toString('utf8'));
    if (before === undefined || !this.#draws('stale read')) return undefined;
    this.#trace.note('stale', `${parcel.by ?? ''} ${parcel.action}`);
    return before;
  }

  async #remembering(parcel: Parcel, answering: Promise<LocalResponse>): Promise<LocalResponse> {
    const answer = await answering;
    const isKept = this.plan.calls.has('stale read') && mayBeStale(parcel) && answer.status === 200;
    if (isKept) this.#answers.set(parcel.request.body.toString('utf8'), answer);
    return answer;
  }

  #isSlackDown(): boolean {
    const since = this.#now() - this.#from - this.plan.slackDownAt;
    return this.plan.calls.has('slack down') && since >= 0 && since < SLACK_IS_DOWN_MS;
  }

  #faultOf(parcel: Parcel, ofFunction: boolean): CallFault | undefined {
    const aim = this.#aims.find(
      ({ call, times, by = parcel.by }) =>
        times > 0 && call === `${parcel.service}:${parcel.action}` && by === parcel.by,
    );
    if (aim !== undefined) {
      aim.times -= 1;
      // Only functions crash: of what a state machine calls the answer is lost.
      return aim.fault === 'crash' && !ofFunction ? 'lost answer' : aim.fault;
    }
    for (const [kind, { rate, services }] of this.plan.calls) {
      if (!['crash', 'throttle', 'error', 'lost request', 'lost answer', 'slow'].includes(kind)) continue;
      if (kind === 'crash' ? !ofFunction : !services.has(parcel.service)) continue;
      // What a function does is many calls: of ten runs of it one crashes, not each.
      if (this.#chance.happens(kind === 'crash' ? rate / 5 : rate)) return kind;
    }
    return undefined;
  }

  #draws(kind: CallFault): boolean {
    const fault = this.plan.calls.get(kind);
    const happens = !this.#isOver && !this.#isPaused && fault !== undefined && this.#chance.happens(fault.rate);
    if (happens) this.met += 1;
    return happens;
  }
}

/** What a plan says, for people. */
export function faultsText({ calls, world, aims }: FaultPlan): string {
  const aimed = aims.map(({ call, fault, times }) => `${fault} of the first ${times} ${call}`);
  const ofCalls = [...calls]
    .filter(([kind]) => kind !== 'aimed')
    .map(([kind, { rate, services }]) =>
      ['throttle', 'error', 'lost request', 'lost answer', 'slow'].includes(kind)
        ? `${kind} ${(rate * 100).toFixed(1)} % of ${services === EVERYTHING ? 'everything' : [...services].join('+')}`
        : `${kind} ${(rate * 100).toFixed(1)} %`,
    );
  return [...ofCalls, ...aimed, ...world].join(', ') || 'nothing goes wrong';
}

/** DynamoDB promises the newest only to reads that ask for it, and never of an index. */
function mayBeStale({ service, action, request }: Parcel): boolean {
  if (service !== 'dynamodb' || (action !== 'Query' && action !== 'GetItem')) return false;
  return !request.body.includes('"ConsistentRead":true');
}

/** Asked again after a wait: it may have died meanwhile. */
function isGone(invocation: Invocation | undefined): boolean {
  return invocation?.isDead === true;
}
