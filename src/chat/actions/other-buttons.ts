import type { App, BlockAction } from '@slack/bolt';
import {
  BREAK_GLASS_ACTION,
  CANCEL_ACTION,
  CLOSE_EXECUTION,
  KEEP_INSTANCES,
  OPEN_REQUEST_ACTION,
  PAUSE_ACTION,
  REFRESH_HOME_ACTION,
  RESUME_MACHINE,
  RUN_REST,
  TERMINATE_DRILL,
  VOTE_ACTION,
} from '../../../blocks/action-ids.ts';
import { REQUEST_FIELD } from '../../../blocks/request-modal.ts';
import type { ChatTools } from '../tools.ts';
import { LIBRARY_ACTIONS } from './library-forms.ts';
import { answerPress } from './press.ts';

/** What has a listener of its own: Bolt calls every listener that matches. */
const KNOWN: readonly string[] = [
  ...Object.values(VOTE_ACTION),
  BREAK_GLASS_ACTION,
  CANCEL_ACTION,
  PAUSE_ACTION,
  RESUME_MACHINE,
  RUN_REST,
  CLOSE_EXECUTION,
  TERMINATE_DRILL,
  KEEP_INSTANCES,
  OPEN_REQUEST_ACTION,
  REFRESH_HOME_ACTION,
  ...LIBRARY_ACTIONS,
  ...Object.values(REQUEST_FIELD).map(({ actionId }) => actionId),
];
const UNKNOWN_BUTTON = new RegExp(`^(?!(?:${KNOWN.join('|')})$)`);

/** A press of a button that no version knows any more is answered too: no press is ignored in silence. */
export function anyOtherButton(app: App, tools: ChatTools): void {
  app.action<BlockAction>(UNKNOWN_BUTTON, async ({ ack, body, client, respond }) => {
    await ack();
    const text = 'This button is from an older version and does nothing any more.';
    await answerPress({ body, client, respond }, text, tools);
  });
}
