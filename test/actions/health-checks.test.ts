import { describe, expect, it } from 'vitest';
import { healthChecks, isRefused } from '../../src/actions/health-checks.ts';
import type { StepContext } from '../../src/actions/step.ts';
import { type WaveAction, waveActionSchema } from '../../src/domain/recovery-plan.ts';
import { LocalNetwork } from '../../src/local/network.ts';
import type { Network } from '../../src/platform/network.ts';
import { MINUTE, startWorld } from './world.ts';

const HTTP = { actionType: 'http', actionName: 'The start page', url: 'https://hrp.example.com/health?token=abc' };
const TCP = { actionType: 'tcp', actionName: 'The database', host: 'hrp-db.example.com', port: 5432 };

/** One look, and every call of the network. */
async function look(action: object, answers: Partial<Network> = {}) {
  const called: string[] = [];
  const network: Network = {
    async lookup(host) {
      called.push(`lookup ${host}`);
      return (await answers.lookup?.(host)) ?? ['10.0.0.7'];
    },
    async request(url, address, signal) {
      called.push(`request ${address}`);
      return (await answers.request?.(url, address, signal)) ?? 200;
    },
    async connect(address, port, signal) {
      called.push(`connect ${address}:${port}`);
      await answers.connect?.(address, port, signal);
    },
  };
  const parsed: WaveAction = waveActionSchema.parse(action);
  const kind = healthChecks(network)[parsed.actionType === 'http' ? 'http' : 'tcp'];
  const step = await kind.step({ record: { action: parsed } } as StepContext);
  return { called, step };
}

describe('an HTTP check', () => {
  it('passes with the expected status; what is behind the question mark is not shown', async () => {
    const { step, called } = await look(HTTP);
    expect(step).toEqual({ status: 'succeeded', detail: 'https://hrp.example.com/health answered 200.' });
    expect(called).toEqual(['lookup hrp.example.com', 'request 10.0.0.7']);
  });

  it.each([
    ['another status', async () => 503, 'answered 503, not 200'],
    ['a redirect, which is not followed', async () => 302, 'answered 302, not 200'],
    ['no answer', () => Promise.reject(new Error('connect ECONNREFUSED')), 'did not answer (connect ECONNREFUSED)'],
    [
      'no answer in time',
      () => Promise.reject(new DOMException('The operation was aborted', 'TimeoutError')),
      'did not answer (not within 10 seconds)',
    ],
  ])('is not done with %s', async (_, request, said) => {
    const { step } = await look(HTTP, { request });
    expect(step).toEqual({ status: 'running', hindrance: `https://hrp.example.com/health ${said}` });
  });

  it('may expect another status', async () => {
    const { step } = await look({ ...HTTP, expectedStatus: 401 }, { request: async () => 401 });
    expect(step.status).toBe('succeeded');
  });

  it('looks at each address until one passes', async () => {
    const { step, called } = await look(HTTP, {
      lookup: async () => ['10.0.0.7', '10.0.0.8'],
      request: async (_, address) => (address === '10.0.0.8' ? 200 : 503),
    });
    expect([step.status, called.length]).toEqual(['succeeded', 3]);
  });
});

describe('a TCP check', () => {
  it('passes when the port takes a connection', async () => {
    const { step, called } = await look(TCP);
    expect(step).toEqual({ status: 'succeeded', detail: 'hrp-db.example.com, port 5432, answered.' });
    expect(called.at(-1)).toBe('connect 10.0.0.7:5432');
  });

  it('is not done while nothing answers, or nobody knows the name', async () => {
    const refused = await look(TCP, { connect: () => Promise.reject(new Error('connect ECONNREFUSED')) });
    expect(refused.step).toMatchObject({ status: 'running', hindrance: expect.stringContaining('port 5432, did not') });
    const unknown = await look(TCP, { lookup: () => Promise.reject(new Error('getaddrinfo ENOTFOUND')) });
    expect(unknown.step).toMatchObject({ status: 'running', hindrance: expect.stringContaining('not found in DNS') });
  });
});

