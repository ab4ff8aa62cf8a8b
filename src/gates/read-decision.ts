import { z } from 'zod';
import { DrError } from '../domain/errors.ts';
import { expire, type GateStatus, isApproved } from '../domain/gate.ts';
import type { GateRecord } from '../domain/records.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { nextTickSeconds } from './gate-timing.ts';

const eventSchema = z.strictObject({ executionId: z.string(), gateId: z.string() });

/**
 * State "Read the decision": what the table says, whatever woke the machine. Expires the gate at its deadline, and ends
 * an execution that was not approved.
 * @throws {DrError} NotFound when the gate could not be opened; NotApproved when a gate is marked approved without the
 *   votes that its policy asks for.
 */
export const create: CreateHandler<unknown, { decision: GateStatus; nextTickSeconds: number }> = (platform) => {
  const store = executionStore(platform);

  return async (event) => {
    const { executionId, gateId } = eventSchema.parse(event);
    const gate = await settledIfDue(executionId, gateId);
    if (gate.status === 'approved') {
      const plan = await store.getPlan(executionId, gate.planRevision);
      if (plan === undefined || !isApproved(gate, plan)) {
        throw new DrError('NotApproved', 'The gate does not carry the votes that its policy asks for.');
      }
    } else if (gate.status !== 'pending') {
      await store.moveExecution(executionId, gate.status, { endTime: platform.now() });
    }
    return { decision: gate.status, nextTickSeconds: nextTickSeconds(gate.expiresAt, platform.now()) };
  };

  async function settledIfDue(executionId: string, gateId: string): Promise<GateRecord> {
    const gate = await store.getGate(executionId, gateId);
    if (gate === undefined) throw new DrError('NotFound', `The gate ${gateId} could not be opened.`);
    const due = expire(gate, platform.now());
    if (due === gate) return gate;
    const written = await store.decideGate({ ...gate, ...due }, { version: gate.version });
    return written ? { ...gate, ...due } : await settledIfDue(executionId, gateId);
  }
};

export const handler = onLambda(create);
