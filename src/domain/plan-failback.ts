import { isGone, isLive, type SourceServer } from './server.ts';
import { emptyVerdict, type Verdict } from './verdict.ts';

/** The rules of a failback: live recovery instances go back to where their servers came from; a drill's never do. */
export function planFailback(servers: SourceServer[]): Verdict {
  const verdict = emptyVerdict();
  for (const server of servers) {
    const existing = server.existingInstances.filter((instance) => !isGone(instance.state));
    const live = existing.filter(isLive);
    const [instance] = live;
    const fail = (errorCode: string, errorMessage: string) => verdict.failed.push({ server, errorCode, errorMessage });
    if (existing.length === 0) {
      verdict.skipped.push({ server, reason: 'no recovery instance' });
    } else if (instance === undefined) {
      const ids = existing.map(({ recoveryInstanceId }) => recoveryInstanceId).join(', ');
      fail('DrillInstance', `${ids} is a drill’s instance: only a live one can be failed back.`);
    } else if (server.activeJobId !== undefined) {
      fail('ConflictException', `The job ${server.activeJobId} is still running on it.`);
    } else if (live.length > 1) {
      const ids = live.map(({ recoveryInstanceId }) => recoveryInstanceId).join(', ');
      fail('AmbiguousInstance', `It has several live instances (${ids}): nobody can tell which one goes back.`);
    } else if (instance.onlyInEc2 === true) {
      fail('NotInDrs', `DRS no longer knows ${instance.recoveryInstanceId}, so it cannot be failed back.`);
    } else {
      const origin = instance.originEnvironment ?? server.origin;
      if (origin === undefined) {
        fail('OriginUnknown', `DRS does not say where ${instance.recoveryInstanceId} came from.`);
        continue;
      }
      const { sourceServerId, hostname, tags } = server;
      const { recoveryInstanceId, ec2InstanceId } = instance;
      const plan = { sourceServerId, hostname, tags, recoveryInstanceId, ec2InstanceId, isDrill: false, origin };
      verdict.planned.push({ server, plan });
      if (origin === 'ON_PREMISES' && instance.failbackState !== 'FAILBACK_READY_FOR_LAUNCH') {
        verdict.findings.push({
          severity: 'warning',
          kind: 'failback',
          sourceServerId,
          hostname,
          accountId: server.accountId,
          message: `its failback is not ready for launch (${instance.failbackState ?? 'state unknown'})`,
        });
      }
    }
  }
  return verdict;
}
