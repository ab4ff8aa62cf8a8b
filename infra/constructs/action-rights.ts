import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Deployment } from '../deployment.ts';
import type { Names } from '../names.ts';
import { allow } from './grant.ts';

type TargetAccount = Deployment['targetAccounts'][number];
type Document = TargetAccount['documents'][number];

/** The tag that DRS puts on the instances that it launches, with the id of their source server. */
const SOURCE_SERVER_TAG = 'AWSElasticDisasterRecoverySourceServerID';

/**
 * What take-action may do in a target account: start the listed automations, follow them and ask them to stop, and send the
 * listed commands to instances that DRS has launched.
 *
 * A document does what it does with the role that it names (`assumeRole`): starting it takes iam:PassRole for that role,
 * which is allowed for the roles that the deployment lists with the document, and for Systems Manager alone. A document
 * without a role of its own would run with this role's rights, which are of no use to it. Commands need no role to be
 * passed: an instance does what its own instance profile lets it.
 */
export function actionRights(names: Names, account: TargetAccount): PolicyStatement[] {
  const { accountId, regions, documents } = account;
  const { partition } = names;
  const automations = documents.filter(({ type }) => type === 'automation');
  const commands = documents.filter(({ type }) => type === 'command');
  const roles = [...new Set(automations.flatMap((document) => document.roles))];
  const executions = regions.map((region) => `arn:${partition}:ssm:${region}:${accountId}:automation-execution/*`);
  const instances = regions.map((region) => `arn:${partition}:ec2:${region}:${accountId}:instance/*`);
  return [
    ...some(automations, () => [
      // Systems Manager asks for the document, or for the definition of one version, and for the execution to be.
      allow(
        ['ssm:StartAutomationExecution'],
        [...automations.flatMap((document) => startable(names, account, document)), ...executions],
      ),
      allow(['ssm:GetAutomationExecution', 'ssm:StopAutomationExecution'], executions),
    ]),
    ...some(roles, () => [
      allow(
        ['iam:PassRole'],
        roles.map((role) => names.roleArn(accountId, role)),
        { StringEquals: { 'iam:PassedToService': 'ssm.amazonaws.com' } },
      ),
    ]),
    ...some(commands, () => [
      allow(
        ['ssm:SendCommand'],
        commands.flatMap((document) => documentArns(names, account, document)),
      ),
      allow(['ssm:SendCommand'], instances, { Null: { [`aws:ResourceTag/${SOURCE_SERVER_TAG}`]: 'false' } }),
      // None of these has a resource type.
      allow(['ssm:DescribeInstanceInformation', 'ssm:ListCommandInvocations', 'ssm:ListCommands'], ['*']),
    ]),
  ];
}

/** What answer-query may do there, before a plan is stored: see whether a listed document is there. */
export function documentRights(names: Names, account: TargetAccount): PolicyStatement[] {
  return [
    allow(
      ['ssm:DescribeDocument'],
      account.documents.flatMap((document) => documentArns(names, account, document)),
    ),
  ];
}

function some<T>(list: readonly T[], statements: () => PolicyStatement[]): PolicyStatement[] {
  return list.length === 0 ? [] : statements();
}

function startable(names: Names, account: TargetAccount, document: Document): string[] {
  return documentArns(names, account, document).flatMap((arn) => [
    arn,
    `${arn.replace(':document/', ':automation-definition/')}:*`,
  ]);
}

/** In every Region of the account. ARNs of Amazon's own documents have no account, and its names cannot be others'. */
function documentArns({ partition }: Names, { accountId, regions }: TargetAccount, { name }: Document): string[] {
  if (name.startsWith('arn:')) return [name];
  const owner = /^(aws|amazon|amzn)/i.test(name) ? '' : accountId;
  return regions.map((region) => `arn:${partition}:ssm:${region}:${owner}:document/${name}`);
}
