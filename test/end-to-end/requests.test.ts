import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { VirtualClock } from '../../src/local/clock.ts';
import { readInventory } from '../../src/local/command-line.ts';
import { type Practice, startPractice } from '../../src/local/practice.ts';
import { WORKSPACE } from '../../src/local/slack/people.ts';

let practice: Practice;
const clock = new VirtualClock();

beforeAll(async () => {
  practice = await startPractice({
    clock,
    wallClock: clock,
    inventory: readInventory(undefined),
    slackWaitsMs: 60_000,
  });
});
afterAll(() => practice.close());

const FORM = 'application/x-www-form-urlencoded';
const nowSeconds = () => Math.floor(Date.now() / 1_000);

function command(text: string): string {
  return new URLSearchParams({
    command: '/dr',
    text,
    user_id: 'U0PREQUEST1',
    team_id: WORKSPACE.teamId,
    channel_id: WORKSPACE.channelId,
    trigger_id: '1.2.3',
    response_url: `${practice.pageUrl}/response/none`,
  }).toString();
}

interface Sent {
  body: string | Buffer;
  timestamp?: string;
  secret?: string;
  contentType?: string;
  headers?: Record<string, string>;
}

async function send({
  body,
  timestamp = String(nowSeconds()),
  secret = practice.signingSecret,
  contentType = FORM,
  headers,
}: Sent): Promise<Response> {
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest('hex')}`;
  return await fetch(practice.requestUrl, {
    method: 'POST',
    headers: headers ?? {
      'content-type': contentType,
      'x-slack-signature': signature,
      'x-slack-request-timestamp': timestamp,
    },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  });
}

describe('requests that are not from Slack, or not well formed', () => {
  test.each([
    ['without a signature', 401, () => ({ body: command('help'), headers: { 'content-type': FORM } })],
    ['signed with another secret', 401, () => ({ body: command('help'), secret: 'another' })],
    ['six minutes old', 401, () => ({ body: command('help'), timestamp: String(nowSeconds() - 360) })],
    ['six minutes in the future', 401, () => ({ body: command('help'), timestamp: String(nowSeconds() + 360) })],
    ['with a timestamp that is no number', 401, () => ({ body: command('help'), timestamp: '1e9x' })],
    ['with an empty body', 400, () => ({ body: '' })],
    ['with a payload that is no JSON', 400, () => ({ body: 'payload=%7Bbroken' })],
    ['with a payload that is JSON null', 400, () => ({ body: 'payload=null' })],
    ['of an unknown content type', 400, () => ({ body: command('help'), contentType: 'text/plain' })],
    ['with malformed JSON', 400, () => ({ body: '{"type":', contentType: 'application/json' })],
    ['with a form that is no command', 400, () => ({ body: 'a=b' })],
    ['with bytes that are no UTF-8', 401, () => ({ body: Buffer.from([0xff, 0xfe, 0x00, 0x81]) })],
    ['larger than any of Slack’s', 413, () => ({ body: command('x'.repeat(600_000)) })],
  ])('a request %s is answered with %i', async (_, status, request) => {
    const response = await send(request() as Sent);
    expect(response.status).toBe(status);
  });

  test('unsigned malformed JSON is a 401, not a crash: the signature comes first', async () => {
    const response = await send({ body: '{"type":', headers: { 'content-type': 'application/json' } });
    expect(response.status).toBe(401);
  });

  test('a signed command is answered, also with a charset in its content type and in UTF-8', async () => {
    const response = await send({ body: command('drïll HRP wave 1'), contentType: `${FORM}; charset=utf-8` });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ response_type: 'ephemeral', text: expect.stringContaining('drïll') });
  });

  test('an answer comes well within Slack’s three seconds', async () => {
    const answer = await practice.workspace.as('requester').command('/dr', 'help', WORKSPACE.channelId);
    expect(answer.error).toBeUndefined();
  });

  test('in an environment what is typed wrong is answered with the command of that environment', async () => {
    vi.stubEnv('DEPLOYMENT_ENVIRONMENT', 'test');
    onTestFinished(() => void vi.unstubAllEnvs());
    const answerTo = async (text: string) => await (await send({ body: command(text) })).text();
    expect(await answerTo('help')).toContain('`/dr-test drill');
    expect(await answerTo('help')).not.toContain('`/dr ');
    expect(await answerTo('status 0f1e2d3c')).toContain('`/dr-test executions` lists them');
  });

  test('a button of no known card is answered, not ignored', async () => {
    const [message] = [
      practice.workspace.post({
        channel: WORKSPACE.channelId,
        text: 'old',
        blocks: [
          {
            type: 'actions',
            elements: [
              {
                type: 'button',
                action_id: 'gate_approve',
                value: 'nonsense',
                text: { type: 'plain_text', text: 'Old' },
              },
            ],
          },
        ],
      } as never),
    ];
    await practice.workspace.as('approver').click(message, 'gate_approve');
    expect(practice.workspace.ephemerals(WORKSPACE.channelId, 'U0PAPPROVE1').at(-1)?.text).toContain(
      'Nothing was recorded',
    );
  });
});

