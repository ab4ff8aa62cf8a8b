import { randomBytes } from 'node:crypto';
import { draftNotChecked } from '../../blocks/draft.ts';
import { homeProblem } from '../../blocks/home.ts';
import { escapeText, type Message, message, section } from '../../blocks/message.ts';
import { DrError, messageOf, nameOf } from '../domain/errors.ts';
import type { QueryRecord, QueryStatus } from '../domain/query.ts';
import { accountsAnswer, accountValidationAnswer } from './accounts.ts';
import { auditAnswer } from './audit.ts';
import { draftCheck } from './draft.ts';
import { executionsAnswer } from './executions.ts';
import { exportAnswer } from './export.ts';
import { previewGroup } from './group-preview.ts';
import { homeView } from './home.ts';
import { importAnswer, planExportAnswer } from './import-plans.ts';
import { groupCardAnswer, groupsAnswer, planCardAnswer, plansAnswer } from './library.ts';
import { logsAnswer } from './logs.ts';
import { lookerOf } from './looker.ts';
import { planPreview } from './plan.ts';
import { readinessAnswer } from './readiness.ts';
import { replies } from './reply.ts';
import { serverAnswer } from './server.ts';
import { statusAnswer } from './status.ts';
import type { QueryTools } from './tools.ts';

/** In real milliseconds: longer nobody waits, and another query may wait behind this one. */
const LONGEST_ANSWER_MS = 120_000;

/** What is left of a query once it is settled. */
export type Settled = Exclude<QueryStatus, 'waiting'>;

/**
 * Answers one query to who asked. Whatever goes wrong is told, too: a known error says what to do, an unknown one gets an
 * id that is shown and logged. Nothing is thrown.
 */
export function answerer(tools: QueryTools): (query: QueryRecord) => Promise<Settled> {
  const reply = replies(tools);
  const { toAsker, publishHome } = reply;

  return async (query) => {
    try {
      await inTime(answer(query));
      return 'answered';
    } catch (error) {
      await tell(query, explain(error, query)).catch((failure: unknown) =>
        tools.log.error('A query could not be answered', { ...about(query), error: messageOf(failure) }),
      );
      return 'failed';
    }
  };

  async function answer(query: QueryRecord): Promise<void> {
    if (query.kind === 'home') return await publishHome(query.asker.userId, await homeView(tools, reply, query.asker));
    if (query.kind === 'group preview') {
      return await previewGroup(tools, reply, await lookerOf(tools.directory, query.asker), query.args);
    }
    await toAsker(query, await messageFor(query));
  }

  async function messageFor(query: Exclude<QueryRecord, { kind: 'home' | 'group preview' }>): Promise<Message> {
    const looker = await lookerOf(tools.directory, query.asker);
    switch (query.kind) {
      case 'plan':
        return await planPreview(tools, looker, query);
      case 'status':
        return await statusAnswer(tools, reply, looker, query);
      case 'executions':
        return await executionsAnswer(tools, reply, looker, query.args);
      case 'readiness':
        return await readinessAnswer(tools, looker, query.args);
      case 'server':
        return await serverAnswer(tools, looker, query.args);
      case 'logs':
        return await logsAnswer(tools, reply, looker, query.args);
      case 'audit':
        return await auditAnswer(tools, reply, looker, query.args);
      case 'accounts':
        return await accountsAnswer(tools, looker);
      case 'account validation':
        return await accountValidationAnswer(tools, looker, query.args);
      case 'recovery plans':
        return await plansAnswer(tools, looker);
      case 'recovery plan':
        return await planCardAnswer(tools, looker, query.args);
      case 'protection groups':
        return await groupsAnswer(tools, looker);
      case 'protection group':
        return await groupCardAnswer(tools, looker, query.args);
      case 'plan export':
        return await planExportAnswer(tools, reply, looker, query.args);
      case 'plan import':
        return await importAnswer(tools, reply, looker, query);
      case 'draft':
        return await draftCheck(tools, reply, looker, query);
      case 'export':
        return await exportAnswer(tools, reply, looker, query.args);
    }
  }

  async function tell(query: QueryRecord, why: string): Promise<void> {
    if (query.kind === 'home') await publishHome(query.asker.userId, homeProblem(why, tools.now()));
    else if (query.kind === 'draft') await toAsker(query, draftNotChecked(why, { draftId: query.args.draftId }));
    else if (query.kind === 'plan import') await toAsker(query, draftNotChecked(why, { importedBy: query.queryId }));
    else await toAsker(query, message(why, [section(why)]));
  }

  /** Mrkdwn for the asker. */
  function explain(error: unknown, query: QueryRecord): string {
    if (error instanceof DrError) {
      tools.log.info('A query was not answered', { ...about(query), code: error.code });
      return `⚠️ ${escapeText(error.message)}`;
    }
    const id = randomBytes(4).toString('hex');
    tools.log.error('A query failed', { ...about(query), id, error: nameOf(error), cause: messageOf(error) });
    return `⚠️ This could not be looked up: something went wrong on our side (error ${id}). Nothing was changed. Ask again in a moment; the log says more under this id.`;
  }
}

function about({ queryId, kind, asker }: QueryRecord): Record<string, string> {
  return { queryId, kind, userId: asker.userId };
}

/** A look-up that nobody waits for any more. */
class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

/** @throws {TookTooLong} after a while; what was begun goes on unheard. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new TookTooLong(`${LONGEST_ANSWER_MS / 1_000} s were not enough`)),
      LONGEST_ANSWER_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
