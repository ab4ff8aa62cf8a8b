import type { ComponentOutput } from '../domain/contract.ts';
import { spokenDuration } from '../domain/duration.ts';
import type { Problem } from '../domain/records.ts';
import type { Outcome, Verb } from '../domain/vocabulary.ts';
import { asciiLine, plainLine } from './plain-text.ts';

/** "less than 100 characters" (SNS API reference: Publish, Subject). */
const LONGEST_SUBJECT = 99;
/** A tag value has at most 256 characters; so have ids and host names. */
const LONGEST_VALUE = 256;
/** Longest description of what is recovered, and longest reason, in characters: a pager shows a few lines. */
const LONGEST_SELECTION = 200;
const LONGEST_REASON = 1_000;
/** Of a list, how many are named; the others are counted. */
const NAMED = 10;

/** A message for a topic. Attributes are of type String, never empty, and fewer than 10 (SNS: raw message delivery). */
export interface Notification {
  subject: string;
  message: string;
  attributes: Record<string, string>;
}

/** What every notification is about. */
export interface About {
  action: Verb;
  executionId: string;
  correlationId: string;
  /** Tags that select the servers. */
  tags: Record<string, string>;
  /** Absent where the tags alone select. */
  application?: string;
  wave?: number;
  /** Where to watch: the execution's card, or its page in the console. */
  monitoringUrl?: string;
}

/** Something begins. Milliseconds since the epoch. */
export interface Beginning extends About {
  startedAt: number;
  /** Servers that are to be processed, where they are known already. */
  totalServers?: number;
}

/** The parts of the component's output that a notification tells: give it the whole output, not the truncated one. */
export type ToldOutput = Pick<
  ComponentOutput,
  | 'status'
  | 'summary'
  | 'timing'
  | 'failedServers'
  | 'missingAccounts'
  | 'warnings'
  | 'nextPhaseReady'
  | 'resultLocation'
  | 'message'
>;

/** Something has ended with a result. */
export interface Ending extends About {
  output: ToldOutput;
}

/** It failed: with a result, or before there was one. */
export interface Failure extends About {
  output?: ToldOutput;
  /** What went wrong, in words for people. */
  problem?: Problem;
}

/** It waits for people. Milliseconds since the epoch. */
export interface Pause extends About {
  pausedAt: number;
  /** What it waits for, e.g. `a decision before wave 2`. */
  reason: string;
}

/** It asks people. Milliseconds since the epoch. */
export interface Question extends About {
  /** What is asked, e.g. `approval before anything is launched`. */
  question: string;
  openedAt: number;
  expiresAt: number;
  /** Answers needed, and how many people are asked. */
  quorum: number;
  asked: number;
}

/** Each kind of notification with what it needs to know. A new kind is a line here and a writer below. */
export interface NotificationFacts {
  executionStarted: Beginning;
  executionCompleted: Ending;
  executionFailed: Failure;
  partialSuccess: Ending;
  waveStarted: Beginning;
  waveCompleted: Ending;
  paused: Pause;
  gateOpened: Question;
}
export type NotificationKind = keyof NotificationFacts;

/** How a result is announced: a run that ran out of time has failed. */
export const KIND_OF_OUTCOME = {
  success: 'executionCompleted',
  partial: 'partialSuccess',
  failed: 'executionFailed',
  timeout: 'executionFailed',
} as const satisfies Record<Outcome, NotificationKind>;

/** What a writer decides: the rest is the same for every kind. */
interface Draft {
  subject: string;
  /** To filter on: an outcome, `executing`, `paused` or `waiting`. */
  status: string;
  /** The first says what happened. */
  lines: string[];
  resultLocation?: string;
}

const WRITERS: { [Kind in NotificationKind]: (facts: NotificationFacts[Kind]) => Draft } = {
  executionStarted: (facts) => ({
    subject: `DRS Orchestration Started: ${facts.action} of ${selectionOf(facts)}`,
    status: 'executing',
    lines: [`${capital(deed(facts))} has started${withServers(facts)}.`, `Started at ${moment(facts.startedAt)}.`],
  }),
  executionCompleted: (facts) => ({
    subject: `DRS Orchestration ${facts.output.status}: ${facts.action} of ${selectionOf(facts)}`,
    status: facts.output.status,
    lines: [`${capital(deed(facts))} is completed: ${tally(facts.output)}.`, ...resultLines(facts.output)],
    resultLocation: facts.output.resultLocation,
  }),
  executionFailed: (facts) => ({
    subject: `ALERT: DRS Orchestration Failed: ${facts.action} of ${selectionOf(facts)}`,
    status: facts.output?.status ?? 'failed',
    lines: [
      `ALERT: ${deed(facts)} ${facts.output?.status === 'timeout' ? 'ran out of time' : 'failed'}${
        facts.output === undefined ? '' : `: ${tally(facts.output)}`
      }.`,
      ...(facts.problem === undefined ? [] : [`Error ${value(facts.problem.code)}: ${reason(facts.problem.message)}`]),
      ...(facts.output === undefined ? [] : resultLines(facts.output)),
    ],
    resultLocation: facts.output?.resultLocation,
  }),
  partialSuccess: (facts) => ({
    subject: `WARNING: DRS Orchestration Partial Success: ${facts.action} of ${selectionOf(facts)}`,
    status: facts.output.status,
    lines: [
      `WARNING: ${deed(facts)} is partly done: ${tally(facts.output)}. Review required.`,
      ...resultLines(facts.output),
    ],
    resultLocation: facts.output.resultLocation,
  }),
  waveStarted: (facts) => ({
    subject: `DRS Orchestration Wave Started: ${facts.action} of ${selectionOf(facts)}`,
    status: 'executing',
    lines: [`${capital(waveDeed(facts))} has started${withServers(facts)}.`, `Started at ${moment(facts.startedAt)}.`],
  }),
  waveCompleted: (facts) => ({
    subject: `DRS Orchestration Wave ${facts.output.status}: ${facts.action} of ${selectionOf(facts)}`,
    status: facts.output.status,
    lines: [
      `${capital(waveDeed(facts))} has ended as ${facts.output.status}: ${tally(facts.output)}.`,
      ...resultLines(facts.output),
    ],
    resultLocation: facts.output.resultLocation,
  }),
  paused: (facts) => ({
    subject: `DRS Orchestration Paused: ${facts.action} of ${selectionOf(facts)}`,
    status: 'paused',
    lines: [`${capital(deed(facts))} is paused: ${reason(facts.reason)}`, `Paused at ${moment(facts.pausedAt)}.`],
  }),
  gateOpened: (facts) => ({
    subject: `DRS Orchestration Asks: ${facts.action} of ${selectionOf(facts)}`,
    status: 'waiting',
    lines: [
      `${capital(deed(facts))} waits for ${reason(facts.question)}.`,
      `Needed: ${facts.quorum}; asked: ${facts.asked === 1 ? '1 person' : `${facts.asked} people`}, in Slack.`,
      `Asked at ${moment(facts.openedAt)}. Unanswered at ${moment(facts.expiresAt)}, nothing is done.`,
    ],
  }),
};

