import type { ComponentOutput } from '../domain/contract.ts';
import { accountResults, type Batch, timing } from '../domain/result.ts';
import type { CountedOutput } from '../observability/metrics.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { announcer, metricFactsOf } from './announce.ts';
import { releaseServers } from './locks.ts';
import { handedOn, results } from './results.ts';
import { type Run, runSchema } from './run.ts';

/**
 * State "Aggregate the results": the component's output. It always goes to S3; it is returned whole while it fits, else
 * with empty lists and `truncated`. Metrics and the caller's topic are told last.
 */
export const create: CreateHandler<unknown, ComponentOutput> = (platform) => {
  const store = executionStore(platform);
  const { conclude } = results(platform, store);
  const announce = announcer(platform);

  return async (event) => {
    const run = runSchema.parse(event);
    const { output, batches } = await conclude(run);
    const { executionId, correlationId } = run;
    platform.log.info('A run has its result', { executionId, correlationId, status: output.status, ...output.summary });
    if (run.direct) await freeServers(run);
    await announce.ended(run, output, metricFactsOf(batches, run.action), countedOf(run, output, batches));
    return handedOn(output);
  };

  /** Those of an execution are freed with it. */
  async function freeServers({ executionId, planRevision }: Run): Promise<void> {
    const plan = await store.getPlan(executionId, planRevision);
    if (plan !== undefined) await releaseServers(store, [plan], executionId);
  }
};

/** A retry's output is over all attempts of the wave; what is counted of it are its own servers and its own time. */
function countedOf({ attempt, startedAt }: Run, output: ComponentOutput, batches: Batch[]): CountedOutput {
  if (attempt === undefined) return output;
  return {
    ...output,
    timing: timing(startedAt, Date.parse(output.timing.endTime)),
    stagingAccountResults: accountResults(batches, []),
  };
}

export const handler = onLambda(create);
