/** Regions with AWS Elastic Disaster Recovery (DRS user guide, "Supported AWS Regions"; general reference, "endpoints"). */
const DRS_REGIONS = [
  ...['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2', 'ca-central-1', 'sa-east-1'],
  ...['eu-central-1', 'eu-central-2', 'eu-north-1', 'eu-south-1', 'eu-south-2', 'eu-west-1', 'eu-west-2', 'eu-west-3'],
  ...['ap-east-1', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1', 'ap-south-2'],
  ...['ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3', 'ap-southeast-4'],
  ...['af-south-1', 'il-central-1', 'me-central-1', 'me-south-1', 'us-gov-east-1', 'us-gov-west-1'],
];

/** The other Regions that there are. */
const OTHER_REGIONS = [
  ...['ap-east-2', 'ap-southeast-5', 'ap-southeast-6', 'ap-southeast-7', 'ca-west-1', 'mx-central-1'],
  ...['cn-north-1', 'cn-northwest-1'],
];

/**
 * Why `region` cannot be used; undefined where it can, or is not even of a Region's form, which the schema tells.
 * @param service what has to be there: servers are recovered with `drs`
 */
export function regionProblem(region: string | undefined, service: 'drs' | 'any'): string | undefined {
  if (region === undefined || !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) return undefined;
  if (DRS_REGIONS.includes(region)) return undefined;
  if (!OTHER_REGIONS.includes(region)) {
    return `there is no Region ${region}, or it is newer than this list: infra/regions.ts`;
  }
  return service === 'any' ? undefined : `AWS Elastic Disaster Recovery is not in ${region}`;
}

/** The partition of a Region: accounts and roles of one are unknown in the others. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
