import { messageOf } from '../domain/errors.ts';
import { type ApplicationReadiness, assessReadiness, type FleetReadiness } from '../domain/readiness.ts';
import { readinessMetrics } from '../observability/metrics.ts';
import { metricsWriter } from '../observability/metrics-writer.ts';
import { concurrently } from '../platform/concurrently.ts';
import { configuration } from '../platform/configuration.ts';
import { readSettings } from '../platform/environment.ts';
import { executionStore } from '../platform/execution-store.ts';
import { planLibrary } from '../platform/plan-library.ts';
import { type CreateHandler, onLambda, printerOf } from '../platform/platform.ts';
import { readinessStore, type StoredReadiness } from '../platform/readiness-store.ts';
import { stagingAccountReaders } from '../platform/staging-account.ts';
import { lookAtAccounts } from './look-at-accounts.ts';
import { noteMissedDrills } from './note-drill.ts';

/** Applications that are stored at the same time. */
const MOST_AT_ONCE = 10;

/** What a check came to. */
export interface Checked {
  applications: number;
  unready: number;
  lost: string[];
  regained: string[];
}

/**
 * Every thirty minutes: whether each application could be recovered now. Nothing is launched or changed in any account.
 * Applications are stored first, each with its change of state; then the metrics are written, then the fleet: what dies in
 * between is done again by the next check, and no change is lost.
 */
export const create: CreateHandler<unknown, Checked> = (platform) => {
  const { AWS_REGION } = readSettings(platform.environment, 'AWS_REGION');
  const store = executionStore(platform);
  const readiness = readinessStore(platform);
  const config = configuration(platform);
  const library = planLibrary(platform);
  const readerOf = stagingAccountReaders(platform);
  const writeMetrics = metricsWriter({ ...platform, printLine: printerOf(platform) });

  return async () => {
    const now = platform.now();
    const [accounts, settings, plans, catalogue, fleetBefore, before] = await Promise.all([
      config.stagingAccounts(),
      config.readiness(),
      library.read(),
      store.getCatalogue(),
      readiness.fleet(),
      readiness.applications(),
    ]);
    await noteMissedDrills({ store, readiness }).catch((error: unknown) =>
      platform.log.error('Drills that have ended could not be looked through', { error: messageOf(error) }),
    );
    const looks = await lookAtAccounts({ readerOf, isBusy, log: platform.log }, accounts);
    const earlier = new Map(before.map((one) => [one.application, one]));
    const { applications, fleet } = assessReadiness({
      now,
      looks,
      library: plans,
      settings,
      known: (catalogue?.applications ?? []).map(({ name }) => name),
      drills: await readiness.proofs(),
      earlier: { applications: earlier, accounts: fleetBefore?.accounts ?? [] },
      regions: [AWS_REGION],
    });
    return await keep(applications, fleet, { earlier, since: fleetBefore?.checkedAt ?? 0 });
  };

  async function keep(
    applications: readonly ApplicationReadiness[],
    fleet: FleetReadiness,
    { earlier, since }: { earlier: ReadonlyMap<string, StoredReadiness>; since: number },
  ): Promise<Checked> {
    const stored = await concurrently(applications, MOST_AT_ONCE, (next) =>
      readiness.putApplication(next, earlier.get(next.application)),
    );
    // Of a check that died before it stored the fleet they have not been told either.
    const changed = (change: 'lost' | 'regained') =>
      stored.flatMap(({ application, history }) =>
        history.some((one) => one.change === change && one.at > since) ? [application] : [],
      );
    const lost = changed('lost');
    const regained = changed('regained');
    writeMetrics(readinessMetrics(fleet, lost.length), {});
    await readiness.putFleet(fleet);
    const { counts } = fleet;
    const unready = counts['not ready'] + counts['not known'];
    platform.log.info('Readiness was checked', { applications: stored.length, counts, lost, regained });
    return { applications: stored.length, unready, lost, regained };
  }

  /** A lock that nobody freed does not count: its owner is over. */
  async function isBusy(place: { accountId: string; region: string }): Promise<boolean> {
    const owners = await readiness.holdersOf(place);
    return (await Promise.all(owners.map((owner) => store.isOver(owner)))).includes(false);
  }
};

export const handler = onLambda(create);
