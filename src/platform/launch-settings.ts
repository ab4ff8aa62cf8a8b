import { type DrsClient, GetLaunchConfigurationCommand, type LaunchConfiguration } from '@aws-sdk/client-drs';
import {
  DescribeLaunchTemplateVersionsCommand,
  DescribeSubnetsCommand,
  type EC2Client,
  type LaunchTemplateVersion,
} from '@aws-sdk/client-ec2';
import { messageOf } from '../domain/errors.ts';
import type { LaunchSettings } from '../domain/server.ts';
import { concurrently } from './concurrently.ts';
import { inChunks, pages } from './pages.ts';

/** GetLaunchConfiguration calls at the same time in one account: DRS publishes no rate, and each server needs one. */
const MOST_AT_A_TIME = 10;

/** Reads how DRS would launch servers: from their launch configurations, and from the launch templates behind those. */
export type LaunchSettingsReader = (sourceServerIds: readonly string[]) => Promise<Map<string, LaunchSettings>>;

/**
 * A reader for one account. One call a server, which the API gives no choice about; templates and subnets in pages. What
 * cannot be read is `unreadable` for the servers that it is about, and no error: what that means is the plan's decision.
 */
export function launchSettingsReader({ drs, ec2 }: { drs: DrsClient; ec2: EC2Client }): LaunchSettingsReader {
  return async (sourceServerIds) => {
    const configurations = await concurrently(sourceServerIds, MOST_AT_A_TIME, async (sourceServerID) => ({
      sourceServerID,
      ...(await attempt(() => drs.send(new GetLaunchConfigurationCommand({ sourceServerID })))),
    }));
    const templates = await attempt(defaultTemplates);
    const subnetIds =
      'answer' in templates ? [...templates.answer.values()].flatMap((found) => subnetOf(found) ?? []) : [];
    // Where a subnet stands is for showing only.
    const vpcs = await attempt(() => vpcsOf([...new Set(subnetIds)]));
    return new Map(
      configurations.map(({ sourceServerID, ...configuration }) => {
        if ('unreadable' in configuration) return [sourceServerID, configuration];
        if ('unreadable' in templates) return [sourceServerID, templates];
        return [
          sourceServerID,
          settingsOf(configuration.answer, templates.answer, 'answer' in vpcs ? vpcs.answer : new Map()),
        ];
      }),
    );
  };

  /** DRS launches from the default version. Without an id EC2 lists that of every template, 200 to a page. */
  async function defaultTemplates(): Promise<Map<string, LaunchTemplateVersion>> {
    const versions = await pages(async (NextToken) => {
      const page = await ec2.send(
        new DescribeLaunchTemplateVersionsCommand({ Versions: ['$Default'], MaxResults: 200, NextToken }),
      );
      return { items: page.LaunchTemplateVersions, nextToken: page.NextToken };
    });
    return new Map(versions.map((version) => [version.LaunchTemplateId ?? '', version]));
  }

  async function vpcsOf(subnetIds: string[]): Promise<Map<string, string>> {
    const subnets = await inChunks(subnetIds, (chunk) =>
      pages(async (NextToken) => {
        const page = await ec2.send(
          new DescribeSubnetsCommand({ Filters: [{ Name: 'subnet-id', Values: chunk }], MaxResults: 200, NextToken }),
        );
        return { items: page.Subnets, nextToken: page.NextToken };
      }),
    );
    return new Map(subnets.map((subnet) => [subnet.SubnetId ?? '', subnet.VpcId ?? '']));
  }
}

function settingsOf(
  configuration: LaunchConfiguration,
  templates: Map<string, LaunchTemplateVersion>,
  vpcs: Map<string, string>,
): LaunchSettings {
  const launchTemplateId = configuration.ec2LaunchTemplateID ?? '';
  const template = templates.get(launchTemplateId);
  if (template === undefined) return { unreadable: `there is no launch template ${launchTemplateId || 'for it'}` };
  const subnetId = subnetOf(template);
  return {
    subnetId,
    vpcId: subnetId === undefined ? undefined : vpcs.get(subnetId),
    copyPrivateIp: configuration.copyPrivateIp === true,
    launchTemplateId,
  };
}

/** The subnet of the first network interface, into which the machine is launched. */
function subnetOf(template: LaunchTemplateVersion): string | undefined {
  const interfaces = template.LaunchTemplateData?.NetworkInterfaces ?? [];
  return interfaces.find(({ SubnetId }) => SubnetId !== undefined)?.SubnetId;
}

async function attempt<T>(work: () => Promise<T>): Promise<{ answer: T } | { unreadable: string }> {
  try {
    return { answer: await work() };
  } catch (error) {
    return { unreadable: messageOf(error) };
  }
}
