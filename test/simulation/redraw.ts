import { deployedName } from '../../src/local/names.ts';
import type { SlackMessage } from '../../src/local/slack/model.ts';
import { WORKSPACE } from '../../src/local/slack/people.ts';
import type { Violation } from './checks.ts';
import type { World } from './world.ts';

/** Time in which a projector that draws everything again is done, with Slack's pace. */
const DRAWING_MS = 55_000;

/**
 * Forgets what was drawn, lets everything be drawn again from what is stored, and compares: what people saw has to be what
 * a new drawing shows.
 */
export async function redrawn(world: World): Promise<Violation[]> {
  const { clock, database, practice, changes } = world;
  const before = messagesOf(world);
  const drawn = world
    .items()
    .filter(({ item, drawn: hash }) => String(item).startsWith('MESSAGE#') && hash !== undefined);
  for (const { executionId, item } of drawn) {
    const Key = { executionId: { S: String(executionId) }, item: { S: String(item) } };
    const input = { TableName: practice.tableName, Key, UpdateExpression: 'REMOVE drawn' };
    await database.send('UpdateItem', JSON.stringify(input));
  }
  for (const { executionId } of world.executions()) {
    const last = changes.findLast(
      ({ dynamodb: { Keys } }) => Keys.executionId?.S === executionId && Keys.item?.S === 'EXECUTION',
    );
    if (last !== undefined) practice.host.invokeAsync(deployedName('projector'), { Records: [last] });
  }
  await clock.advance(DRAWING_MS);
  const after = messagesOf(world);
  return [...after].flatMap(([ts, message]): Violation[] => {
    const shown = before.get(ts);
    if (shown === message) return [];
    const what =
      shown === undefined
        ? `a new drawing posts ${message}`
        : `drawn again, a message differs: ${difference(shown, message)}`;
    return [{ rule: 'drawn from stored state', what }];
  });
}

function messagesOf({ practice }: World): Map<string, string> {
  const messages: SlackMessage[] = practice.workspace.messages(WORKSPACE.channelId);
  const isDrawn = ({ metadata, user }: SlackMessage) =>
    user === WORKSPACE.botUserId && metadata?.event_payload?.key !== undefined;
  return new Map(messages.filter(isDrawn).map(({ ts, text, blocks }) => [ts, contentOf(text, blocks)]));
}

/** Without the ids that Slack makes up for blocks that have none, and without links: a message may come before the address that it points to. */
function contentOf(text: string, blocks: unknown): string {
  return JSON.stringify([text, blocks], (name, value) => (name === 'block_id' ? undefined : (value as unknown)))
    .replaceAll(/<[^<>|"]*\/archives\/[^<>|"]*\|([^<>"]*)>/g, '$1')
    .replaceAll('See the record above.', 'See the record');
}

/** Where two texts begin to differ. */
function difference(one: string, other: string): string {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const near = (text: string) => text.slice(Math.max(0, at - 30), at + 60);
  return `“${near(one)}” became “${near(other)}”`;
}
