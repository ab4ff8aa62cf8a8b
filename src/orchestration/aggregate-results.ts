import type { ComponentOutput } from '../domain/contract.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { results } from './results.ts';
import { runSchema } from './run.ts';

/** Largest output returned whole: the 256 KiB of a state (Step Functions) less room for the envelope of nested results. */
const MAX_OUTPUT_BYTES = 32 * 1_024;

/**
 * State "Aggregate the results": the component's output. It always goes to S3; it is returned whole while it fits, else
 * with empty lists and `truncated`.
 */
export const create: CreateHandler<unknown, ComponentOutput> = (platform) => {
  const { conclude } = results(platform, executionStore(platform));

  return async (event) => {
    const output = await conclude(runSchema.parse(event));
    if (Buffer.byteLength(JSON.stringify(output)) <= MAX_OUTPUT_BYTES) return output;
    return { ...output, recoveryInstances: [], failedServers: [], skippedServers: [], truncated: true };
  };
};

export const handler = onLambda(create);
