import type { App } from '@slack/bolt';
import { answer } from '../answer.ts';
import { type ChatTools, explain } from '../tools.ts';

/** The command, of a deployment with an environment `/dr-<environment>`: several apps of a workspace need several. */
const COMMAND = /^\/dr(-[a-z][a-z0-9]{0,11})?$/;

/** `/dr …`: understands it, checks who asks, and stores what follows from it. The answer is only visible to the asker. */
export function drCommand(app: App, tools: ChatTools): void {
  app.command(COMMAND, async ({ command, ack, client }) => {
    const text = await answer(tools, {
      asker: { userId: command.user_id, teamId: command.team_id },
      text: command.text ?? '',
      channelId: command.channel_id,
      key: command.trigger_id,
      responseUrl: command.response_url,
      openView: (view) => client.views.open({ trigger_id: command.trigger_id, view }),
      slack: client,
    }).catch((error: unknown) => explain(error, tools.log));
    if (text === undefined) await ack();
    else await ack({ response_type: 'ephemeral', text });
  });
}
