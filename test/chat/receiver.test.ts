import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifyRequest } from '../../src/chat/receiver.ts';
import { slackSignature } from '../../src/local/slack/signature.ts';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const SECRET = 'a-signing-secret';
const SENT_AT = 1_772_416_800;
const COMMAND = 'command=%2Fdr&text=drill+HRP+wave+1&user_id=U1&team_id=T1&channel_id=C1&trigger_id=1.2.3';
const PRESS = {
  type: 'block_actions',
  user: { id: 'U1', team_id: 'T1' },
  trigger_id: '1.2.3',
  container: { type: 'message' },
  response_url: 'https://hooks.slack.com/actions/T1/1/x',
  actions: [{ type: 'button', action_id: 'gate_approve', value: 'x' }],
};
const PRESS_AT_HOME = {
  ...PRESS,
  response_url: undefined,
  container: { type: 'view', view_id: 'V1' },
  view: { id: 'V1', type: 'home' },
};
const SUBMISSION = {
  type: 'view_submission',
  user: { id: 'U1', team_id: 'T1' },
  view: { id: 'V1', private_metadata: '', state: { values: {} } },
};

interface Sent {
  body?: string;
  contentType?: string;
  /** Seconds. */
  timestamp?: number;
  /** Instead of all headers. */
  headers?: Record<string, string>;
  secret?: string;
  base64?: boolean;
}

function anEvent({ body = COMMAND, contentType = FORM, timestamp = SENT_AT, headers, secret, base64 }: Sent = {}) {
  return {
    version: '2.0',
    routeKey: 'POST /slack/events',
    rawPath: '/slack/events',
    rawQueryString: '',
    headers: headers ?? {
      'content-type': contentType,
      'x-slack-request-timestamp': String(timestamp),
      'x-slack-signature': slackSignature(secret ?? SECRET, timestamp, body),
    },
    body: base64 === true ? Buffer.from(body, 'utf8').toString('base64') : body,
    isBase64Encoded: base64 === true,
  } as APIGatewayProxyEventV2;
}

/** `accepted`, or the status and the words with which the request is turned away. */
function outcome(sent: Sent, realNow = SENT_AT * 1_000): string {
  const result = verifyRequest(anEvent(sent), SECRET, realNow);
  return 'answer' in result ? `${result.answer.statusCode} ${result.why}` : 'accepted';
}

/** The request as it is given on; fails when it is turned away. */
function accepted(sent: Sent, secret = SECRET, realNow = SENT_AT * 1_000): APIGatewayProxyEventV2 {
  const result = verifyRequest(anEvent(sent), secret, realNow);
  if ('answer' in result) throw new Error(`turned away: ${result.why}`);
  return result.event;
}

describe('the signature', () => {
  test('is the one of Slack’s documentation', () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const headers = {
      'content-type': FORM,
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    };
    const event = accepted({ body, headers }, '8f742231b10e8888abcd99yyyzzz85a5', 1_531_420_618_000);
    expect(event.body).toBe(body);
  });

  const signed = (differs: Record<string, string>) => ({
    headers: { ...anEvent().headers, ...differs } as Record<string, string>,
  });
  const good = slackSignature(SECRET, SENT_AT, COMMAND);
  test.each<[string, Sent]>([
    ['of another secret', { secret: 'another' }],
    ['of another body', { ...signed({}), body: `${COMMAND}1` }],
    ['of another timestamp', signed({ 'x-slack-request-timestamp': String(SENT_AT + 1) })],
    ['of another version', signed({ 'x-slack-signature': good.replace('v0', 'v1') })],
    ['without a version', signed({ 'x-slack-signature': good.replace('v0=', '') })],
    ['cut short', signed({ 'x-slack-signature': good.slice(0, -1) })],
    ['in capitals', signed({ 'x-slack-signature': good.toUpperCase() })],
    ['that is empty', signed({ 'x-slack-signature': '' })],
    ['of only a version', signed({ 'x-slack-signature': 'v0=' })],
  ])('%s is refused', (_, sent) => {
    expect(outcome(sent)).toBe('401 the signature is wrong');
  });

  test.each<[string, Record<string, string>]>([
    ['no signature', { 'content-type': FORM, 'x-slack-request-timestamp': String(SENT_AT) }],
    ['no timestamp', { 'content-type': FORM, 'x-slack-signature': good }],
    ['an empty timestamp', { 'x-slack-request-timestamp': '', 'x-slack-signature': good }],
    ['a timestamp that is no number', { 'x-slack-request-timestamp': 'now', 'x-slack-signature': good }],
    ['a negative timestamp', { 'x-slack-request-timestamp': '-1', 'x-slack-signature': good }],
    ['a timestamp with a fraction', { 'x-slack-request-timestamp': `${SENT_AT}.5`, 'x-slack-signature': good }],
    ['no headers at all', {}],
  ])('a request with %s is not signed', (_, headers) => {
    expect(outcome({ headers })).toBe('401 the request is not signed');
  });

  test('is checked before the body is looked at', () => {
    expect(outcome({ body: '{"type":', contentType: JSON_TYPE, secret: 'another' })).toMatch(/^401/);
  });
});

