import type { KnownBlock } from '@slack/types';
import type { AccountStatus, MissingAccount } from '../src/domain/contract.ts';
import type { ExecutionRecord, ExecutionView, GateRecord } from '../src/domain/records.ts';
import type { ExecutionRto } from '../src/domain/rto.ts';
import { decisionSentence } from './decision.ts';
import { executionLine, headlineOf, type ListedExecution } from './executions-list.ts';
import { dotted, listing, spokenAge } from './listing.ts';
import {
  context,
  count,
  dayAndMoment,
  header,
  link,
  type Message,
  mentions,
  message,
  moment,
  name,
  section,
  sentence,
  since,
} from './message.ts';
import { questionTitle } from './question.ts';
import { attemptsText, executionRtoText, rtoText, waveLabel } from './recovery-time.ts';
import { askedBy, wordsOf } from './verbs.ts';
import { actionsLine } from './wave-actions.ts';
import { isDone, type WaveProgress, waveProgress } from './waves.ts';
import { shortId } from './words.ts';

/** An execution that waits for people. */
export interface WaitingExecution extends ListedExecution {
  /** Its pending gates. */
  gates: GateRecord[];
}

/** What is going on, as far as somebody may see it. */
export interface StatusOverview {
  /** Milliseconds since the epoch. */
  now: number;
  waiting: WaitingExecution[];
  running: ListedExecution[];
}

/** How many servers replicate how well, and what was launched of them. */
export interface ReplicationCounts {
  servers: number;
  /** DataReplicationState CONTINUOUS, or a snapshot that is being made. */
  continuous: number;
  lagging: number;
  stalled: number;
  /** Paused, not ready yet, or in a state that is not known. */
  other: number;
  /** Age of the oldest copy, in seconds; absent when no age is known. */
  worstDataAgeSeconds?: number;
  drillInstances: number;
  liveInstances: number;
  /** Servers that a DRS job works on now. */
  inJobs: number;
}

/** A wave of an application, and its servers by account. */
export interface WaveReplication extends ReplicationCounts {
  /** Value of the tag DR-Wave; empty for servers without one. */
  wave: string;
  accounts: (ReplicationCounts & { accountId: string })[];
  /** The newest drill of a server of it; `at` in milliseconds since the epoch. */
  lastDrill?: { at: number; servers: number; failed: number };
}

/** The replication of an application as it is now. */
export interface ApplicationStatus {
  application: string;
  now: number;
  servers: number;
  /** Servers that take no part in recoveries. */
  leftOut: number;
  waves: WaveReplication[];
  accounts: AccountStatus[];
  missingAccounts: MissingAccount[];
  warnings: string[];
  /** Executions of it that are not over. */
  active: ListedExecution[];
}

const MOST_EXECUTIONS = 20;
const MOST_ROWS = 60;
const MOST_ACCOUNTS = 40;
const MOST_WARNINGS = 10;
const MOST_ASKED = 5;
const MOST_DECISIONS = 30;
/** Characters of the longest list, which leaves room for the others. */
const ROW_CHARACTERS = 5_000;
const LIST_CHARACTERS = 2_000;
/** Of the first lines about one execution. */
const FACT_CHARACTERS = 3_000;

/** The answer to `/dr status`: what runs, and what waits for whom since when. */
export function statusOverview({ waiting, running, now }: StatusOverview): Message {
  const asOf = context(
    `As of ${moment(now)}, as far as you may see. \`/dr status &lt;application&gt;\` looks at its servers.`,
  );
  if (waiting.length + running.length === 0) {
    return message('Nothing runs and nothing waits.', [
      section('✅ *Nothing runs, and nothing waits for anybody.*'),
      asOf,
    ]);
  }
  return message(`${count(running.length, 'execution')} running, ${waiting.length} waiting for people.`, [
    header('What is going on'),
    ...titled('Waiting for people', waiting.map(waitingLine), MOST_EXECUTIONS, ROW_CHARACTERS),
    ...titled('Running', running.map(executionLine), MOST_EXECUTIONS, ROW_CHARACTERS),
    asOf,
  ]);
}

function waitingLine(waiting: WaitingExecution): string {
  const questions = waiting.gates.map((gate) =>
    dotted(
      `asked ${since(gate.openedAt)}: ${mentions(gate.approvers, MOST_ASKED)}`,
      `${gate.votes.length} of ${gate.quorum} votes`,
      `expires ${dayAndMoment(gate.expiresAt)}`,
    ),
  );
  return dotted(executionLine(waiting), ...questions);
}

