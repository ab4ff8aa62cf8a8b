import { App, type AppProps } from 'aws-cdk-lib';
import { CentralStack } from './central-stack.ts';
import { commonTemplates } from './common-templates.ts';
import { type Deployment, keptByStackSet } from './deployment.ts';
import { namesOf } from './names.ts';
import { OriginStack } from './origin-stack.ts';
import { RolloutStack } from './rollout-stack.ts';
import { StagingAccountStack } from './staging-account-stack.ts';
import { tag } from './tags.ts';
import { TargetAccountStack } from './target-account-stack.ts';

/**
 * The CDK app of a deployment: the central stack, and one stack for each staging account, origin and target account; of
 * those that StackSets keep, one for the StackSet.
 * That the central one comes first is not declared between them: each is deployed with credentials of its own account.
 */
export function stacksOf(deployment: Deployment, functionsDirectory: string, props: AppProps = {}) {
  const appProps = { analyticsReporting: false, ...props };
  const app = new App(appProps);
  const { named } = namesOf(deployment);
  const { stackSets } = deployment;
  tag(app, deployment);
  const central = new CentralStack(app, named('dr-chatops-central'), { deployment, functionsDirectory });
  const keptStaging = keptByStackSet(deployment.stagingAccounts, stackSets?.staging);
  const staging = deployment.stagingAccounts
    .filter((account) => !keptStaging.includes(account))
    .map(
      (account) =>
        new StagingAccountStack(app, named(`dr-chatops-staging-${account.accountId}`), { deployment, account }),
    );
  const origins = deployment.origins.map(
    (origin) =>
      new OriginStack(app, named(`dr-chatops-origin-${origin.accountId}-${origin.region}`), { deployment, origin }),
  );
  const keptTargets = keptByStackSet(deployment.targetAccounts, stackSets?.targets);
  const targets = deployment.targetAccounts
    .filter((account) => !keptTargets.includes(account))
    .map(
      (account) =>
        new TargetAccountStack(app, named(`dr-chatops-target-${account.accountId}`), { deployment, account }),
    );
  const templates = stackSets === undefined ? undefined : commonTemplates(deployment, appProps);
  const rollouts = (['staging', 'targets'] as const).flatMap((kind) => {
    const template = templates?.[kind];
    if (stackSets?.[kind] === undefined || template === undefined) return [];
    const id = named(`dr-chatops-rollout-${kind}`);
    return [new RolloutStack(app, id, { deployment, kind, stackSetName: named(`dr-chatops-${kind}`), template })];
  });
  return { app, central, staging, origins, targets, rollouts };
}
