import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { verifyAudit } from '../../scripts/verify-audit.ts';
import type { EventDraft } from '../../src/domain/audit.ts';
import { auditFile, recordsAfter } from '../../src/domain/audit-chain.ts';

const event = (id: string): EventDraft => ({
  ...{ id, kind: 'vote', time: '2026-03-02T02:05:00.000Z', by: { userId: 'U0APPROVER', teamId: 'T0PRACTICE' } },
  details: { choice: 'approve' },
});
const records = recordsAfter([], [event('1'), event('2'), event('3')]);
const { jsonLines } = auditFile(records);

function fileWith(text: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'verify-audit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'audit.jsonl');
  writeFileSync(file, text);
  return file;
}

describe('verify-audit', () => {
  test('says that a chain is whole, and where it ends', () => {
    const { ok, lines } = verifyAudit(fileWith(jsonLines));
    expect(ok).toBe(true);
    expect(lines[0]).toBe('The chain is whole: 3 records.');
    expect(lines[1]).toContain(records[2]?.hash);
  });

  test('names the line where it breaks', () => {
    const lines = jsonLines.split('\n');
    const file = fileWith([lines[0], lines[1]?.replace('approve', 'reject'), lines[2]].join('\n'));
    expect(verifyAudit(file)).toEqual({
      ok: false,
      lines: [`${file}:2 breaks the chain: its content is not what was hashed.`],
    });
  });

  test('names the line that is no record', () => {
    const file = fileWith(`${jsonLines}hello\n`);
    const { ok, lines } = verifyAudit(file);
    expect(ok).toBe(false);
    expect(lines[0]).toContain(`${file}:4 is no record of an audit`);
  });

  test('says that there is no file', () => {
    expect(verifyAudit('/nowhere/audit.jsonl')).toMatchObject({ ok: false });
  });
});
