/**
 * ARN of a document as IAM knows it. Those of Amazon's own, whose names no others may begin with, have no account (Service
 * Authorization Reference, AWS Systems Manager).
 */
export function documentArnOf({
  name,
  accountId,
  region,
}: {
  name: string;
  accountId: string;
  region: string;
}): string {
  const owner = /^(aws|amazon|amzn)/i.test(name) ? '' : accountId;
  return `arn:aws:ssm:${region}:${owner}:document/${name}`;
}
