import { SocketModeReceiver } from '@slack/bolt';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WORKSPACE } from '../../../src/local/slack/people.ts';
import { METHOD_SCOPES } from '../../../src/local/slack/scopes.ts';
import { METHOD_NAMES } from '../../../src/local/slack/web-api.ts';
import { CHANNEL, createClient, createWorld, refusalOf, SILENT } from './world.ts';

const APP_TOKEN = 'xapp-practice';

/** A workspace with Socket Mode, and Slack's own client connected to it. */
async function socketWorld(options: Parameters<typeof createWorld>[0] = {}) {
  const world = await createWorld({ appToken: APP_TOKEN, ...options });
  const { client } = new SocketModeReceiver({
    appToken: APP_TOKEN,
    logger: SILENT,
    installerOptions: { clientOptions: { slackApiUrl: `${world.server.url}/api/` } },
    clientPingTimeout: 300,
  });
  await client.start();
  onTestFinished(() => client.disconnect());
  return { ...world, client };
}

/** What the client makes of an envelope. */
interface Received {
  ack: (answer?: unknown) => Promise<void>;
  envelope_id: string;
  body: Record<string, unknown>;
  accepts_response_payload: boolean;
}

// docs.slack.dev/apis/events-api/using-socket-mode
describe('Socket Mode', () => {
  test('sends a command through the WebSocket, and shows the person what the acknowledgement says', async () => {
    const { workspace, client, bot } = await socketWorld();
    const received: Received[] = [];
    client.on('slash_commands', async (envelope: Received) => {
      received.push(envelope);
      await envelope.ack({ response_type: 'ephemeral', text: 'Good morning ☀️' });
    });
    const answer = await workspace.as('requester').command('/dr', 'help', CHANNEL);
    expect(answer).toMatchObject({ status: 200, error: undefined });
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
      accepts_response_payload: true,
      body: { command: '/dr', text: 'help', team_id: WORKSPACE.teamId, api_app_id: WORKSPACE.appId },
    });
    expect(workspace.ephemerals(CHANNEL, 'U0PREQUEST1').at(-1)?.text).toBe('Good morning ☀️');
    expect(bot.requests).toEqual([]);
  });

  test('sends events in their envelope', async () => {
    const { workspace, client } = await socketWorld({ events: ['app_home_opened'] });
    const types: unknown[] = [];
    client.on('app_home_opened', async ({ ack, body }: Received) => {
      types.push(body.type);
      await ack();
    });
    expect(await workspace.as('reader').openHome()).toMatchObject({ attempts: 1, delivered: true });
    expect(types).toEqual(['event_callback']);
  });

  test('carries messages of every length', async () => {
    const { workspace, client } = await socketWorld();
    const lengths: number[] = [];
    client.on('slash_commands', async ({ ack, body }: Received) => {
      lengths.push(String(body.text).length);
      await ack({ text: 'x'.repeat(String(body.text).length) });
    });
    for (const length of [5, 1_000, 70_000]) {
      expect(await workspace.as('requester').command('/dr', 'x'.repeat(length), CHANNEL)).toMatchObject({
        status: 200,
      });
    }
    expect(lengths).toEqual([5, 1_000, 70_000]);
  });

  test('what is not acknowledged in time has failed, and so has what nobody is connected for', async () => {
    const { workspace } = await socketWorld({ answerMs: 50 });
    const late = await workspace.as('requester').command('/dr', 'help', CHANNEL);
    expect(late.error).toBe('operation_timeout');
    const unconnected = await createWorld({ appToken: APP_TOKEN });
    const nobody = await unconnected.workspace.as('requester').command('/dr', 'help', CHANNEL);
    expect(nobody.error).toBe('dispatch_failed');
  });

  test('a ticket is good for one connection', async () => {
    const { server } = await createWorld({ appToken: APP_TOKEN });
    const { url } = await createClient(server, APP_TOKEN).apps.connections.open({});
    const opened = (address: string) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(address);
        socket.onmessage = ({ data }) => resolve(JSON.parse(String(data)).type);
        socket.onerror = () => resolve('refused');
      });
    expect(await opened(String(url))).toBe('hello');
    expect(await opened(String(url))).toBe('refused');
  });

  // docs.slack.dev/reference/methods/apps.connections.open: an app-level token, which no other method takes.
  test('is opened with the app-level token alone', async () => {
    const { server, client } = await createWorld({ appToken: APP_TOKEN });
    const open = (token: string) => createClient(server, token).apps.connections.open({});
    expect((await refusalOf(client.apps.connections.open({}))).error).toBe('not_allowed_token_type');
    expect((await refusalOf(open('xapp-wrong'))).error).toBe('invalid_auth');
    expect((await refusalOf(createClient(server, APP_TOKEN).auth.test())).error).toBe('not_allowed_token_type');
    const without = await createWorld();
    expect((await refusalOf(createClient(without.server, APP_TOKEN).apps.connections.open({}))).error).toBe(
      'invalid_auth',
    );
  });
});

describe('scopes', () => {
  // docs.slack.dev/authentication/installing-with-oauth: `x-oauth-scopes`; docs.slack.dev/apis/web-api: missing_scope.
  test('are told with every answer, and a call without its scope is refused', async () => {
    const { client } = await createWorld({ scopes: ['chat:write', 'commands'] });
    expect((await client.auth.test()).response_metadata?.scopes).toEqual(['chat:write', 'commands']);
    await client.chat.postMessage({ channel: CHANNEL, text: 'may be posted' });
    const error: unknown = await client.users.info({ user: 'U0PREADER01' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      data: { error: 'missing_scope', needed: 'users:read', provided: 'chat:write,commands' },
    });
  });

  test('are not looked at where none are named', async () => {
    const { client } = await createWorld();
    expect((await client.auth.test()).response_metadata?.scopes).toBeUndefined();
    expect((await client.users.info({ user: 'U0PREADER01' })).ok).toBe(true);
  });

  test('are known for every method', () => {
    expect(Object.keys(METHOD_SCOPES).toSorted()).toEqual(METHOD_NAMES.toSorted());
  });
});
