import type { Message } from '../../blocks/message.ts';
import { type NearServer, type ServerView, serverCard, serversToChooseFrom } from '../../blocks/server-card.ts';
import { spokenDuration } from '../domain/duration.ts';
import { DrError } from '../domain/errors.ts';
import type { QueryArgs } from '../domain/query.ts';
import { serverStatus } from '../domain/status-report.ts';
import { TAG } from '../domain/vocabulary.ts';
import type { ServerDetails, ServerName } from '../platform/server-details.ts';
import { findServer } from './find-server.ts';
import { readFleet } from './fleet.ts';
import type { Looker } from './looker.ts';
import type { QueryTools } from './tools.ts';

/** One server as it is now, or those that may be meant. @throws {DrError} when no account can be read. */
export async function serverAnswer(
  tools: QueryTools,
  looker: Looker,
  { hostname }: QueryArgs['server'],
): Promise<Message> {
  const { servers: names, unread } = await readFleet(tools);
  const found = findServer(
    hostname,
    names.filter(({ tags }) => looker.maySee(tags[TAG.application] ?? '')),
  );
  if (found.kind === 'one') return serverCard(await lookAt(tools, found.server));
  // What could not be read may be where it is.
  if (unread.length > 0) {
    throw new DrError(
      'NotFound',
      `“${hostname}” is not among the servers that could be read. These accounts could not be: ${unread.join('; ')}. Ask again when they can.`,
    );
  }
  return found.kind === 'several'
    ? serversToChooseFrom(hostname, found.servers.map(offered), true)
    : serversToChooseFrom(hostname, found.nearest.map(offered), false);
}

/** @throws {DrError} NotFound when it has gone since it was found. */
async function lookAt(
  tools: QueryTools,
  { accountId, region, sourceServerId, hostname }: ServerName,
): Promise<ServerView> {
  const accounts = await tools.config.stagingAccounts();
  const account = accounts.find((candidate) => candidate.accountId === accountId && candidate.region === region);
  const details = account && (await tools.readerOf(account).server(sourceServerId));
  if (details === undefined) throw new DrError('NotFound', `DRS no longer knows ${hostname} (${sourceServerId}).`);
  return viewOf(details, tools.now());
}

function viewOf(details: ServerDetails, now: number): ServerView {
  const { server, ...machine } = details;
  const { lagDuration, cores } = server;
  return {
    now,
    status: serverStatus(server, now),
    ...machine,
    ...(lagDuration === undefined ? {} : { lag: spokenDuration(lagDuration) }),
    ...(cores === undefined ? {} : { cores }),
  };
}

function offered({ hostname, sourceServerId, accountId, tags }: ServerName): NearServer {
  return { hostname, sourceServerId, accountId, application: tags[TAG.application] ?? '' };
}
