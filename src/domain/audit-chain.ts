import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AUDIT_KINDS, type AuditEvent, type EventDraft, type MessagePlace } from './audit.ts';

/** One event in its place: `hash` binds it to everything before it. */
export interface AuditRecord {
  /** From 1, without a gap. */
  seq: number;
  /** Hash of the record before; {@link FIRST_HASH} for the first. */
  previousHash: string;
  event: AuditEvent;
  /** SHA-256, in hexadecimal, of the canonical JSON of seq, previousHash and event. */
  hash: string;
}

/** What the first record of a chain follows. */
export const FIRST_HASH = '0'.repeat(64);

/**
 * JSON in one way only, as RFC 8785 has it: members in the order of their names, no spaces. What is left out of JSON is left
 * out here; text that is no Unicode is made so, because nothing would store it as it is.
 */
export function canonicalJson(value: unknown): string {
  return canonical(JSON.parse(JSON.stringify(value)));
}

function canonical(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.toWellFormed());
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${canonical(name)}:${canonical(member)}`).join(',')}}`;
}

/** SHA-256, in hexadecimal, of what a record says. */
export function hashOf({ seq, previousHash, event }: Omit<AuditRecord, 'hash'>): string {
  return createHash('sha256').update(canonicalJson({ seq, previousHash, event })).digest('hex');
}

/**
 * The records that follow `chain` for these events, in their order. An event that is in the chain already is left out, so
 * that what is delivered twice is recorded once. What only the chain knows is filled in: the hash of the plan that
 * stood then, and where the message stands.
 */
export function recordsAfter(chain: readonly AuditRecord[], drafts: readonly EventDraft[]): AuditRecord[] {
  const known = new Set(chain.map((record) => record.event.id));
  const events = chain.map((record) => record.event);
  const added: AuditRecord[] = [];
  let last = chain.at(-1);
  for (const draft of drafts) {
    if (known.has(draft.id)) continue;
    const event = filledIn(draft, events);
    const content = { seq: (last?.seq ?? 0) + 1, previousHash: last?.hash ?? FIRST_HASH, event };
    last = { ...content, hash: hashOf(content) };
    known.add(event.id);
    events.push(event);
    added.push(last);
  }
  return added;
}

function filledIn({ messageKey, ...event }: EventDraft, earlier: readonly AuditEvent[]): AuditEvent {
  const planHash = event.planHash ?? earlier.findLast(({ kind }) => kind === 'preflight')?.planHash;
  const message = event.message?.ts === undefined ? placeOf(messageKey, earlier) : undefined;
  const place = message ?? event.message;
  const filled: AuditEvent = {
    ...event,
    ...(planHash === undefined ? {} : { planHash }),
    ...(place === undefined ? {} : { message: place }),
  };
  // As it is read back: canonical, so that what is hashed is what is kept.
  return JSON.parse(canonicalJson(filled)) as AuditEvent;
}

/** Where the message was posted; the channel alone when it was not yet. */
function placeOf(messageKey: string | undefined, earlier: readonly AuditEvent[]): MessagePlace | undefined {
  if (messageKey === undefined) return undefined;
  const posted = earlier.findLast(({ kind, details }) => kind === 'message posted' && details.key === messageKey);
  if (posted?.message !== undefined) return posted.message;
  const channelId = earlier.find(({ kind }) => kind === 'requested')?.message?.channelId;
  return channelId === undefined ? undefined : { channelId };
}

/** Whether a chain is whole. `lastHash` tells it from a chain that was cut off at its end: compare it with the bucket's last. */
export type Verified =
  | { intact: true; records: number; lastHash: string }
  /** `at`: place of the first record that does not fit, from 1. */
  | { intact: false; at: number; why: string };

/** Checks every record of a chain, in the order given, and says where it breaks. */
export function verifyChain(records: readonly AuditRecord[]): Verified {
  let previousHash = FIRST_HASH;
  for (const [index, record] of records.entries()) {
    const why = breakOf(record, { seq: index + 1, previousHash });
    if (why !== undefined) return { intact: false, at: index + 1, why };
    previousHash = record.hash;
  }
  return { intact: true, records: records.length, lastHash: previousHash };
}

function breakOf(record: AuditRecord, expected: { seq: number; previousHash: string }): string | undefined {
  if (record.seq !== expected.seq) return `record ${record.seq} stands where ${expected.seq} belongs`;
  if (record.previousHash !== expected.previousHash) return 'it does not follow the record before it';
  if (record.hash !== hashOf(record)) return 'its content is not what was hashed';
  return undefined;
}

const hex = z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits');
const actorSchema = z.union([
  z.strictObject({ userId: z.string(), teamId: z.string() }),
  z.strictObject({ machine: z.string() }),
]);
/** Strict: a field that is not hashed by name must not ride along. */
const recordSchema = z.strictObject({
  seq: z.int().min(1),
  previousHash: hex,
  event: z.strictObject({
    id: z.string(),
    kind: z.enum(AUDIT_KINDS),
    time: z.iso.datetime(),
    executionId: z.string().optional(),
    by: actorSchema,
    planHash: z.string().optional(),
    gateId: z.string().optional(),
    message: z
      .strictObject({ channelId: z.string(), ts: z.string().optional(), permalink: z.string().optional() })
      .optional(),
    details: z.record(z.string(), z.unknown()),
  }),
  hash: hex,
});

/** Reads one line of an audit file, or an object of the bucket. @throws {Error} that says what is wrong with it. */
export function readRecord(json: string): AuditRecord {
  const parsed = recordSchema.safeParse(JSON.parse(json));
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  return parsed.data;
}

/** One record as a line of JSON, with its end. */
export function recordLine(record: AuditRecord): string {
  return `${canonicalJson(record)}\n`;
}

/** A chain as files: JSON lines, which can be checked, and CSV (RFC 4180), which can be read. */
export function auditFile(records: readonly AuditRecord[]): { jsonLines: string; csv: string } {
  const rows = [Object.keys(COLUMNS), ...records.map((record) => Object.values(COLUMNS).map((cell) => cell(record)))];
  return {
    jsonLines: records.map(recordLine).join(''),
    csv: rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join(''),
  };
}

const COLUMNS: Record<string, (record: AuditRecord) => string | number | undefined> = {
  seq: ({ seq }) => seq,
  time: ({ event }) => event.time,
  kind: ({ event }) => event.kind,
  user: ({ event: { by } }) => ('userId' in by ? by.userId : undefined),
  team: ({ event: { by } }) => ('userId' in by ? by.teamId : undefined),
  machine: ({ event: { by } }) => ('machine' in by ? by.machine : undefined),
  execution: ({ event }) => event.executionId,
  gate: ({ event }) => event.gateId,
  'plan hash': ({ event }) => event.planHash,
  channel: ({ event }) => event.message?.channelId,
  message: ({ event }) => event.message?.permalink,
  details: ({ event }) => canonicalJson(event.details),
  event: ({ event }) => event.id,
  'previous hash': ({ previousHash }) => previousHash,
  hash: ({ hash }) => hash,
};

/** Quoted where RFC 4180 asks for it. A spreadsheet takes a cell that begins like a formula for one: an apostrophe stops that. */
function csvCell(content: string | number | undefined): string {
  const text = String(content ?? '');
  const plain = /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
