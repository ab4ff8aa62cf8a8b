import { describe, expect, it } from 'vitest';
import { compilePattern, type EventPattern } from '../../../src/local/services/event-pattern.ts';

const matches = (pattern: EventPattern, event: unknown) => compilePattern(pattern)(event);

// The examples of the EventBridge user guide, "Comparison operators for use in event patterns".
describe('an event pattern', () => {
  it.each<[string, EventPattern, object, object]>([
    ['equal', { Name: ['Alice'] }, { Name: 'Alice' }, { Name: 'alice' }],
    ['null', { UserID: [null] }, { UserID: null }, { UserID: '' }],
    ['empty', { LastName: [''] }, { LastName: '' }, {}],
    ['numbers and texts apart', { n: [1] }, { n: 1 }, { n: '1' }],
    ['begins with', { Region: [{ prefix: 'us-' }] }, { Region: 'us-east-1' }, { Region: 'eu-west-1' }],
    [
      'begins with, ignoring case',
      { service: [{ prefix: { 'equals-ignore-case': 'EventB' } }] },
      { service: 'eventbridge' },
      { service: 'bridge' },
    ],
    ['ends with', { FileName: [{ suffix: '.png' }] }, { FileName: 'a.png' }, { FileName: 'a.jpg' }],
    [
      'ends with, ignoring case',
      { service: [{ suffix: { 'equals-ignore-case': 'tBridge' } }] },
      { service: 'eventbRIDGE' },
      { service: 'event' },
    ],
    ['equal, ignoring case', { Name: [{ 'equals-ignore-case': 'alice' }] }, { Name: 'ALICE' }, { Name: 'Bob' }],
    [
      'anything but a text',
      { state: [{ 'anything-but': 'initializing' }] },
      { state: 'on' },
      { state: 'initializing' },
    ],
    ['anything but, when absent', { state: [{ 'anything-but': 'off' }] }, { state: 'on' }, {}],
    ['anything but a list', { n: [{ 'anything-but': [1, 2] }] }, { n: 3 }, { n: 2 }],
    [
      'anything but a beginning',
      { Region: [{ 'anything-but': { prefix: 'us-' } }] },
      { Region: 'eu-west-1' },
      { Region: 'us-east-1' },
    ],
    [
      'anything but one of several ends',
      { FileName: [{ 'anything-but': { suffix: ['.png', '.jpg'] } }] },
      { FileName: 'a.txt' },
      { FileName: 'a.jpg' },
    ],
    [
      'anything but, ignoring case',
      { state: [{ 'anything-but': { 'equals-ignore-case': 'initializing' } }] },
      { state: 'on' },
      { state: 'INITIALIZING' },
    ],
    [
      'anything but a wildcard',
      { FilePath: [{ 'anything-but': { wildcard: '*/lib/*' } }] },
      { FilePath: 'dir/a' },
      { FilePath: 'dir/lib/a' },
    ],
    ['a number', { Price: [{ numeric: ['=', 100] }] }, { Price: 100 }, { Price: 101 }],
    ['a range', { Price: [{ numeric: ['>', 10, '<=', 20] }] }, { Price: 20 }, { Price: 10 }],
    ['a range, of numbers only', { Price: [{ numeric: ['>=', 10] }] }, { Price: 10 }, { Price: '15' }],
    ['exists', { ProductName: [{ exists: true }] }, { ProductName: null }, {}],
    ['does not exist', { ProductName: [{ exists: false }] }, {}, { ProductName: 'x' }],
    ['wildcard', { name: [{ wildcard: 'dir/*.(png)' }] }, { name: 'dir/a/b.(png)' }, { name: 'dir/a.png' }],
    ['a literal asterisk', { name: [{ wildcard: 'a\\*b' }] }, { name: 'a*b' }, { name: 'axb' }],
    ['or, in one list', { Payment: ['A', { prefix: 'B' }] }, { Payment: 'Bc' }, { Payment: 'C' }],
    [
      'and',
      { Location: ['NY'], Day: ['Monday'] },
      { Location: 'NY', Day: 'Monday' },
      { Location: 'NY', Day: 'Friday' },
    ],
    [
      'or, of fields',
      { a: [1], $or: [{ Location: ['NY'] }, { detail: { Day: ['Monday'] } }] },
      { a: 1, detail: { Day: 'Monday' } },
      { a: 1, detail: { Day: 'Friday' } },
    ],
    [
      'an element of a list',
      { resources: [{ prefix: 'arn:b' }] },
      { resources: ['arn:a', 'arn:b'] },
      { resources: [] },
    ],
    ['a field of a list of objects', { d: { id: ['x'] } }, { d: [{ id: 'y' }, { id: 'x' }] }, { d: [{ id: 'y' }] }],
  ])('compares: %s', (_name, pattern, matching, other) => {
    expect([matches(pattern, matching), matches(pattern, other)]).toEqual([true, false]);
  });

  it.each<[string, EventPattern]>([
    ['cidr', { ip: [{ cidr: '10.0.0.0/24' }] }],
    ['numeric', { n: [{ numeric: ['>'] }] }],
    ['exists', { n: [{ exists: 'yes' }] }],
    ['"suffix"', { n: [{ prefix: 'a', suffix: 'b' }] }],
    ['matches', { n: [{ 'anything-but': { matches: 'x' } }] }],
    ['empty list', { n: [] }],
    ['must be', { n: 'text' as never }],
    ['must be a list', { $or: {} }],
  ])('is refused when it cannot be simulated: %s', (text, pattern) => {
    expect(() => compilePattern(pattern)).toThrow(text);
  });
});
