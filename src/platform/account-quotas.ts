import type { Job, SourceServer } from '@aws-sdk/client-drs';
import { DescribeInstancesCommand, type EC2Client, type Instance } from '@aws-sdk/client-ec2';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  NoSuchResourceException,
  type ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import type { AccountQuotas } from '../domain/plan.ts';
import { pages } from './pages.ts';

/**
 * Quotas of DRS that no account can raise (AWS General Reference, DRS endpoints and quotas), with the documented value,
 * which holds where Service Quotas does not answer.
 */
const DRS_QUOTAS = {
  jobs: { code: 'L-D88FAC3A', documented: 20 },
  servers: { code: 'L-05AFA8C6', documented: 500 },
  replicating: { code: 'L-C1D14A2B', documented: 300 },
} as const;

/** "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", in vCPUs. Every account has another value. */
const STANDARD_VCPUS = 'L-1216C47A';
/** States in which an instance counts towards it. */
const COUNTED_STATES = ['pending', 'running'];
/** The letters of the instance families that count towards it. */
const STANDARD_FAMILIES = /^(?:a|c|d|h|i|im|is|m|r|t|z)\d/;

/** What is in use, as it was read for other reasons. */
export interface InUse {
  /** Every source server of the account. */
  servers: readonly SourceServer[];
  /** Jobs that may still run. */
  jobs: readonly Job[];
}

/**
 * The quotas of one account and Region and how much of each is taken.
 * @throws what Service Quotas or EC2 answer, where the vCPU quota or its use cannot be read: there is no value to assume.
 */
export async function readQuotas(
  { quotas, ec2 }: { quotas: ServiceQuotasClient; ec2: EC2Client },
  { servers, jobs }: InUse,
): Promise<AccountQuotas> {
  const active = jobs.filter((job) => job.status !== 'COMPLETED');
  const inUse = {
    jobs: active.length,
    servers: active.reduce((sum, job) => sum + (job.participatingServers?.length ?? 0), 0),
    replicating: servers.filter(isReplicating).length,
  };
  const [jobLimit, serverLimit, replicatingLimit, vcpuLimit, vcpusTaken] = await Promise.all([
    drsLimit('jobs'),
    drsLimit('servers'),
    drsLimit('replicating'),
    limitOf('ec2', STANDARD_VCPUS),
    standardVcpus(),
  ]);
  return {
    jobs: { limit: jobLimit, inUse: inUse.jobs },
    servers: { limit: serverLimit, inUse: inUse.servers },
    replicating: { limit: replicatingLimit, inUse: inUse.replicating },
    vcpus: { limit: vcpuLimit, inUse: vcpusTaken },
  };

  async function drsLimit(name: keyof typeof DRS_QUOTAS): Promise<number> {
    const { code, documented } = DRS_QUOTAS[name];
    return await limitOf('drs', code).catch(() => documented);
  }

  /** The account's own value; the default where it has none. */
  async function limitOf(ServiceCode: string, QuotaCode: string): Promise<number> {
    const asked = { ServiceCode, QuotaCode };
    const answer = await quotas.send(new GetServiceQuotaCommand(asked)).catch((error: unknown) => {
      if (error instanceof NoSuchResourceException) return quotas.send(new GetAWSDefaultServiceQuotaCommand(asked));
      throw error;
    });
    const value = answer.Quota?.Value;
    if (value === undefined) throw new Error(`Service Quotas gives no value for ${ServiceCode} ${QuotaCode}`);
    return Math.floor(value);
  }

  async function standardVcpus(): Promise<number> {
    const running = await pages(async (NextToken) => {
      const page = await ec2.send(
        new DescribeInstancesCommand({
          Filters: [{ Name: 'instance-state-name', Values: COUNTED_STATES }],
          MaxResults: 1_000,
          NextToken,
        }),
      );
      return {
        items: (page.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []),
        nextToken: page.NextToken,
      };
    });
    return running.filter(isStandardOnDemand).reduce((sum, instance) => sum + knownVcpusOf(instance), 0);
  }
}

/** True for a server that counts towards DRS's quota of replicating servers. */
export function isReplicating(server: SourceServer): boolean {
  return !['STOPPED', 'DISCONNECTED'].includes(server.dataReplicationInfo?.dataReplicationState ?? '');
}

function isStandardOnDemand({ InstanceType, InstanceLifecycle }: Instance): boolean {
  return InstanceLifecycle === undefined && STANDARD_FAMILIES.test(InstanceType ?? '');
}

/** vCPUs that an instance takes of the quota now; undefined when it takes none, or EC2 does not say how many. */
export function vcpusInUse(instance: Instance): number | undefined {
  const isCounted = COUNTED_STATES.includes(instance.State?.Name ?? '') && isStandardOnDemand(instance);
  return isCounted ? vcpusOf(instance) : undefined;
}

function vcpusOf({ CpuOptions }: Instance): number | undefined {
  const { CoreCount, ThreadsPerCore } = CpuOptions ?? {};
  return CoreCount === undefined || ThreadsPerCore === undefined ? undefined : CoreCount * ThreadsPerCore;
}

function knownVcpusOf(instance: Instance): number {
  const vcpus = vcpusOf(instance);
  if (vcpus === undefined) throw new Error(`EC2 gives no vCPUs for ${instance.InstanceId}`);
  return vcpus;
}
