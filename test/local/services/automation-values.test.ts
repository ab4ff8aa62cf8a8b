import { describe, expect, it } from 'vitest';
import { select, substitute } from '../../../src/local/services/automation-values.ts';

// The response and the examples of the Systems Manager user guide, "Using JSONPath in runbooks".
const reservation = (volumeId: string, State: object) => ({
  OwnerId: '123456789012',
  Instances: [
    {
      ImageId: 'ami-12345678',
      BlockDeviceMappings: [{ Ebs: { DeleteOnTermination: true, VolumeId: volumeId }, DeviceName: '/dev/xvda' }],
      State,
    },
  ],
});
const running = { Code: 16, Name: 'running' };
const stopped = { Code: 80, Name: 'stopped' };
const answer = { Reservations: [reservation('vol-0', running), reservation('vol-1', stopped)] };

describe('a selector', () => {
  it.each<[string, unknown]>([
    ['$.Reservations[0].Instances[0].ImageId', 'ami-12345678'],
    ['$.Reservations[0].Instances[0].BlockDeviceMappings[0].Ebs.DeleteOnTermination', true],
    ['$.Reservations[0].Instances[0].State.Code', 16],
    ['$.Reservations..BlockDeviceMappings..VolumeId', ['vol-0', 'vol-1']],
    [
      '$.Reservations[0].Instances[0].BlockDeviceMappings[0]',
      { Ebs: { DeleteOnTermination: true, VolumeId: 'vol-0' }, DeviceName: '/dev/xvda' },
    ],
    ['$.Reservations..Instances..State', [running, stopped]],
    ['$', answer],
    ['$.Reservations[2].OwnerId', undefined],
    ['$..Nothing', []],
  ])('%s', (path, expected) => {
    expect(select(path, answer)).toEqual(expected);
  });

  it.each(['Reservations', '$.Reservations[*]', "$['Reservations']", '$.Reservations[?(@.OwnerId)]'])(
    'is refused when it is no documented JSONPath: %s',
    (path) => {
      expect(() => select(path, answer)).toThrow('JSONPath');
    },
  );
});

describe('a substitution', () => {
  const values: Record<string, unknown> = { list: ['a', 'b'], map: { k: '{{ list }}' }, n: 3, text: 'x' };
  const replace = (value: unknown) => substitute(value, (name) => values[name]);

  it('keeps the type of a variable that stands alone, and writes text elsewhere', () => {
    expect(replace(['{{ list }}', '{{n}}', '{{ n }} of {{text}}', 4, ['{{text}}']])).toEqual([
      'a',
      'b',
      3,
      '3 of x',
      4,
      ['x'],
    ]);
    expect(replace({ k: '{{list}}', l: ' {{list}}!' })).toEqual({ k: ['a', 'b'], l: ' ["a","b"]!' });
  });

  it('does not look for variables in values, and fails without a value', () => {
    expect(replace('{{map}}')).toEqual({ k: '{{ list }}' });
    expect(() => replace({ deep: ['{{ none }}'] })).toThrow('{{ none }} has no value');
  });
});