describe('secrets that are rotated', () => {
  test('are taken up at once, without a deploy, and the old signing secret opens nothing any more', async () => {
    const { botToken, signingSecret } = practice;
    onTestFinished(() => {
      vi.useRealTimers();
      practice.rotateSecrets({ botToken, signingSecret });
    });
    expect((await send({ body: command('help') })).status).toBe(200);
    practice.rotateSecrets({ botToken, signingSecret: 'rotated' });
    // Forged requests do not have the secret read each time: within ten seconds it counts as new.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11_000 });
    expect((await send({ body: command('help'), secret: 'rotated' })).status).toBe(200);
    expect((await send({ body: command('help') })).status).toBe(401);
    practice.rotateSecrets({ botToken, signingSecret });
    expect((await send({ body: command('help') })).status).toBe(401);
    vi.setSystemTime(Date.now() + 11_000);
    expect((await send({ body: command('help') })).status).toBe(200);
  });
});

describe('the same command delivered twice', () => {
  test('is one execution', async () => {
    const body = command('drill Connectors wave 1');
    const answers = await Promise.all([send({ body }), send({ body })]);
    for (const answer of answers)
      expect(await answer.json()).toMatchObject({ text: expect.stringContaining('Looking at Connectors wave 1') });
    const machine = practice.engine.listStateMachines('900000000000').find(({ name }) => name === 'dr-execution');
    await clock.idle();
    expect(practice.engine.listExecutions({ stateMachineArn: machine?.stateMachineArn ?? '' })).toHaveLength(1);
  });
});

describe('a command that cannot be carried out', () => {
  test.each([
    ['requester', 'dril HRP wave 1', 'Did you mean `drill`?'],
    ['requester', 'drill', 'Which application is meant?'],
    ['requester', 'drill HRX wave 1', 'Did you mean HRP?'],
    ['requester', 'drill HRP wave', 'The number of the wave is missing'],
    ['requester', 'drill HRP wave 0', 'Waves are counted from 1'],
    ['requester', 'drill HRP wave 9', 'HRP has no wave 9, but waves 1–4. Nothing was started.'],
    ['requester', 'drill HRP wave 9-2', 'counts backwards'],
    ['requester', 'drill HRP wave x', 'is no number of a wave'],
    ['requester', 'drill HRP wave 1 now', 'I do not understand “now”'],
    ['reader', 'drill HRP wave 1', 'You may not ask for a drill of HRP'],
    ['stranger', 'drill HRP wave 1', 'You have no role here'],
  ])('%s types “%s” and is told why, alone', async (person, text, answer) => {
    const before = practice.workspace.messages(WORKSPACE.channelId).length;
    const { body } = await practice.workspace.as(person).command('/dr', text, WORKSPACE.channelId);
    expect(JSON.parse(body)).toMatchObject({ response_type: 'ephemeral', text: expect.stringContaining(answer) });
    expect(practice.workspace.messages(WORKSPACE.channelId)).toHaveLength(before);
  });

  test('a stranger learns nothing of what exists', async () => {
    const { body } = await practice.workspace.as('stranger').command('/dr', 'help', WORKSPACE.channelId);
    expect(body).not.toContain('HRP');
  });

  test('text from outside cannot mention or link anybody', async () => {
    const { body } = await practice.workspace
      .as('requester')
      .command('/dr', 'drill <!channel> wave 1', WORKSPACE.channelId);
    expect(JSON.parse(body).text).toContain('&lt;!channel&gt;');
  });
});
