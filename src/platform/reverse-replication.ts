import {
  DescribeRecoveryInstancesCommand,
  DescribeSourceServersCommand,
  DrsClient,
  type SourceServer as DrsSourceServer,
  type RecoveryInstance,
  ReverseReplicationCommand,
} from '@aws-sdk/client-drs';
import type { OriginPlace, ReversibleServer } from '../domain/origin-failback.ts';
import { type AssumedRole, asRole, explainingAccess, madeOnce } from './assumed-role.ts';
import { inChunks, pages } from './pages.ts';
import type { Platform } from './platform.ts';

/** States of a recovery instance from which its replication has not been reversed (DRS API: FailbackState). */
const NOT_REVERSED = ['FAILBACK_NOT_STARTED', 'FAILBACK_LAUNCH_STATE_NOT_AVAILABLE'];
const SOURCE_SERVER_ARN = /^arn:[^:]+:drs:([^:]+):(\d{12}):source-server\/(s-[0-9a-zA-Z]{17})$/;

/** The role that reverses replication in a staging account, in the DR Region. */
export type FailbackRole = AssumedRole & { region: string };

/** Reverses replication in one staging account: the recovery instances are there, and so is the call that does it. */
export type ReplicationReverser = ReturnType<typeof replicationReverser>;

/** The reversers of the staging accounts, each made once. */
export function replicationReversers(platform: Platform): (role: FailbackRole) => ReplicationReverser {
  return madeOnce((role: FailbackRole) => replicationReverser(platform, role));
}

function replicationReverser(platform: Platform, role: FailbackRole) {
  const settings = { region: role.region, credentials: asRole(platform, role) };
  const drs = new DrsClient({ ...settings, retryMode: 'adaptive' });
  // A reversal whose answer was lost is looked for before it is asked for again.
  const once = new DrsClient({ ...settings, maxAttempts: 1 });

  return {
    /**
     * The servers as they can be reversed, or have been. One that DRS no longer knows is left out.
     * @throws {DrError} CrossAccountAccessDenied when the account does not let us in.
     */
    async servers(wanted: { sourceServerId: string; recoveryInstanceId: string }[]): Promise<ReversibleServer[]> {
      return await explainingAccess(role.roleArn, async () => {
        const [servers, instances] = await Promise.all([
          inChunks(
            wanted.map((one) => one.sourceServerId),
            (sourceServerIDs) =>
              pages((nextToken) =>
                drs.send(
                  new DescribeSourceServersCommand({ filters: { sourceServerIDs }, maxResults: 200, nextToken }),
                ),
              ),
          ),
          inChunks(
            wanted.map((one) => one.recoveryInstanceId),
            (recoveryInstanceIDs) =>
              pages((nextToken) =>
                drs.send(
                  new DescribeRecoveryInstancesCommand({
                    filters: { recoveryInstanceIDs },
                    maxResults: 100,
                    nextToken,
                  }),
                ),
              ),
          ),
        ]);
        return wanted.flatMap(({ sourceServerId, recoveryInstanceId }) => {
          const server = servers.find((candidate) => candidate.sourceServerID === sourceServerId);
          const instance = instances.find((candidate) => candidate.recoveryInstanceID === recoveryInstanceId);
          return server === undefined ? [] : [toReversible(server, recoveryInstanceId, instance)];
        });
      });
    },

    /**
     * Starts the copying of one recovery instance back to where its server came from. DRS makes a source server there,
     * with rights of its own; the caller needs none in that Region.
     */
    async reverse(recoveryInstanceID: string): Promise<void> {
      await once.send(new ReverseReplicationCommand({ recoveryInstanceID }));
    },
  };
}

function toReversible(
  server: DrsSourceServer,
  recoveryInstanceId: string,
  instance: RecoveryInstance | undefined,
): ReversibleServer {
  const { originAccountID, originRegion } = server.sourceCloudProperties ?? {};
  const reversed = SOURCE_SERVER_ARN.exec(server.reversedDirectionSourceServerArn ?? '');
  // The ARN alone may be that of an earlier failback: the state is this instance's own, while there is one.
  const isReversed =
    reversed !== null &&
    (instance === undefined || !NOT_REVERSED.includes(instance.failback?.state ?? 'FAILBACK_NOT_STARTED'));
  const origin: OriginPlace | undefined =
    originAccountID === undefined || originRegion === undefined
      ? undefined
      : { accountId: originAccountID, region: originRegion };
  return {
    sourceServerId: server.sourceServerID ?? '',
    recoveryInstanceId,
    isDrill: instance?.isDrill === true,
    ...(instance === undefined ? { isGone: true as const } : {}),
    ...(origin === undefined ? {} : { origin }),
    ...(isReversed ? { reversedId: reversed[3] ?? '' } : {}),
  };
}
