import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REASON_INPUT, REJECT_FORM, reasonLengthText, rejectModal } from '../../blocks/reject-modal.ts';
import { REASON_LENGTH } from '../../src/domain/gate.ts';
import { Views } from '../../src/local/slack/views.ts';
import { aGate, anExecution, EXECUTION_ID, minutes, START, TASK_TOKEN } from './views.ts';

const aForm = (application = 'HRP') => rejectModal(anExecution({ application }), aGate(), REASON_LENGTH);
/** Fails unless Slack would show the view as it is. */
const shown = (view: ReturnType<typeof aForm>) => new Views().put(view, 'modal', 'U0PAPPROVE1').view;

describe('the form for a reason', () => {
  test('says what is rejected, and what its buttons do', () => {
    const { title, submit, close, blocks } = aForm();
    expect([title.text, submit?.text, close?.text]).toEqual(['Reject drill?', 'Reject Drill', 'Keep Waiting']);
    expect(blocks[0]).toMatchObject({
      text: {
        text: expect.stringContaining('*Drill HRP wave 1*, asked by <@U0PREQUEST1>. Your rejection ends it'),
        verbatim: true,
      },
    });
    expect(JSON.stringify(blocks[0])).toContain(`<!date^${(START + minutes(30)) / 1_000}^`);
  });

  test('asks for one reason, of several lines and of a length that we take', () => {
    const inputs = shown(aForm()).blocks.filter(({ type }) => type === 'input');
    expect(inputs).toMatchObject([
      {
        block_id: REASON_INPUT.blockId,
        element: {
          type: 'plain_text_input',
          action_id: REASON_INPUT.actionId,
          multiline: true,
          min_length: 3,
          max_length: 500,
        },
      },
    ]);
    expect(inputs[0]).not.toHaveProperty('optional');
    expect(reasonLengthText(REASON_LENGTH)).toContain('in 3 to 500 characters');
  });

  test('carries the question in its revision, and nothing secret', () => {
    const form = aForm();
    expect(form.callback_id).toBe(REJECT_FORM);
    expect(JSON.parse(form.private_metadata ?? '')).toEqual({
      executionId: EXECUTION_ID,
      gateId: 'approval-1',
      planRevision: 1,
    });
    expect(JSON.stringify(form)).not.toContain(TASK_TOKEN);
  });

  test('can be shown whatever the application is called, which means nothing in it', () => {
    expect(JSON.stringify(aForm('<!channel>').blocks)).toContain('&lt;!channel&gt;');
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (application) => {
        shown(aForm(application));
      }),
    );
  });
});
