import { z } from 'zod';
import { APPROVE_PERMISSION, approvePermissions, grantees, mayAll } from '../domain/access.ts';
import { DrError } from '../domain/errors.ts';
import { policyOf } from '../domain/policy.ts';
import type { GateRecord } from '../domain/records.ts';
import { selectionOf } from '../domain/request.ts';
import { configuration } from '../platform/configuration.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { gateIdOf } from './gate-timing.ts';
import { bellRinger } from './ring.ts';

const eventSchema = z.strictObject({
  executionId: z.string(),
  gateId: z.string(),
  taskToken: z.string(),
  enteredTime: z.string(),
  retryCount: z.int(),
  redriveCount: z.int(),
});

/**
 * State "Wait for approval": opens the gate, or, where it is open, keeps the newer bell. A gate that is settled by now
 * is rung at once.
 * @throws {DrError} ConfigurationError when fewer people may approve than the policy asks for: nobody could ever pass it.
 */
export const create: CreateHandler<unknown, void> = (platform) => {
  const store = executionStore(platform);
  const config = configuration(platform);
  const ring = bellRinger(platform);

  return async (event) => {
    const { executionId, gateId, ...wait } = eventSchema.parse(event);
    const opened = (await store.getGate(executionId, gateId)) !== undefined || (await open(executionId, gateId, wait));
    if (opened) await store.setBell({ executionId, gateId }, wait);
    const gate = await store.getGate(executionId, gateId);
    if (gate !== undefined) await ring(gate);
  };

  /** True when the gate was there already, so that its bell has still to be kept. */
  async function open(executionId: string, gateId: string, bell: NonNullable<GateRecord['bell']>): Promise<boolean> {
    const execution = await store.getExecution(executionId);
    const plan = execution && (await store.getPlan(executionId, execution.planRevision));
    if (!execution || !plan || gateIdOf(plan.revision) !== gateId) {
      throw new DrError('NotFound', `There is no plan of ${executionId} that the gate ${gateId} could ask about.`);
    }
    const [policies, access] = await Promise.all([config.policies(), config.access()]);
    const policy = policyOf(policies, plan.verb);
    const { application } = execution;
    const permissions = approvePermissions(plan.verb);
    const others = grantees(access, APPROVE_PERMISSION, application)
      .filter((userId) => mayAll(access, { userId, teamId: access.teamId }, permissions, application))
      .filter((userId) => userId !== execution.requester.userId);
    if (others.length < policy.quorum) {
      throw new DrError(
        'ConfigurationError',
        `The ${plan.verb} needs ${policy.quorum} approval(s), but only ${others.length} other people may approve for ${application || selectionOf(execution.tags)}. Give more people the role DRSRecoveryManager.`,
      );
    }
    const now = platform.now();
    const created = await store.createGate({
      executionId,
      gateId,
      kind: 'approval',
      status: 'pending',
      version: 1,
      planRevision: plan.revision,
      planHash: plan.hash,
      application,
      requester: execution.requester,
      permissions,
      quorum: policy.quorum,
      openedAt: now,
      expiresAt: now + policy.expiresAfterMinutes * 60_000,
      votes: [],
      approvers: others,
      bell,
    });
    return !created;
  }
};

export const handler = onLambda(create);
