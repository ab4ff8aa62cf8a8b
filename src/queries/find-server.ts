import { distance } from 'fastest-levenshtein';
import type { ServerName } from '../platform/server-details.ts';

/** Most servers that are offered when nobody can tell which is meant. */
const MOST_OFFERED = 8;

/** What somebody typed, among the servers that there are. `nearest`: none is called so. */
export type FoundServer =
  | { kind: 'one'; server: ServerName }
  | { kind: 'several'; servers: ServerName[] }
  | { kind: 'none'; nearest: ServerName[] };

/**
 * The server that somebody means by a source server's id, a hostname or a fully qualified name, whatever the case; a short
 * name also means the server whose name begins with it and a dot, and the other way round. A server that is known in two
 * accounts because it was extended is one server.
 */
export function findServer(typed: string, all: readonly ServerName[]): FoundServer {
  const servers = eachOnce(all);
  const wanted = typed.trim().toLowerCase();
  const exact = servers.filter((server) => namesOf(server).includes(wanted));
  const meant = exact.length > 0 ? exact : servers.filter((server) => isShortOf(wanted, namesOf(server)));
  const [server, ...others] = meant;
  if (server === undefined) return { kind: 'none', nearest: nearest(wanted, servers) };
  return others.length === 0 ? { kind: 'one', server } : { kind: 'several', servers: meant.slice(0, MOST_OFFERED) };
}

function namesOf({ sourceServerId, hostname, fqdn }: ServerName): string[] {
  return [sourceServerId, hostname, ...(fqdn === undefined ? [] : [fqdn])].map((name) => name.toLowerCase());
}

/** True when one of the two is the other's first part. */
function isShortOf(wanted: string, names: string[]): boolean {
  return wanted !== '' && names.some((name) => name.startsWith(`${wanted}.`) || wanted.startsWith(`${name}.`));
}

/** Of the records of one extended server the one where it really replicates; the first one where none is. */
function eachOnce(servers: readonly ServerName[]): ServerName[] {
  const byMachine = new Map<string, ServerName>();
  for (const server of servers) {
    const machine = server.stagingSourceServerArn ?? server.arn;
    if (!byMachine.has(machine) || server.arn === machine) byMachine.set(machine, server);
  }
  return [...byMachine.values()];
}

/** The servers whose names are most alike, the most alike first; those that are nothing like it are left out. */
function nearest(wanted: string, servers: readonly ServerName[]): ServerName[] {
  const [short = wanted] = wanted.split('.');
  return servers
    .map((server) => ({ server, apart: apartOf(short, server.hostname) }))
    .filter(({ apart }) => apart <= Math.max(2, short.length / 2))
    .sort((a, b) => a.apart - b.apart || a.server.hostname.localeCompare(b.server.hostname))
    .slice(0, MOST_OFFERED)
    .map(({ server }) => server);
}

/** Edits between the two; a name that contains what was typed is near, however long it is. */
function apartOf(wanted: string, hostname: string): number {
  const [short = ''] = hostname.toLowerCase().split('.');
  return wanted.length >= 3 && short.includes(wanted) ? 1 : distance(wanted, short);
}