describe('what is not looked at', () => {
  const REFUSED = [
    '127.0.0.1',
    '127.8.9.10',
    '0.0.0.0',
    '169.254.169.254',
    '169.254.170.2',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    'fe80::1',
    'fe80::1%eth0',
    'febf::1',
    'fd00:ec2::254',
    '64:ff9b::7f00:1',
    '64:ff9b::a9fe:a9fe',
    'ff02::1',
    'localhost',
  ];
  it.each(REFUSED)('is %s', (address) => expect(isRefused(address)).toBe(true));

  it.each(['10.0.0.7', '172.16.3.4', '192.168.1.1', '203.0.113.9', '2600:1f18::1', 'fd12::1', '::ffff:10.0.0.7'])(
    'is not %s',
    (address) => expect(isRefused(address)).toBe(false),
  );

  it.each([
    ['a name', { ...HTTP, url: 'http://metadata.example.com/latest' }, ['10.0.0.7', '169.254.169.254']],
    ['an address', { ...HTTP, url: 'http://169.254.169.254/latest/meta-data' }, ['169.254.169.254']],
    ['an address written otherwise', { ...HTTP, url: 'http://2130706433/' }, undefined],
    ['an IPv6 address', { ...HTTP, url: 'http://[::1]:9001/' }, undefined],
    ['a port', { ...TCP, host: 'localhost' }, ['127.0.0.1']],
  ])('is refused for good after the name is looked up, whatever %s says', async (_, action, addresses) => {
    const { step, called } = await look(action, { lookup: async (host) => addresses ?? [host] });
    expect(step).toMatchObject({ status: 'failed', detail: expect.stringContaining('are not looked at') });
    expect(called.filter((call) => !call.startsWith('lookup'))).toEqual([]);
  });
});

describe('a check as an action', () => {
  it('is repeated until it passes: machines need time to boot', async () => {
    const { begin, network, clock } = await startWorld();
    network.setHost('hrp-db.example.com', { isUp: false });
    const check = await begin([{ actionType: 'tcp', host: 'hrp-db.example.com', port: 5432, timeoutMinutes: 10 }]);
    expect(await check.step()).toEqual({ next: 'wait', seconds: 5 });
    await clock.advance(3 * MINUTE);
    expect(await check.step()).toEqual({ next: 'wait', seconds: 27 });
    network.setHost('hrp-db.example.com', { isUp: true });
    expect(await check.step()).toEqual({ next: 'done' });
    expect(await check.record()).toMatchObject({ status: 'succeeded', endedAt: clock.now() });
    expect(await check.record()).not.toHaveProperty('accountId');
  });

  it('times out with what was answered last, after a last look at its deadline', async () => {
    const { begin, network, clock } = await startWorld();
    network.setHost('hrp.example.com', { status: 503 });
    const before = clock.now();
    const check = await begin([{ actionType: 'http', url: 'https://hrp.example.com/', timeoutMinutes: 10 }]);
    await check.toTheEnd();
    expect(clock.now() - before).toBe(10 * MINUTE);
    expect(await check.told()).toBe(
      'timed out: It was not done within 10 minutes: https://hrp.example.com/ answered 503, not 200.',
    );
  });

  it('of a cancelled execution is looked at once more', async () => {
    const { begin, network, store, clock } = await startWorld();
    network.setHost('hrp.example.com', { isUp: false });
    const check = await begin([{ actionType: 'http', url: 'https://hrp.example.com/' }]);
    await check.step();
    const by = { userId: 'U0PREQUEST1', teamId: 'T0PRACTICE1', at: clock.now() };
    await store.requestCancel(check.event.executionId, by);
    expect(await check.step()).toEqual({ next: 'done' });
    expect(await check.told()).toMatch(/^failed: The execution was cancelled before it was done: .*did not answer/);
  });
});

it('the simulated network knows examples, and what it is told', async () => {
  const network = new LocalNetwork();
  await expect(network.lookup('hrp.unknown')).rejects.toThrow('ENOTFOUND');
  const [address = ''] = await network.lookup('hrp.example.internal');
  expect(isRefused(address)).toBe(false);
  expect(await network.request(new URL('http://hrp.example.internal'), address)).toBe(200);
  network.setHost('hrp.example.internal', { isUp: false });
  await expect(network.connect(address)).rejects.toThrow('ECONNREFUSED');
});
