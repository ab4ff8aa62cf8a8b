import type { InputBlock, ModalView, PlainTextElement } from '@slack/types';
import { cut, section } from './message.ts';

/** Where an input stands in a form, and in what is submitted. An error about it is shown at its block. */
export interface Field {
  blockId: string;
  actionId: string;
}

/** Slack's limits of a view's title and buttons, in characters. */
const MAX_TITLE = 24;

/** Text in which nothing has a meaning. */
export function plain(text: string): PlainTextElement {
  return { type: 'plain_text', text };
}

/** The title of a form, or a button of it. */
export function title(text: string): PlainTextElement {
  return plain(cut(text, MAX_TITLE));
}

/** Slack's limit of what is typed into one input, in characters. */
export const MAX_TYPED = 3_000;

/** Shortest and longest text of an input, in characters. */
export interface TextLength {
  min: number;
  max: number;
}

/** One line, or several, to be typed. */
export function textInput(
  { blockId, actionId }: Field,
  label: string,
  options: {
    hint?: string;
    length?: TextLength;
    multiline?: boolean;
    optional?: boolean;
    focus?: boolean;
    /** What it holds before anybody types. */
    initial?: string;
  },
): InputBlock {
  const { hint, length, multiline, optional, focus, initial } = options;
  return {
    type: 'input',
    block_id: blockId,
    label: plain(label),
    ...(hint === undefined ? {} : { hint: plain(hint) }),
    ...(optional === true ? { optional } : {}),
    element: {
      type: 'plain_text_input',
      action_id: actionId,
      multiline: multiline ?? false,
      ...(length === undefined ? {} : { min_length: length.min, max_length: length.max }),
      ...(focus === true ? { focus_on_load: true } : {}),
      ...(initial === undefined || initial === '' ? {} : { initial_value: initial }),
    },
  };
}

/**
 * What takes a form's place when it was submitted, or what answers a press where there is no channel to answer in: one
 * answer in mrkdwn, and nothing left to submit.
 */
export function answerModal(heading: string, answer: string): ModalView {
  return { type: 'modal', title: title(heading), close: plain('Close'), blocks: [section(answer)] };
}
