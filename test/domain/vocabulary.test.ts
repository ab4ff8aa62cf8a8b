import { describe, expect, it } from 'vitest';
import {
  accountIdSchema,
  instanceIdSchema,
  PLANNED_VERBS,
  snapshotIdSchema,
  sourceServerIdSchema,
  VERBS,
} from '../../src/domain/vocabulary.ts';

describe('the verbs', () => {
  it('are those of the component, of which all but status can be asked for', () => {
    expect(VERBS).toEqual(['drill', 'failover', 'failback', 'terminate', 'status']);
    expect(PLANNED_VERBS).toEqual(['drill', 'failover', 'failback', 'terminate']);
  });
});

describe('an AWS account id', () => {
  it.each([
    ['111111111111', true],
    ['012345678901', true],
    ['11111111111', false],
    ['1111111111111', false],
    ['11111111111a', false],
    ['111111111111\n', false],
  ])('%j: %s', (id, valid) => {
    expect(accountIdSchema.safeParse(id).success).toBe(valid);
  });
});

describe('a source server id', () => {
  it.each([
    ['s-0123456789abcdefG', true],
    ['s-0123456789abcdef', false],
    ['s-0123456789abcdef01', false],
    ['s-0123456789abcde-f', false],
    ['i-0123456789abcdefG', false],
    [' s-0123456789abcdefG', false],
  ])('%j: %s', (id, valid) => {
    expect(sourceServerIdSchema.safeParse(id).success).toBe(valid);
  });
});

describe('an instance id', () => {
  it.each([
    ['i-0123abcd', true],
    ['i-0123456789abcdef0', true],
    ['i-0123abc', false],
    ['i-xyz78900', false],
    ['s-0123456789abcdefG', false],
  ])('%j: %s', (id, valid) => {
    expect(instanceIdSchema.safeParse(id).success).toBe(valid);
  });
});

describe('a snapshot id', () => {
  it.each([
    ['pit-0123456789abcdefG', true],
    ['pit-0123456789abcdef', false],
    ['snap-0123456789abcdefG', false],
  ])('%j: %s', (id, valid) => {
    expect(snapshotIdSchema.safeParse(id).success).toBe(valid);
  });
});
