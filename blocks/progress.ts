import type { KnownBlock } from '@slack/types';
import type { ExecutionRecord, ExecutionView } from '../src/domain/records.ts';
import type { BatchServer } from '../src/domain/result.ts';
import type { ExecutionRto } from '../src/domain/rto.ts';
import { instancesLines } from './drill-instances.ts';
import { count, cut, LIMITS, lines, moment, name, section, sentence, since } from './message.ts';
import { planLabel, waveTitle } from './planned-waves.ts';
import { isInTime, isLate, planTarget, waveTarget } from './targets.ts';
import { capital, wavesText, wordsOf } from './verbs.ts';
import { actionsLine, failedActionLine, failedActions, runningAction } from './wave-actions.ts';
import {
  type Expected,
  expectedText,
  isDone,
  slowestOf,
  stillRunning,
  type WaveProgress,
  type WaveServer,
  waveProgress,
} from './waves.ts';
import { failureLines, listed, namesText, plannedFailureLine, problemText, spokenMinutes } from './words.ts';

const BAR_WIDTH = 10;
const MOST_ACCOUNTS_SHOWN = 40;
/** Of more waves than so many, those that are neither running, next nor wrong are told in a line each. */
const MOST_WAVES_IN_FULL = 6;
/** In characters, of a line that stands for a range of waves. */
const RANGE_CHARACTERS = 80;
const MOST_STILL_RUNNING = 3;
/** Below this share of a wave's servers the names of those that still run say more than their number. */
const FEW = 5;
/** A line for each of so many accounts: under Slack's limit of a section, with room for how many more there are. */
const ACCOUNT_LIST_CHARACTERS = LIMITS.section - 50;

/** What a card shows beside the execution itself. */
export interface CardFacts {
  /** How long each wave is expected to take. */
  expected?: ReadonlyMap<number, Expected>;
  /** Where the open question stands, when that is known. */
  questionUrl?: string;
  /** The recovery times so far, against what the recovery plan allows. */
  rto?: ExecutionRto;
  /** How many servers an execution that is over has not launched and could. */
  left?: number;
}

/**
 * How far an execution has come: as a whole, wave by wave, account by account, and what went wrong.
 * @param room the share of each list that there is room for
 */
export function progressBlocks(view: ExecutionView, facts: CardFacts, room = 1): KnownBlock[] {
  const { execution, plan } = view;
  const waves = waveProgress(view);
  const servers = waves.flatMap((wave) => wave.servers);
  const [only] = waves;
  const target = planTarget(view, facts.rto, servers.filter((server) => !isDone(server)).length);
  const first = [
    totalLine(view, servers),
    ...(target === undefined ? [] : [target]),
    ...(waves.length === 1 && only ? timeLines(only, view, facts) : []),
  ];
  return [
    section(first.join('\n')),
    ...(waves.length > 1 ? [section(shownWaves(waves, view, facts, room))] : []),
    ...accountBlocks(waves, room),
    ...listed('Failed actions', failedActions(view).map(failedActionLine), room),
    ...listed(
      'Failed',
      failureLines(
        servers.filter(({ state }) => state === 'failed'),
        execution,
      ),
      room,
    ),
    ...listed('Cannot be done', (plan?.failed ?? []).map(plannedFailureLine), room),
    ...notStartedBlocks(waves),
    ...problemBlocks(execution),
    ...(execution.endTime === undefined ? [] : endBlocks(view, servers.filter(isDone).length)),
  ];
}

/** What people should know now that it is over, and where the rest is. */
function endBlocks(view: ExecutionView, done: number): KnownBlock[] {
  const { after } = wordsOf(view.execution);
  const told = done === 0 ? [] : (instancesLines(view) ?? (after === undefined ? [] : [after]));
  return [section([...told, 'The whole result is in the thread.'].join(told.length > 1 ? '\n' : ' '))];
}

/** What went wrong beside the servers; who cancelled it is said above. */
function problemBlocks({ problem, cancelRequested }: ExecutionRecord): KnownBlock[] {
  if (problem === undefined || (problem.code === 'Cancelled' && cancelRequested !== undefined)) return [];
  return [section(`⚠️ ${problemText(problem)}`)];
}

