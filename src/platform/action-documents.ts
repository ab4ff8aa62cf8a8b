import { DescribeDocumentCommand, SSMClient } from '@aws-sdk/client-ssm';
import { DrError, messageOf, nameOf } from '../domain/errors.ts';
import type { RecoveryPlan, WaveAction } from '../domain/recovery-plan.ts';
import { type PlanContext, type PlanProblem, serversOf } from '../domain/validate-plan.ts';
import { asRole, madeOnce } from './assumed-role.ts';
import { configuration, type TargetAccount } from './configuration.ts';
import { readSettings } from './environment.ts';
import type { Platform } from './platform.ts';
import { targetAccountOf } from './target-account.ts';

/** A document that an action names, in one of the places where it is to be started. */
export interface WantedDocument {
  accountId: string;
  region: string;
  name: string;
  type: 'Automation' | 'Command';
  /** @default - the document's default version */
  version?: string;
}

/** Looks whether the documents of actions are there, by roles that may look at nothing else. */
export type ActionDocuments = ReturnType<typeof documentsOf>;

export function documentsOf(platform: Platform) {
  const config = configuration(platform);
  const clientFor = madeOnce(({ account, region }: { account: TargetAccount; region: string }) => {
    const role = { roleArn: account.documentsRoleArn, externalId: account.externalId };
    return new SSMClient({ region, credentials: asRole(platform, role) });
  });

  /** Why a document cannot be started there, as a sentence; undefined when it can. */
  async function whyNot({ accountId, region, name, type, version }: WantedDocument): Promise<string | undefined> {
    const place = `account ${accountId}, ${region}`;
    try {
      const account = await targetAccountOf(config, { accountId, region });
      const client = clientFor({ account, region });
      const { Document } = await client.send(new DescribeDocumentCommand({ Name: name, DocumentVersion: version }));
      if (Document?.DocumentType !== type) {
        return `${name} in ${place} is a document of the type ${Document?.DocumentType ?? 'unknown'}, not ${type}.`;
      }
      const { Status = 'unknown' } = Document;
      return Status === 'Active' ? undefined : `The document ${name} in ${place} is not active: it is ${Status}.`;
    } catch (error) {
      if (error instanceof DrError) return error.message;
      if (nameOf(error).startsWith('InvalidDocument')) {
        return `There is no document ${name}${version === undefined ? '' : ` with the version ${version}`} in ${place}.`;
      }
      if (nameOf(error).startsWith('AccessDenied')) {
        return `${name} may not be started in ${place}: list it for this account under targetAccounts of the deployment's file, and deploy its stack.`;
      }
      return `Whether there is a document ${name} in ${place} could not be found out (${messageOf(error)}): try again.`;
    }
  }

  /** Where an action's document is started. A command's are the places of the wave's servers, as far as they are known. */
  function wantedBy(action: WaveAction, servers: readonly { accountId: string; region: string }[]): WantedDocument[] {
    if (action.actionType === 'automation') {
      const { CENTRAL_ACCOUNT, AWS_REGION } = readSettings(platform.environment, 'CENTRAL_ACCOUNT', 'AWS_REGION');
      const { accountId = CENTRAL_ACCOUNT, region = AWS_REGION, documentName: name, documentVersion: version } = action;
      return [{ accountId, region, name, type: 'Automation', ...(version === undefined ? {} : { version }) }];
    }
    if (action.actionType !== 'command') return [];
    const places = new Map(servers.map(({ accountId, region }) => [`${accountId}/${region}`, { accountId, region }]));
    return [...places.values()].map((place) => ({ ...place, name: action.documentName, type: 'Command' as const }));
  }

  return {
    whyNot,

    /** True when an automation document can be started there. */
    async documentExists(accountId: string, region: string, name: string): Promise<boolean> {
      return (await whyNot({ accountId, region, name, type: 'Automation' })) === undefined;
    },

    /** What is wrong with the documents that a plan's actions name, by wave and field. */
    async problemsOf(
      plan: RecoveryPlan,
      context: Pick<PlanContext, 'groups' | 'plans' | 'regions' | 'servers'>,
    ): Promise<PlanProblem[]> {
      const lookOnce = madeOnce(whyNot);
      const problems = plan.waves.flatMap((wave) => {
        const servers = serversOf(wave, context);
        const { preWaveActions, postWaveActions, waveNumber } = wave;
        return Object.entries({ preWaveActions, postWaveActions }).flatMap(([list, actions]) =>
          actions.flatMap((action, at) =>
            wantedBy(action, servers).map(async (wanted): Promise<PlanProblem[]> => {
              const message = await lookOnce(wanted);
              if (message === undefined) return [];
              const field = `${list}[${at}].documentName`;
              return [{ planId: plan.planId, wave: waveNumber, field, message }];
            }),
          ),
        );
      });
      return (await Promise.all(problems)).flat();
    },
  };
}
