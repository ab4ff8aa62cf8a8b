import { SlackRefusal } from './errors.ts';
import { shortId } from './ids.ts';
import { isObject, type JsonObject } from './json.ts';
import { LIMITS } from './limits.ts';
import type { SlackBlock } from './model.ts';

/** Where blocks can stand. */
export type Surface = 'message' | 'modal' | 'home';

/** The block types that Slack knows, with the surfaces of each block's reference page. */
const SURFACES: Readonly<Record<string, readonly Surface[]>> = {
  actions: ['message', 'modal', 'home'],
  alert: ['modal'],
  card: ['message'],
  carousel: ['message'],
  container: ['message'],
  context: ['message', 'modal', 'home'],
  context_actions: ['message'],
  data_table: ['message'],
  data_visualization: ['message'],
  divider: ['message', 'modal', 'home'],
  header: ['message', 'modal', 'home'],
  image: ['message', 'modal', 'home'],
  input: ['message', 'modal', 'home'],
  markdown: ['message'],
  plan: ['message'],
  rich_text: ['message', 'modal', 'home'],
  section: ['message', 'modal', 'home'],
  table: ['message'],
  task_card: ['message'],
  video: ['message', 'modal', 'home'],
};

const SELECTS = ['static', 'external', 'users', 'conversations', 'channels'];
const SELECT_TYPES = SELECTS.flatMap((kind) => [`${kind}_select`, `multi_${kind}_select`]);
const CHOICE_TYPES = ['checkboxes', 'radio_buttons'];
const PICKER_TYPES = ['datepicker', 'datetimepicker', 'timepicker'];
const INTERACTIVE = ['button', 'overflow', 'workflow_button', ...SELECT_TYPES, ...CHOICE_TYPES, ...PICKER_TYPES];
const ACTIONS_ELEMENTS = [...INTERACTIVE, 'rich_text_input'];
const ACCESSORIES = [...INTERACTIVE, 'image'];
const INPUT_ELEMENTS = [
  'plain_text_input',
  'email_text_input',
  'url_text_input',
  'number_input',
  'file_input',
  'rich_text_input',
  ...SELECT_TYPES,
  ...CHOICE_TYPES,
  ...PICKER_TYPES,
];

/** Collects what is wrong, each with its place as a JSON pointer, in the words that Slack uses where they are known. */
class Faults {
  readonly found: string[] = [];

  add(what: string, place: string): void {
    this.found.push(`${what} [json-pointer:${place}]`);
  }

  /** Text of at least one and at most `most` characters; `optional` lets it be absent. */
  text(owner: JsonObject, member: string, place: string, most: number, optional = false): void {
    const value = owner[member];
    if (value === undefined) {
      if (!optional) this.add(`missing required field: ${member}`, place);
      return;
    }
    const at = `${place}/${member}`;
    if (typeof value !== 'string') this.add('must be a string', at);
    else if (value.length === 0 && !optional) this.add('must be more than 0 characters', at);
    else if (value.length > most) this.add(`must be less than ${most + 1} characters`, at);
  }

  /** A list of `least` to `most` items; anything else is a fault and gives an empty list. */
  list(owner: JsonObject, member: string, place: string, least: number, most: number): unknown[] {
    const value = owner[member];
    if (value === undefined) this.add(`missing required field: ${member}`, place);
    if (!Array.isArray(value)) {
      if (value !== undefined) this.add('must be an array', `${place}/${member}`);
      return [];
    }
    if (value.length < least) this.add(`no less than ${least} items allowed`, `${place}/${member}`);
    if (value.length > most) this.add(`no more than ${most} items allowed`, `${place}/${member}`);
    return value;
  }
}

/** A text object: `{type, text}`; where both kinds are allowed Slack reports a fault as a schema that did not match too. */
function checkTextObject(value: unknown, place: string, most: number, kinds: readonly string[], faults: Faults): void {
  const inside = new Faults();
  if (!isObject(value)) inside.add('must be an object', place);
  else if (!kinds.includes(String(value.type))) inside.add(`unsupported type: ${String(value.type)}`, `${place}/type`);
  else inside.text(value, 'text', place, most);
  if (inside.found.length > 0 && kinds.length > 1) faults.add('failed to match all allowed schemas', place);
  faults.found.push(...inside.found);
}

const PLAIN = ['plain_text'];
const ANY_TEXT = ['plain_text', 'mrkdwn'];

function checkPlainText(owner: JsonObject, member: string, place: string, most: number, faults: Faults): void {
  if (owner[member] === undefined) faults.add(`missing required field: ${member}`, place);
  else checkTextObject(owner[member], `${place}/${member}`, most, PLAIN, faults);
}