function totalLine({ execution }: ExecutionView, servers: WaveServer[]): string {
  const { launchStartedAt, endTime } = execution;
  const of = (state: BatchServer['state']) => servers.filter((server) => server.state === state).length;
  const over = endTime !== undefined;
  const took = over && launchStartedAt !== undefined ? ` in ${spokenMinutes(endTime - launchStartedAt)}` : '';
  return [
    `*${servers.filter(isDone).length} of ${count(servers.length, 'server')} ${wordsOf(execution).done}*${took}`,
    ...(of('failed') > 0 ? [`*${of('failed')} failed*`] : []),
    ...(of('skipped') > 0 ? [`${of('skipped')} not started`] : []),
    ...(over || launchStartedAt === undefined ? [] : [`since ${since(launchStartedAt)}`]),
  ].join(' · ');
}

/** Of the only wave: how long it is expected to take, who keeps it, and its actions. Its bars and counts stand beside. */
function timeLines(wave: WaveProgress, view: ExecutionView, facts: CardFacts): string[] {
  const title = planLabel(view.execution) === undefined ? [] : [waveTitle(wave.wave, wave.settings)];
  const parts = [
    ...title,
    ...said(attemptText(wave), waveTarget(facts.rto, wave.wave), expectation(wave, facts), keeping(wave)),
  ];
  const acts = actionsLine(view, wave.wave, { isOver: isOver(wave, view) });
  return [...(parts.length === 0 ? [] : [capital(parts.join(' · '))]), ...said(acts)];
}

/**
 * The waves, a few lines each. Of many only what runs, is next or went wrong is told in full; the others stand in ranges
 * while it runs, and in a line each when it is over. Where that is too much, more of them stand in ranges, those that are
 * furthest from what runs first.
 */
function shownWaves(waves: WaveProgress[], view: ExecutionView, facts: CardFacts, room: number): string {
  const next = waves.findIndex(({ state }) => state === 'to come');
  const current = waves.findIndex(({ wave }) => wave === view.execution.currentWave);
  const now = current === -1 ? 0 : current;
  const weights = waves.map((wave, at) =>
    weightOf(wave, view, facts, { isNext: at === next, away: Math.abs(at - now) }),
  );
  const areMany = waves.length > MOST_WAVES_IN_FULL;
  const isEnd = view.execution.endTime !== undefined;
  const rows = waves.map((wave, at) =>
    areMany && (weights[at] ?? 0) < MATTERS ? shortLine(wave, facts) : waveLines(wave, view, facts).join('\n'),
  );
  const shown = new Set<number>();
  // With room for the lines that stand for what is left out.
  let left = (LIMITS.section - 100) * Math.max(room, LEAST_ROOM) - 5 * RANGE_CHARACTERS;
  for (const at of [...waves.keys()].toSorted((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0))) {
    if (areMany && !isEnd && (weights[at] ?? 0) < MATTERS) break;
    left -= JSON.stringify(rows[at]).length;
    if (left < 0 && shown.size > 0) break;
    shown.add(at);
  }
  return withRanges(waves, rows, shown, facts).join('\n');
}

/** However little room there is, what runs and what is next has it. */
const LEAST_ROOM = 0.6;
/** A wave of this weight is told in full, however many there are. */
const MATTERS = 1_000;

/** How much a wave matters to somebody who looks at the card now: what runs, what went wrong, what is next, then what is near. */
function weightOf(
  wave: WaveProgress,
  view: ExecutionView,
  { rto }: CardFacts,
  { isNext, away }: { isNext: boolean; away: number },
): number {
  const isAsked = view.gates.some((gate) => gate.status === 'pending' && gate.wave === wave.wave);
  const isBusy = wave.state === 'running' || runningAction(view)?.wave === wave.wave;
  if (isBusy || isAsked) return MATTERS * 6 - away;
  if (isNext) return MATTERS * 5;
  if (wave.state === 'ended' && wave.outcome !== 'success') return MATTERS * 4 - away;
  if (failedActions(view).some((record) => record.wave === wave.wave)) return MATTERS * 3 - away;
  return isLate(rto, wave.wave) ? MATTERS * 2 - away : MATTERS / 2 - away;
}

