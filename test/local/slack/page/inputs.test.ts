import { describe, expect, test } from 'vitest';
import type { SlackBlock } from '../../../../src/local/slack/model.ts';
import { filledIn } from '../../../../src/local/slack/page/inputs.ts';

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