/**
 * The answer to `/dr status <execution>`: its state in short; of several waves, or by a recovery plan, also wave by wave,
 * with what was decided on the way. `rto`: its recovery times, where everything of it is known. The card has the rest.
 */
export function executionStatus(
  listed: ListedExecution,
  gates: GateRecord[],
  now: number,
  rto?: ExecutionRto,
): Message {
  const { execution, cardUrl, view } = listed;
  const pending = gates.filter(({ status }) => status === 'pending');
  const facts = [
    pending.length > 0 ? waitingLine({ ...listed, gates: pending }) : executionLine(listed),
    ...timeLines(execution),
    ...(execution.problem === undefined ? [] : [`⚠️ ${sentence(execution.problem.message)}`]),
    ...(execution.archived === undefined ? [] : [`🗄️ ${archivedText(execution.archived)}`]),
    cardUrl === undefined ? 'Its card is not in Slack.' : link(cardUrl, 'Open the card'),
  ];
  return message(`${sentence(headlineOf(listed))}.`, [
    header(headlineOf(listed)),
    ...listing(facts, facts.length, FACT_CHARACTERS),
    ...(view === undefined || rto === undefined ? [] : waveBlocks(view, rto)),
    context(`As of ${moment(now)} · ${shortId(execution.executionId)} · asked by ${askedBy(execution)}`),
  ]);
}

function archivedText({ userId, at }: NonNullable<ExecutionRecord['archived']>): string {
  return `Archived by <@${userId}> ${dayAndMoment(at)}: it is listed no more.`;
}

/** Wave by wave, and what was decided; nothing for a single wave that the tags name, of which the first line says all. */
function waveBlocks(view: ExecutionView, rto: ExecutionRto): KnownBlock[] {
  const { execution, gates } = view;
  const waves = waveProgress(view);
  const plan = planTitle(execution);
  if (waves.length < 2 && plan === undefined) return [];
  const time = executionRtoText(rto);
  const lines = waves.flatMap((wave) => statusOfWave(view, wave, rto));
  const decided = gates.filter(({ status }) => status !== 'pending').toSorted((a, b) => a.openedAt - b.openedAt);
  return [
    ...titled(
      plan ?? 'Its waves',
      [...(time === '' ? [] : [`Recovery time ${time}`]), ...lines],
      MOST_ROWS,
      ROW_CHARACTERS,
    ),
    ...titled(
      'Decided',
      decided.map((gate) => `${questionTitle({ execution }, gate).mrkdwn}: ${decisionSentence({ execution }, gate)}`),
      MOST_DECISIONS,
      LIST_CHARACTERS,
    ),
  ];
}

/** Undefined where no stored plan is run. */
function planTitle({ recoveryPlan }: ExecutionRecord): string | undefined {
  if (recoveryPlan === undefined || recoveryPlan.version === 0) return undefined;
  return `Recovery plan ${name(recoveryPlan.planName)}, version ${recoveryPlan.version}`;
}

const WAVE_MARKS: Record<WaveProgress['state'], string> = {
  'to come': '⚪',
  running: '⏳',
  ended: '✅',
  'not begun': '🚫',
};

function statusOfWave(view: ExecutionView, progress: WaveProgress, rto: ExecutionRto): string[] {
  const { wave, state, servers, why, outcome } = progress;
  const { execution } = view;
  const times = rto.waves.find((one) => one.wave === wave) ?? { wave, state: 'to come' as const, attempts: 0 };
  const mark = state === 'ended' && outcome !== 'success' ? '⚠️' : WAVE_MARKS[state];
  const failed = servers.filter((server) => server.state === 'failed').length;
  const actions = actionsLine(view, wave, { isOver: execution.endTime !== undefined });
  return [
    dotted(
      `${mark} *${name(waveLabel(times))}*`,
      `${servers.filter(isDone).length} of ${count(servers.length, 'server')} ${wordsOf(execution).done}`,
      failed === 0 ? undefined : `*${failed} failed*`,
      attemptsText(times),
      state === 'not begun' ? `not begun, because ${why ?? 'it ended before'}` : rtoText(times),
    ),
    ...(actions === '' ? [] : [`      ${actions}`]),
  ];
}

function timeLines({ launchStartedAt, endTime, startTime }: ExecutionRecord): string[] {
  return [
    dotted(
      `Asked for ${since(startTime)}`,
      launchStartedAt === undefined ? undefined : `begun ${since(launchStartedAt)}`,
      endTime === undefined ? undefined : `ended ${since(endTime)}`,
    ),
  ];
}

