/**
 * Checks an audit that was downloaded, from Slack or from the bucket: `npm run verify-audit -- audit.jsonl`. Each record is
 * hashed again; it needs nothing but the file.
 */
import { readFileSync } from 'node:fs';
import { type AuditRecord, readRecord, verifyChain } from '../src/domain/audit-chain.ts';
import { messageOf } from '../src/domain/errors.ts';

/** What became of a check: every line that is to be printed. */
export interface CheckedAudit {
  ok: boolean;
  lines: string[];
}

/** Checks one file of JSON lines. */
export function verifyAudit(file: string): CheckedAudit {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { ok: false, lines: [`${file} cannot be read: ${messageOf(error)}`] };
  }
  const records: AuditRecord[] = [];
  for (const [index, line] of text.trimEnd().split('\n').entries()) {
    try {
      records.push(readRecord(line));
    } catch (error) {
      return { ok: false, lines: [`${file}:${index + 1} is no record of an audit: ${messageOf(error)}`] };
    }
  }
  const verified = verifyChain(records);
  if (!verified.intact) return { ok: false, lines: [`${file}:${verified.at} breaks the chain: ${verified.why}.`] };
  return {
    ok: true,
    lines: [
      `The chain is whole: ${verified.records === 1 ? '1 record' : `${verified.records} records`}.`,
      `The last one has the hash ${verified.lastHash}: in the bucket no object of the chain may come after it.`,
    ],
  };
}

const HELP = `Checks an audit that was downloaded, from Slack or from the bucket: each record is hashed again.

  npm run verify-audit -- FILE   JSON lines, in the order of their numbers

It needs nothing but the file. It ends with 0 when the chain is whole, 1 otherwise, and then names the line where it breaks.`;

if (import.meta.main) {
  const [, , file] = process.argv;
  const { ok, lines } =
    file === undefined
      ? { ok: false, lines: ['Which file? npm run verify-audit -- audit.jsonl'] }
      : file === '--help'
        ? { ok: true, lines: [HELP] }
        : verifyAudit(file);
  (ok ? process.stdout : process.stderr).write(`${lines.join('\n')}\n`);
  process.exitCode = ok ? 0 : 1;
}
