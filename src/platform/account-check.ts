import {
  CloudTrailClient,
  DescribeTrailsCommand,
  GetEventSelectorsCommand,
  GetTrailStatusCommand,
  type Trail,
} from '@aws-sdk/client-cloudtrail';
import { DescribeSourceServersCommand, DrsClient, UninitializedAccountException } from '@aws-sdk/client-drs';
import { DescribeStateMachineCommand, SFNClient, StateMachineDoesNotExist } from '@aws-sdk/client-sfn';
import {
  type Read,
  recordedEvents,
  type StagingAccountFacts,
  type TargetAccountFacts,
  type TrailFacts,
} from '../domain/account-check.ts';
import { definitionHash } from '../domain/definition-hash.ts';
import { messageOf } from '../domain/errors.ts';
import { isReplicating } from './account-quotas.ts';
import type { ActionDocuments } from './action-documents.ts';
import { asRole, isAccessError } from './assumed-role.ts';
import type { StagingAccount, TargetAccount } from './configuration.ts';
import { pages } from './pages.ts';
import type { Platform } from './platform.ts';

/**
 * What is found in a staging account, through its reader role. What cannot be read is part of the answer, and no error.
 * The role is assumed anew each time: a session that is still good would hide a trust that no longer is.
 */
export async function readStagingAccount(platform: Platform, account: StagingAccount): Promise<StagingAccountFacts> {
  const { accountId, region, roleArn, maxServers, failbackRoleArn, executorArn } = account;
  const credentials = asRole(platform, account);
  const settings = { region, credentials };
  const known = {
    accountId,
    region,
    roleArn,
    maxServers,
    ...(failbackRoleArn === undefined ? {} : { failbackRoleArn }),
  };
  const refused = await refusalOf(credentials);
  if (refused !== undefined) {
    const nothing = { unread: refused.why };
    return { ...known, refused, drs: nothing, executor: nothing, trails: nothing };
  }
  const [drs, executor, trails] = await Promise.all([
    read(() => replicatingServers(new DrsClient({ ...settings, retryMode: 'adaptive' }))),
    read(() => executorOf(new SFNClient(settings), executorArn)),
    read(() => trailsOf(new CloudTrailClient(settings))),
  ]);
  return { ...known, drs, executor, trails };
}

/** What is found of an account in which actions are done, through the role that may look for its documents. */
export async function readTargetAccount(
  platform: Platform,
  account: TargetAccount,
  { whyNot }: Pick<ActionDocuments, 'whyNot'>,
): Promise<TargetAccountFacts> {
  const { accountId, regions, documentsRoleArn, externalId, documents } = account;
  const refused = await refusalOf(asRole(platform, { roleArn: documentsRoleArn, externalId }));
  const known = { accountId, regions, documentsRoleArn, documents: documents.length };
  if (refused !== undefined) return { ...known, refused, problems: [] };
  const wanted = regions.flatMap((region) => documents.map((document) => ({ accountId, region, ...document })));
  const problems = await Promise.all(wanted.map(whyNot));
  return { ...known, problems: problems.filter((problem) => problem !== undefined) };
}

async function refusalOf(assume: ReturnType<typeof asRole>): Promise<StagingAccountFacts['refused']> {
  try {
    await assume();
    return undefined;
  } catch (error) {
    return { why: messageOf(error), denied: isAccessError(error) };
  }
}

async function read<T>(question: () => Promise<T>): Promise<Read<T>> {
  try {
    return { value: await question() };
  } catch (error) {
    return { unread: messageOf(error), ...(isAccessError(error) ? { denied: true } : {}) };
  }
}

async function replicatingServers(drs: DrsClient): Promise<{ replicating: number } | 'not initialised'> {
  try {
    const servers = await pages((nextToken) =>
      drs.send(new DescribeSourceServersCommand({ filters: {}, maxResults: 200, nextToken })),
    );
    return { replicating: servers.filter(isReplicating).length };
  } catch (error) {
    if (error instanceof UninitializedAccountException) return 'not initialised';
    throw error;
  }
}

async function executorOf(
  states: SFNClient,
  stateMachineArn: string,
): Promise<{ status: string; definitionHash: string } | 'missing'> {
  try {
    const { status = 'unknown', definition = '{}' } = await states.send(
      new DescribeStateMachineCommand({ stateMachineArn }),
    );
    return { status, definitionHash: definitionHash(definition) };
  } catch (error) {
    if (error instanceof StateMachineDoesNotExist) return 'missing';
    throw error;
  }
}

/** Those of the organisation among them, and those of other Regions that cover this one. */
async function trailsOf(cloudTrail: CloudTrailClient): Promise<TrailFacts[]> {
  const { trailList = [] } = await cloudTrail.send(new DescribeTrailsCommand({ includeShadowTrails: true }));
  return await Promise.all(trailList.map((trail) => trailOf(cloudTrail, trail)));
}

async function trailOf(cloudTrail: CloudTrailClient, trail: Trail): Promise<TrailFacts> {
  // By its ARN: the name of a trail that was made in another account or Region means nothing here.
  const named = { TrailName: trail.TrailARN };
  const [isLogging, records] = await Promise.all([
    read(async () => (await cloudTrail.send(new GetTrailStatusCommand({ Name: trail.TrailARN }))).IsLogging === true),
    read(async () => recordedEvents(await cloudTrail.send(new GetEventSelectorsCommand(named)))),
  ]);
  return {
    name: trail.Name ?? trail.TrailARN ?? 'a trail',
    homeRegion: trail.HomeRegion ?? '',
    isMultiRegion: trail.IsMultiRegionTrail === true,
    isOrganization: trail.IsOrganizationTrail === true,
    isLogging,
    records,
  };
}
