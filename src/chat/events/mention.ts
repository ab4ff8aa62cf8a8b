import type { App } from '@slack/bolt';
import { messageOf } from '../../domain/errors.ts';
import { answer } from '../answer.ts';
import { type ChatTools, explain } from '../tools.ts';
import { textOfMention } from '../words.ts';

/**
 * `@dr-chatops …`, in a channel or a thread: asks and looks as `/dr` does, and decides nothing. Slack delivers an event
 * again that was not answered in time: by its id it stays one request. The answer is only visible to who wrote it.
 */
export function mention(app: App, tools: ChatTools): void {
  app.event('app_mention', async ({ event, body, client }) => {
    const { user, channel, thread_ts: threadTs, text } = event;
    // What a bot writes has no user; another bot's mention asks for nothing.
    if (user === undefined) return;
    const told = await answer(tools, {
      asker: { userId: user, teamId: teamOf(event) ?? body.team_id },
      text: textOfMention(text),
      channelId: channel,
      ...(threadTs === undefined ? {} : { threadTs }),
      key: body.event_id,
      slack: client,
    }).catch((error: unknown) => explain(error, tools.log));
    if (told === undefined) return;
    try {
      await client.chat.postEphemeral({
        channel,
        user,
        text: told,
        ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
      });
    } catch (error) {
      // Nothing more can be said; what was asked for is stored, and its card tells of it.
      tools.log.warn('A mention could not be answered', { channelId: channel, error: messageOf(error) });
    }
  });
}

/** The workspace of who wrote it, where Slack names it: in a shared channel that may be another one. */
function teamOf(event: { team?: string; user_team?: string }): string | undefined {
  return event.user_team ?? event.team;
}
