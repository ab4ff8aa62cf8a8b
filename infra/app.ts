/**
 * The CDK app: `npm run synth`. It deploys what config/example.json describes, or the file that DR_CHATOPS_CONFIG names.
 * With `--forty` it also synthesizes config/forty-accounts.example.json, into a directory of its own.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AppProps } from 'aws-cdk-lib';
import { commonTemplates } from './common-templates.ts';
import { DeploymentError, readDeployment } from './deployment.ts';
import { stacksOf } from './stacks.ts';

const ROOT = path.join(import.meta.dirname, '..');
const FUNCTIONS = path.join(ROOT, 'dist/functions');

try {
  const own = process.env.DR_CHATOPS_CONFIG;
  // Where the CDK's command line wants it, without it in the same place.
  const outdir = process.env.CDK_OUTDIR ?? path.join(ROOT, 'cdk.out');
  synthesize(own ?? path.join(ROOT, 'config/example.json'), { outdir });
  if (own === undefined && process.argv.includes('--forty')) {
    // Not checked again: the accounts' stacks are those of the first example, ten times.
    const forty = {
      outdir: path.join(ROOT, 'cdk.out.forty'),
      treeMetadata: false,
      builtinCloudFormationValidation: false,
    };
    synthesize(path.join(ROOT, 'config/forty-accounts.example.json'), forty);
  }
} catch (error) {
  if (!(error instanceof DeploymentError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

/** Writes all stacks of a deployment, and beside them the templates that serve any account. */
function synthesize(file: string, props: AppProps & { outdir: string }): void {
  const deployment = readDeployment(file);
  stacksOf(deployment, FUNCTIONS, props).app.synth();
  for (const [kind, template] of Object.entries(commonTemplates(deployment, {}))) {
    writeFileSync(path.join(props.outdir, `any-account.${kind}.template.json`), template);
  }
}
