import { expect, test } from 'vitest';
import { findByName } from '../../src/chat/library-names.ts';

const plans = [
  { id: 'hrp', name: 'HRP' },
  { id: 'portal', name: 'Member Portal' },
  { id: 'evil', name: '<!channel>' },
];
const find = (typed: string, all = plans) =>
  findByName(typed, all, { what: 'recovery plan', idOf: ({ id }) => id, nameOf: ({ name }) => name });

test.each(['HRP', 'hrp', ' Hrp '])('%j is found by its name or id, whatever the case', (typed) => {
  expect(find(typed)).toEqual({ found: plans[0] });
});

test('a name as it is written goes before one that differs in case', () => {
  const both = [
    { id: 'a', name: 'hrp' },
    { id: 'b', name: 'HRP' },
  ];
  expect(find('HRP', both)).toEqual({ found: both[1] });
});

test('what is near is suggested, and what there is, is listed; nothing of it has a meaning', () => {
  const answer = find('Member Porta');
  expect(answer).toMatchObject({ problem: expect.stringContaining('Did you mean Member Portal?') });
  expect(find('portal')).toEqual({ found: plans[1] });
  expect(find('<@U1>')).toMatchObject({
    problem: 'There is no recovery plan “&lt;@U1&gt;”.\nThere are HRP, Member Portal, &lt;!channel&gt;.',
  });
  expect(find('x', [])).toMatchObject({ problem: expect.stringContaining('No recovery plan is stored') });
});
