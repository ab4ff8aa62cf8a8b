import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const COMMAND = fileURLToPath(new URL('../../src/local/start.ts', import.meta.url));

const started: ChildProcess[] = [];
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
});

/** `npm start -- …`. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  return { child, said: saidBy(child), code: new Promise<number | null>((resolve) => child.once('close', resolve)) };
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
    const { child, said, code } = start('--port', '0', '--speed', '600');
    const [, url = ''] = await said(/practice mode: (http:\/\/127\.0\.0\.1:\d+)\n/);
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<!doctype html>');
    child.kill('SIGTERM');
    expect(await code).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  test.each([
    ['a port that is none', ['--port', 'x'], /--port takes a number from 0 to 65535, not "x"\./],
    ['an empty port', ['--port', ''], /--port takes a number from 0 to 65535, not ""\./],
    ['an unknown option', ['--fast'], /Unknown option '--fast'/],
  ])('%s is wrong usage: it ends with 2', async (_, args, words) => {
    const { said, code } = start(...args);
    const [match] = await said(words);
    expect(match).toBeDefined();
    expect(await code).toBe(2);
  });

  test('a port that is in use is wrong usage, and says what to do', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    const { said, code } = start('--port', String(typeof address === 'object' ? address?.port : ''));
    await said(/The port is in use: choose another with --port\./);
    expect(await code).toBe(2);
    holder.close();
  });
});
