import { inThreadText } from '../../blocks/logs.ts';
import { type Message, message, section } from '../../blocks/message.ts';
import { shortId } from '../../blocks/words.ts';
import { readAudit } from '../audit/read-audit.ts';
import type { Permission } from '../domain/access.ts';
import { DrError } from '../domain/errors.ts';
import type { QueryArgs } from '../domain/query.ts';
import { applicationsOf, cardOf, findExecution } from './find.ts';
import { type Looker, refuseWithout } from './looker.ts';
import type { Replies } from './reply.ts';
import type { QueryTools } from './tools.ts';

/** One of these is needed to have the audit of an execution put before everybody in its thread. */
const AUDIT_PERMISSIONS: readonly Permission[] = ['drs:ManageExecution', 'drs:ManageAccounts'];

/**
 * Puts the audit of an execution into the thread of its card, as JSON lines (which can be checked) and as CSV (which can
 * be read); that somebody was given it is noted in it, too. @throws {DrError} when it is not for them, or there is none.
 */
export async function auditAnswer(
  tools: QueryTools,
  replies: Replies,
  looker: Looker,
  { execution: typed }: QueryArgs['audit'],
): Promise<Message> {
  const execution = await findExecution(tools, looker, typed);
  const { executionId } = execution;
  for (const application of applicationsOf(execution)) {
    refuseWithout(looker, AUDIT_PERMISSIONS, application, 'have the audit');
  }
  const [card, audit] = await Promise.all([cardOf(tools, executionId), readAudit(tools.store, executionId)]);
  if (card === undefined)
    throw new DrError('NotFound', 'Its card is not in Slack, so there is no thread for the audit.');
  if (audit.records.length === 0) {
    throw new DrError('NotFound', 'Nothing is known of it to the audit yet. Ask again in a minute.');
  }
  await tools.notes.asked({ executionId, person: looker.person, what: '/dr audit' });
  const name = `audit-${shortId(executionId)}`;
  await replies.filesToThread(card.channelId, card.ts, [
    { name: `${name}.jsonl`, content: audit.jsonLines },
    { name: `${name}.csv`, content: audit.csv },
  ]);
  const told = inThreadText('The audit', execution, await replies.permalink(card.channelId, card.ts));
  return message(told, [section(told)]);
}
