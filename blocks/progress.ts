import type { KnownBlock } from '@slack/types';
import type { ExecutionRecord, ExecutionView } from '../src/domain/records.ts';
import type { BatchServer } from '../src/domain/result.ts';
import { count, LIMITS, lines, moment, name, section, sentence, since } from './message.ts';
import { wordsOf } from './verbs.ts';
import { isDone, slowestOf, stillRunning, type WaveProgress, type WaveServer, waveProgress } from './waves.ts';
import { failureLines, listed, namesText, plannedFailureLine, problemText, spokenMinutes } from './words.ts';

const BAR_WIDTH = 10;
const MOST_ACCOUNTS_SHOWN = 40;
const MOST_WAVES_SHOWN = 20;
const MOST_STILL_RUNNING = 3;
/** Below this share of a wave's servers the names of those that still run say more than their number. */
const FEW = 5;
/** A line for each of so many accounts: under Slack's limit of a section, with room for how many more there are. */
const ACCOUNT_LIST_CHARACTERS = LIMITS.section - 50;

/** What a card shows beside the execution itself. */
export interface CardFacts {
  /** How long each wave takes: the median of the last successful runs of its application, in milliseconds. */
  expectedMs?: ReadonlyMap<number, number>;
  /** Where the open question stands, when that is known. */
  questionUrl?: string;
}

/** How far an execution has come: as a whole, wave by wave, account by account, and what went wrong. */
export function progressBlocks(view: ExecutionView, facts: CardFacts): KnownBlock[] {
  const { execution, plan } = view;
  const waves = waveProgress(view);
  const servers = waves.flatMap((wave) => wave.servers);
  const done = servers.filter(isDone).length;
  const { after } = wordsOf(execution);
  const over = execution.endTime !== undefined;
  const [only] = waves;
  return [
    section([totalLine(view, servers), ...(waves.length === 1 && only ? timeLines(only, facts) : [])].join('\n')),
    ...(waves.length > 1
      ? [
          section(
            lines(
              waves.flatMap((wave) => waveLines(wave, view, facts)),
              MOST_WAVES_SHOWN * 2,
            ),
          ),
        ]
      : []),
    ...accountBlocks(waves),
    ...listed(
      'Failed',
      failureLines(
        servers.filter(({ state }) => state === 'failed'),
        execution,
      ),
    ),
    ...listed('Cannot be done', (plan?.failed ?? []).map(plannedFailureLine)),
    ...notStartedBlocks(waves),
    ...problemBlocks(execution),
    ...(over ? endBlocks(done > 0 ? after : undefined) : []),
  ];
}

/** What people should know now that it is over, and where the rest is. */
function endBlocks(after: string | undefined): KnownBlock[] {
  return [section(`${after === undefined ? '' : `${after} `}The whole result is in the thread.`)];
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

/** Of the only wave: how long it is expected to take, and who keeps it. Its bars and counts stand beside. */
function timeLines(wave: WaveProgress, facts: CardFacts): string[] {
  const parts = [attemptText(wave), expectation(wave, facts), keeping(wave)].filter((part) => part !== '');
  return parts.length === 0 ? [] : [sentenceCase(parts.join(' · '))];
}

/** A wave of several: what it has come to, and below it, while it runs, since when and who keeps it. */
function waveLines(wave: WaveProgress, { execution }: ExecutionView, facts: CardFacts): string[] {
  const done = wave.servers.filter(isDone).length;
  const failed = wave.servers.filter(({ state }) => state === 'failed').length;
  const first = `${MARKS[wave.state](wave)} *Wave ${wave.wave}* ${bar(done, wave.servers.length)} ${done}/${wave.servers.length}`;
  const failures = failed > 0 ? [`*${failed} failed*`] : [];
  const parts = [attemptText(wave), stateText(wave, execution), expectation(wave, facts), keeping(wave)].filter(
    (part) => part !== '',
  );
  if (wave.state !== 'running') return [[first, ...failures, ...parts].join(' · ')];
  return [[first, ...failures].join(' · '), sentenceCase(parts.join(' · '))];
}

const MARKS: Record<WaveProgress['state'], (wave: WaveProgress) => string> = {
  'to come': () => '⚪',
  running: () => '⏳',
  ended: ({ outcome }) => (outcome === undefined || outcome === 'success' ? '✅' : '⚠️'),
  'not begun': () => '🚫',
};

function stateText(wave: WaveProgress, execution: ExecutionRecord): string {
  const { startedAt, endedAt, why } = wave;
  switch (wave.state) {
    case 'to come':
      return 'to come';
    case 'not begun':
      return `not begun, because ${why ?? 'it ended before'}`;
    case 'running':
      return startedAt === undefined ? wordsOf(execution).doing : `since ${since(startedAt)}`;
    case 'ended':
      return startedAt === undefined || endedAt === undefined ? '' : spokenMinutes(endedAt - startedAt);
  }
}

/** `attempt 2`; nothing for the first. */
function attemptText({ attempt }: WaveProgress): string {
  return attempt === undefined ? '' : `attempt ${attempt}`;
}

/** What earlier runs of the whole wave say; nothing where none is known, and of an attempt for what is left of it. */
function expectation({ wave, state, startedAt, attempt }: WaveProgress, { expectedMs }: CardFacts): string {
  const expected = expectedMs?.get(wave);
  if (expected === undefined || state === 'not begun' || attempt !== undefined) return '';
  const earlier = `earlier runs took ${spokenMinutes(expected)}`;
  return state === 'running' && startedAt !== undefined
    ? `expected until ${moment(startedAt + expected)} (${earlier})`
    : earlier;
}

/** Which servers a running wave still waits for, or which was the slowest of one that is over. */
function keeping(wave: WaveProgress): string {
  if (wave.state === 'ended') {
    const slowest = slowestOf(wave);
    return slowest === undefined ? '' : `slowest ${name(slowest.server.hostname)} (${spokenMinutes(slowest.ms)})`;
  }
  if (wave.state !== 'running') return '';
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
function accountBlocks(waves: WaveProgress[]): KnownBlock[] {
  const shown = waves.length === 1 ? waves[0] : waves.find(({ state }) => state === 'running');
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
  return [section(`${title}${lines(bars, MOST_ACCOUNTS_SHOWN, ACCOUNT_LIST_CHARACTERS - title.length)}`)];
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

function sentenceCase(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
