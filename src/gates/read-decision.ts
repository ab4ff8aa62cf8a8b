import { z } from 'zod';
import { DrError } from '../domain/errors.ts';
import { type GateStatus, isApproved, isPassed, tick } from '../domain/gate.ts';
import type { GateRecord } from '../domain/records.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { nextTickSeconds } from './gate-timing.ts';

const eventSchema = z.strictObject({ executionId: z.string(), gateId: z.string() });

/**
 * State "Read the decision": what the table says, whatever woke the machine. Reminds, escalates, and expires the gate at
 * its deadline; ends an execution that was not approved. What follows from a question between waves is decided where
 * the next wave would begin.
 * @throws {DrError} NotFound when the gate could not be opened; NotApproved when a gate is marked approved without the
 *   votes that its policy asks for.
 */
export const create: CreateHandler<unknown, { decision: GateStatus; nextTickSeconds: number }> = (platform) => {
  const store = executionStore(platform);

  return async (event) => {
    const { executionId, gateId } = eventSchema.parse(event);
    const gate = await afterTick(executionId, gateId);
    if (gate.status === 'approved') {
      if (!(await isTrue(gate))) {
        throw new DrError('NotApproved', 'The gate does not carry the votes that its policy asks for.');
      }
    } else if (gate.kind === 'approval' && gate.status !== 'pending') {
      await store.moveExecution(executionId, gate.status, { endTime: platform.now() });
    }
    return { decision: gate.status, nextTickSeconds: nextTickSeconds(gate, platform.now()) };
  };

  async function isTrue(gate: GateRecord): Promise<boolean> {
    if (gate.kind !== 'approval') return isPassed(gate);
    const plan = await store.getPlan(gate.executionId, gate.planRevision);
    return plan !== undefined && isApproved(gate, plan);
  }

  async function afterTick(executionId: string, gateId: string): Promise<GateRecord> {
    const gate = await store.getGate(executionId, gateId);
    if (gate === undefined) throw new DrError('NotFound', `The gate ${gateId} could not be opened.`);
    const now = tick(gate, platform.now());
    if (now === gate) return gate;
    const next = { ...gate, ...now };
    return (await store.decideGate(next, { version: gate.version })) ? next : await afterTick(executionId, gateId);
  }
};

export const handler = onLambda(create);
