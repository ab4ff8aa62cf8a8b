import type { ModalView } from '@slack/types';
import type { ExecutionRecord, GateRecord } from '../src/domain/records.ts';
import type { GateButton } from './action-ids.ts';
import { dayAndMoment, escapeText, section } from './message.ts';
import { type Field, plain, type TextLength, textInput, title } from './modal.ts';
import { askedBy, wordsOf } from './verbs.ts';
import { scope, verbWord } from './words.ts';

/** By what Slack tells us that this form was submitted. Stays the same: a form may be open while we deploy. */
export const REJECT_FORM = 'gate_reject_reason';

/** Where the reason stands, in every form that asks for one. */
export const REASON_INPUT = { blockId: 'reason', actionId: 'reason' } as const satisfies Field;

/**
 * Asks whoever rejects for the reason. The form carries which question it is about, in the revision that was shown, and
 * nothing else: no task token, nothing that decides.
 */
export function rejectModal(execution: ExecutionRecord, gate: GateRecord, length: TextLength): ModalView {
  const verb = verbWord(execution);
  return {
    type: 'modal',
    callback_id: REJECT_FORM,
    private_metadata: questionOf(gate),
    title: title(`Reject ${execution.verb}?`),
    submit: title(`Reject ${verb}`),
    close: plain('Keep Waiting'),
    blocks: [
      section(
        `*${escapeText(`${verb} ${scope(execution)}`)}*, asked by ${askedBy(execution)}. Your rejection ends it: nothing is ${wordsOf(execution).done}. Unanswered, it expires ${dayAndMoment(gate.expiresAt)}.`,
      ),
      textInput(REASON_INPUT, 'Reason', {
        hint: 'Everybody in the channel reads it on the card. It is kept with the decision.',
        length,
        multiline: true,
        focus: true,
      }),
    ],
  };
}

/** What a form about a gate carries: which question, in which revision. */
export function questionOf({ executionId, gateId, planRevision }: GateButton): string {
  return JSON.stringify({ executionId, gateId, planRevision } satisfies GateButton);
}

/** What is said at the input when the reason is too short or too long. */
export function reasonLengthText({ min, max }: TextLength): string {
  return `Say why in ${min} to ${max} characters. Nothing was recorded yet.`;
}
