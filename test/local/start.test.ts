import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { start } from '../../src/local/start.ts';
import { BOT_TOKEN, CHANNEL, createWorld } from './slack/world.ts';

const COMMAND = fileURLToPath(new URL('../../src/local/start.ts', import.meta.url));

const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** `npm start -- …` as a process. */
function startProcess(...args: string[]) {
  return startWith({}, ...args);
}

/** The same with more in its environment. */
function startWith(environment: Record<string, string>, ...args: string[]) {
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
  started.push(child);
  return { child, said: saidBy(child), code: new Promise<number | null>((resolve) => child.once('close', resolve)) };
}

/** An error that ends the process with 2. */
function wrongUsage(words: string) {
  return { name: 'UsageError', message: expect.stringContaining(words) };
}

/** Everything that was printed, once it matches; fails when the process ends before. */
function saidBy(child: ChildProcess): (pattern: RegExp) => Promise<RegExpExecArray> {
  let text = '';
  let look = (): void => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      look();
    });
  }
  return (pattern) =>
    new Promise((resolve, reject) => {
      look = () => {
        const match = pattern.exec(text);
        if (match !== null) resolve(match);
      };
      child.once('close', () => reject(new Error(`ended without saying ${pattern}: ${text}`)));
      look();
    });
}

describe.concurrent('npm start', () => {
  test('serves the page where it says, until it is told to end, and ends well', async () => {
    const { child, said, code } = startProcess('--port', '0', '--speed', '600');
    const [, url = ''] = await said(/practice mode: (http:\/\/127\.0\.0\.1:\d+)\n/);
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<!doctype html>');
    child.kill('SIGTERM');
    expect(await code).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  test.each([
    ['a port that is none', ['--port', 'x'], '--port takes a number from 0 to 65535, not "x".'],
    ['an empty port', ['--port', ''], '--port takes a number from 0 to 65535, not "".'],
  ])('%s is wrong usage', async (_, args, words) => {
    await expect(start(args)).rejects.toMatchObject(wrongUsage(words));
  });

  test('wrong usage ends with 2: an unknown option', async () => {
    const { said, code } = startProcess('--fast');
    await said(/Unknown option '--fast'/);
    expect(await code).toBe(2);
  });

  test('a port that is in use is wrong usage, and says what to do', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    const { said, code } = startProcess('--port', String(typeof address === 'object' ? address?.port : ''));
    await said(/The port is in use: choose another with --port\./);
    expect(await code).toBe(2);
    holder.close();
  });
});

describe('npm start with a real workspace', () => {
  const APP_TOKEN = 'xapp-practice';

  /** A workspace on this machine in the place of a real one, and the environment that leads to it. */
  async function realWorkspace() {
    const world = await createWorld({ appToken: APP_TOKEN, answerMs: 60_000 });
    const environment = {
      SLACK_BOT_TOKEN: BOT_TOKEN,
      SLACK_APP_TOKEN: APP_TOKEN,
      SLACK_API_URL: `${world.server.url}/api/`,
    };
    return { ...world, environment };
  }

  /** Who may do what, as a file. */
  function accessFile(content: unknown): string {
    const folder = mkdtempSync(path.join(tmpdir(), 'access-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'access.json');
    writeFileSync(file, JSON.stringify(content));
    return file;
  }

  const access = {
    teamId: WORKSPACE.teamId,
    grants: [{ role: 'DRSRecoveryManager', users: [PEOPLE[0]?.userId] }],
  };

  test('connects by Socket Mode, says what to type, answers people there, and shows no token', async () => {
    const { workspace, environment } = await realWorkspace();
    const { child, said, code } = startWith(
      environment,
      '--port',
      '0',
      '--access',
      accessFile({ access }),
      '--verbose',
    );
    const [everything] = await said(
      /[\s\S]*In Slack: \/invite @dr-chatops in a channel, then \/dr drill HRP wave 1[\s\S]*\n/,
    );
    expect(everything).toContain('connected to the Slack workspace practice as @dr-chatops');
    expect(everything).not.toContain(BOT_TOKEN);
    expect(everything).not.toContain(APP_TOKEN);
    const answer = await workspace.as('requester').command('/dr', 'help', CHANNEL);
    expect(answer).toMatchObject({ status: 200, error: undefined });
    expect(workspace.ephemerals(CHANNEL, PEOPLE[0]?.userId ?? '').at(-1)?.text).toContain('/dr');
    child.kill('SIGTERM');
    expect(await code).toBe(0);
  });

  test('with no access file says what to write into one, and gives nobody a role', async () => {
    const { workspace, environment } = await realWorkspace();
    const { said, code } = startWith(environment, '--port', '0');
    const [text] = await said(
      /Nobody may do anything yet in practice[\s\S]*"teamId": "T0PRACTICE1"[\s\S]*leave "policies" out/,
    );
    expect(text).toContain('--access FILE');
    expect(await code).toBe(2);
    expect(workspace.socketMode?.connections).toBe(0);
  });

  test('is wrong usage without both tokens, or with one that Slack does not accept', async () => {
    const { environment } = await realWorkspace();
    const noApp = 'SLACK_BOT_TOKEN is set but SLACK_APP_TOKEN is not: Socket Mode needs both.';
    vi.stubEnv('SLACK_BOT_TOKEN', BOT_TOKEN);
    await expect(start([])).rejects.toMatchObject(wrongUsage(noApp));
    // Whatever the environment of the tests has.
    vi.stubEnv('SLACK_BOT_TOKEN', '');
    vi.stubEnv('SLACK_APP_TOKEN', '');
    onTestFinished(() => void vi.unstubAllEnvs());
    const file = accessFile({ access });
    const wrongApp = startWith({ ...environment, SLACK_APP_TOKEN: 'xapp-wrong' }, ...['--port', '0', '--access', file]);
    await wrongApp.said(/Slack does not accept SLACK_APP_TOKEN \(.*invalid_auth\)/);
    expect(await wrongApp.code).toBe(2);
    await expect(start(['--access', file])).rejects.toMatchObject(wrongUsage('--access is for a real workspace'));
  });
});
