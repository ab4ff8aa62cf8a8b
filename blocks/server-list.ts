import type { KnownBlock, TableBlock } from '@slack/types';
import type { ExecutionRecord, ExecutionView } from '../src/domain/records.ts';
import { count, cut, escapeText, LIMITS, type Message, message, oneLine, section } from './message.ts';
import { wordsOf } from './verbs.ts';
import { isDone, waveProgress } from './waves.ts';
import { scope, shortId, verbWord } from './words.ts';

/** A server of an execution as lists show it; texts are as they are stored, not escaped for anything. */
export interface ServerRow {
  accountId: string;
  /** 0 where the request names none. */
  wave: number;
  hostname: string;
  sourceServerId: string;
  state: string;
  instanceId: string;
  ip: string;
  /** ISO 8601. */
  launchTime: string;
  /** Why it failed, or was left out. */
  error: string;
}

/** Every server of an execution's plan: what failed first, then what was left out, then the others. */
export function serverRows(view: ExecutionView): ServerRow[] {
  const inBatches = waveProgress(view).flatMap(({ wave, servers }) =>
    servers.map(
      (server): ServerRow => ({
        accountId: server.accountId,
        wave,
        hostname: server.hostname,
        sourceServerId: server.sourceServerId,
        state: server.state,
        instanceId: server.ec2InstanceId ?? server.recoveryInstanceId ?? '',
        ip: server.privateIp ?? '',
        launchTime: server.launchTime ?? '',
        error: [server.errorCode, server.errorMessage].filter((part) => part !== undefined).join(': '),
      }),
    ),
  );
  const none = { instanceId: '', ip: '', launchTime: '' };
  const planned = [
    ...(view.plan?.failed ?? []).map((server) => ({
      ...server,
      state: 'failed',
      error: `${server.errorCode}: ${server.errorMessage}`,
    })),
    ...(view.plan?.skipped ?? []).map((server) => ({ ...server, state: 'skipped', error: server.reason })),
  ].map(
    ({ stagingAccountId, wave, sourceServerHostname, sourceServerId, state, error }): ServerRow => ({
      ...none,
      accountId: stagingAccountId,
      wave,
      hostname: sourceServerHostname,
      sourceServerId,
      state,
      error,
    }),
  );
  return [...inBatches, ...planned].toSorted(
    (a, b) => rank(a) - rank(b) || a.wave - b.wave || (a.hostname < b.hostname ? -1 : Number(a.hostname > b.hostname)),
  );
}

function rank({ state }: ServerRow): number {
  const worst = ['failed', 'skipped'].indexOf(state);
  return worst === -1 ? 2 : worst;
}

const CSV_COLUMNS = [
  'accountId',
  'wave',
  'hostname',
  'sourceServerId',
  'state',
  'instanceId',
  'ip',
  'launchTime',
  'error',
] as const satisfies readonly (keyof ServerRow)[];

/**
 * All servers as CSV (RFC 4180). A cell that a spreadsheet would take for a formula gets an apostrophe: names and
 * reasons come from outside (OWASP, CSV injection).
 */
export function serversCsv(view: ExecutionView): string {
  const rows = serverRows(view).map((row) => CSV_COLUMNS.map((column) => csvCell(String(row[column]))).join(','));
  return `${[CSV_COLUMNS.join(','), ...rows].join('\r\n')}\r\n`;
}

