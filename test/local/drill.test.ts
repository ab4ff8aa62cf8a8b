import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { outputSchema } from '../../src/domain/contract.ts';
import { readInventory } from '../../src/local/command-line.ts';
import { drill } from '../../src/local/drill.ts';

const COMMAND = fileURLToPath(new URL('../../src/local/drill.ts', import.meta.url));

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** `npm run drill -- …` as a process, without a terminal, from another directory than the project's. */
function drillProcess(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...output }));
  });
}

/** The same in this process: a process of its own loads all of AWS first. */
async function drillHere(...args: string[]): Promise<Ended> {
  const output = { stdout: '', stderr: '' };
  const into = (stream: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      output[stream] += text;
    },
  });
  const code = await drill(args, { stdout: into('stdout'), stderr: into('stderr') });
  return { code, ...output };
}

/**
 * Somebody who approves, at a speed at which also a busy machine gets done in time what it should: what a state machine allows
 * a function is simulated time.
 */
const APPROVED = ['--approve-as', 'approver', '--speed', '200'];

/** HRP alone, as a file: with all thousand servers a drill takes longer to start. */
const folder = mkdtempSync(join(tmpdir(), 'drill-'));
const HRP = join(folder, 'hrp.json');
beforeAll(() => {
  const whole = readInventory(undefined);
  const sourceServers = whole.sourceServers.filter(({ tags }) => tags['DR-Application'] === 'HRP');
  writeFileSync(HRP, JSON.stringify({ ...whole, sourceServers }));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('npm run drill', () => {
  test('prints the component’s output and nothing else with --json, every server once', async () => {
    const { code, stdout, stderr } = await drillProcess('HRP', 'wave', '1', '--json', ...APPROVED);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('· completed') });
    const output = outputSchema.parse(JSON.parse(stdout));
    expect(output).toMatchObject({ status: 'success', summary: { totalServers: 30, succeeded: 30 } });
    const expected = readInventory(undefined)
      .sourceServers.filter(({ tags }) => tags['DR-Application'] === 'HRP' && tags['DR-Wave'] === '1')
      .map(({ sourceServerId }) => sourceServerId);
    expect(output.recoveryInstances.map(({ sourceServerId }) => sourceServerId).sort()).toEqual(expected.sort());
  });

  test('ends with 1 when preflight stops the drill, and shows what stops it', async () => {
    const { code, stdout } = await drillHere('HRP', 'wave', '3', '--inventory', HRP, ...APPROVED);
    expect(code).toBe(1);
    expect(stdout).toMatch(/What stops it\n• hrp-web-009 .*live instance i-/);
    expect(stdout).not.toContain('Approve?');
  });

  test('ends with 1 when the one who approves may not: the bot’s refusal is shown, nothing is launched', async () => {
    const { code, stdout } = await drillHere(
      'HRP',
      'wave',
      '1',
      '--inventory',
      HRP,
      '--approve-as',
      'requester',
      '--speed',
      '200',
    );
    expect(code).toBe(1);
    expect(stdout).toContain('Would launch 30 drill instances in 3 staging accounts');
    expect(stdout).toContain('requester> [Approve Drill]');
    expect(stdout).toContain('(only visible to requester) You asked for this drill, so somebody else has to decide');
    expect(stdout).not.toMatch(/· (launching|completed)|\d+ of \d+ servers launched/);
  });

  test('ends with 2 when the bot does not understand: its answer is shown, also beside --json', async () => {
    const { code, stdout, stderr } = await drillHere('HRX', 'wave', '1', '--json', '--inventory', HRP, ...APPROVED);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('requester> /dr drill HRX wave 1');
    expect(stderr).toContain('There is no application “HRX”. Did you mean HRP?');
  });
});

describe('wrong usage ends with 2 before anything starts', () => {
  test.each<[string, string[], string]>([
    ['no arguments', [], 'What is to be drilled?'],
    ['an unknown option', ['HRP', 'wave', '1', '--fast'], "Unknown option '--fast'"],
    ['a speed that is none', ['HRP', 'wave', '1', '--approve-as', 'approver', '--speed', '0'], '--speed takes'],
    [
      'somebody who does not exist',
      ['HRP', 'wave', '1', '--approve-as', 'nobody'],
      '--approve-as takes one of requester, approver, second-approver, lead, reader, stranger, not "nobody".',
    ],
    [
      'an inventory that is not there',
      ['HRP', 'wave', '1', '--approve-as', 'approver', '--inventory', 'none.json'],
      'The inventory cannot be read',
    ],
  ])('%s', async (_, args, words) => {
    const { code, stdout, stderr } = await drillHere(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(words);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('nobody to approve and no terminal', async () => {
    const { code, stdout, stderr } = await drillProcess('HRP', 'wave', '1');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('there is no terminal to ask at');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('a broken inventory: every line and field that is wrong', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'inventory-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'inventory.json');
    const { sourceServers, ...rest } = readInventory(undefined);
    const [first, second] = sourceServers;
    writeFileSync(
      file,
      [
        `{"region": "us-east-2", "stagingAccounts": ${JSON.stringify(rest.stagingAccounts)},`,
        '"sourceServers": [',
        `${JSON.stringify({ ...first, hostname: '' })},`,
        `${JSON.stringify({ ...second, accountId: '12', tags: { a: 1 } })}`,
        ']}',
      ].join('\n'),
    );
    const { code, stderr } = await drillHere('HRP', 'wave', '1', '--inventory', file, ...APPROVED);
    expect(code).toBe(2);
    expect(stderr).toContain('3 problem(s)');
    expect(stderr).toContain(`${file}:3: sourceServers[0].hostname:`);
    expect(stderr).toContain(`${file}:4: sourceServers[1].accountId:`);
    expect(stderr).toContain(`${file}:4: sourceServers[1].tags.a:`);
  });
});

test('--help says what there is, and ends with 0', async () => {
  const { code, stdout } = await drillHere('--help');
  expect(code).toBe(0);
  expect(stdout).toContain('--approve-as NAME');
});
