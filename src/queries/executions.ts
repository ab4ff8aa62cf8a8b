import { executionsList } from '../../blocks/executions-list.ts';
import type { Message } from '../../blocks/message.ts';
import type { QueryArgs } from '../domain/query.ts';
import type { ExecutionRecord } from '../domain/records.ts';
import { EXECUTION_STATUSES, type ExecutionStatus } from '../domain/status.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';
import { applicationNamed, listed } from './find.ts';
import { type Looker, refuseStranger } from './looker.ts';
import type { Replies } from './reply.ts';
import type { QueryTools } from './tools.ts';

const MOST_LISTED = 20;
/** Looked at for somebody who may not see all applications, so that there are enough which they may see. */
const MOST_LOOKED_AT = 200;

/** The last executions, of one application or of all that somebody may see. @throws {DrError} AccessDenied. */
export async function executionsAnswer(
  tools: QueryTools,
  replies: Replies,
  looker: Looker,
  { application: typed }: QueryArgs['executions'],
): Promise<Message> {
  const application = typed === undefined ? undefined : applicationNamed(typed, await tools.store.getCatalogue());
  if (application !== undefined) refuseStranger(looker, application);
  const executions = await visible(tools.store, looker, {
    statuses: EXECUTION_STATUSES,
    most: MOST_LISTED,
    ...(application === undefined ? {} : { application }),
  });
  return executionsList({
    executions: await listed(tools, replies, executions),
    ...(application === undefined ? {} : { application }),
  });
}

/** The newest executions that somebody may see. */
export async function visible(
  store: Pick<ExecutionStore, 'newestExecutions'>,
  looker: Looker,
  { statuses, application, most }: { statuses: readonly ExecutionStatus[]; application?: string; most: number },
): Promise<ExecutionRecord[]> {
  const found = await store.newestExecutions({
    statuses,
    limit: MOST_LOOKED_AT,
    ...(application === undefined ? {} : { application }),
  });
  return found.filter((execution) => looker.maySee(execution.application)).slice(0, most);
}
