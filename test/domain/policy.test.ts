import { describe, expect, it } from 'vitest';
import {
  DEFAULTS,
  drillPolicyOf,
  POLICY_SUBJECTS,
  type PolicySubject,
  policiesSchema,
  policyOf,
  policyOfRequest,
  policyVersionOf,
  subjectOf,
} from '../../src/domain/policy.ts';

const NOTHING = policiesSchema.parse({});

describe('where the document says nothing', () => {
  it.each<[PolicySubject, { quorum: number; typeName: boolean }]>([
    ['drill', { quorum: 1, typeName: false }],
    ['terminate', { quorum: 1, typeName: false }],
    ['failover', { quorum: 2, typeName: true }],
    ['failback', { quorum: 2, typeName: true }],
    ['terminateLive', { quorum: 2, typeName: true }],
    ['replaceLive', { quorum: 2, typeName: true }],
  ])('a %s needs so many people', (subject, needs) => {
    expect(policyOf(NOTHING, subject, 'HRP')).toMatchObject({ ...needs, selfApproval: false, expiresAfterMinutes: 30 });
  });

  it('nobody may break the glass, and no requests are frozen', () => {
    for (const subject of POLICY_SUBJECTS) {
      expect(policyOf(NOTHING, subject, 'HRP').breakGlass).toBeUndefined();
      expect(policyOf(NOTHING, subject, 'HRP').freeze).toBeUndefined();
    }
  });

  it('a drill is careful', () => {
    expect(drillPolicyOf(NOTHING, 'HRP')).toEqual({ stopOn: ['stalled', 'not ready', 'unknown'] });
  });
});

describe('a policy is refused', () => {
  it.each<{ name: string; policies: unknown }>([
    { name: 'with a quorum of nobody', policies: { drill: { quorum: 0 } } },
    { name: 'with a quorum of eleven', policies: { drill: { quorum: 11 } } },
    { name: 'with half a person', policies: { drill: { quorum: 1.5 } } },
    { name: 'with a question of less than 5 minutes', policies: { drill: { expiresAfterMinutes: 4 } } },
    { name: 'with a question of more than a day', policies: { drill: { expiresAfterMinutes: 1_441 } } },
    { name: 'with a health that nobody has', policies: { drill: { stopOn: ['tired'] } } },
    { name: 'with a misspelt field', policies: { drill: { quorom: 2 } } },
    { name: 'with a misspelt field of an application', policies: { applications: { HRP: { drill: { quorom: 2 } } } } },
    { name: 'with a subnet that is none', policies: { drill: { drillSubnets: ['vpc-0123abcd'] } } },
    { name: 'with no subnet at all', policies: { drill: { drillSubnets: [] } } },
    { name: 'with a role that nobody has', policies: { drill: { roles: ['Boss'] } } },
    { name: 'with an escalation to nobody', policies: { drill: { escalation: {} } } },
    { name: 'that stops anything but a drill by health', policies: { failover: { stopOn: ['stalled'] } } },
    {
      name: 'that lets one person terminate live instances',
      policies: { terminateLive: { breakGlass: { roles: ['DRSOrchestrationAdmin'] } } },
    },
    {
      name: 'that lets one person replace live instances',
      policies: { replaceLive: { breakGlass: { roles: ['DRSOrchestrationAdmin'] } } },
    },
  ])('$name', ({ policies }) => {
    expect(policiesSchema.safeParse(policies).success).toBe(false);
  });
});

