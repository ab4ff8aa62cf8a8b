import { CENTRAL_ACCOUNT, STAGING_ACCOUNTS } from '../../src/local/accounts.ts';
import type { AwsCall } from '../../src/local/aws/identities.ts';
import { allowedResources, exampleDeployment, synthesize, type View } from './synthesized.ts';

/**
 * Calls of a practice that the deployed policies of the roles that made them do not allow, each once, in words. Those of
 * `outsiders`, who are no roles of the product, are left out.
 */
export function refusedCalls(calls: readonly AwsCall[], outsiders: readonly string[] = []): string[] {
  const { central, staging, targets } = synthesize(exampleDeployment());
  const stacksOf = new Map<string, View[]>([[CENTRAL_ACCOUNT, [central]]]);
  STAGING_ACCOUNTS.forEach((account, index) => {
    const stack = staging[index];
    if (stack !== undefined) stacksOf.set(account, [stack]);
  });
  const refused = calls
    .map(({ identity, service, action }) => ({
      ...identity,
      role: identity.roleArn.split('/')[1] ?? '',
      action: `${service}:${action}`,
    }))
    .filter(({ role }) => !outsiders.includes(role))
    .filter(({ accountId, role, action }) => {
      // Which documents an account has is the deployment's to say: of roles for actions any account's count.
      const stacks = [...(stacksOf.get(accountId) ?? []), ...targets];
      const rights = stacks
        .filter(({ roleNames }) => roleNames.includes(role))
        .flatMap((stack) => stack.rightsOf(role));
      return allowedResources(rights, action).length === 0;
    })
    .map(({ accountId, role, action }) => `${accountId} ${role}: ${action}`);
  return [...new Set(refused)];
}
