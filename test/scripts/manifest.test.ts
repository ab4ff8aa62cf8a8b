import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { slackManifest } from '../../infra/slack-manifest.ts';

const COMMAND = fileURLToPath(new URL('../../scripts/manifest.ts', import.meta.url));

/** `npm run manifest -- …`. */
async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [COMMAND, ...args])) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}

describe.concurrent('npm run manifest', () => {
  test('prints the manifest and nothing else', async () => {
    const requestUrl = 'https://abc123.execute-api.us-east-2.amazonaws.com/slack/events';
    const http = await run('--url', requestUrl);
    expect(JSON.parse(http.stdout)).toEqual(JSON.parse(JSON.stringify(slackManifest({ requestUrl }))));
    const named = await run('--url', requestUrl, '--environment', 'ohio');
    expect(JSON.parse(named.stdout).features.slash_commands[0].command).toBe('/dr-ohio');
    const socket = await run('--socket');
    expect(JSON.parse(socket.stdout)).toEqual(JSON.parse(JSON.stringify(slackManifest('socket mode'))));
  });

  test.each([
    ['nothing', [], 'Give --url'],
    ['both', ['--socket', '--url', 'https://a.example'], 'not both'],
    ['an address that Slack does not call', ['--url', 'http://a.example'], 'begins with https://'],
    ['no address', ['--url', 'slack'], 'begins with https://'],
    ['no name of an environment', ['--socket', '--environment', 'Ohio 1'], "deployment's file"],
    ['an unknown option', ['--http'], '--http'],
  ])('%s is wrong usage: it ends with 2 and prints no manifest', async (_, args, words) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(words);
  });
});
