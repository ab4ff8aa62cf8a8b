/**
 * Lists a deployment's stacks for .github/workflows/deploy.yml, as lines of `name=JSON` for `$GITHUB_OUTPUT`:
 * `node scripts/deployment-stacks.ts config/prod.json`.
 */
import { type Deployment, DeploymentError, keptByStackSet, readDeployment } from '../infra/deployment.ts';
import { namesOf } from '../infra/names.ts';

/** A stack, and by which roles of infra/ci-roles.yaml it is looked at and deployed. */
export interface StackToDeploy {
  stack: string;
  account: string;
  region: string;
  lookRole: string;
  deployRole: string;
}

/** What the workflow has to know of a deployment. */
export interface StacksToDeploy {
  /** Comes first: the roles of the other accounts trust roles of this stack. */
  central: StackToDeploy & { component: string; statusRole: string };
  /** The others, in the order in which they are deployed: staging accounts, origins, target accounts. */
  accounts: (StackToDeploy & { cloudFormationRole: string })[];
}

/**
 * The stacks of a deployment, as `infra/stacks.ts` names them. Those of StackSets are not among them: the workflow has no
 * role in the organisation's management account, which may do anything in every other one.
 */
export function stacksToDeploy(deployment: Deployment): StacksToDeploy {
  const { central, origins, stackSets } = deployment;
  const keptStaging = keptByStackSet(deployment.stagingAccounts, stackSets?.staging);
  const stagingAccounts = deployment.stagingAccounts.filter((account) => !keptStaging.includes(account));
  const keptTargets = keptByStackSet(deployment.targetAccounts, stackSets?.targets);
  const targetAccounts = deployment.targetAccounts.filter((account) => !keptTargets.includes(account));
  const names = namesOf(deployment);
  const role = (account: string, name: string) => names.roleArn(account, names.named(`dr-chatops-ci-${name}`));
  const stackOf = (stack: string, account: string, region: string): StackToDeploy => ({
    stack: names.named(stack),
    account,
    region,
    lookRole: role(account, 'look'),
    deployRole: role(account, 'deploy'),
  });
  const others = [
    ...stagingAccounts.map(({ accountId }) => stackOf(`dr-chatops-staging-${accountId}`, accountId, central.region)),
    ...origins.map(({ accountId, region }) => stackOf(`dr-chatops-origin-${accountId}-${region}`, accountId, region)),
    ...targetAccounts.map(({ accountId }) => stackOf(`dr-chatops-target-${accountId}`, accountId, central.region)),
  ];
  return {
    central: {
      ...stackOf('dr-chatops-central', central.accountId, central.region),
      deployRole: role(central.accountId, 'deploy-central'),
      component: names.machineArn('drs-orchestration-main'),
      statusRole: role(central.accountId, 'status'),
    },
    accounts: others.map((one) => ({ ...one, cloudFormationRole: role(one.account, 'cloudformation') })),
  };
}

if (import.meta.main) {
  try {
    const { central, accounts } = stacksToDeploy(readDeployment(process.argv[2] ?? ''));
    const outputs = { central, accounts, all: [central, ...accounts] };
    const lines = Object.entries(outputs).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    process.stdout.write(`${lines.join('\n')}\n`);
  } catch (error) {
    if (!(error instanceof DeploymentError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
