import type { ModalView } from '@slack/types';
import type { ExecutionRecord, GateRecord } from '../src/domain/records.ts';
import { nameInput } from './approve-modal.ts';
import { count, escapeText, section } from './message.ts';
import { plain, type TextLength, textInput, title } from './modal.ts';
import { questionOf, REASON_INPUT } from './reject-modal.ts';
import { askedBy, wordsOf } from './verbs.ts';
import { scope, verbWord } from './words.ts';

/** By what Slack tells us that this form was submitted. Stays the same: a form may be open while we deploy. */
export const BREAK_GLASS_FORM = 'gate_break_glass';

/** Asks whoever passes a question alone for the reason, and for the name where it is asked for; says what that means. */
export function breakGlassModal(execution: ExecutionRecord, gate: GateRecord, length: TextLength): ModalView {
  const verb = verbWord(execution);
  const { danger } = wordsOf(execution);
  return {
    type: 'modal',
    callback_id: BREAK_GLASS_FORM,
    private_metadata: questionOf(gate),
    title: title('Break the glass?'),
    submit: title(`Start ${verb} Alone`),
    close: plain('Keep Waiting'),
    blocks: [
      ...(danger === undefined ? [] : [section(danger)]),
      section(
        `*${escapeText(`${verb} ${scope(execution)}`)}*, asked by ${askedBy(execution)}. You pass this question alone, although ${count(gate.quorum, 'approval')} would be needed: for an emergency in which nobody else can be reached. Your name and your reason stand on the card and in the audit, and the people whom unanswered questions go to are told.`,
      ),
      textInput(REASON_INPUT, 'Reason', {
        hint: 'Everybody in the channel reads it on the card. It is kept with the decision.',
        length,
        multiline: true,
        focus: true,
      }),
      ...(gate.typedName === undefined ? [] : [nameInput(gate.typedName)]),
    ],
  };
}
