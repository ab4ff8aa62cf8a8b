import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { type AwsCall, Identities } from '../../src/local/aws/identities.ts';
import { startSts } from '../../src/local/aws/sts.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import { asRole } from '../../src/platform/assumed-role.ts';

const ROLE = 'arn:aws:iam::111111111111:role/DRS-Orchestration-Role';
const CALLER = 'arn:aws:iam::900000000000:role/dr-chatops-prepare';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function roleWorld() {
  const calls: AwsCall[] = [];
  const identities = new Identities();
  const sts = await startSts({ clock: new VirtualClock(), identities, onCall: (call) => calls.push(call) });
  onTestFinished(() => sts.close());
  vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.url);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const trusted = { roleArn: ROLE, trustedPrincipals: [CALLER], externalId: 'practice' };
  sts.addRole(trusted);
  const platform = {
    environment: { AWS_REGION: 'us-east-2' },
    credentials: identities.forRole(CALLER),
    now: Date.now,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  };
  const session = asRole(platform, { roleArn: ROLE, externalId: 'practice' });
  return { calls, sts, trusted, session, ends: async () => (await session()).expiration?.getTime() ?? 0 };
}

it('is assumed once for all who ask, and again when the SDK would ask: five minutes before its session ends', async () => {
  const { calls, session, ends } = await roleWorld();
  const [one, other] = await Promise.all([session(), session()]);
  expect(other).toBe(one);
  expect(await session()).toBe(one);
  expect(calls).toHaveLength(1);

  vi.setSystemTime((await ends()) - 300_001);
  expect(await session()).toBe(one);
  vi.setSystemTime((await ends()) - 300_000);
  const [next, same] = await Promise.all([session(), session()]);
  expect(next.accessKeyId).not.toBe(one.accessKeyId);
  expect(same).toBe(next);
  expect(calls.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(['AssumeRole ok', 'AssumeRole ok']);
});

it('that was denied is tried again by the next who asks', async () => {
  const { calls, sts, trusted, session } = await roleWorld();
  sts.removeRole(ROLE);
  await expect(session()).rejects.toThrow('is not authorized');
  sts.addRole(trusted);
  expect((await session()).accessKeyId).toMatch(/^ASIA/);
  expect(calls.map(({ outcome }) => outcome)).toEqual(['AccessDenied', 'ok']);
});
