import { type Deployment, parseDeployment } from '../../../infra/deployment.ts';
import { CENTRAL_ACCOUNT, REGION } from '../../../src/local/accounts.ts';
import { exampleDeployment } from '../synthesized.ts';

/** A topic that callers may have told of their runs. */
export const TOPIC = `arn:aws:sns:${REGION}:${CENTRAL_ACCOUNT}:recoveries`;
/** The role that documents are given, in each account in which actions are done. */
export const DOCUMENT_ROLE = 'runbook';

/**
 * The deployment that practice mode is: the example, with the documents of practice mode in every account that it has them
 * in, and a topic for callers.
 */
export function practiceDeployment(): Deployment {
  const example = exampleDeployment();
  const accounts = [example.central, ...example.stagingAccounts, ...example.origins].map(({ accountId }) => accountId);
  const regions = [REGION, ...example.origins.map(({ region }) => region)];
  const documents = [
    ...['HRP-FenceOldSite', 'HRP-SwitchDNS', 'AWS-StopRdsInstance'].map((name) => ({ name, roles: [DOCUMENT_ROLE] })),
    ...['AWS-RunShellScript', 'AWS-RunPowerShellScript'].map((name) => ({ name, type: 'command' })),
  ];
  const targetAccounts = [...new Set(accounts)].map((accountId) => ({
    accountId,
    externalId: 'dr-chatops-practice',
    regions,
    documents,
  }));
  const component = { ...example.component, notificationTopicArns: [TOPIC] };
  return parseDeployment({ ...example, targetAccounts, component }, 'the deployment of practice mode');
}
