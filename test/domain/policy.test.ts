import { describe, expect, it } from 'vitest';
import { drillPolicySchema, policiesSchema, policyOf } from '../../src/domain/policy.ts';

describe('the drill policy', () => {
  it('is careful where nothing is said', () => {
    const careful = { quorum: 1, expiresAfterMinutes: 30, stopOn: ['stalled', 'not ready', 'unknown'] };
    expect(drillPolicySchema.parse({})).toEqual(careful);
    const twoPeople = { quorum: 2, expiresAfterMinutes: 30 };
    expect(policiesSchema.parse({})).toEqual({
      drill: careful,
      failover: twoPeople,
      terminate: { quorum: 1, expiresAfterMinutes: 30 },
      failback: twoPeople,
    });
  });

  it.each<{ name: string; policy: Record<string, unknown> }>([
    { name: 'a quorum of nobody', policy: { quorum: 0 } },
    { name: 'a quorum of eleven', policy: { quorum: 11 } },
    { name: 'half a person', policy: { quorum: 1.5 } },
    { name: 'a question that stands for less than 5 minutes', policy: { expiresAfterMinutes: 4 } },
    { name: 'a question that stands for more than a day', policy: { expiresAfterMinutes: 1_441 } },
    { name: 'a health that nobody has', policy: { stopOn: ['tired'] } },
    { name: 'a misspelt field', policy: { quorom: 2 } },
    { name: 'a subnet that is none', policy: { drillSubnets: ['vpc-0123abcd'] } },
    { name: 'no subnet at all', policy: { drillSubnets: [] } },
  ])('is refused with $name', ({ policy }) => {
    expect(policiesSchema.safeParse({ drill: policy }).success).toBe(false);
  });
});

describe('the policies by verb', () => {
  it('are found by verb', () => {
    const policies = policiesSchema.parse({ terminate: { quorum: 3 }, failback: { expiresAfterMinutes: 60 } });
    expect(policyOf(policies, 'drill')).toMatchObject({ quorum: 1 });
    expect(policyOf(policies, 'failover')).toEqual({ quorum: 2, expiresAfterMinutes: 30 });
    expect(policyOf(policies, 'terminate')).toEqual({ quorum: 3, expiresAfterMinutes: 30 });
    expect(policyOf(policies, 'failback')).toEqual({ quorum: 2, expiresAfterMinutes: 60 });
  });

  it('take a document that knows drills only', () => {
    const old = { drill: { quorum: 2, expiresAfterMinutes: 45, stopOn: ['stalled'] } };
    expect(policiesSchema.parse(old).drill).toEqual(old.drill);
  });

  it('of anything but a drill stop nothing by health: that is for people to see', () => {
    expect(policiesSchema.safeParse({ failover: { stopOn: ['stalled'] } }).success).toBe(false);
  });
});
