import { describe, expect, test } from 'vitest';
import { executionLine, executionsList, headlineOf } from '../../blocks/executions-list.ts';
import { CARD_URL, expectAnswer, HOSTILE } from './sendable.ts';
import { anExecution, ended, REQUESTER, readable, viewsOfEveryState } from './views.ts';

describe('an execution in a list', () => {
  test('says what, how it ended, when, how long, who asked, and where its card is', () => {
    const execution = anExecution(ended('partial', { succeeded: 2, failed: 1 }));
    expect(executionLine({ execution, cardUrl: CARD_URL })).toBe(
      `*⚠️ Drill: HRP wave 1 · partly launched* · 2 of 3 servers · <!date^1772416800^{date_short_pretty} at {time}|2026-03-02 02:00 UTC> · 24 min · <@${REQUESTER}> · <${CARD_URL}|abcdef01>`,
    );
  });

  test('has no link while its card is not in Slack', () => {
    expect(executionLine({ execution: anExecution() })).toContain('abcdef01');
    expect(executionLine({ execution: anExecution() })).not.toContain('|abcdef01');
  });

  test('says the same as the first line of its card, in every state', () => {
    for (const view of Object.values(viewsOfEveryState())) {
      expect(headlineOf({ execution: view.execution, view })).toContain('Drill: HRP wave 1 · ');
    }
  });
});

describe('the executions', () => {
  test('are listed in the order given, for an application by its name', () => {
    const list = executionsList({
      application: 'HRP',
      executions: [{ execution: anExecution() }, { execution: anExecution({ status: 'cancelled' }) }],
    });
    expect(list.text).toBe('2 executions of HRP, newest first.');
    expect(readable(list).indexOf('looking for the servers')).toBeLessThan(readable(list).indexOf('cancelled'));
  });

  test('none of them is said, too', () => {
    expect(executionsList({ executions: [] }).text).toBe('Nothing has run yet, as far as you may see.');
    expect(executionsList({ executions: [], application: 'HRP', archived: true }).text).toBe(
      'Nothing is archived of HRP, as far as you may see.',
    );
  });

  test('that are archived are called so', () => {
    const list = executionsList({ executions: [{ execution: anExecution() }], archived: true });
    expect(list.text).toBe('1 archived execution, newest first.');
    expect(readable(list)).toContain('Archived executions');
  });

  test('fit in a message, twenty of them with whatever names', () => {
    const execution = anExecution({ ...ended('success', { succeeded: 1, failed: 0 }), selection: HOSTILE.repeat(9) });
    const executions = Array.from({ length: 20 }, () => ({ execution, cardUrl: CARD_URL }));
    expectAnswer(executionsList({ application: HOSTILE.repeat(9), executions }), [REQUESTER]);
  });
});
