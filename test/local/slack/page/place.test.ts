import { expect, test } from 'vitest';
import { addressOf, askedBy, HOME, placeIn } from '../../../../src/local/slack/page/place.ts';

const directory = {
  me: 'approver',
  channels: [
    { id: 'C1', name: 'incident', hasBot: true },
    { id: 'C2', name: 'general', hasBot: false },
  ],
  people: [],
  userGroups: [],
  bot: { userId: 'U0', name: 'bot' },
};

test.each([
  ['/', { as: 'requester', place: undefined, anchor: undefined }],
  ['/?as=approver&channel=C2', { as: 'approver', place: 'C2', anchor: undefined }],
  ['/archives/C2/p1700000000000100', { as: 'requester', place: 'C2', anchor: 'p1700000000000100' }],
  [
    '/archives/C2/p1700000000000100?thread_ts=1700000000.000000&cid=C2&as=reader',
    { as: 'reader', place: 'C2', anchor: 'p1700000000000100' },
  ],
])('the address %s', (address, expected) => {
  expect(askedBy(new URL(address, 'http://127.0.0.1'))).toEqual(expected);
});

test.each([
  [undefined, 'C1'],
  ['C2', 'C2'],
  ['general', 'C2'],
  ['secret', 'C1'],
  [HOME, HOME],
])('asked for %s, the page shows %s', (asked, expected) => {
  expect(placeIn(directory, asked)).toBe(expected);
});

test('the address of a place leads back to it', () => {
  const asked = askedBy(new URL(addressOf('approver', 'C2'), 'http://127.0.0.1'));
  expect(asked).toMatchObject({ as: 'approver', place: 'C2' });
});
