import type { App } from '@slack/bolt';
import { APPROVE_ACTION, REJECT_ACTION } from '../../../blocks/action-ids.ts';

/** Bolt calls every listener that matches, so the known buttons are left out here. */
const UNKNOWN_BUTTON = new RegExp(`^(?!(?:${APPROVE_ACTION}|${REJECT_ACTION})$)`);

/** A press of a button that no version knows any more is answered too: no press is ignored in silence. */
export function anyOtherButton(app: App): void {
  app.action(UNKNOWN_BUTTON, async ({ ack, respond }) => {
    await ack();
    await respond({
      response_type: 'ephemeral',
      replace_original: false,
      text: 'This button is from an older version and does nothing any more.',
    });
  });
}
