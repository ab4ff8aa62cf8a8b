import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ROLES, type Role, slackGroupIdSchema, slackUserIdSchema } from './access.ts';
import { ReplicationHealth } from './server.ts';
import type { PlannedVerb } from './vocabulary.ts';

/**
 * What a policy is about. What changes production asks more people than a drill: terminating live instances and
 * replacing them have policies of their own. `pause` and `decision`: the questions between waves.
 */
export const POLICY_SUBJECTS = [
  'drill',
  'failover',
  'failback',
  'terminate',
  'terminateLive',
  'replaceLive',
  'pause',
  'decision',
] as const;
export type PolicySubject = (typeof POLICY_SUBJECTS)[number];

/** Whom a question goes to when nobody has decided: told, and asked where their roles count. */
const escalationSchema = z
  .strictObject({
    /** Minutes before the question expires. */
    beforeMinutes: z.int().min(1).max(1_440).default(10),
    users: z.array(slackUserIdSchema).min(1).optional(),
    userGroups: z.array(slackGroupIdSchema).min(1).optional(),
  })
  .refine(({ users, userGroups }) => users !== undefined || userGroups !== undefined, {
    message: 'an escalation names users, userGroups, or both',
  });
export type Escalation = z.infer<typeof escalationSchema>;

const breakGlassSchema = z.strictObject({
  /** Who has one of these roles may pass the question alone, with a reason. */
  roles: z.array(z.enum(ROLES)).min(1),
  /** Whether the one who asked may do it, too. */
  byRequester: z.boolean().default(false),
});
export type BreakGlass = z.infer<typeof breakGlassSchema>;

/** What an approval can ask for. Everything may be left out: see {@link DEFAULTS}. */
const approvalShape = {
  /** Approvals needed. */
  quorum: z.int().min(1).max(10).optional(),
  /** Roles whose approvals count; left out: every role that may decide. */
  roles: z.array(z.enum(ROLES)).min(1).optional(),
  /** Whether the requester's own approval counts. */
  selfApproval: z.boolean().optional(),
  /** Whether who asks has to say why. */
  requireReason: z.boolean().optional(),
  /** Whether who asks has to name a ticket. */
  requireTicket: z.boolean().optional(),
  /** Whether who approves has to type the application's name. */
  typeName: z.boolean().optional(),
  /** Minutes until an unanswered question expires. */
  expiresAfterMinutes: z.int().min(5).max(1_440).optional(),
  /** Minutes until those who are asked are reminded; each further wait is twice the one before. */
  remindAfterMinutes: z.int().min(1).max(1_440).optional(),
  escalation: escalationSchema.optional(),
  /** Set while such requests are refused: why, e.g. a change freeze. */
  freeze: z.string().min(1).max(300).optional(),
};

/** A question between waves: it may stand for days, and asks nothing of a request that is approved already. */
const waitShape = {
  quorum: approvalShape.quorum,
  roles: approvalShape.roles,
  selfApproval: approvalShape.selfApproval,
  expiresAfterMinutes: z.int().min(5).max(20_160).optional(),
  remindAfterMinutes: z.int().min(1).max(20_160).optional(),
  escalation: escalationSchema.optional(),
};

const drillShape = {
  /** Replication health that stops a drill at preflight; other health than `ok` is shown as a warning. */
  stopOn: z.array(z.enum(ReplicationHealth)).optional(),
  /** The only subnets that a drill may launch into; left out: any. */
  drillSubnets: z
    .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/, 'a subnet id begins with subnet-'))
    .min(1)
    .optional(),
};

const subjectShapes = {
  drill: z.strictObject({ ...approvalShape, ...drillShape }).optional(),
  failover: z.strictObject({ ...approvalShape, breakGlass: breakGlassSchema.optional() }).optional(),
  failback: z.strictObject(approvalShape).optional(),
  terminate: z.strictObject(approvalShape).optional(),
  terminateLive: z.strictObject(approvalShape).optional(),
  replaceLive: z.strictObject(approvalShape).optional(),
  pause: z.strictObject(waitShape).optional(),
  decision: z.strictObject(waitShape).optional(),
};

/**
 * The policies by what is asked for, and what is different for an application. An SSM parameter, checked whenever it is
 * read; a copy is frozen with each gate and each plan.
 */
export const policiesSchema = z.strictObject({
  ...subjectShapes,
  /** By application, field by field: what is left out here is as it is for all. */
  applications: z.record(z.string().min(1), z.strictObject(subjectShapes)).optional(),
});
export type Policies = z.infer<typeof policiesSchema>;

/** What stops a drill at preflight. */
export interface DrillPolicy {
  stopOn: ReplicationHealth[];
  drillSubnets?: string[];
}

/** What an approval needs. Times in minutes; see {@link policiesSchema} for each field. */
export interface ApprovalPolicy {
  quorum: number;
  roles?: Role[];
  selfApproval: boolean;
  requireReason: boolean;
  requireTicket: boolean;
  typeName: boolean;
  expiresAfterMinutes: number;
  remindAfterMinutes: number;
  escalation?: Escalation;
  freeze?: string;
  breakGlass?: BreakGlass;
}

const APPROVAL_DEFAULTS: Omit<ApprovalPolicy, 'quorum' | 'typeName'> = {
  selfApproval: false,
  requireReason: false,
  requireTicket: false,
  expiresAfterMinutes: 30,
  remindAfterMinutes: 15,
};
const ONE_PERSON: ApprovalPolicy = { ...APPROVAL_DEFAULTS, quorum: 1, typeName: false };
/** What changes production needs two people, who type what they approve. */
const TWO_PEOPLE: ApprovalPolicy = { ...APPROVAL_DEFAULTS, quorum: 2, typeName: true };