function checkConfirm(value: unknown, place: string, faults: Faults): void {
  if (!isObject(value)) {
    faults.add('must be an object', place);
    return;
  }
  checkPlainText(value, 'title', place, LIMITS.confirmTitle, faults);
  if (value.text === undefined) faults.add('missing required field: text', place);
  else checkTextObject(value.text, `${place}/text`, LIMITS.confirmText, ANY_TEXT, faults);
  if (value.confirm !== undefined) checkPlainText(value, 'confirm', place, LIMITS.confirmButton, faults);
  if (value.deny !== undefined) checkPlainText(value, 'deny', place, LIMITS.confirmButton, faults);
}

function checkOptions(element: JsonObject, place: string, most: number, faults: Faults): void {
  faults.list(element, 'options', place, 1, most).forEach((option, index) => {
    const at = `${place}/options/${index}`;
    if (!isObject(option)) {
      faults.add('must be an object', at);
      return;
    }
    checkTextObject(option.text, `${at}/text`, LIMITS.optionText, ANY_TEXT, faults);
    faults.text(option, 'value', at, LIMITS.optionValue);
  });
}

function checkButton(element: JsonObject, place: string, faults: Faults): void {
  checkPlainText(element, 'text', place, LIMITS.buttonText, faults);
  faults.text(element, 'value', place, LIMITS.buttonValue, true);
  faults.text(element, 'url', place, LIMITS.url, true);
  if (element.style !== undefined && element.style !== 'primary' && element.style !== 'danger') {
    faults.add(`unsupported style: ${String(element.style)}`, `${place}/style`);
  }
}

function checkImage(image: JsonObject, place: string, faults: Faults): void {
  faults.text(image, 'alt_text', place, LIMITS.altText);
  if (image.slack_file === undefined) faults.text(image, 'image_url', place, LIMITS.url);
}

function checkElement(value: unknown, place: string, allowed: readonly string[], faults: Faults): void {
  if (!isObject(value)) {
    faults.add('must be an object', place);
    return;
  }
  const type = String(value.type);
  if (!allowed.includes(type)) {
    faults.add(`unsupported type: ${type}`, `${place}/type`);
    return;
  }
  faults.text(value, 'action_id', place, LIMITS.actionId, true);
  if (value.confirm !== undefined) checkConfirm(value.confirm, `${place}/confirm`, faults);
  if (value.placeholder !== undefined) checkPlainText(value, 'placeholder', place, LIMITS.placeholder, faults);
  if (type === 'button') checkButton(value, place, faults);
  if (type === 'image') checkImage(value, place, faults);
  if (type === 'overflow') checkOptions(value, place, LIMITS.overflowOptions, faults);
  if (CHOICE_TYPES.includes(type)) checkOptions(value, place, LIMITS.choiceOptions, faults);
  if (type === 'file_input') checkFileInput(value, place, faults);
  if (!type.endsWith('static_select')) return;
  if (value.option_groups === undefined) checkOptions(value, place, LIMITS.selectOptions, faults);
  else checkOptionGroups(value, place, faults);
}

function checkOptionGroups(element: JsonObject, place: string, faults: Faults): void {
  faults.list(element, 'option_groups', place, 1, LIMITS.optionGroups).forEach((group, index) => {
    const at = `${place}/option_groups/${index}`;
    if (!isObject(group)) {
      faults.add('must be an object', at);
      return;
    }
    checkPlainText(group, 'label', at, LIMITS.optionText, faults);
    checkOptions(group, at, LIMITS.selectOptions, faults);
  });
}

function checkFileInput({ max_files: most }: JsonObject, place: string, faults: Faults): void {
  if (most === undefined) return;
  if (typeof most !== 'number' || most < 1) faults.add('must be more than 0', `${place}/max_files`);
  else if (most > LIMITS.inputFiles) faults.add(`must be less than ${LIMITS.inputFiles + 1}`, `${place}/max_files`);
}

function checkSection(block: JsonObject, place: string, faults: Faults): void {
  if (block.text === undefined && block.fields === undefined) {
    faults.add('must define either `text` or `fields`', place);
  }
  if (block.text !== undefined) {
    checkTextObject(block.text, `${place}/text`, LIMITS.sectionText, ANY_TEXT, faults);
  }
  if (block.fields !== undefined) {
    faults.list(block, 'fields', place, 1, LIMITS.sectionFields).forEach((field, index) => {
      checkTextObject(field, `${place}/fields/${index}`, LIMITS.fieldText, ANY_TEXT, faults);
    });
  }
  if (block.accessory !== undefined) checkElement(block.accessory, `${place}/accessory`, ACCESSORIES, faults);
}

function checkContext(block: JsonObject, place: string, faults: Faults): void {
  faults.list(block, 'elements', place, 1, LIMITS.contextElements).forEach((element, index) => {
    const at = `${place}/elements/${index}`;
    if (isObject(element) && element.type === 'image') checkImage(element, at, faults);
    else checkTextObject(element, at, LIMITS.sectionText, ANY_TEXT, faults);
  });
}

