/**
 * The Region that a request is signed for: that of its credential scope, `AKID/20260302/us-east-2/drs/aws4_request` (IAM user
 * guide, "Elements of an AWS API request signature"). Undefined when the header has no scope.
 */
export function signedRegion(authorization: string | undefined): string | undefined {
  return /Credential=[^/,]+\/\d{8}\/([a-z0-9-]+)\//.exec(authorization ?? '')?.[1];
}
