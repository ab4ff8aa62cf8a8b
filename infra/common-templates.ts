import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { App, type AppProps } from 'aws-cdk-lib';
import { type Deployment, keptByStackSet } from './deployment.ts';
import { StagingAccountStack } from './staging-account-stack.ts';
import { tag } from './tags.ts';
import { TargetAccountStack } from './target-account-stack.ts';

/** Templates that serve any account: the text of each, without white space. */
export interface CommonTemplates {
  staging: string;
  /** @default - the deployment has no target account that StackSets keep */
  targets?: string;
}

/**
 * The stack of a staging account, and that of a target account, as one template for all: for StackSets, and for whatever
 * else deploys templates. The account's id is that of the account where it is deployed; the ExternalId is a parameter.
 */
export function commonTemplates(deployment: Deployment, props: AppProps): CommonTemplates {
  const outdir = mkdtempSync(path.join(tmpdir(), 'dr-chatops-templates-'));
  try {
    // Checked where it is deployed: nothing but the account differs from a stack of its own.
    const app = new App({ ...props, outdir, treeMetadata: false, builtinCloudFormationValidation: false });
    tag(app, deployment);
    const { stagingAccounts, targetAccounts, stackSets } = deployment;
    const [stagingAccount = stagingAccounts[0]] = keptByStackSet(stagingAccounts, stackSets?.staging);
    const [targetAccount] = keptByStackSet(targetAccounts, stackSets?.targets);
    if (stagingAccount !== undefined) {
      new StagingAccountStack(app, 'staging', { deployment, account: stagingAccount, forAnyAccount: true });
    }
    if (targetAccount !== undefined) {
      new TargetAccountStack(app, 'targets', { deployment, account: targetAccount, forAnyAccount: true });
    }
    const assembly = app.synth();
    const textOf = (name: string): string => JSON.stringify(assembly.getStackByName(name).template);
    return { staging: textOf('staging'), ...(targetAccount === undefined ? {} : { targets: textOf('targets') }) };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
