import type { BlockAction, BlockElementAction, RespondFn } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import { answerModal } from '../../../blocks/modal.ts';
import { messageOf } from '../../domain/errors.ts';
import { personOf } from '../asked.ts';
import { drawHome } from '../home.ts';
import type { ChatTools } from '../tools.ts';

/** What Bolt gives a listener of a button or menu. */
export interface PressContext {
  body: BlockAction<BlockElementAction>;
  client: WebClient;
  respond: RespondFn;
}

/** True for a press in App Home or in a form: there is no channel to answer in. */
function isInView(body: BlockAction<BlockElementAction>): boolean {
  return body.container.type === 'view';
}

/**
 * Answers a press, only visible to who pressed: in the channel where the button is, or, in App Home, by a form that has
 * nothing to submit. App Home is drawn again: what was asked there may be answered now.
 */
export async function answerPress(
  { body, client, respond }: PressContext,
  text: string,
  tools: ChatTools,
): Promise<void> {
  if (!isInView(body)) {
    await respond({ response_type: 'ephemeral', replace_original: false, text });
    return;
  }
  const { id: userId } = body.user;
  try {
    await client.views.open({ trigger_id: body.trigger_id, view: answerModal('dr-chatops', text) });
  } catch (error) {
    tools.log.warn('A press in App Home could not be answered by a form', { userId, error: messageOf(error) });
    // A trigger is good for one form within 3 s: then the answer stands in the bot's messages to this person.
    await client.chat
      .postMessage({ channel: userId, text })
      .catch((failure: unknown) => tools.log.warn('A press was not answered', { userId, error: messageOf(failure) }));
  }
  await drawHome(tools, personOf(body), body.trigger_id);
}
