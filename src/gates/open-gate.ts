import { z } from 'zod';
import { type Access, approvePermissions, grantees, mayAll, type Permission } from '../domain/access.ts';
import { carriedApproval } from '../domain/clean-up.ts';
import { DrError, nameOf } from '../domain/errors.ts';
import { cancelled, type Gate, isEligible } from '../domain/gate.ts';
import { plannedVerb } from '../domain/plan.ts';
import {
  type ApprovalPolicy,
  type PolicySubject,
  policyOfAll,
  policyOfRequest,
  policyVersionOf,
  subjectOf,
} from '../domain/policy.ts';
import type { ExecutionRecord, GateRecord, PlanRecord } from '../domain/records.ts';
import { selectionOf } from '../domain/request.ts';
import { announcer } from '../orchestration/announce.ts';
import { configuration } from '../platform/configuration.ts';
import { directory } from '../platform/directory.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { type GateName, gateNameOf } from './gate-timing.ts';
import { bellRinger } from './ring.ts';

const eventSchema = z.strictObject({
  executionId: z.string(),
  gateId: z.string(),
  taskToken: z.string(),
  enteredTime: z.string(),
  retryCount: z.int(),
  redriveCount: z.int(),
});

/** Nobody may do anything. */
const NOBODY: Access = { teamId: '', grants: [] };

/**
 * States "Wait for approval" and "Wait for an answer": opens the gate, or, where it is open, keeps the newer bell. A gate
 * that is settled by now is rung at once.
 * @throws {DrError} ConfigurationError when fewer people may decide than the policy asks for: nobody could ever pass it;
 *   DirectoryUnavailable when Slack cannot say who may, unless the execution is cancelled.
 */
export const create: CreateHandler<unknown, void> = (platform) => {
  const store = executionStore(platform);
  const config = configuration(platform);
  const people = directory(platform, config);
  const ring = bellRinger(platform);
  const announce = announcer(platform);

  return async (event) => {
    const { executionId, gateId, ...bell } = eventSchema.parse(event);
    const opened = (await store.getGate(executionId, gateId)) !== undefined || (await open(executionId, gateId, bell));
    if (opened) await store.setBell({ executionId, gateId }, bell);
    const gate = await orCancelled(executionId, gateId);
    if (gate === undefined) return;
    // An execution that was paused or cancelled between the two is left as it is.
    if (gate.kind !== 'approval' && gate.status === 'pending') await store.moveExecution(executionId, 'paused');
    await ring(gate);
  };

  /** The gate as it is stored. Who cancelled the execution right before it was opened has found no gate to cancel. */
  async function orCancelled(executionId: string, gateId: string): Promise<GateRecord | undefined> {
    const [gate, execution] = await Promise.all([store.getGate(executionId, gateId), store.getExecution(executionId)]);
    if (gate === undefined || execution?.cancelRequested === undefined) return gate;
    const next = cancelled(gate, platform.now(), execution.cancelRequested);
    if (next === gate) return gate;
    const settled: GateRecord = { ...gate, ...next };
    const wasWritten = await store.decideGate(settled, { version: gate.version });
    return wasWritten ? settled : await orCancelled(executionId, gateId);
  }

  /** True when the gate was there already, so that its bell has still to be kept. */
  async function open(executionId: string, gateId: string, bell: NonNullable<GateRecord['bell']>): Promise<boolean> {
    const name = gateNameOf(gateId);
    const execution = await store.getExecution(executionId);
    const plan = execution && (await store.getPlan(executionId, execution.planRevision));
    if (!execution || !plan || !name || (name.kind === 'approval' && name.revision !== plan.revision)) {
      throw new DrError('NotFound', `There is no plan of ${executionId} that the gate ${gateId} could ask about.`);
    }
    const question = { ...(await frozen(execution, plan, name)), gateId };
    const gate = (await answered(execution, plan, question)) ?? question;
    const created = await store.createGate({ ...gate, bell });
    const isAsked = gate.status === 'pending' && execution.cancelRequested === undefined;
    if (created && isAsked) await announce.gateOpened(execution, gate);
    return !created;
  }

  /** The question about a drill's clean-up with the votes of the drill's approval; undefined where people are asked. */
  async function answered(execution: ExecutionRecord, plan: PlanRecord, question: Gate): Promise<Gate | undefined> {
    const { cleansUp } = execution;
    if (cleansUp === undefined || question.kind !== 'approval') return undefined;
    const [drill, drillGate, policies] = await Promise.all([
      store.getExecution(cleansUp.executionId),
      store.getGate(cleansUp.executionId, cleansUp.gateId),
      config.policies(),
    ]);
    const drillPlan = drill && (await store.getPlan(drill.executionId, drill.planRevision));
    if (!drill || !drillPlan || !drillGate) return undefined;
    const [batches, drillBatches] = await Promise.all([store.getBatches(plan), store.getBatches(drillPlan)]);
    const policy = policyOfRequest(policies, { ...execution, verb: 'terminate' });
    const facts = { termination: execution, batches, drill, drillPlan, drillBatches, drillGate };
    return carriedApproval(question, { ...facts, policy, now: platform.now() });
  }

  /** Of an execution that is cancelled nobody, where Slack cannot say who: its question is opened only to be cancelled. */
  async function whoMayDecide({ requester, startTime, cancelRequested }: ExecutionRecord): Promise<Access> {
    try {
      return await people.access({ requester, startTime });
    } catch (error) {
      if (cancelRequested === undefined || nameOf(error) !== 'DirectoryUnavailable') throw error;
      return NOBODY;
    }
  }

  /** The question with everything that decides it, as it is at this moment. */
  async function frozen(execution: ExecutionRecord, plan: PlanRecord, name: GateName): Promise<Omit<Gate, 'gateId'>> {
    const { executionId, application, otherApplications, requester, startTime } = execution;
    const verb = plannedVerb(execution.verb);
    const cleanUp = verb === 'drill' && name.kind === 'approval' ? execution.cleanUp : undefined;
    const request = { verb, options: execution.options, application, otherApplications, cleanUp };
    const subject = name.kind === 'approval' ? subjectOf(request) : name.kind;
    const [policies, access] = await Promise.all([config.policies(), whoMayDecide(execution)]);
    const policy =
      name.kind === 'approval' ? policyOfRequest(policies, request) : policyOfAll(policies, name.kind, request);
    // What is decided between waves goes on with the verb: who may end instances decides about ending them.
    const permissions = approvePermissions(
      name.kind !== 'approval' ? verb : cleanUp === undefined ? subject : 'terminate',
    );
    const approvers = eligible(access, execution, policy, permissions);
    if (access !== NOBODY && approvers.length < policy.quorum)
      throw tooFew(subject, execution, policy, approvers.length);
    const { breakGlass } = name.kind === 'approval' ? policy : {};
    const now = platform.now();
    const expiresAt = now + policy.expiresAfterMinutes * 60_000;
    return {
      executionId,
      kind: name.kind,
      status: 'pending',
      version: 1,
      planRevision: plan.revision,
      planHash: plan.hash,
      ...('wave' in name ? { wave: name.wave } : {}),
      ...('afterWave' in name ? { afterWave: name.afterWave } : {}),
      ...('action' in name ? { action: name.action } : {}),
      ...(cleanUp === undefined ? {} : { cleanUpAfterHours: cleanUp.afterHours }),
      application,
      ...(otherApplications === undefined ? {} : { otherApplications }),
      requester,
      requestedAt: startTime,
      permissions,
      ...(policy.roles === undefined ? {} : { roles: policy.roles }),
      quorum: policy.quorum,
      ...(policy.selfApproval ? { selfApproval: true } : {}),
      ...(policy.typeName ? { typedName: application || selectionOf(execution.tags) } : {}),
      ...(breakGlass === undefined
        ? {}
        : {
            breakGlass: {
              roles: breakGlass.roles,
              userIds: peopleWithRoles(access, breakGlass.roles, application),
              byRequester: breakGlass.byRequester,
            },
          }),
      policyVersion: policyVersionOf(policies),
      approvers,
      openedAt: now,
      expiresAt,
      remindAfterMinutes: policy.remindAfterMinutes,
      ...(policy.escalation === undefined
        ? {}
        : {
            escalation: {
              at: Math.max(now, expiresAt - policy.escalation.beforeMinutes * 60_000),
              users: policy.escalation.users ?? [],
              userGroups: policy.escalation.userGroups ?? [],
            },
          }),
      votes: [],
    };
  }
};

