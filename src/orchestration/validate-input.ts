import { z } from 'zod';
import { parseComponentInput } from '../domain/contract.ts';
import { DrError } from '../domain/errors.ts';
import { isApproved } from '../domain/gate.ts';
import { TAG } from '../domain/vocabulary.ts';
import { type ExecutionStore, executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import type { Run } from './run.ts';

const eventSchema = z.strictObject({ input: z.unknown(), runName: z.string(), startTime: z.string() });

/** How an execution names its approved plan in the component's metadata. */
const approvalSchema = z.object({ executionId: z.string(), gateId: z.string(), planHash: z.string() });

/** Characters that a DRS tag value may have (API model: TagValue), and its length. */
const CORRELATION_ID = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u;

/**
 * State "Validate the input" of the recovery component.
 * @throws {DrError} ValidationError that names every wrong field; NotApproved when the metadata name an execution whose
 *   approved plan this is not.
 */
export const create: CreateHandler<unknown, Run> = (platform) => {
  const store = executionStore(platform);

  return async (event) => {
    const { input, runName, startTime } = eventSchema.parse(event);
    const { action, tags, options, metadata } = parseComponentInput(input);
    const common = {
      action,
      tags,
      options,
      metadata,
      startedAt: Date.parse(startTime),
      correlationId: correlationIdOf(metadata, runName),
    };
    if (metadata.executionId === undefined) {
      return {
        ...common,
        executionId: `run-${runName}`,
        direct: true,
        planRevision: 1,
        wave: Number(tags[TAG.wave] ?? 0) || 0,
      };
    }
    const approved = await approvedPlan(store, metadata, { action, tags });
    return { ...common, ...approved, direct: false };
  };
};

async function approvedPlan(
  store: ExecutionStore,
  metadata: Record<string, unknown>,
  asked: { action: string; tags: Record<string, string> },
): Promise<Pick<Run, 'executionId' | 'planRevision' | 'wave'>> {
  const refuse = (why: string) => new DrError('NotApproved', `${why} Nothing was launched.`);
  const named = approvalSchema.safeParse(metadata);
  if (!named.success) throw refuse('metadata.executionId needs metadata.gateId and metadata.planHash beside it.');
  const { executionId, gateId, planHash } = named.data;
  const [execution, gate] = await Promise.all([store.getExecution(executionId), store.getGate(executionId, gateId)]);
  const plan = execution && (await store.getPlan(executionId, execution.planRevision));
  if (!execution || !gate || !plan)
    throw refuse(`There is no execution ${executionId} with a plan and the gate ${gateId}.`);
  if (plan.hash !== planHash || !isApproved(gate, plan))
    throw refuse(`The plan of ${executionId} is not the approved one.`);
  if (execution.status !== 'executing') throw refuse(`The execution ${executionId} is ${execution.status}.`);
  if (asked.action !== execution.verb || !sameTags(asked.tags, execution.tags)) {
    throw refuse('The action or the tags are not those of the approved plan.');
  }
  return { executionId, planRevision: plan.revision, wave: plan.wave };
}

function sameTags(a: Record<string, string>, b: Record<string, string>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** The caller's correlation id where it can stand in a tag; otherwise the run's name. */
function correlationIdOf(metadata: Record<string, unknown>, runName: string): string {
  const given = metadata.correlationId;
  return typeof given === 'string' && CORRELATION_ID.test(given) ? given : runName;
}

export const handler = onLambda(create);
