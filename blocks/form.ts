import type { InputBlock, PlainTextOption } from '@slack/types';
import { cut } from './message.ts';
import { type Field, plain } from './modal.ts';

/** Inputs of the forms of recovery plans and protection groups. */

/** Slack's limits: options of a menu or of one group of it, groups of a menu, an option's text and value. */
const MOST_OPTIONS = 100;
const MAX_OPTION_TEXT = 75;
const MAX_OPTION_VALUE = 150;

/** What can be chosen. */
export interface Choosable {
  value: string;
  label: string;
}

interface Choice {
  hint?: string;
  optional?: boolean;
  placeholder?: string;
}

/** A menu of which one thing is chosen; without any option Slack shows none, so it is left out. */
export function select(
  { blockId, actionId }: Field,
  label: string,
  all: readonly Choosable[],
  { chosen, ...more }: Choice & { chosen?: string },
): InputBlock[] {
  const options = all.filter(isOption);
  const initial = options.find(({ value }) => value === chosen);
  if (options.length === 0) return [];
  return [
    inputBlock(blockId, label, more, {
      type: 'static_select',
      action_id: actionId,
      ...optionsOf(options),
      ...(initial === undefined ? {} : { initial_option: optionOf(initial) }),
      ...(more.placeholder === undefined ? {} : { placeholder: plain(more.placeholder) }),
    }),
  ];
}

/** A menu of which several things are chosen; left out without any option. */
export function multiSelect(
  { blockId, actionId }: Field,
  label: string,
  all: readonly Choosable[],
  { chosen, ...more }: Choice & { chosen: readonly string[] },
): InputBlock[] {
  const options = all.filter(isOption);
  const initial = options.filter(({ value }) => chosen.includes(value));
  if (options.length === 0) return [];
  return [
    inputBlock(blockId, label, more, {
      type: 'multi_static_select',
      action_id: actionId,
      ...optionsOf(options),
      ...(initial.length === 0 ? {} : { initial_options: initial.map(optionOf) }),
      ...(more.placeholder === undefined ? {} : { placeholder: plain(more.placeholder) }),
    }),
  ];
}

/** Boxes to tick. */
export function checkboxes(
  { blockId, actionId }: Field,
  label: string,
  all: readonly Choosable[],
  chosen: readonly string[],
): InputBlock {
  const initial = all.filter(({ value }) => chosen.includes(value));
  return inputBlock(
    blockId,
    label,
    { optional: true },
    {
      type: 'checkboxes',
      action_id: actionId,
      options: all.map(optionOf),
      ...(initial.length === 0 ? {} : { initial_options: initial.map(optionOf) }),
    },
  );
}

function inputBlock(
  blockId: string,
  label: string,
  { hint, optional }: Choice,
  element: InputBlock['element'],
): InputBlock {
  return {
    type: 'input',
    block_id: blockId,
    label: plain(label),
    ...(hint === undefined ? {} : { hint: plain(hint) }),
    ...(optional === true ? { optional } : {}),
    element,
  };
}

function isOption({ value, label }: Choosable): boolean {
  return value !== '' && value.length <= MAX_OPTION_VALUE && label !== '';
}

function optionOf({ value, label }: Choosable): PlainTextOption {
  return { text: plain(cut(label, MAX_OPTION_TEXT)), value };
}

/** As one list, or in groups of a hundred: Slack takes no more in one. */
function optionsOf(all: readonly Choosable[]) {
  if (all.length <= MOST_OPTIONS) return { options: all.map(optionOf) };
  const parts = Array.from({ length: Math.ceil(Math.min(all.length, MOST_OPTIONS ** 2) / MOST_OPTIONS) }, (_, at) =>
    all.slice(at * MOST_OPTIONS, (at + 1) * MOST_OPTIONS),
  );
  return {
    option_groups: parts.map((part) => ({
      label: plain(cut(`${part[0]?.label ?? ''} – ${part.at(-1)?.label ?? ''}`, MAX_OPTION_TEXT)),
      options: part.map(optionOf),
    })),
  };
}