describe('the age of a request', () => {
  test.each([
    [300_000, 'accepted'],
    [300_001, '401 the request is too old or from the future'],
    [-300_000, 'accepted'],
    [-300_001, '401 the request is too old or from the future'],
    [0, 'accepted'],
    [86_400_000, '401 the request is too old or from the future'],
  ])('%i ms after it was sent: %s', (ms, expected) => {
    expect(outcome({}, SENT_AT * 1_000 + ms)).toBe(expected);
  });
});

describe('the body', () => {
  test('is text, also where the gateway sends it as base64, with every character kept', () => {
    const body = 'command=/dr&text=drïll “HRP” 🚀&user_id=U1&team_id=T1&channel_id=C1&trigger_id=1.2.3';
    expect(accepted({ body, base64: true })).toMatchObject({ body, isBase64Encoded: false });
    expect(accepted({ body })).toMatchObject({ body, isBase64Encoded: false });
  });

  test('may be 512 KiB and no more, counted in bytes', () => {
    const most = `${COMMAND}&x=`;
    const filled = most + 'x'.repeat(512 * 1_024 - most.length);
    expect(outcome({ body: filled })).toBe('accepted');
    expect(outcome({ body: `${filled}x` })).toBe('413 the request is too large');
    expect(outcome({ body: `${filled}x`, base64: true })).toBe('413 the request is too large');
    expect(outcome({ body: 'ï'.repeat(300 * 1_024) })).toBe('413 the request is too large');
  });

  const payload = (value: string) => ({ body: `payload=${encodeURIComponent(value)}` });
  test.each<[string, Sent]>([
    ['a command', {}],
    ['a charset behind the content type', { contentType: `${FORM}; charset=utf-8` }],
    ['a content type in capitals', { contentType: 'Application/X-WWW-Form-URLencoded;charset=UTF-8' }],
    ['a press', payload(JSON.stringify(PRESS))],
    ['a press in App Home', payload(JSON.stringify(PRESS_AT_HOME))],
    ['a submitted form', payload(JSON.stringify(SUBMISSION))],
    ['an event', { contentType: `${JSON_TYPE}; charset=utf-8`, body: '{"type":"url_verification"}' }],
    ['Slack’s check of the certificate', { body: 'ssl_check=1&token=x' }],
  ])('%s is accepted', (_, sent) => {
    expect(outcome(sent)).toBe('accepted');
  });

  test.each<[string, Sent]>([
    ['nothing', { body: '' }],
    ['a form that is none of Slack’s', { body: 'a=b' }],
    ['a command of nobody', { body: 'command=%2Fdr&text=x' }],
    ['an empty payload', { body: 'payload=' }],
    ['a payload that is no JSON', payload('{"type":')],
    ['a payload that is null', payload('null')],
    ['a payload that is a list', payload('[]')],
    ['a payload without a type', payload('{}')],
    ['a payload whose type is no text', payload('{"type":1}')],
    ['malformed JSON', { contentType: JSON_TYPE, body: '{' }],
    ['JSON that is a text', { contentType: JSON_TYPE, body: '"type"' }],
    ['a command of another content type', { contentType: 'text/plain' }],
    ['a command of no content type', { contentType: '' }],
    ['a form that says it is JSON', { contentType: JSON_TYPE }],
    ['a command of two people', { body: `${COMMAND}&user_id=U2` }],
    ['a command without its trigger', { body: COMMAND.replace('&trigger_id=1.2.3', '') }],
    ['a press of nothing', payload(JSON.stringify({ ...PRESS, actions: [] }))],
    ['a press by nobody', payload(JSON.stringify({ ...PRESS, user: undefined }))],
    ['a press that nobody can be answered', payload(JSON.stringify({ ...PRESS, response_url: undefined }))],
    ['a press that is a command, too', payload(JSON.stringify({ ...PRESS, command: '/dr' }))],
    ['a press with the token of a workflow', payload(JSON.stringify({ ...PRESS, bot_access_token: 'xwfp-1' }))],
    ['a form without what was filled in', payload(JSON.stringify({ ...SUBMISSION, view: { id: 'V1' } }))],
    ['an event of nobody', { contentType: JSON_TYPE, body: '{"type":"event_callback","event":null}' }],
    ['two payloads', { body: `${payload('{"type":"block_actions"}').body}&payload=%7B%7D` }],
  ])('%s is malformed', (_, sent) => {
    expect(outcome(sent)).toBe('400 the body is malformed');
  });
});

