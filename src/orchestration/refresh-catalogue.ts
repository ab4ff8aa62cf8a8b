import { watchConfiguration } from '../audit/watch-configuration.ts';
import { messageOf } from '../domain/errors.ts';
import type { StoredPlan } from '../domain/plan-library.ts';
import type { Catalogue } from '../domain/records.ts';
import { EXECUTION_STATUSES, isTerminal } from '../domain/status.ts';
import { TAG } from '../domain/vocabulary.ts';
import { activeExecutionsMetric } from '../observability/metrics.ts';
import { metricsWriter } from '../observability/metrics-writer.ts';
import { configuration } from '../platform/configuration.ts';
import { executionStore } from '../platform/execution-store.ts';
import { planLibrary } from '../platform/plan-library.ts';
import { type CreateHandler, onLambda, printerOf } from '../platform/platform.ts';
import { stagingAccountReaders } from '../platform/staging-account.ts';

/**
 * Every five minutes: which applications and waves exist, for answers inside Slack's 3 s. What an account that cannot
 * be read had before stays known. In the same round the gauge of executions that are not over is written, and changes of the
 * configuration are kept for the audit.
 */
export const create: CreateHandler<unknown, { applications: number }> = (platform) => {
  const store = executionStore(platform);
  const config = configuration(platform);
  const library = planLibrary(platform);
  const readerOf = stagingAccountReaders(platform);
  const writeMetrics = metricsWriter({ ...platform, printLine: printerOf(platform) });

  return async () => {
    const accounts = await config.stagingAccounts();
    const answers = await Promise.all(
      accounts.map(async (account) => {
        try {
          return await readerOf(account).allTags();
        } catch (error) {
          platform.log.error('A staging account could not be read', {
            accountId: account.accountId,
            error: messageOf(error),
          });
          return undefined;
        }
      }),
    );
    const found = countApplications(answers.flatMap((tags) => tags ?? []));
    const complete = answers.every((tags) => tags !== undefined);
    const known = complete ? found : merge(found, (await store.getCatalogue())?.applications ?? []);
    const applications = withPlanned(known, (await library.read()).plans);
    await store.putCatalogue({ refreshedAt: platform.now(), applications });
    writeMetrics([activeExecutionsMetric(await countActive())], {});
    await watchConfiguration({ store, configuration: config }, platform.now()).catch((error: unknown) =>
      platform.log.error('The configuration could not be looked at for the audit', { error: messageOf(error) }),
    );
    return { applications: applications.length };
  };

  async function countActive(): Promise<number> {
    const active = EXECUTION_STATUSES.filter((status) => !isTerminal(status));
    return (await Promise.all(active.map(store.executionsWithStatus))).flat().length;
  }
};

type Applications = Catalogue['applications'];

/** An application with a recovery plan can be asked for although no server carries its tags. */
function withPlanned(known: Applications, plans: readonly StoredPlan[]): Applications {
  const names = plans.flatMap(({ plan }) => plan.application ?? []);
  const missing = names.filter((name) => !known.some((application) => application.name === name));
  return [...known, ...missing.map((name) => ({ name, waves: [] }))];
}

function countApplications(allTags: Record<string, string>[]): Applications {
  const counts = new Map<string, Map<number, number>>();
  for (const tags of allTags) {
    const name = tags[TAG.application];
    const wave = Number(tags[TAG.wave]);
    if (!name || !Number.isInteger(wave) || wave < 1) continue;
    const waves = counts.get(name) ?? new Map<number, number>();
    waves.set(wave, (waves.get(wave) ?? 0) + 1);
    counts.set(name, waves);
  }
  return [...counts]
    .map(([name, waves]) => ({
      name,
      waves: [...waves].map(([wave, servers]) => ({ wave, servers })).sort((a, b) => a.wave - b.wave),
    }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

function merge(found: Applications, before: Applications): Applications {
  const merged = new Map(
    found.map((application) => [application.name, new Map(application.waves.map((wave) => [wave.wave, wave.servers]))]),
  );
  for (const application of before) {
    const waves = merged.get(application.name) ?? new Map<number, number>();
    for (const { wave, servers } of application.waves) waves.set(wave, Math.max(servers, waves.get(wave) ?? 0));
    merged.set(application.name, waves);
  }
  return [...merged].map(([name, waves]) => ({
    name,
    waves: [...waves].map(([wave, servers]) => ({ wave, servers })),
  }));
}

export const handler = onLambda(create);
