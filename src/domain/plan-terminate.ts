import type { PlannedInstance, PlanRequest } from './plan.ts';
import { type ExistingInstance, isGone, type SourceServer } from './server.ts';
import { emptyVerdict, type Verdict } from './verdict.ts';

/**
 * The rules of a termination: the drill instances of the matching servers; live ones only with terminateLive. What is
 * named in instanceIds must have been found, unless it may be gone by now, and nothing else is touched.
 */
export function planTerminate(
  { options, instancesMayBeGone }: Pick<PlanRequest, 'options' | 'instancesMayBeGone'>,
  servers: SourceServer[],
): Verdict {
  const verdict = emptyVerdict();
  const wanted = (instance: ExistingInstance) =>
    options.instanceIds === undefined || options.instanceIds.some((id) => isCalled(instance, id));
  for (const server of servers) {
    const existing = server.existingInstances.filter((instance) => !isGone(instance.state));
    const chosen = existing.filter(wanted);
    const kept = chosen.filter((instance) => !instance.isDrill && !options.terminateLive);
    const terminated = chosen.filter((instance) => !kept.includes(instance));
    const outOfReach = terminated.filter((instance) => instance.onlyInEc2 === true);
    const [first, ...others] = terminated.filter((instance) => instance.onlyInEc2 !== true).map(planned);
    if (existing.length === 0) verdict.skipped.push({ server, reason: 'no recovery instance' });
    else if (chosen.length === 0) verdict.skipped.push({ server, reason: 'instanceIds names none of its instances' });
    else if (terminated.length === 0) verdict.skipped.push({ server, reason: keptWords(kept) });
    else if (server.activeJobId !== undefined) {
      const errorMessage = `The job ${server.activeJobId} is still running on it.`;
      verdict.failed.push({ server, errorCode: 'ConflictException', errorMessage });
    } else if (outOfReach.length > 0 || first === undefined) {
      const errorMessage = `DRS no longer knows ${idsOf(outOfReach)}: it can only be terminated in EC2.`;
      verdict.failed.push({ server, errorCode: 'NotInDrs', errorMessage });
    } else {
      const { sourceServerId, hostname, tags } = server;
      const plan = { sourceServerId, hostname, tags, ...first };
      verdict.planned.push({ server, plan: others.length === 0 ? plan : { ...plan, otherInstances: others } });
      if (kept.length > 0)
        verdict.warnings.push(`${hostname} (${sourceServerId}) keeps an instance: ${keptWords(kept)}.`);
    }
  }
  const found = servers.flatMap((server) => server.existingInstances).filter((instance) => !isGone(instance.state));
  const missing = [...new Set(options.instanceIds)].filter((id) => !found.some((instance) => isCalled(instance, id)));
  if (instancesMayBeGone === true) verdict.warnings.push(...missing.map((id) => `${id} is gone already.`));
  else verdict.stops = missing.map((id) => `${id} of instanceIds is no recovery instance of a matching server.`);
  return verdict;
}

function isCalled(instance: ExistingInstance, id: string): boolean {
  return instance.recoveryInstanceId === id || instance.ec2InstanceId === id;
}

function planned({ recoveryInstanceId, ec2InstanceId, isDrill }: ExistingInstance): PlannedInstance {
  return { recoveryInstanceId, ec2InstanceId, isDrill };
}

function keptWords(instances: ExistingInstance[]): string {
  return `${idsOf(instances)} is live; terminateLive was not set`;
}

function idsOf(instances: ExistingInstance[]): string {
  return instances.map((instance) => instance.recoveryInstanceId).join(', ');
}
