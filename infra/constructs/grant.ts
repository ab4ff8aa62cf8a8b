import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Setting } from '../../src/platform/environment.ts';

/** Something that a function may use: the rights to it, and the settings by which the function finds it. */
export interface Grant {
  readonly statements: readonly PolicyStatement[];
  readonly settings?: Partial<Record<Exclude<Setting, 'AWS_REGION'>, string>>;
}

/** A statement that allows `actions` on `resources`, under `conditions` where given. */
export function allow(
  actions: string[],
  resources: string[],
  conditions?: Record<string, Record<string, string | string[]>>,
): PolicyStatement {
  return new PolicyStatement({ actions, resources, conditions });
}
