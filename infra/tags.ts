import { type App, Tags } from 'aws-cdk-lib';
import type { Deployment } from './deployment.ts';

/** Tags everything of an app: what it belongs to, and of which deployment where there are several. */
export function tag(app: App, { environment }: Pick<Deployment, 'environment'>): void {
  Tags.of(app).add('product', 'dr-chatops');
  if (environment !== undefined) Tags.of(app).add('environment', environment);
}
