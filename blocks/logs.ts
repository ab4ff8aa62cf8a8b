import type { ExecutionRecord } from '../src/domain/records.ts';
import { dotted, listing } from './listing.ts';
import { context, count, header, link, type Message, message, name, section, sentence } from './message.ts';
import { scope, shortId, verbWord } from './words.ts';

/** Something that DRS noted of a job. */
export interface LoggedEvent {
  /** Milliseconds since the epoch. */
  at: number;
  /** The event's name in the DRS API, e.g. SNAPSHOT_START. */
  event: string;
  jobId: string;
  accountId: string;
  /** The server that it is about; left out for the job as a whole. */
  hostname?: string;
  sourceServerId?: string;
  /** The conversion server or the instance. */
  resource?: string;
  /** What DRS says went wrong. */
  error?: string;
}

/** What DRS noted of an execution's jobs. */
export interface JobLogs {
  execution: ExecutionRecord;
  /** The server that was asked about. */
  server?: string;
  jobs: number;
  /** In the order of time. */
  events: LoggedEvent[];
  /** Jobs whose log could not be read, and why. */
  unreadable: { jobId: string; accountId: string; reason: string }[];
}

/** Most events that are read in a message; more are a file. */
export const MOST_EVENTS_IN_MESSAGE = 40;
const MOST_UNREADABLE = 5;

const WORDS: Record<string, string> = {
  JOB_START: 'the job began',
  JOB_END: 'the job ended',
  JOB_CANCEL: '⚠️ the job was cancelled',
  SERVER_SKIPPED: '⚠️ server left out',
  CLEANUP_START: 'clean-up of an earlier instance began',
  CLEANUP_END: 'clean-up ended',
  CLEANUP_FAIL: '❌ clean-up failed',
  SNAPSHOT_START: 'snapshot began',
  SNAPSHOT_END: 'snapshot ended',
  SNAPSHOT_FAIL: '❌ snapshot failed',
  USING_PREVIOUS_SNAPSHOT: '⚠️ an earlier snapshot is used',
  USING_PREVIOUS_SNAPSHOT_FAILED: '❌ no earlier snapshot could be used',
  CONVERSION_START: 'conversion began',
  CONVERSION_END: 'conversion ended',
  CONVERSION_FAIL: '❌ conversion failed',
  LAUNCH_START: 'launch began',
  LAUNCH_FAILED: '❌ launch failed',
};

/** The timeline for the thread of the execution's card; of a long one the failures, the rest being in the file. */
export function jobLogMessage(logs: JobLogs, fileName?: string): Message {
  const { execution, server, events, jobs, unreadable } = logs;
  const about = server === undefined ? '' : ` · ${server}`;
  const title = `DRS log: ${verbWord(execution)} ${scope(execution)}${about}`;
  const failures = events.filter(({ error, event }) => error !== undefined || /FAIL|SKIPPED|CANCEL/.test(event));
  const shown = fileName === undefined ? events : failures;
  const withJob = new Set(events.map(({ jobId }) => jobId)).size > 1;
  const summary = `${count(events.length, 'event')} of ${count(jobs, 'DRS job')}${failures.length === 0 ? ', no failure' : `, *${count(failures.length, 'failure')}*`}.`;
  return message(`${name(title)}: ${count(events.length, 'event')}.`, [
    header(title),
    section(
      fileName === undefined ? summary : `${summary} All of them are in the file \`${fileName}\` of this thread.`,
    ),
    ...listing(
      unreadable.map(
        ({ jobId, accountId, reason }) => `⚠️ ${name(jobId)} in \`${accountId}\` could not be read: ${sentence(reason)}`,
      ),
      MOST_UNREADABLE,
    ),
    ...listing(
      shown.map((event) => eventLine(event, withJob)),
      MOST_EVENTS_IN_MESSAGE,
      8_000,
    ),
    context('Times are UTC. As DRS notes it: it keeps the log of a job for a limited time.'),
  ]);
}

function eventLine({ at, event, hostname, resource, error, jobId, accountId }: LoggedEvent, withJob: boolean): string {
  return dotted(
    `\`${clock(at)}\` ${WORDS[event] ?? name(event)}`,
    hostname === undefined ? undefined : `*${name(hostname)}*`,
    resource === undefined ? undefined : name(resource),
    error === undefined ? undefined : sentence(error),
    withJob ? `${name(jobId)} in \`${accountId}\`` : undefined,
  );
}

function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

/** `drs-log-abcdef01.csv` */
export function jobLogFileName({ executionId }: Pick<ExecutionRecord, 'executionId'>): string {
  return `drs-log-${shortId(executionId)}.csv`;
}

/** Every event as a line of CSV (RFC 4180). */
export function jobLogCsv({ events }: Pick<JobLogs, 'events'>): string {
  const rows = events.map((event) =>
    [
      new Date(event.at).toISOString(),
      event.accountId,
      event.jobId,
      event.event,
      event.hostname,
      event.sourceServerId,
      event.resource,
      event.error,
    ].map(csvField),
  );
  const title = ['time', 'account', 'job', 'event', 'hostname', 'sourceServerId', 'resource', 'error'];
  return [title, ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

/** Quoted where it must be; what a spreadsheet would run as a formula is kept as text. */
function csvField(value: string | undefined): string {
  const text = value ?? '';
  const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** What is said to who asked: what was put into the thread, and where that is. */
export function inThreadText(what: string, execution: ExecutionRecord, cardUrl: string | undefined): string {
  return `${what} of ${name(`${verbWord(execution)} ${scope(execution)}`)} is in the ${link(cardUrl, 'thread of its card')}.`;
}
