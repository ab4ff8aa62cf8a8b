import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkConfig, checkConfigs } from '../../scripts/check-config.ts';

const EXAMPLE = new URL('../../config/example.json', import.meta.url);

/** A file with this text. */
function fileWith(text: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'check-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'deployment.json');
  writeFileSync(file, text);
  return file;
}

/** The example with a change, and the number of the line in which `marker` stands then. */
function changedExample(from: string, to: string, marker: string): { file: string; line: number } {
  const example = readFileSync(EXAMPLE, 'utf8');
  expect(example).toContain(from);
  const text = example.replace(from, to);
  return { file: fileWith(text), line: text.slice(0, text.indexOf(marker)).split('\n').length };
}

describe('check-config', () => {
  test('of several files says which cannot stand side by side', () => {
    const bothWays = ['to-us-east-2', 'to-us-east-1'].map(
      (name) => new URL(`../../config/both-ways/${name}.json`, import.meta.url).pathname,
    );
    expect(checkConfigs(bothWays).ok).toBe(true);
    const [ohio = '', virginia = ''] = bothWays;
    const text = readFileSync(virginia, 'utf8').replace('"virginia"', '"ohio"');
    const same = fileWith(text);
    const { ok, lines } = checkConfigs([ohio, same, EXAMPLE.pathname]);
    expect(ok).toBe(false);
    expect(lines.filter((line) => line.startsWith(`${same}:`))).toEqual([
      `${same}:1 environment: it cannot stand beside ${ohio}: both are ohio, and both are in 900000000000, 111111111111, 222222222222, 555555555555: their names would be the same`,
    ]);
  });

  test('says ok and what the file says', () => {
    const { ok, lines } = checkConfig(EXAMPLE.pathname);
    expect(ok).toBe(true);
    expect(lines[0]).toBe('ok');
    expect(lines).toContain('  DRSRecoveryManager: 3 Slack users');
    expect(lines.find((line) => line.startsWith('  drill:'))).toMatch(
      /^ {2}drill: 1 approval, expires after 30 minutes/,
    );
    expect(lines.find((line) => line.startsWith('  failover:'))).toMatch(/^ {2}failover: 2 approvals/);
  });

  test('names each wrong field with its line', () => {
    const { file, line } = changedExample('"U0APPROVER2"', '"approver@example.org"', 'approver@example.org');
    expect(checkConfig(file)).toEqual({
      ok: false,
      lines: [`${file}:${line} access.grants.1.users.1: a Slack user id begins with U or W`],
    });
  });

  test('shows a field that is missing where it belongs', () => {
    const { file, line } = changedExample('"teamId": "T0EXAMPLE0",', '', '"access"');
    const { lines } = checkConfig(file);
    expect(lines).toEqual([expect.stringContaining(`${file}:${line} access.teamId: `)]);
  });

  test('tells where the file is not JSON', () => {
    const { file, line } = changedExample(
      '"organizationId": "o-examplepractice",',
      '"organizationId" "o-examplepractice",',
      '"organizationId"',
    );
    expect(checkConfig(file)).toEqual({ ok: false, lines: [`${file}:${line} is not JSON: ColonExpected`] });
    expect(checkConfig(fileWith('')).lines[0]).toMatch(/:1 is not JSON: /);
  });

  test('tells when there is no such file', () => {
    expect(checkConfig('/nowhere/deployment.json').lines[0]).toMatch(/^\/nowhere\/deployment\.json cannot be read: /);
  });
});