/** The answer to `/dr status <application>`: replication by wave and account, launches, quotas. */
export function applicationStatus(status: ApplicationStatus): Message {
  const { application, servers, waves, now, accounts, missingAccounts, warnings, leftOut, active } = status;
  const bad = waves.reduce((sum, wave) => sum + wave.servers - wave.continuous, 0);
  const asOf = context(`As of ${moment(now)}. Only looked at: nothing was changed.`);
  const unread = missingAccounts.map(
    ({ accountId, reason }) => `⚠️ \`${accountId}\` could not be read: ${sentence(reason)}`,
  );
  if (servers + leftOut === 0 && unread.length === 0) {
    const text = `No server is tagged as one of ${name(application)}.`;
    return message(text, [section(text), asOf]);
  }
  return message(
    `${name(application)}: ${count(servers, 'server')}, ${bad === 0 ? 'all in continuous replication' : `${bad} not in continuous replication`}.`,
    [
      header(`${bad === 0 && unread.length === 0 ? '✅' : '⚠️'} Status: ${application}`),
      section(
        dotted(
          `*${count(servers, 'server')}*`,
          bad === 0 ? 'all in continuous replication' : `*${bad} not in continuous replication*`,
          leftOut === 0 ? undefined : `${leftOut} take no part in recoveries`,
        ),
      ),
      ...listing(unread, MOST_ACCOUNTS, LIST_CHARACTERS),
      ...listing(waves.flatMap(waveLines), MOST_ROWS, ROW_CHARACTERS),
      ...titled('Room for launches', accounts.map(quotaLine), MOST_ACCOUNTS, LIST_CHARACTERS),
      ...titled(
        'Warnings',
        warnings.map((warning) => `• ${sentence(warning)}`),
        MOST_WARNINGS,
        LIST_CHARACTERS / 2,
      ),
      ...titled('Under way', active.map(executionLine), MOST_WARNINGS, LIST_CHARACTERS / 2),
      asOf,
    ],
  );
}

function titled(title: string, rows: string[], most: number, characters: number): KnownBlock[] {
  return rows.length === 0 ? [] : listing([`*${title}*`, ...rows], most + 1, characters);
}

function waveLines(wave: WaveReplication): string[] {
  const { lastDrill } = wave;
  const drill =
    lastDrill === undefined
      ? 'no drill yet'
      : `last drill ${dayAndMoment(lastDrill.at)}${lastDrill.failed === 0 ? '' : ` (*${lastDrill.failed} of ${lastDrill.servers} failed*)`}`;
  const title = wave.wave === '' ? '*Without a wave*' : `*Wave ${name(wave.wave)}*`;
  return [
    dotted(title, countsText(wave), drill),
    // One account alone says what the wave says.
    ...(wave.accounts.length < 2
      ? []
      : wave.accounts.map((account) => `      ${dotted(`\`${account.accountId}\``, countsText(account))}`)),
  ];
}

function countsText(counts: ReplicationCounts): string {
  const { servers, continuous, lagging, stalled, other, worstDataAgeSeconds } = counts;
  return dotted(
    count(servers, 'server'),
    continuous === servers ? 'all continuous' : `${continuous} continuous`,
    lagging === 0 ? undefined : `⚠️ *${lagging} lagging*`,
    stalled === 0 ? undefined : `❌ *${stalled} stalled*`,
    other === 0 ? undefined : `⚠️ *${other} not ready*`,
    worstDataAgeSeconds === undefined ? undefined : `oldest copy ${spokenAge(worstDataAgeSeconds)}`,
    counts.drillInstances === 0 ? undefined : count(counts.drillInstances, 'drill instance'),
    counts.liveInstances === 0 ? undefined : `*${count(counts.liveInstances, 'live instance')}*`,
    counts.inJobs === 0 ? undefined : `${counts.inJobs} in a running job`,
  );
}

function quotaLine({ accountId, quotas, quotasUnreadable, jobsInProgress }: AccountStatus): string {
  const jobs = jobsInProgress === 0 ? undefined : `${count(jobsInProgress, 'job')} of this application running`;
  if (quotas === undefined) {
    const why = quotasUnreadable === undefined ? '' : ` (${sentence(quotasUnreadable)})`;
    return dotted(`\`${accountId}\` the quotas could not be read${why}`, jobs);
  }
  const free = (left: { free: number; limit: number }, what: string) =>
    `${left.free === 0 ? '❌ *0*' : left.free.toLocaleString('en-US')} of ${left.limit.toLocaleString('en-US')} ${what}`;
  return dotted(
    `\`${accountId}\` free: ${free(quotas.jobs, 'jobs')}`,
    free(quotas.servers, 'servers in jobs'),
    free(quotas.replicating, 'replicating servers'),
    free(quotas.vcpus, 'vCPUs'),
    jobs,
  );
}
