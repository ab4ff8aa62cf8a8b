import type { WebClient } from '@slack/web-api';
import { type AccountValidation, accountValidation } from '../accounts/validation.ts';
import { type AuditNotes, auditNotes } from '../audit/notes.ts';
import { type DiscoverPlan, planDiscovery } from '../orchestration/discover-plan.ts';
import { type Discover, fleetDiscovery } from '../orchestration/discovery.ts';
import { type ActionDocuments, documentsOf } from '../platform/action-documents.ts';
import { type Configuration, configuration, type StagingAccount } from '../platform/configuration.ts';
import { type Directory, directory } from '../platform/directory.ts';
import { readSettings } from '../platform/environment.ts';
import { type ExecutionStore, executionStore } from '../platform/execution-store.ts';
import { type PlanLibrary, planLibrary } from '../platform/plan-library.ts';
import type { Log, Platform } from '../platform/platform.ts';
import { type ReadinessStore, readinessStore } from '../platform/readiness-store.ts';
import { slackClient, slackSecrets } from '../platform/slack.ts';
import { type StagingAccountReader, stagingAccountReaders } from '../platform/staging-account.ts';

/** What queries are answered with. Nothing of it changes a fleet, a gate or an execution. */
export interface QueryTools {
  store: ExecutionStore;
  config: Configuration;
  directory: Directory;
  discoverFleet: Discover;
  discoverPlan: DiscoverPlan;
  readerOf: (account: StagingAccount) => StagingAccountReader;
  /** Recovery plans and protection groups; drafts of them are all that is written. */
  library: Omit<PlanLibrary, 'apply'>;
  /** What the last check of readiness found, and drills that prove plans. */
  readiness: Pick<ReadinessStore, 'report' | 'proofs'>;
  /** Whether the documents are there that a plan's actions name. */
  documents: Pick<ActionDocuments, 'problemsOf'>;
  /** Looks at the accounts of the deployment. Made when it is asked for: it needs what few answers do. */
  accounts: () => AccountValidation;
  /** The Region that the central stack recovers into. */
  region: string;
  notes: AuditNotes;
  /** A client with the bot's token of this moment. */
  slack: () => Promise<WebClient>;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Waits, in real milliseconds; where it is absent nothing waits. */
  sleep?: (ms: number) => Promise<void>;
  log: Log;
}

/** The tools where the worker runs. */
export function queryTools(platform: Platform): QueryTools {
  const { now, sleep, log } = platform;
  const config = configuration(platform);
  const secrets = slackSecrets(platform);
  const store = executionStore(platform);
  const discoverFleet = fleetDiscovery(platform, config);
  return {
    store,
    config,
    directory: directory(platform, config),
    discoverFleet,
    discoverPlan: planDiscovery(config, discoverFleet),
    readerOf: stagingAccountReaders(platform),
    library: planLibrary(platform),
    readiness: readinessStore(platform),
    documents: documentsOf(platform),
    accounts: () => accountValidation(platform, store, config),
    region: readSettings(platform.environment, 'AWS_REGION').AWS_REGION,
    notes: auditNotes(store, now),
    slack: () => slackClient(secrets, log),
    now,
    ...(sleep === undefined ? {} : { sleep }),
    log,
  };
}
