import type { InputBlock, ModalView } from '@slack/types';
import type { ExecutionRecord, GateRecord } from '../src/domain/records.ts';
import { cut, dayAndMoment, escapeText, oneLine, section } from './message.ts';
import { type Field, plain, textInput, title } from './modal.ts';
import { cleanUpText, planLabel } from './planned-waves.ts';
import { questionOf } from './reject-modal.ts';
import { askedBy, wordsOf } from './verbs.ts';
import { scope, verbWord } from './words.ts';

/** By what Slack tells us that this form was submitted. Stays the same: a form may be open while we deploy. */
export const APPROVE_FORM = 'gate_approve_name';

/** Where the typed name stands, in every form that asks for one. */
export const NAME_INPUT = { blockId: 'name', actionId: 'name' } as const satisfies Field;

/** Slack's limit of a hint, with room to spare. */
const MAX_HINT = 500;

/** Asks whoever approves to type what is approved: a press by mistake, or on the wrong card, changes nothing. */
export function approveModal(execution: ExecutionRecord, gate: GateRecord, typedName: string): ModalView {
  const verb = verbWord(execution);
  const { danger } = wordsOf(execution);
  const label = planLabel(execution);
  const cleanUp = cleanUpText(execution);
  return {
    type: 'modal',
    callback_id: APPROVE_FORM,
    private_metadata: questionOf(gate),
    title: title(`Approve ${execution.verb}?`),
    submit: title(`Approve ${verb}`),
    close: plain('Keep Waiting'),
    blocks: [
      ...(danger === undefined ? [] : [section(danger)]),
      section(
        `*${escapeText(`${verb} ${scope(execution)}`)}*${label === undefined ? '' : `, ${label}`}, asked by ${askedBy(execution)}. Unanswered, it expires ${dayAndMoment(gate.expiresAt)}.`,
      ),
      ...(cleanUp === undefined ? [] : [section(cleanUp)]),
      nameInput(typedName, { focus: true }),
    ],
  };
}

/** The input for the name; its hint says what to type. */
export function nameInput(typedName: string, { focus = false } = {}): InputBlock {
  return textInput(NAME_INPUT, 'What you approve', {
    hint: cut(`Type ${oneLine(typedName)} to show that this is what you mean.`, MAX_HINT),
    focus,
  });
}

/** What is said at the input when something else was typed. */
export function wrongNameText(typedName: string): string {
  return cut(`This is not ${oneLine(typedName)}. Nothing was recorded: type it, or close this.`, MAX_HINT);
}