function eligible(
  access: Access,
  { application, otherApplications, requester }: ExecutionRecord,
  policy: ApprovalPolicy,
  permissions: Permission[],
): string[] {
  const [first] = permissions;
  if (first === undefined) return [];
  return grantees(access, first, application)
    .map((userId) => ({ userId, teamId: access.teamId }))
    .filter((person) => mayAll(access, person, permissions, application))
    .filter((person) =>
      isEligible({ permissions, roles: policy.roles, application, otherApplications }, person, access),
    )
    .map(({ userId }) => userId)
    .filter((userId) => policy.selfApproval || userId !== requester.userId);
}

function peopleWithRoles(access: Access, roles: readonly string[], application: string): string[] {
  const users = access.grants
    .filter(({ role }) => roles.includes(role))
    .filter(({ applications }) => applications === undefined || applications.includes(application))
    .flatMap((grant) => grant.users);
  return [...new Set(users)];
}

const ASKED: Record<PolicySubject, string> = {
  drill: 'The drill',
  failover: 'The failover',
  failback: 'The failback',
  terminate: 'The termination',
  terminateLive: 'The termination of live instances',
  replaceLive: 'The failover over live instances',
  pause: 'The pause',
  decision: 'The decision',
};

function tooFew(subject: PolicySubject, execution: ExecutionRecord, policy: ApprovalPolicy, others: number): DrError {
  const { application, tags } = execution;
  const who = policy.selfApproval ? 'people' : 'other people';
  return new DrError(
    'ConfigurationError',
    `${ASKED[subject]} needs ${policy.quorum} approval(s), but only ${others} ${who} may approve for ${application || selectionOf(tags)}. Give more people the role DRSRecoveryManager.`,
  );
}

export const handler = onLambda(create);
