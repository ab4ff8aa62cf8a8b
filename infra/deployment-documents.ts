import { originSchema, stagingAccountSchema, targetAccountSchema } from '../src/platform/configuration.ts';
import type { Deployment } from './deployment.ts';
import type { Names } from './names.ts';

/** A document that functions read when they run: an SSM parameter below the deployment's path. */
export interface DeploymentDocument {
  /** e.g. `staging-accounts/111111111111`. */
  name: string;
  description: string;
  content: unknown;
}

/** Types of documents as Systems Manager calls them. */
const DOCUMENT_TYPES = { automation: 'Automation', command: 'Command' } as const;

/** What the central stack writes: who may do what, the policies, the accounts. Checked with the schemas by which functions read it. */
export function deploymentDocuments(deployment: Deployment, names: Names): DeploymentDocument[] {
  const { access, component, requests, policies, readiness, stagingAccounts, targetAccounts, origins } = deployment;
  return [
    { name: 'access', description: 'Who may do what (Slack user ids by role)', content: access },
    { name: 'component', description: 'What direct callers of the recovery component may do', content: component },
    { name: 'requests', description: 'Where people are asked about requests of machines', content: requests },
    { name: 'policies', description: 'What an approval needs, and what stops a drill', content: policies },
    {
      name: 'readiness',
      description: 'What applications are held to while nothing is launched',
      content: readiness,
    },
    ...stagingAccounts.map((account) => ({
      name: `staging-accounts/${account.accountId}`,
      description: `Staging account ${account.accountId}`,
      content: stagingAccountSchema.parse({
        ...account,
        region: names.region,
        roleArn: names.readerRoleArn(account.accountId),
        invokeRoleArn: names.invokeRoleArn(account.accountId),
        failbackRoleArn: names.failbackRoleArn(account.accountId),
        executorArn: names.executorArn(account.accountId),
      }),
    })),
    ...targetAccounts.map(({ accountId, externalId, regions, documents }) => ({
      name: `target-accounts/${accountId}`,
      description: `Actions are done in ${accountId}`,
      content: targetAccountSchema.parse({
        accountId,
        externalId,
        regions,
        roleArn: names.actionsRoleArn(accountId),
        documentsRoleArn: names.actionDocumentsRoleArn(accountId),
        documents: documents.map((document) => ({ name: document.name, type: DOCUMENT_TYPES[document.type] })),
      }),
    })),
    ...origins.map((origin) => ({
      name: `origins/${origin.accountId}/${origin.region}`,
      description: `Servers go back to ${origin.region} of ${origin.accountId}`,
      content: originSchema.parse({ ...origin, roleArn: names.originRoleArn(origin) }),
    })),
  ];
}