/** The rows that are shown, with a line in the place of each range of waves that are not and stand alike. */
function withRanges(waves: WaveProgress[], rows: string[], shown: ReadonlySet<number>, facts: CardFacts): string[] {
  const told: string[] = [];
  let range: WaveProgress[] = [];
  const close = () => {
    if (range.length > 0) told.push(rangeLine(range, facts));
    range = [];
  };
  for (const [at, wave] of waves.entries()) {
    const row = shown.has(at) ? rows[at] : undefined;
    if (row !== undefined || range.at(-1)?.state !== wave.state) close();
    if (row === undefined) range.push(wave);
    else told.push(row);
  }
  close();
  return told;
}

/** `✅ *Waves 7–12* 180/180 · within their RTO targets` */
function rangeLine(range: WaveProgress[], { rto }: CardFacts): string {
  const servers = range.flatMap((wave) => wave.servers);
  const numbers = range.map(({ wave }) => wave);
  const first = range.find(({ outcome }) => outcome !== undefined && outcome !== 'success') ?? range[0];
  const mark = first === undefined ? '' : MARKS[first.state](first);
  const areInTime = first?.state === 'ended' && numbers.every((wave) => isInTime(rto, wave));
  const times = areInTime ? ` · within ${numbers.length === 1 ? 'its RTO target' : 'their RTO targets'}` : '';
  return `${mark} *${cut(capital(wavesText(numbers)), RANGE_CHARACTERS)}* ${servers.filter(isDone).length}/${servers.length}${times}`;
}

/** A wave in one line, where there are many. */
function shortLine(wave: WaveProgress, facts: CardFacts): string {
  const done = wave.servers.filter(isDone).length;
  const times = said(stateText(wave), waveTarget(facts.rto, wave.wave));
  return [
    `${MARKS[wave.state](wave)} ${waveTitle(wave.wave, wave.settings)} ${done}/${wave.servers.length}`,
    ...times,
  ].join(' · ');
}

/** A wave of several: what it has come to, and below it, while it runs, since when and who keeps it; then its actions. */
function waveLines(wave: WaveProgress, view: ExecutionView, facts: CardFacts): string[] {
  const done = wave.servers.filter(isDone).length;
  const failed = wave.servers.filter(({ state }) => state === 'failed').length;
  const title = waveTitle(wave.wave, wave.settings);
  const first = `${MARKS[wave.state](wave)} ${title} ${bar(done, wave.servers.length)} ${done}/${wave.servers.length}`;
  const failures = failed > 0 ? [`*${failed} failed*`] : [];
  const parts = said(
    attemptText(wave),
    stateText(wave),
    waveTarget(facts.rto, wave.wave),
    expectation(wave, facts),
    keeping(wave),
  );
  const acts = said(actionsLine(view, wave.wave, { isOver: isOver(wave, view) }));
  if (wave.state !== 'running') return [[first, ...failures, ...parts].join(' · '), ...acts];
  return [[first, ...failures].join(' · '), capital(parts.join(' · ')), ...acts];
}

/** True when nothing more is done around the wave: actions that were not begun will not be. */
function isOver({ state }: WaveProgress, { execution }: ExecutionView): boolean {
  return execution.endTime !== undefined || state === 'not begun';
}

/** Those of the texts that say something. */
function said(...texts: string[]): string[] {
  return texts.filter((text) => text !== '');
}

const MARKS: Record<WaveProgress['state'], (wave: WaveProgress) => string> = {
  'to come': () => '⚪',
  running: () => '⏳',
  ended: ({ outcome }) => (outcome === undefined || outcome === 'success' ? '✅' : '⚠️'),
  'not begun': () => '🚫',
};

function stateText(wave: WaveProgress): string {
  const { startedAt, endedAt, why } = wave;
  switch (wave.state) {
    case 'to come':
      return 'to come';
    case 'not begun':
      return `not begun, because ${why ?? 'it ended before'}`;
    case 'running':
      return startedAt === undefined ? 'its actions come first' : `since ${since(startedAt)}`;
    case 'ended':
      return startedAt === undefined || endedAt === undefined ? '' : spokenMinutes(endedAt - startedAt);
  }
}