function checkActions(block: JsonObject, place: string, faults: Faults): void {
  const elements = faults.list(block, 'elements', place, 1, LIMITS.actionsElements);
  const seen = new Set<unknown>();
  elements.forEach((element, index) => {
    const at = `${place}/elements/${index}`;
    checkElement(element, at, ACTIONS_ELEMENTS, faults);
    if (!isObject(element) || element.action_id === undefined) return;
    if (seen.has(element.action_id)) faults.add('`action_id` must be unique within its block', `${at}/action_id`);
    seen.add(element.action_id);
  });
}

function checkInput(block: JsonObject, place: string, faults: Faults): void {
  checkPlainText(block, 'label', place, LIMITS.inputLabel, faults);
  if (block.hint !== undefined) checkPlainText(block, 'hint', place, LIMITS.inputLabel, faults);
  if (block.element === undefined) faults.add('missing required field: element', place);
  else checkElement(block.element, `${place}/element`, INPUT_ELEMENTS, faults);
}

/** The checks of each block type; a known type that is not here is taken as it comes. */
const CHECKS: Readonly<Record<string, (block: JsonObject, place: string, faults: Faults) => void>> = {
  actions: checkActions,
  context: checkContext,
  header: (block, place, faults) => checkPlainText(block, 'text', place, LIMITS.headerText, faults),
  image: checkImage,
  input: checkInput,
  markdown: (block, place, faults) => faults.text(block, 'text', place, LIMITS.markdownText),
  section: checkSection,
};

function checkBlock(block: unknown, place: string, surface: Surface, faults: Faults): void {
  if (!isObject(block)) {
    faults.add('must be an object', place);
    return;
  }
  const type = String(block.type);
  if (!(SURFACES[type] ?? []).includes(surface)) {
    faults.add(`unsupported type: ${type}`, `${place}/type`);
    return;
  }
  faults.text(block, 'block_id', place, LIMITS.blockId, true);
  CHECKS[type]?.(block, place, faults);
}

/**
 * What Slack would find wrong with `blocks` on `surface`, each with its place below `root` (`/blocks`, `/view/blocks`);
 * empty when nothing is.
 */
export function blockFaults(blocks: readonly unknown[], surface: Surface, root = '/blocks'): string[] {
  const faults = new Faults();
  const most = surface === 'message' ? LIMITS.messageBlocks : LIMITS.viewBlocks;
  if (blocks.length > most) faults.add(`no more than ${most} items allowed`, root);
  const seen = new Set<unknown>();
  blocks.forEach((block, index) => {
    checkBlock(block, `${root}/${index}`, surface, faults);
    if (!isObject(block) || block.block_id === undefined) return;
    if (seen.has(block.block_id)) faults.add('`block_id` must be unique', `${root}/${index}/block_id`);
    seen.add(block.block_id);
  });
  return faults.found;
}

function withActionId(element: unknown): unknown {
  const isNamed = !isObject(element) || element.action_id !== undefined || element.type === 'image';
  return isNamed ? element : { ...element, action_id: shortId() };
}

/** `blocks` with the ids that Slack gives to blocks, buttons and menus that were sent without one. */
export function withIds(blocks: readonly unknown[]): SlackBlock[] {
  return blocks.filter(isObject).map((block) => {
    const named = { ...block, type: String(block.type), block_id: String(block.block_id ?? shortId()) };
    if (block.type === 'actions' && Array.isArray(block.elements)) {
      return { ...named, elements: block.elements.map(withActionId) };
    }
    return block.accessory === undefined ? named : { ...named, accessory: withActionId(block.accessory) };
  });
}

/**
 * The blocks of a message, checked and with ids.
 * @param sent the `blocks` argument; an empty list is a message without blocks
 * @throws {SlackRefusal} `invalid_blocks_format`, `msg_blocks_too_long`, `only_one_table_allowed` or `invalid_blocks`
 *   with the places in `details`
 */
export function messageBlocks(sent: unknown): SlackBlock[] {
  if (!Array.isArray(sent)) throw new SlackRefusal('invalid_blocks_format');
  const faults = blockFaults(sent, 'message');
  if (faults.length > 0) throw new SlackRefusal('invalid_blocks', faults);
  if (sent.filter((block) => isObject(block) && block.type === 'table').length > 1) {
    throw new SlackRefusal('only_one_table_allowed');
  }
  if (JSON.stringify(sent).length > LIMITS.messageBlocksJson) throw new SlackRefusal('msg_blocks_too_long');
  return withIds(sent);
}

/** A button in a message's `actions` block or beside the text of a section. */
export interface ButtonPlace {
  block: SlackBlock;
  button: JsonObject & { action_id: string };
}

/** Every button of `blocks`, from top to bottom. */
export function buttonsOf(blocks: readonly SlackBlock[]): ButtonPlace[] {
  return blocks.flatMap((block) => {
    const elements = Array.isArray(block.elements) && block.type === 'actions' ? block.elements : [block.accessory];
    return elements.filter(isObject).flatMap((element) => {
      const { action_id } = element;
      return element.type === 'button' && typeof action_id === 'string'
        ? [{ block, button: { ...element, action_id } }]
        : [];
    });
  });
}