describe('the address of the answer', () => {
  const command = (url: string) => ({ body: `${COMMAND}&response_url=${encodeURIComponent(url)}` });
  const press = (content: object) => ({
    body: `payload=${encodeURIComponent(JSON.stringify({ ...PRESS, ...content }))}`,
  });
  const form = (content: object) => ({
    body: `payload=${encodeURIComponent(JSON.stringify({ ...SUBMISSION, ...content }))}`,
  });
  const HOOK = 'https://hooks.slack.com/actions/T1/1/x';

  test.each<[string, Sent]>([
    ['of a command is Slack’s', command('https://hooks.slack.com/commands/T1/1/x')],
    ['of a command in GovSlack is Slack’s', command('https://hooks.slack-gov.com/commands/T1/1/x')],
    ['of a press is Slack’s', press({ response_url: HOOK })],
    ['of a form without a channel is none', form({ response_urls: [] })],
    ['of a form with a channel is Slack’s', form({ response_urls: [{ response_url: HOOK, channel_id: 'C1' }] })],
  ])('%s', (_, sent) => {
    expect(outcome(sent)).toBe('accepted');
  });

  test.each<[string, Sent]>([
    ['the runtime of the function', command('http://127.0.0.1:9001/2018-06-01/runtime/invocation/x/response')],
    ['the metadata of a machine', command('http://169.254.169.254/latest/meta-data')],
    ['Slack without encryption', command('http://hooks.slack.com/commands/T1/1/x')],
    ['a host that ends like Slack’s', command('https://evilslack.com/commands')],
    ['a host that begins like Slack’s', command('https://hooks.slack.com.evil.example/commands')],
    ['Slack’s name as a user', command('https://hooks.slack.com@evil.example/commands')],
    ['no address', command('file')],
    ['somebody else’s, of a press', press({ response_url: 'https://evil.example' })],
    [
      'somebody else’s, of a form',
      form({ response_urls: [{ response_url: HOOK }, { response_url: 'https://evil.example' }] }),
    ],
    ['no text', press({ response_url: { href: HOOK } })],
  ])('is refused when it is %s', (_, sent) => {
    expect(outcome(sent)).toBe('400 its answer would not go to Slack');
  });
});

describe('what is given on', () => {
  test('has the three headers that Bolt reads, whatever their case was', () => {
    const headers = {
      'Content-Type': `${FORM}; charset=utf-8`,
      'X-SLACK-Request-Timestamp': String(SENT_AT),
      'X-Slack-Signature': slackSignature(SECRET, SENT_AT, COMMAND),
      Cookie: 'x',
    };
    expect(accepted({ headers }).headers).toEqual({
      'content-type': FORM,
      'x-slack-request-timestamp': String(SENT_AT),
      'x-slack-signature': headers['X-Slack-Signature'],
    });
  });
});

describe('what is turned away', () => {
  test('is answered as JSON that says why, and nothing of the secret', () => {
    const result = verifyRequest(anEvent({ secret: 'another' }), SECRET, SENT_AT * 1_000);
    expect(result).toMatchObject({
      answer: { statusCode: 401, headers: { 'content-type': JSON_TYPE }, body: '{"error":"the signature is wrong"}' },
    });
    expect(JSON.stringify(result)).not.toContain(SECRET);
  });
});

test('no request makes it throw, and none but a signed one passes', () => {
  const anyEvent = fc.record(
    {
      headers: fc.dictionary(
        fc.constantFrom('content-type', 'X-Slack-Signature', 'x-slack-request-timestamp', 'host'),
        fc.oneof(fc.string(), fc.constantFrom(FORM, JSON_TYPE, String(SENT_AT), 'v0=', 'v0=é', '='.repeat(9))),
      ),
      body: fc.oneof(fc.string({ unit: 'binary' }), fc.constant(COMMAND)),
      isBase64Encoded: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(anyEvent, (event) => {
      const result = verifyRequest(event as APIGatewayProxyEventV2, SECRET, SENT_AT * 1_000);
      expect('answer' in result && [400, 401, 413].includes(result.answer.statusCode ?? 0)).toBe(true);
    }),
  );
});