/** `attempt 2`; nothing for the first. */
function attemptText({ attempt }: WaveProgress): string {
  return attempt === undefined ? '' : `attempt ${attempt}`;
}

/** What the whole wave is expected to take; nothing where that is not known, when it is over, and of an attempt for what is left. */
function expectation({ wave, state, startedAt, attempt }: WaveProgress, { expected }: CardFacts): string {
  const known = expected?.get(wave);
  if (known === undefined || state === 'not begun' || attempt !== undefined) return '';
  // What somebody thought it would take says nothing any more once it is known.
  if (state === 'ended' && known.from === 'estimate') return '';
  const text = expectedText(known);
  return state === 'running' && startedAt !== undefined
    ? `expected until ${moment(startedAt + known.ms)} (${text})`
    : text;
}

/** Which servers a running wave still waits for, or which was the slowest of one that is over. */
function keeping(wave: WaveProgress): string {
  if (wave.state === 'ended') {
    const slowest = slowestOf(wave);
    return slowest === undefined ? '' : `slowest ${name(slowest.server.hostname)} (${spokenMinutes(slowest.ms)})`;
  }
  if (wave.state !== 'running' || wave.startedAt === undefined) return '';
  const open = stillRunning(wave);
  const [first] = open;
  if (first === undefined) return '';
  if (open.length > FEW) return `${open.length} still running, slowest ${waiting(first)}`;
  const named = open.slice(0, MOST_STILL_RUNNING).map(waiting).join(', ');
  const rest = open.length - MOST_STILL_RUNNING;
  return `still running: ${named}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function waiting(server: WaveServer): string {
  const how = server.state === 'planned' ? 'waits for its turn' : server.state;
  const note =
    server.state === 'copying' && server.errorMessage !== undefined ? `, ${sentence(server.errorMessage)}` : '';
  return `${name(server.hostname)} (${how}${note})`;
}

/** Account by account: of the wave that runs, or where only one was asked for. */
function accountBlocks(waves: WaveProgress[], room: number): KnownBlock[] {
  const shown =
    waves.length === 1
      ? waves[0]
      : waves.find(({ state, startedAt }) => state === 'running' && startedAt !== undefined);
  if (shown === undefined) return [];
  const accounts = [...new Set(shown.servers.map(({ accountId }) => accountId))].sort();
  if (accounts.length === 0 || (waves.length > 1 && accounts.length === 1)) return [];
  const title = waves.length === 1 ? '' : `*Wave ${shown.wave} by account*\n`;
  const bars = accounts.map((accountId) =>
    accountBar(
      accountId,
      shown.servers.filter((server) => server.accountId === accountId),
    ),
  );
  return [section(`${title}${lines(bars, MOST_ACCOUNTS_SHOWN, ACCOUNT_LIST_CHARACTERS * room - title.length)}`)];
}

/** `██████░░░░ 6/10 · 111111111111 · 2 launching` */
function accountBar(accountId: string, servers: BatchServer[]): string {
  const of = (state: string) => servers.filter((server) => server.state === state).length;
  const done = servers.filter(isDone).length;
  const extras = [
    ...['launching', 'terminating', 'copying'].flatMap((state) => (of(state) > 0 ? [`${of(state)} ${state}`] : [])),
    ...(of('failed') > 0 ? [`*${of('failed')} failed*`] : []),
  ];
  return `${bar(done, servers.length)} ${done}/${servers.length} · \`${accountId}\`${extras.length > 0 ? ` · ${extras.join(' · ')}` : ''}`;
}

function bar(done: number, of: number): string {
  const full = of === 0 ? 0 : Math.floor((done / of) * BAR_WIDTH);
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
}

/** Left out before their job, by name; of a wave that was not begun the reason stands in its line. */
function notStartedBlocks(waves: WaveProgress[]): KnownBlock[] {
  const names = waves
    .filter(({ state }) => state !== 'not begun')
    .flatMap(({ servers }) => servers.filter(({ state }) => state === 'skipped'))
    .map(({ hostname }) => hostname);
  return names.length === 0 ? [] : [section(`*Not started:* ${namesText(names)}`)];
}
