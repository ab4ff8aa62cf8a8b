import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logAbout, redact, redactingLog } from '../../src/observability/redact.ts';
import { keptLog } from './outputs.ts';

/** Made up, in the forms of the real ones, and put together here so that no scanner takes them for real. */
const TASK_TOKEN = `AQCAAAAAKgAAAAMAAAAA${randomBytes(400).toString('base64')}`;
const BOT_TOKEN = ['xoxb', '123456789012', '1234567890123', 'AbCdEfGhIjKlMnOpQrStUvWx'].join('-');
const APP_TOKEN = ['xapp', '1', 'A0123', '1234567890', 'abcdef0123456789'].join('-');
const ROTATED_TOKEN = ['xoxe.xoxb', '1', 'AbCdEfGh'].join('-');
const SIGNING_SECRET = '8f742231b10e8888abcd99yyyzzz85a5'.replaceAll(/[yz]/g, '0');
const RESPONSE_URL = ['https://hooks.slack.com', 'commands', 'T1', '2', 'abcDEF'].join('/');

describe('secrets never appear', () => {
  test.each([
    [
      'a task token in a quoted request',
      `SendTaskSuccess({"taskToken":"${TASK_TOKEN}","output":"{}"}) failed`,
      TASK_TOKEN,
    ],
    ['a task token alone', `Task Timed Out: ${TASK_TOKEN}`, TASK_TOKEN],
    [
      'a task token in a query',
      `POST /?taskToken=${encodeURIComponent(TASK_TOKEN)}&x=1`,
      encodeURIComponent(TASK_TOKEN),
    ],
    ['a bot token in a header', `Authorization: Bearer ${BOT_TOKEN}`, BOT_TOKEN],
    ['a bot token alone', `invalid_auth ${BOT_TOKEN}`, BOT_TOKEN],
    ['an app token', `(${APP_TOKEN})`, APP_TOKEN],
    ['a rotated token', ROTATED_TOKEN, 'AbCdEfGh'],
    [
      'a signing secret in JSON',
      `Unexpected end: {"botToken":"x","signingSecret":"${SIGNING_SECRET}"}`,
      SIGNING_SECRET,
    ],
    [
      'a signing secret in JSON in JSON',
      JSON.stringify({ SecretString: JSON.stringify({ signingSecret: SIGNING_SECRET }) }),
      SIGNING_SECRET,
    ],
    ['a signing secret in JSON with spaces', `{ "signingSecret" : "${SIGNING_SECRET}" }`, SIGNING_SECRET],
    ['a response URL', `404 for ${RESPONSE_URL}`, 'abcDEF'],
    ['a secret after another name', `cause: {error: signing_secret=${SIGNING_SECRET}`, SIGNING_SECRET],
    ['a session token', `x-amz-security-token: ${SIGNING_SECRET}`, SIGNING_SECRET],
    ['a signature', `AWS4-HMAC-SHA256 Credential=A/b, Signature=${SIGNING_SECRET}`, SIGNING_SECRET],
  ])('%s', (_, text, secret) => {
    expect(redact(text)).not.toContain(secret);
    expect(redact(redact(text))).toBe(redact(text));
    const { log, lines } = keptLog();
    redactingLog(log).error(text, { error: text, deep: [{ text }], thrown: new Error(text) });
    expect(JSON.stringify(lines)).not.toContain(secret);
  });

  test('fields with a secret name are not shown, whatever they hold', () => {
    const { log, lines } = keptLog();
    redactingLog(log).warn('x', { taskToken: 'short', bell: { task_token: { a: 1 } }, 'X-Slack-Signature': 'v0=1' });
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'x',
        fields: {
          taskToken: '(redacted)',
          bell: { task_token: '(redacted)' },
          'X-Slack-Signature': '(redacted)',
        },
      },
    ]);
  });

  test('wherever a task token stands in a text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (before, after) => {
        expect(redact(`${before}${TASK_TOKEN}${after}`)).not.toContain(TASK_TOKEN);
      }),
    );
  });
});

describe('what helps is kept', () => {
  test.each([
    'User: arn:aws:sts::900000000000:assumed-role/dr-chatops-effects/x is not authorized to perform: states:StartExecution',
    `The plan hash is ${'a1'.repeat(32)}, the next page NextToken: abc`,
    'results/DR-20260302-030000-abcdef/wave-01.json in s3://dr-chatops-results-900000000000',
    'ExpiredToken: the security token included in the request is expired',
  ])('%s', (text) => {
    expect(redact(text)).toBe(text);
  });

  test('fields of every kind go through as they are', () => {
    const { log, lines } = keptLog();
    const fields = { executionId: 'DR-1', count: 3, nothing: undefined, none: null, list: ['a', { b: true }] };
    redactingLog(log).info('Rang the bell', fields);
    redactingLog(log).info('Rang the bell');
    expect(lines).toEqual([
      { level: 'info', message: 'Rang the bell', fields },
      { level: 'info', message: 'Rang the bell' },
    ]);
  });

  test('an error keeps its name and its message, and its cause is not shown', () => {
    const { log, lines } = keptLog();
    const cause = Object.assign(new Error('refused'), { config: { headers: { cookie: 'a secret like no other' } } });
    redactingLog(log).error('x', { thrown: new RangeError('too far', { cause }) });
    expect(lines[0]?.fields?.thrown).toMatchObject({ name: 'RangeError', message: 'too far' });
    expect(JSON.stringify(lines)).not.toContain('a secret like no other');
  });

  test('what holds itself, and bytes, are named', () => {
    const { log, lines } = keptLog();
    const loop: Record<string, unknown> = { bytes: new Uint8Array(3) };
    loop.self = loop;
    redactingLog(log).error('x', loop);
    expect(lines[0]?.fields).toEqual({ bytes: '(binary)', self: '(circular)' });
  });
});

test('a log about an execution says so in every line; a line may say better', () => {
  const { log, lines } = keptLog();
  const about = logAbout(log, { executionId: 'DR-1', correlationId: 'incident-7' });
  about.info('a');
  about.warn('b', { accountId: '111111111111' });
  about.error('c', { correlationId: 'other' });
  expect(lines.map(({ level, fields }) => [level, fields])).toEqual([
    ['info', { executionId: 'DR-1', correlationId: 'incident-7' }],
    ['warn', { executionId: 'DR-1', correlationId: 'incident-7', accountId: '111111111111' }],
    ['error', { executionId: 'DR-1', correlationId: 'other' }],
  ]);
});