/**
 * The notification that tells what happened, whatever the texts in `facts` hold: its subject is printable ASCII on one
 * line, its message plain text that begins with what happened and ends with where to look (seed 4 §10.3).
 */
export function notificationOf<Kind extends NotificationKind>(
  kind: Kind,
  facts: NotificationFacts[Kind],
): Notification {
  const { subject, status, lines, resultLocation } = WRITERS[kind](facts);
  const about: About = facts;
  return {
    subject: asciiLine(subject, LONGEST_SUBJECT),
    message: [
      ...lines,
      ...labelled('Result', resultLocation),
      ...labelled('Watch', about.monitoringUrl),
      ...labelled('Execution', about.executionId),
      ...labelled('Correlation id', about.correlationId),
    ].join('\n'),
    attributes: present({
      kind,
      action: about.action,
      status,
      application: about.application,
      wave: about.wave?.toString(),
      executionId: about.executionId,
      correlationId: about.correlationId,
    }),
  };
}

/** `HRP wave 1`, or the tags. */
function selectionOf({ application, wave, tags }: About): string {
  const name = plainLine(application ?? '', LONGEST_VALUE);
  const selection =
    name === ''
      ? Object.entries(tags)
          .map(([key, tag]) => `${key}=${tag}`)
          .join(' and ')
      : `${name}${wave === undefined ? '' : ` wave ${wave}`}`;
  return plainLine(selection, LONGEST_SELECTION) || 'the selected servers';
}

function deed(facts: About): string {
  return `the ${facts.action} of ${selectionOf(facts)}`;
}

function waveDeed({ wave, ...facts }: About): string {
  return wave === undefined ? `the wave of ${deed(facts)}` : `wave ${wave} of ${deed(facts)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function withServers({ totalServers }: Beginning): string {
  return totalServers === undefined ? '' : ` with ${servers(totalServers)}`;
}

function servers(number: number): string {
  return number === 1 ? '1 server' : `${number} servers`;
}

function tally({ summary }: ToldOutput): string {
  const { totalServers, succeeded, failed, skipped } = summary;
  return `${succeeded} of ${servers(totalServers)} succeeded, ${failed} failed, ${skipped} skipped`;
}

function resultLines(output: ToldOutput): string[] {
  const { failedServers, missingAccounts, warnings, summary, timing, nextPhaseReady, message } = output;
  return [
    ...(message === undefined ? [] : [reason(message)]),
    ...list(
      'Accounts that could not be read, whose servers are unknown',
      missingAccounts.length,
      missingAccounts.map((account) => `${account.accountId} in ${account.region}: ${value(account.reason)}`),
    ),
    ...list(
      'Failed servers',
      summary.failed,
      failedServers.map(
        (server) => `${value(server.sourceServerHostname) || value(server.sourceServerId)}: ${value(server.errorCode)}`,
      ),
    ),
    ...list('Warnings', warnings.length, warnings.map(reason)),
    `Next phase ready: ${nextPhaseReady ? 'yes' : 'no'}. Duration: ${spokenDuration(timing.durationFormatted)}.`,
  ];
}

/** How many, and the first of them. A truncated output has their number, but not their names. */
function list(label: string, total: number, all: readonly string[]): string[] {
  if (total === 0) return [];
  const named = all.slice(0, NAMED);
  const others = total - named.length;
  return [
    `${label}: ${total}`,
    ...named.map((line) => `- ${line}`),
    ...(others > 0 && named.length > 0 ? [`- and ${others} more`] : []),
  ];
}

function moment(at: number): string {
  return new Date(at).toISOString();
}

function reason(text: string): string {
  return plainLine(text, LONGEST_REASON);
}

function value(text: string): string {
  return plainLine(text, LONGEST_VALUE);
}

/** Pointers are not cut: half of one leads nowhere. */
function labelled(label: string, text: string | undefined): string[] {
  const shown = plainLine(text ?? '', 2_048);
  return shown === '' ? [] : [`${label}: ${shown}`];
}

/** Without what is unknown: SNS refuses an attribute that is empty. */
function present(attributes: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([name, text]) => {
      const shown = value(text ?? '');
      return shown === '' ? [] : [[name, shown]];
    }),
  );
}
