import { onTestFinished } from 'vitest';
import { CENTRAL_ACCOUNT, REGION, STAGING_ACCOUNTS } from '../../../src/local/accounts.ts';
import { type AwsCall, type Credentials, Identities } from '../../../src/local/aws/identities.ts';
import { VirtualClock } from '../../../src/local/clock.ts';
import { FunctionHost } from '../../../src/local/lambda/function-host.ts';

/** What tests of simulated services share: a clock that stands still, identities, a function host, and every call made. */
export function simulatedAws() {
  const clock = new VirtualClock();
  const identities = new Identities();
  const calls: AwsCall[] = [];
  const host = new FunctionHost({ clock });
  return {
    clock,
    identities,
    calls,
    host,
    options: { clock, identities, onCall: (call: AwsCall) => void calls.push(call) },
    /** Client settings of a role of the central account. */
    client: (url: string) => clientSettings(url, identities.forRole(`arn:aws:iam::${CENTRAL_ACCOUNT}:role/tester`)),
    /** Client settings of a role of a staging account. */
    stagingClient: (url: string) =>
      clientSettings(url, identities.forRole(`arn:aws:iam::${STAGING_ACCOUNTS[0]}:role/tester`)),
    /** Client settings of somebody whom nobody has given keys. */
    strangerClient: (url: string) =>
      clientSettings(url, { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x', sessionToken: 'x' }),
  };
}

function clientSettings(endpoint: string, credentials: Credentials) {
  return { endpoint, credentials, region: REGION, maxAttempts: 1 };
}

/** Closes a server when the test is over. */
export function closing<T extends { close(): Promise<void> }>(server: T): T {
  onTestFinished(() => server.close());
  return server;
}

/** Lets functions be registered by what they do. */
export function hostFunction(
  host: FunctionHost,
  name: string,
  handler: (event: unknown) => unknown,
  timeoutSeconds = 30,
): string {
  const arn = `arn:aws:lambda:${REGION}:${CENTRAL_ACCOUNT}:function:${name}`;
  host.register({ name, arn, timeoutSeconds, handler: async (event) => handler(event) });
  return arn;
}