function csvCell(value: string): string {
  const text = value.toWellFormed();
  const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Name of the file with all servers, posted to the thread. */
export function serversFileName({ verb, executionId }: Pick<ExecutionRecord, 'verb' | 'executionId'>): string {
  return `${verb}-servers-${shortId(executionId)}.csv`;
}

/** In characters, of one cell: a reason is whole in the file. */
const CELL = 90;
/** Left of a message's size for what stands around the table. */
const AROUND = 1_200;

/**
 * The servers as a table in the thread, with as many rows as one message takes: what failed first. Undefined where there
 * is no server. A `table` block, although it is newer than the blocks of the cards: monospace text of this width breaks
 * on a phone. It is a message of its own, so that a client or a plan without it costs nothing but the table; the same
 * rows are in the file.
 */
export function serversTable(view: ExecutionView): Message | undefined {
  const { execution } = view;
  const rows = serverRows(view);
  if (rows.length === 0) return undefined;
  const done = waveProgress(view).flatMap(({ servers }) => servers.filter(isDone)).length;
  const title = `${titleOf(execution)}: ${done} of ${count(rows.length, 'server')} ${wordsOf(execution).done}`;
  const columns: Column<ServerRow>[] = [
    { title: 'Server', text: ({ hostname }) => hostname },
    { title: 'State', text: ({ state }) => state },
    { title: 'Why', text: ({ error }) => error },
    ...(execution.waves.length > 1 ? [{ title: 'Wave', text: ({ wave }: ServerRow) => String(wave) }] : []),
    { title: 'Instance', text: ({ instanceId }) => instanceId },
    { title: 'IP', text: ({ ip }) => ip },
    { title: 'Account', text: ({ accountId }) => accountId },
  ];
  return tableMessage(title, rows, columns, (rest) => `The other ${rest} are in ${serversFileName(execution)}.`);
}

/** More of a kind than this, and the card says only how many more there are. */
const MOST_ON_THE_CARD = 10;

/**
 * What preflight found, server by server, as a table in the thread: where the card cannot name all of it. Undefined where
 * it can.
 */
export function findingsTable({ execution, plan }: ExecutionView): Message | undefined {
  if (plan === undefined) return undefined;
  const failed = plan.failed.map((server) => rowOf('cannot be done', server, server.errorMessage));
  const stops = plan.findings
    .filter(({ severity }) => severity === 'stop')
    .map((finding) => ({ ...finding, what: 'stops it' }));
  const warnings = plan.findings
    .filter(({ severity }) => severity === 'warning')
    .map((finding) => ({ ...finding, what: 'warning' }));
  const skipped = plan.skipped.map((server) => rowOf('left out', server, server.reason));
  if ([failed, stops, warnings, skipped].every((list) => list.length <= MOST_ON_THE_CARD)) return undefined;
  const rows: FindingRow[] = [...stops, ...failed, ...warnings, ...skipped];
  const title = `${titleOf(execution)}: what preflight found, ${count(rows.length, 'line')}`;
  const columns: Column<FindingRow>[] = [
    { title: 'Server', text: ({ hostname }) => hostname },
    { title: 'What', text: ({ what }) => what },
    { title: 'Why', text: ({ message }) => message },
    { title: 'Account', text: ({ accountId }) => accountId },
  ];
  return tableMessage(title, rows, columns, (rest) => `${rest} more do not fit here.`);
}

interface FindingRow {
  hostname: string;
  accountId: string;
  what: string;
  message: string;
}

function rowOf(
  what: string,
  server: { sourceServerHostname: string; stagingAccountId: string },
  reason: string,
): FindingRow {
  return { hostname: server.sourceServerHostname, accountId: server.stagingAccountId, what, message: reason };
}

function titleOf(execution: ExecutionRecord): string {
  return escapeText(`${verbWord(execution)} ${scope(execution)}`);
}

interface Column<Row> {
  title: string;
  text: (row: Row) => string;
}

/** As many rows as fit, in only those columns in which something stands: a phone shows about four. */
function tableMessage<Row>(title: string, rows: Row[], all: Column<Row>[], more: (rest: number) => string): Message {
  const columns = all.filter(({ text }) => rows.some((row) => text(row) !== ''));
  const cells = rows.map((row) => columns.map(({ text }) => cell(text(row))));
  const shown = fitting([columns.map(({ title }) => cell(title)), ...cells]);
  const rest = rows.length - (shown.length - 1);
  const table: KnownBlock = {
    type: 'table',
    rows: shown,
    column_settings: columns.map(({ title }) => ({ is_wrapped: title === 'Why' })),
  };
  return message(title, [section(`*${title}.*${rest > 0 ? ` ${escapeText(more(rest))}` : ''}`), table]);
}

type Cells = TableBlock['rows'][number];

function cell(text: string): Cells[number] {
  // A cell must not be empty.
  return { type: 'raw_text', text: cut(oneLine(text), CELL) || '–' };
}

function fitting(rows: Cells[]): Cells[] {
  const shown: Cells[] = [];
  let left = LIMITS.messageCharacters - AROUND;
  for (const row of rows.slice(0, LIMITS.tableRows)) {
    left -= JSON.stringify(row).length + 1;
    if (left < 0) break;
    shown.push(row);
  }
  return shown;
}
