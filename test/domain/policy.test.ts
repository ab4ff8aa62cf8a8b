import { describe, expect, it } from 'vitest';
import { drillPolicySchema, policiesSchema } from '../../src/domain/policy.ts';

describe('the drill policy', () => {
  it('is careful where nothing is said', () => {
    const careful = { quorum: 1, expiresAfterMinutes: 30, stopOn: ['stalled', 'not ready', 'unknown'] };
    expect(drillPolicySchema.parse({})).toEqual(careful);
    expect(policiesSchema.parse({})).toEqual({ drill: careful });
  });

  it.each<{ name: string; policy: Record<string, unknown> }>([
    { name: 'a quorum of nobody', policy: { quorum: 0 } },
    { name: 'a quorum of eleven', policy: { quorum: 11 } },
    { name: 'half a person', policy: { quorum: 1.5 } },
    { name: 'a question that stands for less than 5 minutes', policy: { expiresAfterMinutes: 4 } },
    { name: 'a question that stands for more than a day', policy: { expiresAfterMinutes: 1_441 } },
    { name: 'a health that nobody has', policy: { stopOn: ['tired'] } },
    { name: 'a misspelt field', policy: { quorom: 2 } },
  ])('is refused with $name', ({ policy }) => {
    expect(policiesSchema.safeParse({ drill: policy }).success).toBe(false);
  });
});