/** What holds where the document says nothing. */
export const DEFAULTS: Record<PolicySubject, ApprovalPolicy> = {
  drill: ONE_PERSON,
  terminate: ONE_PERSON,
  failover: TWO_PEOPLE,
  failback: TWO_PEOPLE,
  terminateLive: TWO_PEOPLE,
  replaceLive: TWO_PEOPLE,
  // Who asked may also go on: the plan is approved. A pause may last over a week-end, a decision is urgent.
  pause: { ...ONE_PERSON, selfApproval: true, expiresAfterMinutes: 10_080, remindAfterMinutes: 60 },
  decision: { ...ONE_PERSON, selfApproval: true, expiresAfterMinutes: 240 },
};

const DRILL_DEFAULTS: DrillPolicy = { stopOn: ['stalled', 'not ready', 'unknown'] };

/** The policy's subject for a request: the verb, or the more dangerous thing that its options make of it. */
export function subjectOf({ verb, options }: { verb: PlannedVerb; options: RequestOptions }): PolicySubject {
  if (verb === 'terminate') return options.terminateLive === true ? 'terminateLive' : 'terminate';
  if (verb === 'failover') return (options.replaceLive ?? []).length > 0 ? 'replaceLive' : 'failover';
  return verb;
}

/** The options that make a request more dangerous than its verb. */
export interface RequestOptions {
  terminateLive?: boolean;
  replaceLive?: readonly string[];
}

/**
 * What an approval of `subject` needs for `application`. What is done to live instances needs at least what the verb
 * itself needs: of the two policies the stricter one holds, field by field.
 */
export function policyOf(policies: Policies, subject: PolicySubject, application: string): ApprovalPolicy {
  const own = merged(policies, subject, application);
  if (subject === 'terminateLive') return stricter(merged(policies, 'terminate', application), own);
  if (subject === 'replaceLive') return stricter(merged(policies, 'failover', application), own);
  return own;
}

/** What decides which policy a request is approved by. */
export interface PolicyFacts {
  verb: PlannedVerb;
  options: RequestOptions;
  application: string;
  /** Whose servers it touches besides. */
  otherApplications?: readonly string[];
  /** Set for a drill whose instances are ended after it. */
  cleanUp?: unknown;
}

/**
 * What an approval of a request needs: of every application that it touches, and of a termination, too, for a drill whose
 * instances are ended after it. Of several policies the stricter one holds, field by field.
 */
export function policyOfRequest(policies: Policies, request: PolicyFacts): ApprovalPolicy {
  const { verb, options, cleanUp } = request;
  const own = policyOfAll(policies, subjectOf({ verb, options }), request);
  if (verb !== 'drill' || cleanUp === undefined) return own;
  return stricter(policyOfAll(policies, 'terminate', request), own);
}

/** What an approval of `subject` needs for every one of these applications. */
export function policyOfAll(
  policies: Policies,
  subject: PolicySubject,
  { application, otherApplications = [] }: Pick<PolicyFacts, 'application' | 'otherApplications'>,
): ApprovalPolicy {
  return otherApplications
    .map((other) => policyOf(policies, subject, other))
    .reduce((strictest, policy) => stricter(policy, strictest), policyOf(policies, subject, application));
}

/** Tells one policy document from another: it is frozen with each gate. */
export function policyVersionOf(policies: Policies): string {
  return createHash('sha256').update(JSON.stringify(policies)).digest('hex').slice(0, 12);
}

/** What stops a drill of `application` at preflight. */
export function drillPolicyOf(policies: Policies, application: string): DrillPolicy {
  const { stopOn, drillSubnets } = {
    ...DRILL_DEFAULTS,
    ...present(policies.drill),
    ...present(applicationOf(policies, application)?.drill),
  };
  return { stopOn, ...(drillSubnets === undefined ? {} : { drillSubnets }) };
}

function merged(policies: Policies, subject: PolicySubject, application: string): ApprovalPolicy {
  const all = {
    ...DEFAULTS[subject],
    ...present(policies[subject]),
    ...present(applicationOf(policies, application)?.[subject]),
  } as ApprovalPolicy & DrillPolicy;
  const { stopOn: _, drillSubnets: __, ...approval } = all;
  return approval;
}

/** An own field only: an application may be called `constructor`. */
function applicationOf(policies: Policies, application: string) {
  const { applications = {} } = policies;
  return Object.hasOwn(applications, application) ? applications[application] : undefined;
}

/** Of two policies what is harder to pass. Break-glass is left out: it is for neither. */
function stricter(general: ApprovalPolicy, special: ApprovalPolicy): ApprovalPolicy {
  const roles = bothRoles(general.roles, special.roles);
  const escalation = special.escalation ?? general.escalation;
  const freeze = special.freeze ?? general.freeze;
  return {
    quorum: Math.max(general.quorum, special.quorum),
    ...(roles === undefined ? {} : { roles }),
    selfApproval: general.selfApproval && special.selfApproval,
    requireReason: general.requireReason || special.requireReason,
    requireTicket: general.requireTicket || special.requireTicket,
    typeName: general.typeName || special.typeName,
    expiresAfterMinutes: Math.min(general.expiresAfterMinutes, special.expiresAfterMinutes),
    remindAfterMinutes: Math.min(general.remindAfterMinutes, special.remindAfterMinutes),
    ...(escalation === undefined ? {} : { escalation }),
    ...(freeze === undefined ? {} : { freeze }),
  };
}

function bothRoles(a: Role[] | undefined, b: Role[] | undefined): Role[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.filter((role) => b.includes(role));
}

function present<T extends object>(fields: T | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)) as Partial<T>;
}
