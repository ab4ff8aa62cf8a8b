import type { ComponentOutput } from '../domain/contract.ts';
import { buildStatusOutput } from '../domain/status-report.ts';
import { configuration } from '../platform/configuration.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { announcer } from './announce.ts';
import { fleetDiscovery } from './discovery.ts';
import { handedOn, results } from './results.ts';
import { runSchema } from './run.ts';

/**
 * State "Read the status": every matching server as it is now, with sums by account and wave. DRS is only read, and
 * nothing is stored but the result.
 */
export const create: CreateHandler<unknown, ComponentOutput> = (platform) => {
  const discoverFleet = fleetDiscovery(platform, configuration(platform));
  const { locationOf, keep } = results(platform, executionStore(platform));
  const announce = announcer(platform);

  return async (event) => {
    const run = runSchema.parse(event);
    const discoveries = await discoverFleet({ verb: run.action, tags: run.tags, options: run.options }, run);
    const now = platform.now();
    const output = buildStatusOutput({
      input: run,
      discoveries,
      now,
      startedAt: run.startedAt,
      endedAt: now,
      resultLocation: locationOf(run),
      monitoringUrl: run.monitoringUrl,
    });
    await keep(output);
    await announce.ended(run, output, { launches: [], dataAges: [] });
    return handedOn(output);
  };
};

export const handler = onLambda(create);
