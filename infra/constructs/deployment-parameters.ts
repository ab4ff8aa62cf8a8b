import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { originSchema, stagingAccountSchema, targetAccountSchema } from '../../src/platform/configuration.ts';
import type { Deployment } from '../deployment.ts';
import type { Names } from '../names.ts';

export interface DeploymentParametersProps {
  readonly deployment: Deployment;
  readonly names: Names;
}

/** Types of documents as Systems Manager calls them. */
const DOCUMENT_TYPES = { automation: 'Automation', command: 'Command' } as const;

/** The documents that functions read when they run: who may do what, the policies, the staging accounts. */
export class DeploymentParameters extends Construct {
  constructor(scope: Construct, id: string, { deployment, names }: DeploymentParametersProps) {
    super(scope, id);
    const document = (name: string, description: string, content: unknown): void => {
      new StringParameter(this, name, {
        parameterName: `${names.configPath}/${name}`,
        description,
        stringValue: JSON.stringify(content),
      });
    };
    document('access', 'Who may do what (Slack user ids by role)', deployment.access);
    document('component', 'What direct callers of the recovery component may do', deployment.component);
    document('requests', 'Where people are asked about requests of machines', deployment.requests);
    document('policies', 'What an approval needs, and what stops a drill', deployment.policies);
    for (const account of deployment.stagingAccounts) {
      const { accountId } = account;
      document(
        `staging-accounts/${accountId}`,
        `Staging account ${accountId}`,
        // Checked with the schema by which functions read it.
        stagingAccountSchema.parse({
          ...account,
          region: names.region,
          roleArn: names.readerRoleArn(accountId),
          invokeRoleArn: names.invokeRoleArn(accountId),
          failbackRoleArn: names.failbackRoleArn(accountId),
          executorArn: names.executorArn(accountId),
        }),
      );
    }
    for (const { accountId, externalId, regions, documents } of deployment.targetAccounts) {
      document(
        `target-accounts/${accountId}`,
        `Actions are done in ${accountId}`,
        targetAccountSchema.parse({
          accountId,
          externalId,
          regions,
          roleArn: names.actionsRoleArn(accountId),
          documentsRoleArn: names.actionDocumentsRoleArn(accountId),
          documents: documents.map(({ name, type }) => ({ name, type: DOCUMENT_TYPES[type] })),
        }),
      );
    }
    for (const origin of deployment.origins) {
      const { accountId, region } = origin;
      document(
        `origins/${accountId}/${region}`,
        `Servers go back to ${region} of ${accountId}`,
        originSchema.parse({ ...origin, roleArn: names.originRoleArn(origin) }),
      );
    }
  }
}
