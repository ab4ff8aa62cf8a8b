import { z } from 'zod';
import { CENTRAL_ACCOUNT, REGION } from '../accounts.ts';
import type { Identity } from '../aws/identities.ts';
import { operation, serveJson } from './json-service.ts';
import { ServiceError, type ServiceOptions } from './service.ts';

/** A trail, as CreateTrail and PutEventSelectors have made it. */
export interface LocalTrail {
  name: string;
  /** The account that it is of: an organisation's is of its management account, or of a delegated administrator. */
  accountId: string;
  /** @default - {@link REGION} */
  homeRegion?: string;
  /** Whether it takes what happens in every Region. @default true */
  isMultiRegion?: boolean;
  /** Whether it takes what happens in every account. @default false */
  isOrganization?: boolean;
  /** @default true */
  isLogging?: boolean;
  /** @default - one for all management events, which CloudTrail gives a new trail */
  eventSelectors?: readonly object[];
  /** In the place of the others. */
  advancedEventSelectors?: readonly object[];
  /** False: accounts of the organisation see the trail and not what it records. @default true */
  isReadByMembers?: boolean;
}

/** AWS CloudTrail on a loopback port. */
export interface LocalCloudTrail {
  /** For `AWS_ENDPOINT_URL_CLOUDTRAIL`. */
  url: string;
  /** Makes a trail, or another one in the place of that of its account and name. */
  putTrail(trail: LocalTrail): void;
  /** Deletes every trail. */
  deleteTrails(): void;
  close(): Promise<void>;
}

const ALL_MANAGEMENT_EVENTS = [
  { ReadWriteType: 'All', IncludeManagementEvents: true, DataResources: [], ExcludeManagementEventSources: [] },
];

/** Starts CloudTrail with DescribeTrails, GetTrailStatus and GetEventSelectors (awsJson 1.1). */
export async function startCloudTrail(options: ServiceOptions): Promise<LocalCloudTrail> {
  const trails = new Map<string, LocalTrail>();
  const isSeen = (trail: LocalTrail, accountId: string, region: string): boolean =>
    (trail.accountId === accountId || trail.isOrganization === true) &&
    (trail.isMultiRegion !== false || homeRegionOf(trail) === region);

  /**
   * A trail by its name, which means one of the caller's own account and Region, or by its ARN. What is not there is named
   * with the caller's account, as CloudTrail does.
   */
  function find(nameOrArn: string, { accountId }: Identity, region: string): LocalTrail {
    const arn = nameOrArn.startsWith('arn:')
      ? nameOrArn
      : `arn:aws:cloudtrail:${region}:${accountId}:trail/${nameOrArn}`;
    const trail = trails.get(arn);
    if (trail === undefined || !isSeen(trail, accountId, region)) {
      throw new ServiceError('TrailNotFoundException', `Unknown trail: ${arn} for the user: ${accountId}`);
    }
    return trail;
  }
  const arnNamed = (nameOrArn: string, { accountId }: Identity, region: string): string =>
    nameOrArn.startsWith('arn:') ? nameOrArn : `arn:aws:cloudtrail:${region}:${accountId}:trail/${nameOrArn}`;

  const describeTrails = operation(
    z.object({ trailNameList: z.array(z.string()).nullish(), includeShadowTrails: z.boolean().nullish() }),
    () => '*',
    ({ trailNameList, includeShadowTrails }, caller, region) => {
      const isShadow = (trail: LocalTrail) => trail.accountId !== caller.accountId || homeRegionOf(trail) !== region;
      const found = [...trails.values()]
        .filter((trail) => isSeen(trail, caller.accountId, region))
        .filter((trail) => includeShadowTrails !== false || !isShadow(trail))
        .filter(
          (trail) => !trailNameList?.length || [trail.name, arnOf(trail)].some((one) => trailNameList.includes(one)),
        );
      return { trailList: found.map(view) };
    },
  );

  const getTrailStatus = operation(
    z.object({ Name: z.string() }),
    ({ Name }, caller, region) => arnNamed(Name, caller, region),
    ({ Name }, caller, region) => ({ IsLogging: find(Name, caller, region).isLogging !== false }),
  );

  const getEventSelectors = operation(
    z.object({ TrailName: z.string() }),
    ({ TrailName }, caller, region) => arnNamed(TrailName, caller, region),
    ({ TrailName }, caller, region) => {
      const trail = find(TrailName, caller, region);
      if (trail.isReadByMembers === false && trail.accountId !== caller.accountId) {
        const text = `AccountID in ARN is wrong, you can only access resources with AccountID ${caller.accountId}.`;
        throw new ServiceError('CloudTrailARNInvalidException', text);
      }
      const { advancedEventSelectors, eventSelectors = ALL_MANAGEMENT_EVENTS } = trail;
      return {
        TrailARN: arnOf(trail),
        ...(advancedEventSelectors === undefined
          ? { EventSelectors: eventSelectors }
          : { AdvancedEventSelectors: advancedEventSelectors }),
      };
    },
  );

  const server = await serveJson(
    {
      service: 'cloudtrail',
      targetPrefix: 'CloudTrail_20131101',
      operations: {
        DescribeTrails: describeTrails,
        GetTrailStatus: getTrailStatus,
        GetEventSelectors: getEventSelectors,
      },
    },
    options,
  );
  return {
    url: server.url,
    putTrail: (trail) => void trails.set(arnOf(trail), trail),
    deleteTrails: () => trails.clear(),
    close: () => server.close(),
  };
}

/** A trail of the organisation that records all of them: what an organisation is to have. */
export const ORGANIZATION_TRAIL: LocalTrail = {
  name: 'organization',
  accountId: CENTRAL_ACCOUNT,
  isOrganization: true,
};

function homeRegionOf({ homeRegion = REGION }: LocalTrail): string {
  return homeRegion;
}

function arnOf(trail: LocalTrail): string {
  return `arn:aws:cloudtrail:${homeRegionOf(trail)}:${trail.accountId}:trail/${trail.name}`;
}

function view(trail: LocalTrail) {
  return {
    Name: trail.name,
    TrailARN: arnOf(trail),
    S3BucketName: `${trail.name}-trail`,
    HomeRegion: homeRegionOf(trail),
    IsMultiRegionTrail: trail.isMultiRegion !== false,
    IsOrganizationTrail: trail.isOrganization === true,
    IncludeGlobalServiceEvents: true,
    HasCustomEventSelectors: trail.eventSelectors !== undefined || trail.advancedEventSelectors !== undefined,
    LogFileValidationEnabled: true,
  };
}
