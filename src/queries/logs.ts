import type { JobLog } from '@aws-sdk/client-drs';
import {
  inThreadText,
  type JobLogs,
  jobLogCsv,
  jobLogFileName,
  jobLogMessage,
  type LoggedEvent,
  MOST_EVENTS_IN_MESSAGE,
} from '../../blocks/logs.ts';
import { type Message, message, section } from '../../blocks/message.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import type { QueryArgs } from '../domain/query.ts';
import type { BatchRecord, ExecutionRecord } from '../domain/records.ts';
import { JOB_TAG } from '../domain/vocabulary.ts';
import type { StagingAccount } from '../platform/configuration.ts';
import { cardOf, findExecution } from './find.ts';
import type { Looker } from './looker.ts';
import type { Replies } from './reply.ts';
import type { QueryTools } from './tools.ts';

/** A server of an execution, by what it is called. */
type NamedServer = BatchRecord['servers'][number];

/** A DRS job of an execution, and where it ran. */
interface JobPlace {
  jobId: string;
  account: StagingAccount;
}

/**
 * Posts what DRS noted of an execution's jobs into the thread of its card, where it is of use to everybody; the asker is
 * told where. @throws {DrError} when there is nothing to post, or no thread.
 */
export async function logsAnswer(
  tools: QueryTools,
  replies: Replies,
  looker: Looker,
  { execution: typed, server: typedServer }: QueryArgs['logs'],
): Promise<Message> {
  const execution = await findExecution(tools, looker, typed);
  const card = await cardOf(tools, execution.executionId);
  if (card === undefined) {
    throw new DrError('NotFound', 'Its card is not in Slack, so there is no thread for the log.');
  }
  const batches = (await tools.store.view(execution.executionId))?.view.batches ?? [];
  const servers = batches.flatMap((batch) => batch.servers);
  const server = typedServer === undefined ? undefined : serverNamed(typedServer, servers);
  const logs = await readLogs(tools, execution, batches, server);
  if (logs.jobs === 0) throw new DrError('NotFound', 'No DRS job was started for this execution, so there is no log.');

  const isLong = logs.events.length > MOST_EVENTS_IN_MESSAGE;
  const file = isLong ? jobLogFileName(execution) : undefined;
  if (file !== undefined) {
    await replies.filesToThread(card.channelId, card.ts, [{ name: file, content: jobLogCsv(logs) }]);
  }
  await replies.toThread(card.channelId, card.ts, jobLogMessage(logs, file));
  const told = inThreadText('The DRS log', execution, await replies.permalink(card.channelId, card.ts));
  return message(told, [section(told)]);
}

/** @throws {DrError} NotFound for a server that the execution does not have, or several of that name. */
function serverNamed(typed: string, servers: readonly NamedServer[]): NamedServer {
  const wanted = typed.trim().toLowerCase();
  const isMeant = ({ hostname, sourceServerId }: NamedServer) =>
    [hostname, hostname.split('.')[0], sourceServerId].some((name) => name?.toLowerCase() === wanted);
  const found = new Map(servers.filter(isMeant).map((server) => [server.sourceServerId, server]));
  const [server, ...others] = found.values();
  if (server === undefined) throw new DrError('NotFound', `The execution has no server “${typed}”.`);
  if (others.length > 0) {
    const ids = [...found.keys()].slice(0, 5).join(', ');
    throw new DrError('NotFound', `“${typed}” is the name of several servers. Say which by its id: ${ids}.`);
  }
  return server;
}

async function readLogs(
  tools: QueryTools,
  execution: ExecutionRecord,
  batches: readonly BatchRecord[],
  server: NamedServer | undefined,
): Promise<JobLogs> {
  const hostnames = new Map(
    batches.flatMap((batch) =>
      batch.servers.map(({ sourceServerId, hostname }) => [sourceServerId, hostname] as const),
    ),
  );
  const unreadable: JobLogs['unreadable'] = [];
  const jobs = await jobsOf(tools, execution, batches);
  const events = await Promise.all(
    jobs.map(async ({ jobId, account }) => {
      const { accountId } = account;
      try {
        const items = await tools.readerOf(account).jobLog(jobId);
        return items.map((item) => toEvent(item, { jobId, accountId, hostnames }));
      } catch (error) {
        tools.log.warn('A job log could not be read', { jobId, accountId, error: messageOf(error) });
        unreadable.push({ jobId, accountId, reason: messageOf(error) });
        return [];
      }
    }),
  );
  const isWanted = ({ sourceServerId }: LoggedEvent) =>
    server === undefined || sourceServerId === server.sourceServerId;
  return {
    execution,
    jobs: jobs.length,
    // Each log is in order already; of the same moment the jobs keep theirs.
    events: events
      .flat()
      .filter(isWanted)
      .sort((a, b) => a.at - b.at),
    unreadable,
    ...(server === undefined ? {} : { server: server.hostname }),
  };
}

/** The jobs of the batches, and those that carry the execution's tag: a batch names its last job only. */
async function jobsOf(
  tools: QueryTools,
  execution: ExecutionRecord,
  batches: readonly BatchRecord[],
): Promise<JobPlace[]> {
  const accounts = await tools.config.stagingAccounts();
  const jobs = await Promise.all(
    accounts.map(async (account): Promise<JobPlace[]> => {
      const own = batches.filter(
        ({ accountId, region }) => accountId === account.accountId && region === account.region,
      );
      if (own.length === 0) return [];
      const tagged = await taggedJobs(tools, account, execution);
      const ids = new Set([...tagged, ...own.flatMap(({ jobId }) => jobId ?? [])]);
      return [...ids].map((jobId) => ({ jobId, account }));
    }),
  );
  return jobs.flat();
}

/** None where the account cannot be read: the log of its known jobs will say so. */
async function taggedJobs(tools: QueryTools, account: StagingAccount, execution: ExecutionRecord): Promise<string[]> {
  try {
    const tags = { [JOB_TAG.executionId]: execution.executionId };
    const jobs = await tools.readerOf(account).jobsWithTags(tags, execution.startTime);
    return jobs.flatMap(({ jobID }) => jobID ?? []);
  } catch (error) {
    tools.log.warn('Jobs could not be looked for', { accountId: account.accountId, error: messageOf(error) });
    return [];
  }
}

function toEvent(
  { logDateTime, event, eventData }: JobLog,
  { jobId, accountId, hostnames }: { jobId: string; accountId: string; hostnames: ReadonlyMap<string, string> },
): LoggedEvent {
  const { sourceServerID, conversionServerID, targetInstanceID, rawError } = eventData ?? {};
  const resource = targetInstanceID ?? conversionServerID;
  const at = Date.parse(logDateTime ?? '');
  return {
    at: Number.isNaN(at) ? 0 : at,
    event: event ?? '',
    jobId,
    accountId,
    ...(sourceServerID === undefined
      ? {}
      : { sourceServerId: sourceServerID, hostname: hostnames.get(sourceServerID) ?? sourceServerID }),
    ...(resource === undefined ? {} : { resource }),
    ...(rawError === undefined ? {} : { error: rawError }),
  };
}