describe('a policy', () => {
  const policies = policiesSchema.parse({
    drill: { quorum: 2, expiresAfterMinutes: 45, stopOn: ['stalled'] },
    failover: { quorum: 3, requireReason: true, breakGlass: { roles: ['DRSOrchestrationAdmin'] } },
    applications: {
      HRP: { drill: { freeze: 'Year end until 5 January.' }, failover: { requireTicket: true } },
      CRM: { drill: { drillSubnets: ['subnet-0123abcd'] }, replaceLive: { roles: ['DRSOrchestrationAdmin'] } },
    },
  });

  it('is the verb’s, field by field as the application changes it', () => {
    expect(policyOf(policies, 'drill', 'SAP')).toEqual({ ...DEFAULTS.drill, quorum: 2, expiresAfterMinutes: 45 });
    expect(policyOf(policies, 'drill', 'HRP')).toMatchObject({ quorum: 2, freeze: 'Year end until 5 January.' });
    expect(drillPolicyOf(policies, 'CRM')).toEqual({ stopOn: ['stalled'], drillSubnets: ['subnet-0123abcd'] });
  });

  it('of an application called like something that every object has is nobody else’s', () => {
    expect(policyOf(policies, 'drill', 'constructor')).toEqual(policyOf(policies, 'drill', 'SAP'));
  });

  it('about live instances is never weaker than the verb’s own', () => {
    expect(policyOf(policies, 'replaceLive', 'HRP')).toMatchObject({
      quorum: 3,
      typeName: true,
      requireReason: true,
      requireTicket: true,
    });
    expect(policyOf(policies, 'replaceLive', 'CRM').roles).toEqual(['DRSOrchestrationAdmin']);
    expect(policyOf(policiesSchema.parse({ terminate: { quorum: 4 } }), 'terminateLive', 'HRP').quorum).toBe(4);
  });

  it('of a drill whose instances are ended after it is never weaker than that of a termination', () => {
    const both = policiesSchema.parse({
      drill: { quorum: 1, selfApproval: true, roles: ['DRSOrchestrationAdmin', 'DRSRecoveryManager'] },
      terminate: { quorum: 2, requireTicket: true, roles: ['DRSRecoveryManager'] },
      applications: { CRM: { terminate: { typeName: true } } },
    });
    const drill = { verb: 'drill', options: {}, application: 'HRP' } as const;
    expect(policyOfRequest(both, drill)).toMatchObject({ quorum: 1, selfApproval: true, requireTicket: false });
    const cleanedUp = { ...drill, cleanUp: { afterHours: 4 } };
    expect(policyOfRequest(both, cleanedUp)).toMatchObject({
      quorum: 2,
      selfApproval: false,
      requireTicket: true,
      typeName: false,
      roles: ['DRSRecoveryManager'],
    });
    expect(policyOfRequest(both, { ...cleanedUp, otherApplications: ['CRM'] })).toMatchObject({ typeName: true });
  });

  it('about live instances lets nobody pass alone, although the failover’s does', () => {
    expect(policyOf(policies, 'failover', 'HRP').breakGlass).toEqual({
      roles: ['DRSOrchestrationAdmin'],
      byRequester: false,
    });
    expect(policyOf(policies, 'replaceLive', 'HRP').breakGlass).toBeUndefined();
  });

  it('document has a version of its own', () => {
    expect(policyVersionOf(policies)).not.toBe(policyVersionOf(NOTHING));
    expect(policyVersionOf(policies)).toBe(policyVersionOf(structuredClone(policies)));
  });
});

describe('what a request is about', () => {
  it.each<[Parameters<typeof subjectOf>[0], PolicySubject]>([
    [{ verb: 'drill', options: {} }, 'drill'],
    [{ verb: 'failback', options: {} }, 'failback'],
    [{ verb: 'failover', options: {} }, 'failover'],
    [{ verb: 'failover', options: { replaceLive: [] } }, 'failover'],
    [{ verb: 'failover', options: { replaceLive: ['i-0123456789abcdef0'] } }, 'replaceLive'],
    [{ verb: 'terminate', options: {} }, 'terminate'],
    [{ verb: 'terminate', options: { terminateLive: true } }, 'terminateLive'],
  ])('%o is a %s', (request, subject) => {
    expect(subjectOf(request)).toBe(subject);
  });
});
