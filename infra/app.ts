/**
 * The CDK app: `npm run synth`. It deploys what config/example.json describes, or the file that DR_CHATOPS_CONFIG names.
 */
import path from 'node:path';
import { DeploymentError, readDeployment } from './deployment.ts';
import { stacksOf } from './stacks.ts';

const ROOT = path.join(import.meta.dirname, '..');

try {
  const file = process.env.DR_CHATOPS_CONFIG ?? path.join(ROOT, 'config/example.json');
  stacksOf(readDeployment(file), path.join(ROOT, 'dist/functions')).app.synth();
} catch (error) {
  if (!(error instanceof DeploymentError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
