import type { AwsCall } from '../../src/local/aws/identities.ts';
import { deployedOrganisation } from './iam/organisation.ts';
import { practiceDeployment } from './iam/practice-deployment.ts';
import { askedAbout, refusals } from './iam/proof.ts';

/**
 * What the deployed policies refuse of the calls of a practice: the actions, on their resources, under the conditions of
 * each request; in words, each once. Those of `outsiders`, who are no roles of the product, are left out.
 * @throws when somebody else called
 */
export function refusedCalls(calls: readonly AwsCall[], outsiders: readonly string[] = []): string[] {
  const organisation = deployedOrganisation(practiceDeployment());
  const asked = askedAbout(calls, organisation);
  const strangers = asked
    .map(({ roleArn }) => roleArn)
    .filter((roleArn) => organisation.roleOf(roleArn) === undefined)
    .filter((roleArn) => !outsiders.includes(roleArn.split('/').at(-1) ?? ''));
  if (strangers.length > 0)
    throw new Error(`calls by roles that nobody deploys: ${[...new Set(strangers)].join(', ')}`);
  return refusals(asked, organisation);
}
