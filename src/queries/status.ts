import type { ListedExecution } from '../../blocks/executions-list.ts';
import type { Message } from '../../blocks/message.ts';
import { applicationStatus, executionStatus, statusOverview, type WaitingExecution } from '../../blocks/status-card.ts';
import { parseComponentInput } from '../domain/contract.ts';
import type { QueryOf } from '../domain/query.ts';
import { rtoOf } from '../domain/rto.ts';
import { EXECUTION_STATUSES, isTerminal } from '../domain/status.ts';
import { buildStatusOutput } from '../domain/status-report.ts';
import { TAG } from '../domain/vocabulary.ts';
import { visible } from './executions.ts';
import { applicationNamed, findExecution, listed } from './find.ts';
import { type Looker, refuseStranger } from './looker.ts';
import { replicationByWave } from './replication.ts';
import type { Replies } from './reply.ts';
import type { QueryTools } from './tools.ts';

const ACTIVE = EXECUTION_STATUSES.filter((status) => !isTerminal(status));
const MOST_ACTIVE = 50;

/** What is going on, how an application replicates, or where an execution stands. @throws {DrError} */
export async function statusAnswer(
  tools: QueryTools,
  replies: Replies,
  looker: Looker,
  query: QueryOf<'status'>,
): Promise<Message> {
  const { application, execution } = query.args;
  if (execution !== undefined) return await ofExecution(tools, replies, looker, execution);
  if (application !== undefined) return await ofApplication(tools, replies, looker, query, application);
  return await overview(tools, replies, looker);
}

async function overview(tools: QueryTools, replies: Replies, looker: Looker): Promise<Message> {
  const active = await activeExecutions(tools, replies, looker);
  return statusOverview({
    now: tools.now(),
    waiting: active.flatMap(waitingOf),
    running: active.filter((execution) => waitingOf(execution).length === 0),
  });
}

/** What is not over, of one application or of all that somebody may see, newest first. */
export async function activeExecutions(
  tools: QueryTools,
  replies: Replies,
  looker: Looker,
  application?: string,
): Promise<ListedExecution[]> {
  const found = await visible(tools.store, looker, {
    statuses: ACTIVE,
    most: MOST_ACTIVE,
    ...(application === undefined ? {} : { application }),
  });
  const active = await listed(tools, replies, found);
  // The index may be a moment behind: what is over by now does not run.
  return active.filter(({ execution }) => !isTerminal(execution.status));
}

/** The execution with its open questions, when it has any. */
function waitingOf(active: ListedExecution): WaitingExecution[] {
  const gates = (active.view?.gates ?? []).filter(({ status }) => status === 'pending');
  return gates.length === 0 ? [] : [{ ...active, gates }];
}

async function ofExecution(tools: QueryTools, replies: Replies, looker: Looker, typed: string): Promise<Message> {
  const found = await findExecution(tools, looker, typed);
  const [[shown = { execution: found }], stored] = await Promise.all([
    listed(tools, replies, [found]),
    tools.store.view(found.executionId),
  ]);
  const now = tools.now();
  if (stored === undefined) return executionStatus(shown, [], now);
  const { view } = stored;
  return executionStatus({ ...shown, execution: view.execution, view }, view.gates, now, rtoOf(view, now));
}

async function ofApplication(
  tools: QueryTools,
  replies: Replies,
  looker: Looker,
  { queryId }: QueryOf<'status'>,
  typed: string,
): Promise<Message> {
  const application = applicationNamed(typed, await tools.store.getCatalogue());
  refuseStranger(looker, application);
  const input = parseComponentInput({ action: 'status', tags: { [TAG.application]: application } });
  const [discoveries, active] = await Promise.all([
    tools.discoverFleet(
      { verb: 'status', tags: input.tags, options: input.options },
      { executionId: queryId, correlationId: queryId },
    ),
    activeExecutions(tools, replies, looker, application),
  ]);
  const now = tools.now();
  const output = buildStatusOutput({ input, discoveries, now, startedAt: now, endedAt: now, resultLocation: '' });
  const { servers = [], accounts = [], skippedServers, missingAccounts, warnings } = output;
  return applicationStatus({
    application,
    now,
    servers: servers.length,
    leftOut: skippedServers.length,
    waves: replicationByWave(servers),
    accounts,
    missingAccounts,
    warnings,
    active,
  });
}
