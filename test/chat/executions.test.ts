import { expect, test } from 'vitest';
import { findMeant } from '../../src/chat/executions.ts';
import type { ExecutionRecord } from '../../src/domain/records.ts';
import { anExecution, EXECUTION_ID } from '../blocks/views.ts';

const finding = (...found: ExecutionRecord[]) => ({ store: { findExecution: async () => found } });

test('the one execution that begins so is meant', async () => {
  expect(await findMeant(finding(anExecution()), 'abcdef01')).toEqual({ execution: anExecution() });
});

test('where none begins so, it is said how to find one', async () => {
  expect(await findMeant(finding(), 'abcdef01')).toMatchObject({
    problem: expect.stringContaining(
      'There is no execution abcdef01 among the recent ones. `/dr executions` lists them',
    ),
  });
});

test('of several none is guessed: they are listed, with their whole ids', async () => {
  const ids = Array.from({ length: 7 }, (_, index) => EXECUTION_ID.replace(/.$/, String(index)));
  const meant = await findMeant(finding(...ids.map((executionId) => anExecution({ executionId }))), 'abcd');
  const problem = 'problem' in meant ? meant.problem : '';
  expect(problem).toContain('abcd may be any of these, so give more of its id:');
  for (const id of ids.slice(0, 5)) expect(problem).toContain(id);
  expect(problem).toContain('… and 2 more');
});
