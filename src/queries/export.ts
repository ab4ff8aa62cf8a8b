import { inThreadText } from '../../blocks/logs.ts';
import { type Message, message, section } from '../../blocks/message.ts';
import { shortId } from '../../blocks/words.ts';
import { DrError } from '../domain/errors.ts';
import { executionStateOf } from '../domain/execution-state.ts';
import type { QueryArgs } from '../domain/query.ts';
import { cardOf, findExecution } from './find.ts';
import type { Looker } from './looker.ts';
import type { Replies } from './reply.ts';
import type { QueryTools } from './tools.ts';

/**
 * Puts where an execution stands into the thread of its card, as a file for other programs (seed 3's execution state).
 * @throws {DrError} when it is not for them, or there is no thread.
 */
export async function exportAnswer(
  tools: QueryTools,
  replies: Replies,
  looker: Looker,
  { execution: typed }: QueryArgs['export'],
): Promise<Message> {
  const { executionId } = await findExecution(tools, looker, typed);
  const [card, stored] = await Promise.all([cardOf(tools, executionId), tools.store.view(executionId)]);
  if (card === undefined || stored === undefined) {
    throw new DrError('NotFound', 'Its card is not in Slack, so there is no thread for the file.');
  }
  const content = `${JSON.stringify(executionStateOf(stored.view, tools.now()), null, 2)}\n`;
  const file = { name: `execution-${shortId(executionId)}.json`, content };
  await replies.filesToThread(card.channelId, card.ts, [file]);
  const address = await replies.permalink(card.channelId, card.ts);
  const told = inThreadText('The state', stored.view.execution, address);
  return message(told, [section(told)]);
}
