import { type Fleet, isGone, type RecoveryInstance, type SourceServer } from '../fleet.ts';
import { conflict, type DrsError, uninitialized, validation } from './errors.ts';
import type { DrsJobs } from './jobs.ts';

/** States in which a source server has no replication that a termination would take away. */
const NOT_REPLICATING: readonly string[] = ['STOPPED', 'DISCONNECTED'];

/**
 * The recovery instance, when it can be failed back to its server on premises: the failback client has copied its data. The
 * API reference of StartFailbackLaunch lists ValidationException and ConflictException ("a conflict with the current state
 * of the target resource"), and no error of its own for an instance that does not exist.
 * @throws {DrsError} ValidationException or ConflictException
 */
export function failbackLaunch(instanceId: string, record: RecoveryInstance | undefined): RecoveryInstance {
  if (record === undefined) throw invalid('recoveryInstanceIDs', `Recovery instance ${instanceId} does not exist.`);
  if (record.server.origin !== undefined) {
    const message = `Recovery instance ${instanceId} originates in AWS, where there is no failback client.`;
    throw invalid('recoveryInstanceIDs', message);
  }
  const { state } = record.failback;
  if (state === 'FAILBACK_READY_FOR_LAUNCH') return record;
  throw conflict(`Recovery instance ${instanceId} is ${state}.`, 'recovery-instance', instanceId);
}

/**
 * Starts replication of a recovery instance back to where it came from in AWS. Errors are those that the API reference of
 * ReverseReplication lists; it "applies only to protected instances that originated in EC2". Which of them answers a second
 * call, or an instance of a drill, is not documented: here both are refused, so that nobody relies on more.
 * @throws {DrsError} ValidationException for one from elsewhere or of a drill, ConflictException when it is replicated back
 * already, is in a job or does not run, UninitializedAccountException when DRS has not been set up at the origin
 */
export function reverseReplication(record: RecoveryInstance, world: { fleet: Fleet; jobs: DrsJobs }): SourceServer {
  const { fleet, jobs } = world;
  const { instanceId, accountId, region, sourceServerId, server } = record;
  const { origin } = server;
  if (origin === undefined) throw invalid('recoveryInstanceID', `${instanceId} does not originate in AWS.`);
  if (record.isDrill) throw invalid('recoveryInstanceID', `${instanceId} was launched for a drill.`);
  refuseRepeated(record, fleet);
  const job = jobs.activeJobOf(sourceServerId, accountId, region);
  if (job !== undefined) {
    throw conflict(
      `Source server ${sourceServerId} is in the active job ${job.jobId}.`,
      'source-server',
      sourceServerId,
    );
  }
  const machine = fleet.ec2Instance(instanceId, accountId, region);
  if (machine?.state !== 'running') {
    throw conflict(`Recovery instance ${instanceId} is not running.`, 'recovery-instance', instanceId);
  }
  if (!fleet.isInitialized(origin.accountId, origin.region)) throw uninitialized();
  return fleet.reverseReplication(record, origin);
}

/**
 * A recovery instance that is being replicated back cannot be terminated before the replication has been stopped (DRS user
 * guide, "Performing a cross-Region failback", clean-up).
 * @throws {DrsError} ConflictException
 */
export function refuseWhileReversed(record: RecoveryInstance, fleet: Fleet): void {
  const reversed = reversedServer(record, fleet);
  if (reversed === undefined || NOT_REPLICATING.includes(reversed.replication.state)) return;
  const machine = fleet.ec2Instance(record.instanceId);
  if (machine === undefined || isGone(machine)) return;
  const message = `Recovery instance ${record.instanceId} is replicating to ${reversed.arn}: stop that replication first.`;
  throw conflict(message, 'recovery-instance', record.instanceId);
}

function refuseRepeated(record: RecoveryInstance, fleet: Fleet): void {
  const reversed = reversedServer(record, fleet);
  if (reversed === undefined) return;
  const message = `Recovery instance ${record.instanceId} is replicating to ${reversed.arn} already.`;
  throw conflict(message, 'recovery-instance', record.instanceId);
}

function reversedServer({ reversedServerId }: RecoveryInstance, fleet: Fleet): SourceServer | undefined {
  return reversedServerId === undefined ? undefined : fleet.sourceServer(reversedServerId);
}

function invalid(name: string, message: string): DrsError {
  return validation('other', message, [{ name, message }]);
}
