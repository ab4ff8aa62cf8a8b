import type { SourceServer as DrsSourceServer } from '@aws-sdk/client-drs';
import type { SourceServer } from '../domain/server.ts';
import { type Surroundings, toSourceServer } from './account-facts.ts';
import type { StagingAccount } from './configuration.ts';

/** A source server by everything that people call it. */
export interface ServerName {
  sourceServerId: string;
  accountId: string;
  region: string;
  hostname: string;
  /** Fully qualified, where the agent told one. */
  fqdn?: string;
  tags: Record<string, string>;
  arn: string;
  /** ARN of the server in the staging account it was extended from; equals `arn` or is absent otherwise. */
  stagingSourceServerArn?: string;
}

/** A disk of a source server and how far its copy is; sizes in bytes. */
export interface ServerDisk {
  deviceName: string;
  bytes: number;
  /** Absent for a disk that is not replicated. */
  replicatedBytes?: number;
  /** Changed at the source and not yet copied. */
  backloggedBytes?: number;
}

/** A source server with what is of use to people who look at one. */
export interface ServerDetails {
  server: SourceServer;
  fqdn?: string;
  disks: ServerDisk[];
  operatingSystem?: string;
  ramBytes?: number;
  recommendedInstanceType?: string;
  /** What DRS says of a copy that does not get on, e.g. AGENT_NOT_SEEN. */
  replicationError?: string;
}

/** A server's names, from the answer of DRS. */
export function nameOfServer(
  server: DrsSourceServer,
  { accountId, region }: Pick<StagingAccount, 'accountId' | 'region'>,
): ServerName {
  const id = server.sourceServerID ?? '';
  const { hostname, fqdn } = server.sourceProperties?.identificationHints ?? {};
  const extendedFrom = server.stagingArea?.stagingSourceServerArn;
  return {
    sourceServerId: id,
    accountId,
    region,
    hostname: hostname ?? id,
    ...(fqdn === undefined ? {} : { fqdn }),
    tags: server.tags ?? {},
    arn: server.arn ?? id,
    ...(extendedFrom === undefined || extendedFrom === '' ? {} : { stagingSourceServerArn: extendedFrom }),
  };
}

/** A server in detail, from the answers of DRS and EC2. */
export function toServerDetails(
  server: DrsSourceServer,
  account: Pick<StagingAccount, 'accountId' | 'region'>,
  surroundings: Surroundings,
): ServerDetails {
  const { sourceProperties: source, dataReplicationInfo: replication } = server;
  return {
    server: toSourceServer(server, account, surroundings),
    fqdn: source?.identificationHints?.fqdn,
    disks: disksOf(server),
    operatingSystem: source?.os?.fullString,
    ramBytes: source?.ramBytes,
    recommendedInstanceType: source?.recommendedInstanceType,
    replicationError: replication?.dataReplicationError?.error,
  };
}

/** The machine's disks, each with its copy where it has one. */
function disksOf({ sourceProperties, dataReplicationInfo }: DrsSourceServer): ServerDisk[] {
  const copies = new Map((dataReplicationInfo?.replicatedDisks ?? []).map((disk) => [disk.deviceName, disk]));
  return (sourceProperties?.disks ?? []).map(({ deviceName, bytes }) => {
    const copy = copies.get(deviceName);
    return {
      deviceName: deviceName ?? '',
      bytes: bytes ?? 0,
      replicatedBytes: copy?.replicatedStorageBytes,
      backloggedBytes: copy?.backloggedStorageBytes,
    };
  });
}
