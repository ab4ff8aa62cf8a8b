import { isObject, type JsonObject } from '../json.ts';
import type { SlackBlock } from '../model.ts';
import type { ViewValues } from '../person.ts';
import { plainText } from './mrkdwn.ts';
import type { TypedInputs } from './protocol.ts';

/** An option of a select, of checkboxes or of radio buttons. */
export interface InputOption {
  value: string;
  label: string;
  /** The option as the app sent it. */
  sent: JsonObject;
}

/** An `input` block as a field of a form. */
export interface ModalInput {
  blockId: string;
  actionId: string;
  /** The element's type, e.g. `plain_text_input`. */
  type: string;
  label: string;
  /** Empty when there is none. */
  hint: string;
  isOptional: boolean;
  /** Whether the app is told of each choice at once. */
  isDispatched: boolean;
  element: JsonObject;
  options: InputOption[];
}

/** What every field of a form says of itself to those who hear the page. */
export interface FieldAttributes {
  id: string;
  'aria-invalid': boolean;
  'aria-describedby': string | undefined;
  'aria-required': boolean;
}

const TEXT_TYPES = ['plain_text_input', 'email_text_input', 'url_text_input', 'number_input'];
const ONE_OF_TYPES = ['static_select', 'external_select', 'radio_buttons'];
const ANY_OF_TYPES = ['checkboxes', 'multi_static_select'];

/** Which kind of field an element type is drawn and read as; undefined for those that the page does not know. */
export function fieldKind(type: string): 'text' | 'one-of' | 'any-of' | 'conversation' | 'files' | undefined {
  if (type === 'file_input') return 'files';
  if (type === 'conversations_select') return 'conversation';
  if (TEXT_TYPES.includes(type)) return 'text';
  if (ONE_OF_TYPES.includes(type)) return 'one-of';
  return ANY_OF_TYPES.includes(type) ? 'any-of' : undefined;
}

function textIn(value: unknown): string {
  return isObject(value) && typeof value.text === 'string' ? plainText(value.text) : '';
}

/** Options as the app sent them. */
export function inputOptions(sent: readonly unknown[]): InputOption[] {
  return sent
    .filter(isObject)
    .map((option) => ({ value: String(option.value), label: textIn(option.text), sent: option }));
}

function optionsOf(element: JsonObject): InputOption[] {
  const groups = Array.isArray(element.option_groups) ? element.option_groups.filter(isObject) : [];
  const lists = [element.options, ...groups.map(({ options }) => options)];
  // The options of an `external_select` are not in it, but the one that the app has chosen is.
  if (element.type === 'external_select') lists.push([element.initial_option]);
  return inputOptions(lists.flatMap((options): unknown[] => (Array.isArray(options) ? options : [])));
}

/** A block as a field; undefined for what is no `input` block. */
export function inputOf(block: SlackBlock): ModalInput | undefined {
  const { element } = block;
  if (block.type !== 'input' || !isObject(element)) return undefined;
  return {
    blockId: block.block_id,
    actionId: String(element.action_id ?? ''),
    type: String(element.type),
    label: textIn(block.label),
    hint: textIn(block.hint),
    isOptional: block.optional === true,
    isDispatched: block.dispatch_action === true,
    element,
    options: optionsOf(element),
  };
}

/** What an input holds before anybody touches it, when it was opened by somebody who looked at the channel `current`. */
export function initialInput({ element }: ModalInput, current?: string): string[] {
  if (element.type === 'conversations_select') {
    // Slack's reference: with the current conversation as the default, `initial_conversation` is ignored.
    const chosen = element.default_to_current_conversation === true ? current : element.initial_conversation;
    return typeof chosen === 'string' ? [chosen] : [];
  }
  const options = Array.isArray(element.initial_options) ? element.initial_options : [element.initial_option];
  const chosen = options.filter(isObject).map(({ value }) => String(value));
  return typeof element.initial_value === 'string' ? [element.initial_value] : chosen;
}

function faultOf(input: ModalInput, typed: readonly string[]): string | undefined {
  const { element, isOptional, type } = input;
  const text = typed[0] ?? '';
  if (typed.every((value) => value.trim() === '')) {
    return isOptional ? undefined : 'Please complete this required field.';
  }
  if (fieldKind(type) !== 'text') return undefined;
  const { min_length: least, max_length: most } = element;
  if (typeof least === 'number' && text.length < least) return `Please enter at least ${least} characters.`;
  if (typeof most === 'number' && text.length > most) return `Please enter at most ${most} characters.`;
  if (type === 'number_input' && !Number.isFinite(Number(text))) return 'Please enter a number.';
  return undefined;
}

function stateOf({ type, options }: ModalInput, typed: readonly string[], files: FileFinder): JsonObject {
  const chosen = options.filter(({ value }) => typed.includes(value)).map(({ sent }) => sent);
  switch (fieldKind(type)) {
    case 'one-of':
      return { type, selected_option: chosen[0] ?? null };
    case 'any-of':
      return { type, selected_options: chosen };
    case 'files':
      return { type, files: typed.flatMap((id) => files(id) ?? []) };
    case 'conversation':
      return { type, selected_conversation: typed[0] ?? null };
    default:
      return { type, value: typed[0] === undefined || typed[0] === '' ? null : typed[0] };
  }
}

/** Finds an uploaded file by its id. */
export type FileFinder = (fileId: string) => JsonObject | undefined;

/** A filled-in modal as Slack sends it, and what Slack itself refuses before the app is asked. */
export interface FilledIn {
  /** For `view.state.values`. */
  values: ViewValues;
  /** By block id. */
  errors: Record<string, string>;
}

/** What was typed, with what only the page knows: the channel that its person was looking at. */
export function withCurrent(blocks: readonly SlackBlock[], typed: TypedInputs, current?: string): TypedInputs {
  const inputs = blocks.map(inputOf).filter((input) => input !== undefined);
  const untouched = inputs.filter(
    ({ blockId, type }) => fieldKind(type) === 'conversation' && typed[blockId] === undefined,
  );
  return { ...typed, ...Object.fromEntries(untouched.map((input) => [input.blockId, initialInput(input, current)])) };
}

/**
 * Reads what somebody typed into the inputs of a modal; an input that is not in `typed` holds its initial value.
 * @param offered what the app has offered for the menus that it is asked for, by block id
 * @param files finds an uploaded file by its id, as Slack shows it to the app
 */
export function filledIn(
  blocks: readonly SlackBlock[],
  typed: TypedInputs,
  offered: Readonly<Record<string, readonly JsonObject[]>> = {},
  files: FileFinder = () => undefined,
): FilledIn {
  const values: ViewValues = {};
  const errors: Record<string, string> = {};
  for (const block of blocks) {
    const known = inputOf(block);
    if (known === undefined) continue;
    const input = { ...known, options: [...known.options, ...inputOptions(offered[known.blockId] ?? [])] };
    const content = typed[input.blockId] ?? initialInput(input);
    values[input.blockId] = { [input.actionId]: stateOf(input, content, files) };
    const fault = faultOf(input, content);
    if (fault !== undefined) errors[input.blockId] = fault;
  }
  return { values, errors };
}
