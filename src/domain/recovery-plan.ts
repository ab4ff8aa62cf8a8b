import { z } from 'zod';
import { DrError } from './errors.ts';
import {
  type ProtectionGroup,
  planKeySchema,
  planNameSchema,
  regionSchema,
  tagCriteriaSchema,
} from './protection-group.ts';
import { accountIdSchema } from './vocabulary.ts';

/**
 * Recovery plans: waves with people and actions between them. The field names are those of seed 5 (table RecoveryPlans)
 * and of seed 3's waves; `maxWaitMinutes` and `successThresholdPercent` are the recovery component's own words.
 */

/** SSM takes this pattern for the name or ARN of a document (API model: StartAutomationExecution). */
export const documentNameSchema = z.string().regex(/^[a-zA-Z0-9_\-.:/]{3,128}$/, 'the name or ARN of an SSM document');
/** As StartAutomationExecution takes them: lists of text of at most 512 characters. */
const parametersSchema = z.record(z.string().min(1).max(50), z.array(z.string().max(512))).default({});

const actionShape = {
  actionName: planNameSchema,
  description: z.string().max(1_000).optional(),
  /** Minutes until an action that is not done has failed. */
  timeoutMinutes: z.int().min(1).max(1_440).default(30),
  /** What becomes of the wave when it fails: people are asked, nothing more is begun, or the wave goes on. */
  onFailure: z.enum(['ask', 'stop', 'continue']).default('ask'),
  /** In which of the two it is done; never in a termination or a failback. */
  verbs: z
    .array(z.enum(['drill', 'failover']))
    .min(1)
    .default(['drill', 'failover']),
};

/** What is done before or after a wave: an SSM Automation document, or a look at whether what was recovered is well. */
export const waveActionSchema = z.discriminatedUnion('actionType', [
  z.strictObject({
    actionType: z.literal('automation'),
    ...actionShape,
    documentName: documentNameSchema,
    documentVersion: z
      .string()
      .regex(/^(\$LATEST|\$DEFAULT|[1-9]\d*)$/, 'a number, $LATEST or $DEFAULT')
      .optional(),
    parameters: parametersSchema,
    /** Where the document runs; left out: the central account. */
    accountId: accountIdSchema.optional(),
    /** Left out: the DR Region. */
    region: regionSchema.optional(),
  }),
  z.strictObject({
    actionType: z.literal('http'),
    ...actionShape,
    url: z.url({ protocol: /^https?$/, error: 'an address that begins with http:// or https://' }),
    expectedStatus: z.int().min(100).max(599).default(200),
  }),
  z.strictObject({
    actionType: z.literal('tcp'),
    ...actionShape,
    host: z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]{0,253}[A-Za-z0-9])?$/, 'a host name or an address'),
    port: z.int().min(1).max(65_535),
  }),
  /** EC2's status checks of every instance that the wave launched. */
  z.strictObject({ actionType: z.literal('ec2Status'), ...actionShape }),
  /** SSM Run Command on every instance that the wave launched. */
  z.strictObject({
    actionType: z.literal('command'),
    ...actionShape,
    documentName: documentNameSchema,
    parameters: parametersSchema,
  }),
]);
export type WaveAction = z.infer<typeof waveActionSchema>;

/** The items of an execution are `WAVE#nn` (design §6). */
const waveNumberSchema = z.int().min(1).max(99);
const minutesSchema = z.int().min(1).max(1_440);

/** A wave: servers by group or by tag, or another plan. */
export const planWaveSchema = z.strictObject({
  waveNumber: waveNumberSchema,
  waveName: planNameSchema,
  description: z.string().max(1_000).optional(),
  protectionGroupIds: z.array(planKeySchema).default([]),
  /** Servers by tag without a group, in every staging account. */
  tagCriteria: tagCriteriaSchema.optional(),
  /** Another plan that is run in this place instead of servers. */
  recoveryPlanId: planKeySchema.optional(),
  /** The waves that must have run before it. */
  dependsOn: z.array(waveNumberSchema).default([]),
  /** Somebody has to release it before it begins. */
  pauseBeforeWave: z.boolean().default(false),
  /** Somebody has to release what follows it; the last wave may have one, too. */
  pauseAfterWave: z.boolean().default(false),
  /** Minutes until a server that is not done counts as timed out; left out: the component's default. */
  maxWaitMinutes: minutesSchema.optional(),
  /** The wave is good when more than this share of its servers was recovered; left out: the component's default. */
  successThresholdPercent: z.int().min(0).max(100).optional(),
  /** Seconds that people think it takes, until history knows better. */
  estimatedDuration: z.int().min(1).optional(),
  /** Minutes within which it is to be done. */
  rtoTargetMinutes: minutesSchema.optional(),
  preWaveActions: z.array(waveActionSchema).default([]),
  postWaveActions: z.array(waveActionSchema).default([]),
});
export type PlanWave = z.infer<typeof planWaveSchema>;

/** A plan. Its waves may be written in any order. */
export const recoveryPlanSchema = z.strictObject({
  planId: planKeySchema,
  planName: planNameSchema,
  description: z.string().max(1_000).optional(),
  /** The application (tag DR-Application) whose plan it is: what `/dr drill HRP` without a wave runs. */
  application: z.string().min(1).max(256).optional(),
  /** Minutes within which all of it is to be done. */
  rtoTargetMinutes: z.int().min(1).max(20_160).optional(),
  /** Hours after a drill's end at which its instances are terminated, unless somebody keeps them. Left out: they stay. */
  cleanUpAfterHours: z.int().min(1).max(168).optional(),
  waves: z.array(planWaveSchema),
});
export type RecoveryPlan = z.infer<typeof recoveryPlanSchema>;
/** A plan before its defaults are filled in. */
export type RecoveryPlanInput = z.input<typeof recoveryPlanSchema>;

/** Plans with the groups that they name. */
export interface PlanSet {
  plans: readonly RecoveryPlan[];
  groups: readonly ProtectionGroup[];
}

/**
 * The waves in the order in which they run: each after those that it depends on, otherwise by number. They never run
 * side by side.
 * @throws {DrError} ValidationError when waves wait for each other or for one that is not there
 */
export function wavesInOrder(plan: RecoveryPlan): PlanWave[] {
  const { ordered, stuck } = orderOf(plan.waves);
  if (stuck.length === 0) return ordered;
  const names = stuck.map(({ waveNumber }) => waveNumber).join(', ');
  throw new DrError('ValidationError', `Plan ${plan.planName} has no order: waves ${names} wait for what never runs.`);
}

/** The waves that can be brought into an order, in that order, and those that cannot. */
export function orderOf(waves: readonly PlanWave[]): { ordered: PlanWave[]; stuck: PlanWave[] } {
  const ordered: PlanWave[] = [];
  let stuck = waves.toSorted((a, b) => a.waveNumber - b.waveNumber);
  const done = new Set<number>();
  for (;;) {
    const next = stuck.find(({ dependsOn }) => dependsOn.every((number) => done.has(number)));
    if (next === undefined) return { ordered, stuck };
    ordered.push(next);
    done.add(next.waveNumber);
    stuck = stuck.filter((wave) => wave !== next);
  }
}
