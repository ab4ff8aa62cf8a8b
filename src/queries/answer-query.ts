import { z } from 'zod';
import { describeIssues } from '../domain/contract.ts';
import { DrError } from '../domain/errors.ts';
import type { QueryRecord } from '../domain/query.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { answerer } from './answers.ts';
import { queryTools } from './tools.ts';

/** An event of the central bus: see `query-event.ts`. */
const eventSchema = z.object({ detail: z.object({ queryId: z.string().min(1) }) });

/**
 * Answers what somebody wants to look at, only to who asked, and once. A query that cannot be answered is told why. What
 * is thrown (the table cannot be reached) is tried again, and then kept among the dead letters.
 */
export const create: CreateHandler<unknown, void> = (platform) => {
  const tools = queryTools(platform);
  const answer = answerer(tools);

  return async (event) => {
    const parsed = eventSchema.safeParse(event);
    if (!parsed.success) throw new DrError('ValidationError', describeIssues('The event', parsed.error));
    const { queryId } = parsed.data.detail;
    const query = await tools.store.getQuery(queryId);
    if (query?.status === 'waiting') await settle(query);
  };

  async function settle(query: QueryRecord): Promise<void> {
    const status = await answer(query);
    if (!(await tools.store.markQuery(query.queryId, status))) {
      platform.log.warn('A query was answered twice', { queryId: query.queryId, kind: query.kind });
    }
  }
};

export const handler = onLambda(create);
