import fc from 'fast-check';
import type { ProtectionGroup } from '../../src/domain/protection-group.ts';
import {
  type PlanSet,
  planWaveSchema,
  type RecoveryPlan,
  type RecoveryPlanInput,
  recoveryPlanSchema,
  type WaveAction,
  waveActionSchema,
} from '../../src/domain/recovery-plan.ts';

/** A group of the servers whose tag `Wave` is this. */
export function aGroup(groupId: string, wave: string, differs: Partial<ProtectionGroup> = {}): ProtectionGroup {
  return { groupId, groupName: `Group ${groupId}`, region: 'us-east-2', tagCriteria: { Wave: wave }, ...differs };
}

/** A wave; without more it names the group `g<number>`. */
export function aWave(waveNumber: number, differs: Partial<RecoveryPlanInput['waves'][number]> = {}) {
  return planWaveSchema.parse({
    waveNumber,
    waveName: `Wave ${waveNumber}`,
    protectionGroupIds: [`g${waveNumber}`],
    ...differs,
  });
}

/** A plan of these waves. */
export function aPlan(waves: RecoveryPlan['waves'], differs: Partial<RecoveryPlan> = {}): RecoveryPlan {
  return { planId: 'hrp', planName: 'HRP', waves, ...differs };
}

/** An SSM Automation. */
export function anAutomation(differs: Partial<Extract<WaveAction, { actionType: 'automation' }>> = {}): WaveAction {
  return waveActionSchema.parse({
    actionType: 'automation',
    actionName: 'Stop the source',
    documentName: 'AWS-StopRdsInstance',
    ...differs,
  });
}

const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,12}$/);
const name = fc.stringMatching(/^[A-Za-zäß“”0-9]([ A-Za-z:,0-9]{0,12}[a-z])?$/);
const description = fc.option(fc.string({ maxLength: 20 }), { nil: undefined });
const tagCriteria = fc.dictionary(fc.stringMatching(/^[A-Za-z0-9 :/-]{1,12}$/), fc.string({ maxLength: 12 }), {
  minKeys: 1,
  maxKeys: 3,
});
const account = fc.constantFrom(undefined, '111111111111', '012345678912');
const region = fc.constantFrom('us-east-2', 'us-west-2');
const minutes = fc.option(fc.integer({ min: 1, max: 1_440 }), { nil: undefined });
const parameters = fc.dictionary(
  fc.stringMatching(/^[A-Za-z0-9]{1,10}$/),
  fc.array(fc.string({ maxLength: 10 }), { maxLength: 3 }),
  {
    maxKeys: 3,
  },
);

const anyGroup: fc.Arbitrary<ProtectionGroup> = fc
  .record({ groupId: id, groupName: name, description, region, accountId: account })
  .chain((common) =>
    fc.oneof(
      tagCriteria.map((tags) => ({ ...common, tagCriteria: tags })),
      fc
        .array(fc.stringMatching(/^s-[0-9a-f]{17}$/), { minLength: 1, maxLength: 3 })
        .map((serverIds) => ({ ...common, serverIds })),
    ),
  );

const common = {
  actionName: name,
  description,
  timeoutMinutes: fc.integer({ min: 1, max: 1_440 }),
  onFailure: fc.constantFrom('ask' as const, 'stop' as const, 'continue' as const),
  verbs: fc.subarray<WaveAction['verbs'][number]>(['drill', 'failover'], { minLength: 1 }),
};
const documentName = fc.stringMatching(/^[a-zA-Z0-9_\-.:/]{3,20}$/);
const anyAction: fc.Arbitrary<WaveAction> = fc.oneof(
  fc.record({
    actionType: fc.constant('automation' as const),
    ...common,
    documentName,
    documentVersion: fc.constantFrom(undefined, '$LATEST', '3'),
    parameters,
    accountId: account,
    region: fc.option(region, { nil: undefined }),
  }),
  fc.record({
    actionType: fc.constant('http' as const),
    ...common,
    url: fc.constantFrom('https://example.com/health', 'http://10.0.0.1:8080/'),
    expectedStatus: fc.integer({ min: 100, max: 599 }),
  }),
  fc.record({
    actionType: fc.constant('tcp' as const),
    ...common,
    host: fc.constant('db.example.com'),
    port: fc.integer({ min: 1, max: 65_535 }),
  }),
  fc.record({ actionType: fc.constant('ec2Status' as const), ...common }),
  fc.record({ actionType: fc.constant('command' as const), ...common, documentName, parameters }),
);

const anyWave = fc.record({
  waveNumber: fc.integer({ min: 1, max: 99 }),
  waveName: name,
  description,
  protectionGroupIds: fc.array(id, { maxLength: 3 }),
  tagCriteria: fc.option(tagCriteria, { nil: undefined }),
  recoveryPlanId: fc.option(id, { nil: undefined }),
  dependsOn: fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 3 }),
  pauseBeforeWave: fc.boolean(),
  pauseAfterWave: fc.boolean(),
  maxWaitMinutes: minutes,
  successThresholdPercent: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
  estimatedDuration: fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined }),
  rtoTargetMinutes: minutes,
  preWaveActions: fc.array(anyAction, { maxLength: 3 }),
  postWaveActions: fc.array(anyAction, { maxLength: 3 }),
});

/** Any plans and groups that have the right form, sensible or not. */
export const anyPlanSet: fc.Arbitrary<PlanSet> = fc.record({
  groups: fc.uniqueArray(anyGroup, { maxLength: 4, selector: ({ groupId }) => groupId }),
  plans: fc.uniqueArray(
    fc
      .record({
        planId: id,
        planName: name,
        description,
        application: fc.constantFrom(undefined, 'HRP'),
        rtoTargetMinutes: fc.option(fc.integer({ min: 1, max: 20_160 }), { nil: undefined }),
        cleanUpAfterHours: fc.option(fc.integer({ min: 1, max: 168 }), { nil: undefined }),
        waves: fc.uniqueArray(anyWave, { maxLength: 4, selector: ({ waveNumber }) => waveNumber }),
      })
      .map((plan) => recoveryPlanSchema.parse(plan)),
    { maxLength: 3, selector: ({ planId }) => planId },
  ),
});
