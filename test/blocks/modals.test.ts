import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { APPROVE_FORM, approveModal, NAME_INPUT, wrongNameText } from '../../blocks/approve-modal.ts';
import { BREAK_GLASS_FORM, breakGlassModal } from '../../blocks/break-glass-modal.ts';
import { answerModal } from '../../blocks/modal.ts';
import { REASON_INPUT } from '../../blocks/reject-modal.ts';
import {
  ALL_WAVES,
  applicationOptions,
  REQUEST_FIELD,
  REQUEST_FORM,
  requestModal,
  wavesField,
} from '../../blocks/request-modal.ts';
import { REASON_LENGTH } from '../../src/domain/gate.ts';
import { PLANNED_VERBS } from '../../src/domain/vocabulary.ts';
import { Views } from '../../src/local/slack/views.ts';
import { aGate, anExecution, EXECUTION_ID, TASK_TOKEN } from './views.ts';

/** Fails unless Slack would show the view as it is. */
const shown = (view: unknown) => new Views().put(view, 'modal', 'U0PAPPROVE1').view;
const inputsOf = (view: unknown) => shown(view).blocks.filter(({ type }) => type === 'input');
const QUESTION = { executionId: EXECUTION_ID, gateId: 'approval-1', planRevision: 1 };
const aFailover = (application = 'HRP') => anExecution({ verb: 'failover', application });

describe('the form to approve by name', () => {
  const form = (typedName = 'HRP') => approveModal(aFailover(typedName), aGate({ typedName }), typedName);

  test('says what is dangerous first, what is approved, and what to type', () => {
    const { title, submit, blocks, callback_id } = form();
    expect([title.text, submit?.text, callback_id]).toEqual(['Approve failover?', 'Approve Failover', APPROVE_FORM]);
    expect(JSON.stringify(blocks[0])).toContain('This is no drill.');
    expect(JSON.stringify(blocks[1])).toContain('*Failover HRP wave 1*, asked by <@U0PREQUEST1>');
    expect(inputsOf(form())).toMatchObject([
      { block_id: NAME_INPUT.blockId, hint: { text: 'Type HRP to show that this is what you mean.' } },
    ]);
    expect(wrongNameText('HRP')).toContain('This is not HRP. Nothing was recorded');
  });

  test('carries the question in its revision, and nothing secret', () => {
    expect(JSON.parse(form().private_metadata ?? '')).toEqual(QUESTION);
    expect(JSON.stringify(form())).not.toContain(TASK_TOKEN);
  });

  test('can be shown whatever the application is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (application) => {
        shown(form(application));
      }),
    );
  });
});

describe('the form to break the glass', () => {
  test('says plainly what it means, and asks for the reason', () => {
    const form = breakGlassModal(aFailover(), aGate({ quorum: 2 }), REASON_LENGTH);
    expect(form.callback_id).toBe(BREAK_GLASS_FORM);
    expect(JSON.stringify(form.blocks)).toContain('You pass this question alone, although 2 approvals would be needed');
    expect(JSON.parse(form.private_metadata ?? '')).toEqual(QUESTION);
    expect(inputsOf(form)).toMatchObject([{ block_id: REASON_INPUT.blockId, element: { min_length: 3 } }]);
  });

  test('asks for the name, too, where the question does', () => {
    const form = breakGlassModal(aFailover(), aGate({ typedName: 'HRP' }), REASON_LENGTH);
    expect(inputsOf(form).map(({ block_id }) => block_id)).toEqual([REASON_INPUT.blockId, NAME_INPUT.blockId]);
  });
});

describe('the form for a request', () => {
  const HRP = { name: 'HRP', waves: [1, 2].map((wave) => ({ wave, servers: 10 })) };
  const ids = (view: unknown) => inputsOf(view).map(({ block_id }) => block_id);

  test('has the waves of the chosen application, and before that says how to get them', () => {
    const empty = requestModal({ verb: 'drill', verbs: PLANNED_VERBS });
    expect(empty.callback_id).toBe(REQUEST_FORM);
    expect(ids(empty)).not.toContain(wavesField('HRP').blockId);
    expect(JSON.stringify(empty.blocks)).toContain('The waves follow when the application is chosen.');
    const chosen = requestModal({ verb: 'drill', verbs: PLANNED_VERBS, application: HRP });
    const waves = inputsOf(chosen).find(({ block_id }) => block_id === wavesField('HRP').blockId);
    expect(waves).toMatchObject({
      element: { options: [{ value: ALL_WAVES }, { value: '1' }, { value: '2' }] },
    });
  });

  test.each([
    ['drill', false, false],
    ['failover', false, true],
    ['failback', false, false],
    ['terminate', true, false],
  ] as const)('for a %s asks for live instances to end (%s) or to replace (%s)', (verb, live, replace) => {
    const view = requestModal({ verb, verbs: PLANNED_VERBS, application: HRP });
    expect(ids(view).includes(REQUEST_FIELD.live.blockId)).toBe(live);
    expect(ids(view).includes(REQUEST_FIELD.replace.blockId)).toBe(replace);
  });

  test('proposes the incident channel, or the one where somebody is', () => {
    const withChannel = requestModal({ verb: 'drill', verbs: ['drill'], channelId: 'C0INCIDENT1' });
    expect(JSON.stringify(shown(withChannel))).toContain('"initial_conversation":"C0INCIDENT1"');
    expect(JSON.stringify(requestModal({ verb: 'drill', verbs: ['drill'] }))).toContain(
      'default_to_current_conversation',
    );
  });

  test('works with any number of applications and waves, and with any name', () => {
    const many = Array.from({ length: 500 }, (_, index) => ({ name: `app-${index}`, waves: HRP.waves }));
    expect(applicationOptions(many, '')).toHaveLength(100);
    expect(applicationOptions(many, ' APP-499 ')).toMatchObject([{ value: 'app-499' }]);
    expect(applicationOptions([{ name: 'x'.repeat(151), waves: [] }], '')).toEqual([]);
    const waves = Array.from({ length: 150 }, (_, index) => ({ wave: index + 1, servers: 1 }));
    shown(requestModal({ verb: 'drill', verbs: PLANNED_VERBS, application: { name: 'y'.repeat(150), waves } }));
  });
});

test('an answer leaves nothing to submit', () => {
  const view = shown(answerModal('Not recorded', 'This is decided already.'));
  expect(view).toMatchObject({
    submit: null,
    blocks: [{ type: 'section', text: { text: 'This is decided already.' } }],
  });
});
