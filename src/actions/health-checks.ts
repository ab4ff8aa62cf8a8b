import { BlockList, isIP } from 'node:net';
import { messageOf } from '../domain/errors.ts';
import type { WaveAction } from '../domain/recovery-plan.ts';
import type { Network } from '../platform/network.ts';
import { type ActionKind, quoted, type Step } from './step.ts';

/** How long a look at one address may take, in milliseconds, and at how many of a host: within what the function may take. */
const LOOK_MS = 10_000;
const MOST_ADDRESSES = 8;

type HttpCheck = Extract<WaveAction, { actionType: 'http' }>;
type TcpCheck = Extract<WaveAction, { actionType: 'tcp' }>;

/**
 * Whether something answers, by HTTP or TCP. What does not answer is looked at again: a machine needs minutes to boot. A
 * redirect is an answer like another and is not followed, so that nobody is led elsewhere; no body is read.
 */
export function healthChecks(network: Network): { http: ActionKind; tcp: ActionKind } {
  return {
    http: { step: async ({ record }) => await lookAtUrl(network, record.action as HttpCheck) },
    tcp: { step: async ({ record }) => await lookAtPort(network, record.action as TcpCheck) },
  };
}

async function lookAtUrl(network: Network, { url: text, expectedStatus }: HttpCheck): Promise<Step> {
  const url = new URL(text);
  // An IPv6 address stands in brackets there.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return await lookAt(network, { host, shown: `${url.origin}${url.pathname}` }, async (address, signal) => {
    const status = await network.request(url, address, signal);
    const said = `answered ${status}`;
    return status === expectedStatus
      ? { passed: true, said }
      : { passed: false, said: `${said}, not ${expectedStatus}` };
  });
}

async function lookAtPort(network: Network, { host, port }: TcpCheck): Promise<Step> {
  return await lookAt(network, { host, shown: `${host}, port ${port},` }, async (address, signal) => {
    await network.connect(address, port, signal);
    return { passed: true, said: 'answered' };
  });
}

type Look = (address: string, signal: AbortSignal) => Promise<{ passed: boolean; said: string }>;

/** Looks at each address of a host until one passes. */
async function lookAt(network: Network, { host, shown }: { host: string; shown: string }, look: Look): Promise<Step> {
  let addresses: string[];
  try {
    addresses = await network.lookup(host);
  } catch (error) {
    return { status: 'running', hindrance: `${host} was not found in DNS (${quoted(messageOf(error))})` };
  }
  const refused = addresses.find(isRefused);
  if (refused !== undefined) {
    return {
      status: 'failed',
      detail: `${host} is ${refused}: loopback, link-local and unspecified addresses are not looked at. Correct the address in the recovery plan.`,
    };
  }
  let hindrance = `${host} has no address`;
  for (const address of addresses.slice(0, MOST_ADDRESSES)) {
    try {
      const { passed, said } = await look(address, AbortSignal.timeout(LOOK_MS));
      if (passed) return { status: 'succeeded', detail: `${shown} ${said}.` };
      hindrance = `${shown} ${said}`;
    } catch (error) {
      hindrance = `${shown} did not answer (${quoted(reasonOf(error))})`;
    }
  }
  return { status: 'running', hindrance };
}

function reasonOf(error: unknown): string {
  const isTooSlow = error instanceof Error && ['AbortError', 'TimeoutError'].includes(error.name);
  return isTooSlow ? `not within ${LOOK_MS / 1_000} seconds` : messageOf(error);
}

/** Loopback, link-local with AWS's metadata, unspecified, multicast: nothing that a wave has recovered is there. */
const REFUSED = new BlockList();
const REFUSED_V4 = [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
] as const;
const REFUSED_V6 = [
  // Unspecified, loopback, and the old way of writing an IPv4 address.
  ['::', 96],
  ['fe80::', 10],
  // AWS's own services of an instance: metadata, DNS, time.
  ['fd00:ec2::', 32],
  ['ff00::', 8],
] as const;
for (const [network, bits] of REFUSED_V4) {
  REFUSED.addSubnet(network, bits, 'ipv4');
  // The same behind the prefix of NAT64 (RFC 6052). BlockList itself knows IPv4-mapped addresses.
  REFUSED.addSubnet(`64:ff9b::${network}`, 96 + bits, 'ipv6');
}
for (const [network, bits] of REFUSED_V6) REFUSED.addSubnet(network, bits, 'ipv6');

/** True for an address that no health check may look at, and for what is none. */
export function isRefused(address: string): boolean {
  const family = isIP(address);
  return family === 0 || REFUSED.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
