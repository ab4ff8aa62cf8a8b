import { WebClient } from '@slack/web-api';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type LocalRequest, type LocalResponse, serve } from '../../src/local/http.ts';
import { readGivenFile } from '../../src/queries/slack-file.ts';
import { SILENT } from '../local/slack/world.ts';

const asker = { userId: 'U0PDRLEAD01', teamId: 'T0PRACTICE1' };
const TOKEN = 'xoxb-secret';

/** A Slack that tells of a file, and answers its download. */
async function slackWith(file: object, download: LocalResponse = { status: 200, body: 'format: x' }) {
  const requests: LocalRequest[] = [];
  let told: object = {};
  const server = await serve(async (request) => {
    requests.push(request);
    return request.path === '/api/files.info'
      ? { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ok: true, file: told }) }
      : download;
  });
  onTestFinished(() => server.close());
  told = {
    name: 'plan.yaml',
    user: asker.userId,
    size: 9,
    url_private_download: `${server.url}/files/F1`,
    ...file,
  };
  vi.stubEnv('SLACK_API_URL', `${server.url}/api/`);
  const client = new WebClient(TOKEN, { slackApiUrl: `${server.url}/api/`, logger: SILENT });
  return { requests, read: () => readGivenFile(client, 'F1', asker) };
}

beforeEach(() => () => vi.unstubAllEnvs());

describe('a file that was given in a form', () => {
  test('is read with the token of the bot', async () => {
    const { read, requests } = await slackWith({});
    expect(await read()).toEqual({ name: 'plan.yaml', text: 'format: x' });
    expect(requests.at(-1)?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  test.each([
    [{ user: 'U0OTHER' }, 'somebody else’s'],
    [{ name: 'plan.exe' }, 'only files whose name ends with .json, .yaml or .yml'],
    [{ size: 400_001 }, 'larger than 400 kB'],
    [{ url_private_download: 'not an address' }, 'Slack does not give this file'],
  ])('%j is refused before anything is fetched', async (file, why) => {
    const { read, requests } = await slackWith(file);
    await expect(read()).rejects.toThrow(why);
    expect(requests.map(({ path }) => path)).toEqual(['/api/files.info']);
  });

  test.each(['https://slack.com.evil.example/F1', 'http://files.slack.com/F1', 'https://evilslack.com/F1'])(
    'the token does not go to %s',
    async (url) => {
      const fetched = vi.spyOn(globalThis, 'fetch');
      onTestFinished(() => fetched.mockRestore());
      const { read } = await slackWith({ url_private_download: url });
      await expect(read()).rejects.toThrow('is not kept by Slack');
      expect(fetched.mock.calls.map(([to]) => String(to))).not.toContain(url);
    },
  );

  test('is not taken when it is larger than Slack has said, or when Slack asks to sign in', async () => {
    const large = await slackWith({}, { status: 200, body: 'x'.repeat(400_001) });
    await expect(large.read()).rejects.toThrow('larger than 400 kB');
    const signedOut = await slackWith({}, { status: 302, headers: { location: '/signin' }, body: '' });
    await expect(signedOut.read()).rejects.toThrow();
    const gone = await slackWith({}, { status: 404, body: 'gone' });
    await expect(gone.read()).rejects.toThrow('Slack answered with 404');
  });
});
