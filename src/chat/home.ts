import type { App, BlockAction } from '@slack/bolt';
import { REFRESH_HOME_ACTION } from '../../blocks/action-ids.ts';
import type { Person } from '../domain/access.ts';
import { messageOf } from '../domain/errors.ts';
import { executionIdOf } from '../domain/request.ts';
import { personOf } from './asked.ts';
import type { ChatTools } from './tools.ts';

/** App Home: drawn when somebody opens it or wants it anew. A worker draws it, from what is stored. */
export function homeTab(app: App, tools: ChatTools): void {
  app.event('app_home_opened', async ({ event, body }) => {
    // The other tab holds messages.
    if (event.tab !== 'home') return;
    await drawHome(tools, { userId: event.user, teamId: body.team_id }, body.event_id);
  });
  app.action<BlockAction>(REFRESH_HOME_ACTION, async ({ ack, body }) => {
    await drawHome(tools, personOf(body), body.trigger_id);
    await ack();
  });
}

/**
 * Has somebody's App Home drawn again: when it is opened or refreshed, and after an answer that they gave there. It never
 * fails what it follows: a Home that is not drawn is drawn at the next look.
 * @param key by which Slack's deliveries of one and the same are known: an event id, a trigger id
 */
export async function drawHome(
  { store, now, log }: Pick<ChatTools, 'store' | 'now' | 'log'>,
  asker: Person,
  key: string,
): Promise<void> {
  try {
    await store.createQuery({
      queryId: executionIdOf('home', asker.teamId, asker.userId, key),
      kind: 'home',
      args: {},
      asker,
      askedAt: now(),
      status: 'waiting',
    });
  } catch (error) {
    log.error('An App Home could not be asked for', { userId: asker.userId, error: messageOf(error) });
  }
}
