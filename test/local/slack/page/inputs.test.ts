import { describe, expect, test } from 'vitest';
import type { SlackBlock } from '../../../../src/local/slack/model.ts';
import { filledIn, initialInput, inputOf, withCurrent } from '../../../../src/local/slack/page/inputs.ts';

const plain = (text: string) => ({ type: 'plain_text', text });
const TOMORROW = { text: plain('Tomorrow'), value: 'tomorrow' };
const NEXT_WEEK = { text: plain('Next week'), value: 'next-week' };

function input(element: object, more: object = {}): SlackBlock {
  return { type: 'input', block_id: 'field', label: plain('Field'), element: { action_id: 'it', ...element }, ...more };
}

/** The one input's part of `view.state.values`, filled in. */
function stateOf(block: SlackBlock, typed: string[]) {
  return filledIn([block], { field: typed }).values.field?.it;
}

function errorOf(block: SlackBlock, typed: string[]) {
  return filledIn([block], { field: typed }).errors.field;
}

describe('What is sent', () => {
  // docs.slack.dev/reference/interaction-payloads/view-interactions-payload: state.values per block and action.
  test.each<[string, object, string[], object]>([
    ['text', { type: 'plain_text_input' }, ['not tonight'], { type: 'plain_text_input', value: 'not tonight' }],
    ['no text', { type: 'plain_text_input' }, [''], { type: 'plain_text_input', value: null }],
    [
      'an option of a select',
      { type: 'static_select', options: [TOMORROW, NEXT_WEEK] },
      ['next-week'],
      { type: 'static_select', selected_option: NEXT_WEEK },
    ],
    [
      'an option of a group',
      { type: 'static_select', option_groups: [{ label: plain('Soon'), options: [TOMORROW] }] },
      ['tomorrow'],
      { type: 'static_select', selected_option: TOMORROW },
    ],
    [
      'an option that does not exist',
      { type: 'radio_buttons', options: [TOMORROW] },
      ['never'],
      { type: 'radio_buttons', selected_option: null },
    ],
    [
      'several options',
      { type: 'checkboxes', options: [TOMORROW, NEXT_WEEK] },
      ['next-week', 'tomorrow'],
      { type: 'checkboxes', selected_options: [TOMORROW, NEXT_WEEK] },
    ],
  ])('%s', (_what, element, typed, expected) => {
    expect(stateOf(input(element), typed)).toEqual(expected);
  });

  // docs.slack.dev/reference/block-kit/block-elements/file-input-element: the file objects stand in `files`.
  test('files that were uploaded', () => {
    const files = (id: string) => (id === 'F1' ? { id, name: 'plan.json' } : undefined);
    const filled = filledIn([input({ type: 'file_input' })], { field: ['F1', 'F2'] }, {}, files);
    expect(filled.values.field?.it).toEqual({ type: 'file_input', files: [{ id: 'F1', name: 'plan.json' }] });
    expect(errorOf(input({ type: 'file_input' }), [])).toBe('Please complete this required field.');
  });

  test('an untouched input holds its initial value', () => {
    const text = input({ type: 'plain_text_input', initial_value: 'as before' });
    const select = {
      ...input({ type: 'static_select', options: [TOMORROW], initial_option: TOMORROW }),
      block_id: 'when',
    };
    expect(filledIn([text, select], {})).toEqual({
      values: {
        field: { it: { type: 'plain_text_input', value: 'as before' } },
        when: { it: { type: 'static_select', selected_option: TOMORROW } },
      },
      errors: {},
    });
  });

  // docs.slack.dev/reference/block-kit/block-elements/select-menu-element: external data source, list of conversations.
  test('an option that the app has offered, whole; one that it has not is none', () => {
    const menu = input({ type: 'external_select', initial_option: TOMORROW });
    const chosen = (typed: string[]) => filledIn([menu], { field: typed }, { field: [NEXT_WEEK] }).values.field?.it;
    expect(chosen(['next-week'])).toEqual({ type: 'external_select', selected_option: NEXT_WEEK });
    expect(chosen(['tomorrow'])).toEqual({ type: 'external_select', selected_option: TOMORROW });
    expect(chosen(['never'])).toEqual({ type: 'external_select', selected_option: null });
    expect(filledIn([menu], {}).values.field?.it).toEqual({ type: 'external_select', selected_option: TOMORROW });
  });

  test('a conversation by its id', () => {
    const menu = input({ type: 'conversations_select' });
    expect(stateOf(menu, ['C1'])).toEqual({ type: 'conversations_select', selected_conversation: 'C1' });
    expect(stateOf(menu, [])).toEqual({ type: 'conversations_select', selected_conversation: null });
    expect(errorOf(menu, [])).toBe('Please complete this required field.');
  });

  test.each<[string, object, string | undefined, string[]]>([
    ['the current conversation by default', { default_to_current_conversation: true }, 'C1', ['C1']],
    ['none where there is no current one', { default_to_current_conversation: true }, undefined, []],
    ['what the app has chosen', { initial_conversation: 'C2' }, 'C1', ['C2']],
    ['the current one before it', { initial_conversation: 'C2', default_to_current_conversation: true }, 'C1', ['C1']],
    ['none', {}, 'C1', []],
  ])('an untouched menu of conversations holds %s', (_what, element, current, expected) => {
    const menu = input({ type: 'conversations_select', ...element });
    const known = inputOf(menu);
    expect(known && initialInput(known, current)).toEqual(expected);
    expect(withCurrent([menu], { other: ['x'] }, current)).toEqual({ field: expected, other: ['x'] });
    expect(withCurrent([menu], { field: ['C3'] }, current)).toEqual({ field: ['C3'] });
  });

  test('blocks that are no inputs send nothing', () => {
    expect(filledIn([{ type: 'divider', block_id: 'd' }], { d: ['x'] })).toEqual({ values: {}, errors: {} });
  });
});

describe('What Slack refuses before the app is asked', () => {
  test.each<[string, object, string[], string | undefined]>([
    ['nothing in a required input', { type: 'plain_text_input' }, ['  '], 'Please complete this required field.'],
    ['no option', { type: 'static_select', options: [TOMORROW] }, [], 'Please complete this required field.'],
    ['too short', { type: 'plain_text_input', min_length: 5 }, ['four'], 'Please enter at least 5 characters.'],
    ['too long', { type: 'plain_text_input', max_length: 3 }, ['four'], 'Please enter at most 3 characters.'],
    ['no number', { type: 'number_input' }, ['four'], 'Please enter a number.'],
    ['just right', { type: 'plain_text_input', min_length: 4, max_length: 4 }, ['four'], undefined],
  ])('%s', (_what, element, typed, expected) => {
    expect(errorOf(input(element), typed)).toBe(expected);
  });

  test('an optional input may stay empty', () => {
    expect(errorOf(input({ type: 'plain_text_input', min_length: 5 }, { optional: true }), [''])).toBeUndefined();
  });
});
