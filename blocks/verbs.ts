import type { ExecutionRecord } from '../src/domain/records.ts';
import type { Verb } from '../src/domain/vocabulary.ts';
import { count, name, sentence } from './message.ts';

/** How people speak of what a verb does. */
export interface VerbWords {
  /** `launch *3 drill instances*` is the order, the instance its object. */
  order: string;
  instance: string;
  /** `launching`, `launched`: while it is done, and when it is. */
  doing: string;
  done: string;
  /** What is said when nothing came of it. */
  nothing: string;
  /** What is left alone, or what is not. */
  effect: string;
  /** What an approval lets loose, where it is more than a drill; said plainly and first. */
  danger?: string;
  /** What people should know when it is over and something was done. */
  after?: string;
}

const LAUNCH = { order: 'launch', doing: 'launching', done: 'launched', nothing: 'Nothing was launched.' };

const WORDS: Record<Verb, VerbWords> = {
  drill: {
    ...LAUNCH,
    instance: 'drill instance',
    effect: 'Replication and source servers are not touched.',
    after: 'The drill instances run, and cost, until they are terminated.',
  },
  failover: {
    ...LAUNCH,
    instance: 'recovery instance',
    effect: 'Replication goes on; source servers are not touched.',
    danger:
      '🔴 *This is no drill.* The recovery instances are live: where an original still runs, two of it serve at once.',
    after: 'The recovery instances are live.',
  },
  failback: {
    order: 'fail back',
    instance: 'server',
    doing: 'failing back',
    done: 'failed back',
    nothing: 'Nothing was failed back.',
    effect: 'Recovery instances run on until somebody terminates them.',
    danger:
      '🔴 *This is no drill.* The servers are launched at their origin from what the recovery instances hold: what is there now is replaced.',
  },
  terminate: {
    order: 'terminate',
    instance: 'recovery instance',
    doing: 'terminating',
    done: 'terminated',
    nothing: 'Nothing was terminated.',
    effect: 'Replication and source servers are not touched.',
    danger: '🔴 *This cannot be undone:* what is on the instances and nowhere else is lost.',
  },
  status: {
    order: 'read',
    instance: 'server',
    doing: 'reading',
    done: 'read',
    nothing: 'Nothing was read.',
    effect: 'Nothing is changed.',
  },
};

/** The words for an execution's verb. */
export function wordsOf({ verb }: Pick<ExecutionRecord, 'verb'>): VerbWords {
  return WORDS[verb];
}

/**
 * `wave 1`, `waves 1–3`, `waves 1–3, 5`; for numbers in ascending order. As `src/domain/request.ts` has it for stored texts:
 * cards take nothing but types from the domain, and the domain nothing from cards.
 */
export function wavesText(waves: readonly number[]): string {
  const ranges: { from: number; to: number }[] = [];
  for (const wave of waves) {
    const last = ranges.at(-1);
    if (last !== undefined && last.to + 1 === wave) last.to = wave;
    else ranges.push({ from: wave, to: wave });
  }
  const named = ranges.map(({ from, to }) => (from === to ? String(from) : `${from}–${to}`));
  return `${waves.length === 1 ? 'wave' : 'waves'} ${named.join(', ')}`;
}

/** `Launching`, from `launching`. */
export function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `3 drill instances` for a drill of three servers. */
export function instancesText(execution: Pick<ExecutionRecord, 'verb'>, servers: number): string {
  return count(servers, wordsOf(execution).instance);
}

/**
 * Who asked: a mention, the schedule with who made it, or what a machine says of itself, which identifies nobody. For
 * mrkdwn.
 */
export function askedBy({
  requester,
  service,
  schedule,
}: Pick<ExecutionRecord, 'requester' | 'service' | 'schedule'>): string {
  if (schedule !== undefined) return `the schedule \`${name(schedule.scheduleId)}\` of <@${schedule.madeBy.userId}>`;
  if (service === undefined) return `<@${requester.userId}>`;
  return service.initiatedBy === undefined ? 'a machine' : `a machine (“${sentence(service.initiatedBy, MAX_SAID)}”)`;
}

/** In characters, of the name that a machine gives itself. */
const MAX_SAID = 80;
