import { App, type AppProps, Tags } from 'aws-cdk-lib';
import { CentralStack } from './central-stack.ts';
import type { Deployment } from './deployment.ts';
import { namesOf } from './names.ts';
import { OriginStack } from './origin-stack.ts';
import { StagingAccountStack } from './staging-account-stack.ts';
import { TargetAccountStack } from './target-account-stack.ts';

/**
 * The CDK app of a deployment: the central stack, and one stack for each staging account, origin and target account.
 * That the central one comes first is not declared between them: each is deployed with credentials of its own account.
 */
export function stacksOf(deployment: Deployment, functionsDirectory: string, props: AppProps = {}) {
  const app = new App({ analyticsReporting: false, ...props });
  const { named } = namesOf(deployment);
  Tags.of(app).add('product', 'dr-chatops');
  if (deployment.environment !== undefined) Tags.of(app).add('environment', deployment.environment);
  const central = new CentralStack(app, named('dr-chatops-central'), { deployment, functionsDirectory });
  const staging = deployment.stagingAccounts.map(
    (account) =>
      new StagingAccountStack(app, named(`dr-chatops-staging-${account.accountId}`), { deployment, account }),
  );
  const origins = deployment.origins.map(
    (origin) =>
      new OriginStack(app, named(`dr-chatops-origin-${origin.accountId}-${origin.region}`), { deployment, origin }),
  );
  const targets = deployment.targetAccounts.map(
    (account) => new TargetAccountStack(app, named(`dr-chatops-target-${account.accountId}`), { deployment, account }),
  );
  return { app, central, staging, origins, targets };
}
