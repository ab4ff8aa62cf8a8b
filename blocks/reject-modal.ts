import type { ModalView, PlainTextElement } from '@slack/types';
import type { ExecutionRecord, GateRecord } from '../src/domain/records.ts';
import type { GateButton } from './action-ids.ts';
import { scope, verbWord } from './execution-card.ts';
import { dayAndMoment, escapeText, section } from './message.ts';
import { askedBy, wordsOf } from './verbs.ts';

/** By what Slack tells us that this form was submitted. Stays the same: a form may be open while we deploy. */
export const REJECT_FORM = 'gate_reject_reason';

/** Where the reason stands in what is submitted. An error about it is shown at this block. */
export const REASON_INPUT = { blockId: 'reason', actionId: 'reason' } as const;

/** Shortest and longest reason, in characters. */
export interface ReasonLength {
  min: number;
  max: number;
}

/**
 * Asks whoever pressed Reject for the reason. The form carries which question it is about, in the revision that was
 * shown, and nothing else: no task token, nothing that decides.
 */
export function rejectModal(execution: ExecutionRecord, gate: GateRecord, length: ReasonLength): ModalView {
  const { executionId, gateId, planRevision } = gate;
  const question: GateButton = { executionId, gateId, planRevision };
  const verb = verbWord(execution);
  return {
    type: 'modal',
    callback_id: REJECT_FORM,
    private_metadata: JSON.stringify(question),
    title: plain(`Reject ${execution.verb}?`),
    submit: plain(`Reject ${verb}`),
    close: plain('Keep Waiting'),
    blocks: [
      section(
        `*${escapeText(`${verb} ${scope(execution)}`)}*, asked by ${askedBy(execution)}. Your rejection ends it: nothing is ${wordsOf(execution).done}. Unanswered, it expires ${dayAndMoment(gate.expiresAt)}.`,
      ),
      {
        type: 'input',
        block_id: REASON_INPUT.blockId,
        label: plain('Reason'),
        hint: plain('Everybody in the channel reads it on the card. It is kept with the decision.'),
        element: {
          type: 'plain_text_input',
          action_id: REASON_INPUT.actionId,
          multiline: true,
          min_length: length.min,
          max_length: length.max,
          focus_on_load: true,
        },
      },
    ],
  };
}

/** What takes the form's place when it was submitted: one answer in mrkdwn, and nothing left to submit. */
export function answerModal(title: string, answer: string): ModalView {
  return { type: 'modal', title: plain(title), close: plain('Close'), blocks: [section(answer)] };
}

/** What is said at the input when the reason is too short or too long. */
export function reasonLengthText({ min, max }: ReasonLength): string {
  return `Say why in ${min} to ${max} characters. Nothing was recorded yet.`;
}

function plain(text: string): PlainTextElement {
  return { type: 'plain_text', text };
}
