import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { environmentNames } from '../../infra/names.ts';
import { messageOf, nameOf } from '../../src/domain/errors.ts';
import type { ChangedBy } from '../../src/domain/plan-library.ts';
import { configuration } from '../../src/platform/configuration.ts';
import { type PlanLibrary, planLibrary } from '../../src/platform/plan-library.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { stagingAccountReaders } from '../../src/platform/staging-account.ts';
import { checkContext, readFleet } from '../../src/queries/fleet.ts';
import { contextOf, inventoryOf, type Surroundings } from './files.ts';

/** A deployment's stored plans, reached with the AWS credentials of whoever runs the command. */
export interface StoredPlans {
  library: PlanLibrary;
  /** The Region of the deployment. */
  region: string;
  /** Who runs the command, as STS says. */
  whoAmI(): Promise<ChangedBy>;
  /**
   * What plans are checked against: an inventory where one is given, else the staging accounts.
   * `unchecked` says in sentences what could not be read, and so cannot be checked.
   */
  surroundings(inventoryFile: string | undefined): Promise<{ context: Surroundings; unchecked: string[] }>;
}

/**
 * Credentials, Region and endpoints are those of the SDK: its environment variables and profiles.
 * @param warn takes what a person has to know beside the answer
 * @throws {Error} of the SDK when there is no Region
 */
export async function storedPlans(environment: string | undefined, warn: (line: string) => void): Promise<StoredPlans> {
  const sts = new STSClient();
  const region = await sts.config.region();
  const names = environmentNames(environment);
  const platform: Platform = {
    environment: {
      AWS_REGION: region,
      CONFIG_PATH: names.configPath,
      RECOVERY_PLAN_TABLE: names.planTableName,
      PROTECTION_GROUP_TABLE: names.groupTableName,
    },
    now: Date.now,
    log: { info: () => {}, warn: (message, fields) => warn(`${message}: ${String(fields?.cause)}`), error: warn },
  };
  const config = configuration(platform);

  return {
    library: planLibrary(platform),
    region,

    async whoAmI() {
      const { Arn: arn } = await sts.send(new GetCallerIdentityCommand());
      if (arn === undefined) throw new Error('STS does not say who you are.');
      return { arn };
    },

    async surroundings(inventoryFile) {
      if (inventoryFile !== undefined) return { context: contextOf(inventoryOf(inventoryFile)), unchecked: [] };
      try {
        // What could not be read is said with the answer.
        const log = { info: () => {}, warn: () => {}, error: () => {} };
        const fleet = await readFleet({ config, readerOf: stagingAccountReaders(platform), log });
        const context = await checkContext({ config, region }, fleet);
        if (fleet.unread.length === 0) return { context, unchecked: [] };
        const { servers: _, ...rest } = context;
        const unread = `These staging accounts cannot be read: ${fleet.unread.join('; ')}.`;
        return { context: rest, unchecked: [unread, `${NOT_CHECKED}.`] };
      } catch (error) {
        const why = `The deployment's configuration cannot be read: ${nameOf(error)}, ${messageOf(error)}`;
        return {
          context: { regions: [region], actionRegions: 'unknown' },
          unchecked: [why, `${NOT_CHECKED}, nor in which Regions actions can run.`],
        };
      }
    },
  };
}

const NOT_CHECKED = 'It was not checked which servers the groups and waves have';
