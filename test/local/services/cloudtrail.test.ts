import {
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
} from '@aws-sdk/client-cloudtrail';
import { describe, expect, it } from 'vitest';
import { CENTRAL_ACCOUNT } from '../../../src/local/accounts.ts';
import { ORGANIZATION_TRAIL, startCloudTrail } from '../../../src/local/services/cloudtrail.ts';
import { closing, simulatedAws } from './simulated-aws.ts';

const ARN = `arn:aws:cloudtrail:us-east-2:${CENTRAL_ACCOUNT}:trail/organization`;

async function started() {
  const aws = simulatedAws();
  const cloudTrail = closing(await startCloudTrail(aws.options));
  const own = new CloudTrailClient(aws.client(cloudTrail.url));
  const member = new CloudTrailClient(aws.stagingClient(cloudTrail.url));
  const namesSeen = async (client: CloudTrailClient, includeShadowTrails?: boolean) => {
    const { trailList = [] } = await client.send(new DescribeTrailsCommand({ includeShadowTrails }));
    return trailList.map(({ Name }) => Name);
  };
  return { cloudTrail, own, member, namesSeen };
}

describe('CloudTrail', () => {
  it("shows an organisation's trail to its members as a shadow, and others to their own account", async () => {
    const { cloudTrail, own, member, namesSeen } = await started();
    cloudTrail.putTrail(ORGANIZATION_TRAIL);
    cloudTrail.putTrail({ name: 'own', accountId: CENTRAL_ACCOUNT, homeRegion: 'us-east-1', isMultiRegion: false });
    expect(await namesSeen(member)).toEqual(['organization']);
    expect(await namesSeen(member, false)).toEqual([]);
    // That of another Region alone is not seen in this one.
    expect(await namesSeen(own, false)).toEqual(['organization']);
    const { trailList = [] } = await member.send(new DescribeTrailsCommand({}));
    expect(trailList[0]).toMatchObject({ TrailARN: ARN, IsOrganizationTrail: true, IsMultiRegionTrail: true });
  });

  it('knows a trail of another account by its ARN alone', async () => {
    const { cloudTrail, member } = await started();
    cloudTrail.putTrail(ORGANIZATION_TRAIL);
    expect(await member.send(new GetTrailStatusCommand({ Name: ARN }))).toMatchObject({ IsLogging: true });
    await expect(member.send(new GetTrailStatusCommand({ Name: 'organization' }))).rejects.toThrow(
      'Unknown trail: arn:aws:cloudtrail:us-east-2:111111111111:trail/organization for the user: 111111111111',
    );
    const selectors = await member.send(new GetEventSelectorsCommand({ TrailName: ARN }));
    expect(selectors.EventSelectors).toMatchObject([{ ReadWriteType: 'All', IncludeManagementEvents: true }]);
  });

  it('may keep what a trail records from the members', async () => {
    const { cloudTrail, own, member } = await started();
    cloudTrail.putTrail({ ...ORGANIZATION_TRAIL, isReadByMembers: false });
    const question = new GetEventSelectorsCommand({ TrailName: ARN });
    await expect(member.send(question)).rejects.toMatchObject({ name: 'CloudTrailARNInvalidException' });
    expect(await own.send(question)).toMatchObject({ TrailARN: ARN });
  });
});
