import { CfnParameter, type Stack } from 'aws-cdk-lib';

/** The ExternalId of a template that is for any account. It is the one that the deployment's file gives for the account. */
export function externalIdParameter(stack: Stack, proposed: string): string {
  return new CfnParameter(stack, 'ExternalId', {
    description: 'What the central account says when it comes in: externalId of this account in the deployment file',
    default: proposed,
    minLength: 2,
    maxLength: 1_224,
    // As sts:AssumeRole takes it.
    allowedPattern: '[\\w+=,.@:/-]*',
  }).valueAsString;
}
