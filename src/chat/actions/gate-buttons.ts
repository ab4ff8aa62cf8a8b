import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { BREAK_GLASS_ACTION, readButtonValue, VOTE_ACTION } from '../../../blocks/action-ids.ts';
import { UNKNOWN_QUESTION_TEXT } from '../../../blocks/answers.ts';
import type { Choice } from '../../domain/gate.ts';
import { personOf } from '../asked.ts';
import { type ChatTools, explain } from '../tools.ts';
import { choose, type Wish } from '../votes.ts';
import { answerPress } from './press.ts';

/**
 * The buttons of a gate, on its card and in App Home. Most are recorded at once; what has to be typed is asked for in a
 * form. Every press is answered, only visible to who pressed; the card follows the table.
 */
export function gateButtons(app: App, tools: ChatTools): void {
  const listen = (actionId: string, wish: Wish) =>
    app.action<BlockAction<ButtonAction>>(actionId, async ({ ack, action, body, client, respond }) => {
      const button = readButtonValue(action.value);
      const text =
        button === undefined
          ? UNKNOWN_QUESTION_TEXT
          : await choose(tools, { ...button, person: personOf(body) }, wish, {
              openView: (view) => client.views.open({ trigger_id: body.trigger_id, view }),
            }).catch((error: unknown) => explain(error, tools.log));
      await ack();
      if (text !== undefined) await answerPress({ body, client, respond }, text, tools);
    });
  for (const [choice, actionId] of Object.entries(VOTE_ACTION) as [Choice, string][]) listen(actionId, choice);
  listen(BREAK_GLASS_ACTION, 'break glass');
}
