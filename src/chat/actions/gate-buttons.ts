import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import { APPROVE_ACTION, REJECT_ACTION, readButtonValue } from '../../../blocks/action-ids.ts';
import { formNotOpenedText, recordedText, refusedText, UNKNOWN_QUESTION_TEXT } from '../../../blocks/answers.ts';
import { rejectModal } from '../../../blocks/reject-modal.ts';
import type { Person } from '../../domain/access.ts';
import { DrError, messageOf } from '../../domain/errors.ts';
import { REASON_LENGTH } from '../../domain/gate.ts';
import { mayVote, type Press, vote } from '../../gates/vote.ts';
import { type ChatTools, explain, noteVote } from '../tools.ts';

/** What a press does: a sentence for who pressed, or undefined when a form was opened and answers for itself. */
type OnPress = (press: Press, openView: (view: ModalView) => Promise<unknown>) => Promise<string | undefined>;

/**
 * Approve and Reject on a gate's card. Approve is recorded at once, Reject asks for the reason first. Every press is
 * answered, only visible to who pressed; the card follows the table.
 */
export function gateButtons(app: App, tools: ChatTools): void {
  const listen = (actionId: string, onPress: OnPress) =>
    app.action<BlockAction<ButtonAction>>(actionId, async ({ ack, action, body, client, respond }) => {
      const person: Person = { userId: body.user.id, teamId: body.user.team_id ?? body.team?.id ?? '' };
      const button = readButtonValue(action.value);
      const text =
        button === undefined
          ? UNKNOWN_QUESTION_TEXT
          : await onPress({ ...button, person }, (view) =>
              client.views.open({ trigger_id: body.trigger_id, view }),
            ).catch((error: unknown) => explain(error, tools.log));
      await ack();
      if (text !== undefined) await respond({ response_type: 'ephemeral', replace_original: false, text });
    });
  listen(APPROVE_ACTION, (press) => approve(tools, press));
  listen(REJECT_ACTION, (press, openView) => askForReason(tools, press, openView));
}

async function approve(tools: ChatTools, press: Press): Promise<string> {
  const result = await vote(tools, { ...press, decision: { choice: 'approve' } });
  noteVote(tools.log, press, 'approve', result);
  if (result.kind === 'recorded') return recordedText(result.gate, 'approve');
  return refusedText(result.reason, result.gate, await tools.store.getExecution(press.executionId));
}

async function askForReason(
  tools: ChatTools,
  press: Press,
  openView: Parameters<OnPress>[1],
): Promise<string | undefined> {
  // Together: the trigger that opens a form lives for 3 s.
  const [result, execution] = await Promise.all([mayVote(tools, press), tools.store.getExecution(press.executionId)]);
  if (result.kind === 'refused') {
    noteVote(tools.log, press, 'reject', result);
    return refusedText(result.reason, result.gate, execution);
  }
  if (execution === undefined) throw new DrError('NotFound', 'This question no longer exists.');
  const view = rejectModal(execution, result.gate, REASON_LENGTH);
  try {
    await openView(view);
    return undefined;
  } catch (error) {
    const { executionId, gateId } = press;
    tools.log.warn('The form for a rejection could not be opened', { executionId, gateId, error: messageOf(error) });
    return formNotOpenedText(messageOf(error));
  }
}
