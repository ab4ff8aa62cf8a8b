import type { MessagePlace } from '../../blocks/answers.ts';
import type { ListedExecution } from '../../blocks/executions-list.ts';
import { DrError } from '../domain/errors.ts';
import type { Catalogue, ExecutionRecord } from '../domain/records.ts';
import { isTerminal } from '../domain/status.ts';
import { concurrently } from '../platform/concurrently.ts';
import { CARD } from '../projection/drawing.ts';
import { type Looker, refuseStranger } from './looker.ts';
import type { Replies } from './reply.ts';
import type { QueryTools } from './tools.ts';

/** Addresses of messages that are asked for at the same time. */
const MOST_ADDRESSES_AT_ONCE = 5;

/**
 * The execution that somebody means, by its id or the first characters of it.
 * @throws {DrError} NotFound when there is none or several; AccessDenied when it is not for them to see.
 */
export async function findExecution(
  { store }: Pick<QueryTools, 'store'>,
  looker: Looker,
  typed: string,
): Promise<ExecutionRecord> {
  const found = await store.findExecution(typed.trim().toLowerCase());
  const [execution, ...others] = found;
  if (execution === undefined) {
    throw new DrError(
      'NotFound',
      `There is no execution “${typed}” among the recent ones. \`/dr executions\` lists them; an older one is found by its whole id.`,
    );
  }
  if (others.length > 0) {
    const ids = found.filter((one) => maySeeAll(looker, one)).map(({ executionId }) => executionId);
    throw new DrError(
      'NotFound',
      `“${typed}” may be any of these, so give more of its id: ${ids.slice(0, 5).join(', ')}.`,
    );
  }
  for (const application of applicationsOf(execution)) refuseStranger(looker, application);
  return execution;
}

/** True when somebody may look at every application of an execution: it shows the servers of all. */
export function maySeeAll(looker: Looker, execution: ExecutionRecord): boolean {
  return applicationsOf(execution).every(looker.maySee);
}

/** Every application whose servers an execution has. */
export function applicationsOf({ application, otherApplications = [] }: ExecutionRecord): string[] {
  return [application, ...otherApplications];
}

/** An application as the catalogue writes it; as it was typed when the catalogue has none. */
export function applicationNamed(typed: string, catalogue: Catalogue | undefined): string {
  const names = (catalogue?.applications ?? []).map(({ name }) => name);
  if (names.includes(typed)) return typed;
  const [same, another] = names.filter((name) => name.toLowerCase() === typed.toLowerCase());
  return another === undefined && same !== undefined ? same : typed;
}

/** Where an execution's card stands; undefined while it is not shown. */
export async function cardOf(
  { store }: Pick<QueryTools, 'store'>,
  executionId: string,
  key: string = CARD,
): Promise<MessagePlace | undefined> {
  const message = await store.getMessage(executionId, key);
  return message?.ts === undefined ? undefined : { channelId: message.channelId, ts: message.ts };
}

/** Executions as they are listed: with the addresses of their cards and, while they run, with everything of them. */
export async function listed(
  tools: Pick<QueryTools, 'store'>,
  replies: Replies,
  executions: readonly ExecutionRecord[],
): Promise<ListedExecution[]> {
  return await concurrently(executions, MOST_ADDRESSES_AT_ONCE, async (execution) => {
    const [card, stored] = await Promise.all([
      cardOf(tools, execution.executionId),
      isTerminal(execution.status) ? undefined : tools.store.view(execution.executionId),
    ]);
    const cardUrl = card === undefined ? undefined : await replies.permalink(card.channelId, card.ts);
    return {
      // The newest state: the index may be a moment behind.
      execution: stored?.view.execution ?? execution,
      ...(stored === undefined ? {} : { view: stored.view }),
      ...(cardUrl === undefined ? {} : { cardUrl }),
    };
  });
}
