import type { Clock } from '../clock.ts';
import type { InstanceState } from '../inventory.ts';
import { ServiceError } from '../services/service.ts';
import { type ListOf, pageOf } from './ec2-lists.ts';
import type { Ec2Instance, Fleet, SourceServer, StatusCheck, Subnet } from './fleet.ts';
import { isoTime } from './iso-time.ts';
import { freeAddresses } from './launch-settings.ts';
import { listParameter, type XmlValue } from './query-protocol.ts';

/** Where a call is carried out: in the signer's account, in the Region of the signature. */
export interface Ec2Scope {
  accountId: string;
  region: string;
}

/** An action of EC2: the parameters of a call, and the content of its answer. */
export type Ec2Operation = (parameters: URLSearchParams, scope: Ec2Scope) => { [name: string]: XmlValue };

const STATE_CODES: Record<InstanceState, number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

/**
 * How long the first status checks of a running machine take. EC2 runs them every minute and does not publish how many a new
 * machine needs (EC2 user guide, "Status checks for Amazon EC2 instances").
 */
const FIRST_CHECKS_MS = 4 * 60_000;

/** DescribeInstanceStatus takes this many ids (EC2 API reference). */
const MAX_STATUS_IDS = 100;

const INSTANCES: ListOf<Ec2Instance> = {
  filters: {
    'instance-id': ({ instanceId }) => [instanceId],
    'instance-state-name': ({ state }) => [state],
    'instance-state-code': ({ state }) => [String(STATE_CODES[state])],
    'instance-type': ({ instanceType }) => [instanceType],
    'private-ip-address': ({ privateIp }) => [privateIp],
    'subnet-id': ({ subnet }) => [subnet.subnetId],
    'vpc-id': ({ subnet }) => [subnet.vpcId],
  },
  tags: ({ tags }) => tags,
  order: ({ order }) => order,
  maxResults: { least: 5, most: 1000 },
  idSet: 'instancesSet',
};

const SUBNETS: ListOf<Subnet> = {
  filters: {
    'subnet-id': ({ subnetId }) => [subnetId],
    'vpc-id': ({ vpcId }) => [vpcId],
    'availability-zone': ({ availabilityZone }) => [availabilityZone],
    'cidr-block': ({ cidrBlock }) => [cidrBlock],
    state: () => ['available'],
  },
  order: ({ order }) => order,
  maxResults: { least: 5, most: 1000 },
  idSet: 'subnetIds',
};

/** Each source server's launch template has one version here: DRS's settings change it in place. */
const TEMPLATES: ListOf<SourceServer> = {
  filters: { 'is-default-version': () => ['true'], 'instance-type': ({ instanceType }) => [instanceType] },
  order: ({ order }) => order,
  maxResults: { least: 1, most: 200 },
  idSet: 'launchTemplateId',
};
const ONLY_VERSION = ['1', '$Default', '$Latest'];

/** Every simulated action by its name. Rules, limits and error codes are those of the EC2 API reference. */
export function ec2Operations({ clock, fleet }: { clock: Clock; fleet: Fleet }): ReadonlyMap<string, Ec2Operation> {
  function describeInstances(parameters: URLSearchParams, { accountId, region }: Ec2Scope) {
    const ids = listParameter(parameters, 'InstanceId');
    const all = () => machines(ids, { accountId, region });
    const { page, nextToken } = pageOf(all, parameters, INSTANCES, { hasIds: ids.length > 0 });
    return { reservationSet: page.map(reservation), nextToken };
  }

  function describeInstanceStatus(parameters: URLSearchParams, { accountId, region }: Ec2Scope) {
    const ids = listParameter(parameters, 'InstanceId');
    if (ids.length > MAX_STATUS_IDS) {
      const message = `The maximum number of instance IDs is ${MAX_STATUS_IDS}`;
      throw new ServiceError('InvalidParameterValue', message);
    }
    const includeAll = parameters.get('IncludeAllInstances') === 'true';
    const all = () => machines(ids, { accountId, region }).filter(({ state }) => includeAll || state === 'running');
    const { page, nextToken } = pageOf(all, parameters, statuses(clock.now()), { hasIds: ids.length > 0 });
    return { instanceStatusSet: page.map((instance) => statusView(instance, clock.now())), nextToken };
  }

  function machines(ids: readonly string[], { accountId, region }: Ec2Scope): Ec2Instance[] {
    if (ids.length === 0) return fleet.ec2Instances(accountId, region);
    const malformed = ids.find((id) => !/^i-([0-9a-f]{8}|[0-9a-f]{17})$/.test(id));
    if (malformed !== undefined) throw new ServiceError('InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
    const found = [...new Set(ids)].map((id) => ({ id, instance: fleet.ec2Instance(id, accountId, region) }));
    const missing = found.flatMap(({ id, instance }) => (instance === undefined ? [id] : []));
    if (missing.length > 0) {
      const what = missing.length === 1 ? `ID '${missing[0]}' does` : `IDs '${missing.join(', ')}' do`;
      throw new ServiceError('InvalidInstanceID.NotFound', `The instance ${what} not exist`);
    }
    return found.flatMap(({ instance }) => instance ?? []).sort((a, b) => a.order - b.order);
  }

  function describeSubnets(parameters: URLSearchParams, { accountId, region }: Ec2Scope) {
    const ids = listParameter(parameters, 'SubnetId');
    const all = () =>
      ids.length === 0
        ? fleet.subnets(accountId, region)
        : [...new Set(ids)].map((id) => {
            const subnet = fleet.subnet(id, accountId, region);
            if (subnet !== undefined) return subnet;
            throw new ServiceError('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`);
          });
    const { page, nextToken } = pageOf(all, parameters, SUBNETS, { hasIds: ids.length > 0 });
    return { subnetSet: page.map((subnet) => subnetView(subnet, { accountId, region })), nextToken };
  }

  function describeLaunchTemplateVersions(parameters: URLSearchParams, { accountId, region }: Ec2Scope) {
    const id = parameters.get('LaunchTemplateId');
    const versions = listParameter(parameters, 'LaunchTemplateVersion');
    const all = (): SourceServer[] => {
      if (id !== null) return [templateOf(id, versions)];
      if (versions.length > 0 && versions.every((version) => version === '$Default' || version === '$Latest')) {
        return fleet.sourceServers(accountId, region);
      }
      const message = 'Either the launch template ID or the versions $Latest and $Default must be given';
      throw new ServiceError('MissingParameter', message);
    };
    const { page, nextToken } = pageOf(all, parameters, TEMPLATES, { hasIds: false });
    return { launchTemplateVersionSet: page.map(templateView), nextToken };

    function templateOf(templateId: string, wanted: readonly string[]): SourceServer {
      if (!/^lt-([0-9a-f]{8}|[0-9a-f]{17})$/.test(templateId)) {
        throw new ServiceError('InvalidLaunchTemplateId.Malformed', `Invalid id: "${templateId}"`);
      }
      const server = fleet.serverOfTemplate(templateId, accountId, region);
      if (server === undefined) {
        const message = `The specified launch template, with template ID ${templateId}, does not exist.`;
        throw new ServiceError('InvalidLaunchTemplateId.NotFound', message);
      }
      const missing = wanted.find((version) => !ONLY_VERSION.includes(version));
      if (missing === undefined) return server;
      const message = `Could not find launch template version ${missing} of ${templateId}.`;
      throw new ServiceError('InvalidLaunchTemplateId.VersionNotFound', message);
    }
  }

  /** Tags of instances only. EC2 takes up to 1,000 resources, and all or none (CreateTags). */
  function createTags(parameters: URLSearchParams, scope: Ec2Scope) {
    const ids = listParameter(parameters, 'ResourceId');
    if (ids.length === 0) {
      throw new ServiceError('MissingParameter', 'The request must contain the parameter resourceIdSet');
    }
    const tags = tagsOf(parameters);
    for (const instance of machines(ids, scope)) instance.tags = { ...instance.tags, ...tags };
    return { return: true };
  }

  return new Map<string, Ec2Operation>([
    ['CreateTags', createTags],
    ['DescribeInstances', describeInstances],
    ['DescribeInstanceStatus', describeInstanceStatus],
    ['DescribeSubnets', describeSubnets],
    ['DescribeLaunchTemplateVersions', describeLaunchTemplateVersions],
  ]);
}

/** The tags that a call of CreateTags sets. */
export function tagsOf(parameters: URLSearchParams): Record<string, string> {
  const tags: Record<string, string> = {};
  for (let n = 1; parameters.has(`Tag.${n}.Key`); n += 1) {
    tags[parameters.get(`Tag.${n}.Key`) ?? ''] = parameters.get(`Tag.${n}.Value`) ?? '';
  }
  return tags;
}

function reservation(instance: Ec2Instance): XmlValue {
  const { accountId, instanceId, region, state, subnet, windows } = instance;
  const hasAddress = state !== 'terminated' && state !== 'shutting-down';
  return {
    reservationId: `r-${instanceId.slice(2)}`,
    ownerId: accountId,
    groupSet: [],
    instancesSet: [
      {
        instanceId,
        imageId: `ami-${instanceId.slice(2)}`,
        instanceState: { code: STATE_CODES[state], name: state },
        privateDnsName: hasAddress ? `ip-${instance.privateIp.replaceAll('.', '-')}.${region}.compute.internal` : '',
        instanceType: instance.instanceType,
        launchTime: isoTime(instance.launchedAt),
        cpuOptions: cpuOptionsOf(instance.instanceType),
        placement: { availabilityZone: subnet.availabilityZone, tenancy: 'default' },
        platform: windows ? 'windows' : undefined,
        // EC2 takes the address and the subnet away as soon as an instance is going.
        privateIpAddress: hasAddress ? instance.privateIp : undefined,
        subnetId: hasAddress ? subnet.subnetId : undefined,
        vpcId: hasAddress ? subnet.vpcId : undefined,
        tagSet: Object.entries(instance.tags).map(([key, value]) => ({ key, value })),
      },
    ],
  };
}

/**
 * Cores and threads of an x86 machine by its size (EC2 instance types guide, "General purpose instances"): 2 vCPUs for
 * `large` and everything smaller, 4 for `xlarge`, 4 × n for `nxlarge`; two threads to a core.
 */
function cpuOptionsOf(instanceType: string): { coreCount: number; threadsPerCore: number } {
  const times = /\.(\d*)xlarge$/.exec(instanceType)?.[1];
  return { coreCount: times === undefined ? 1 : 2 * Number(times === '' ? 1 : times), threadsPerCore: 2 };
}

/** What the checks of a machine say at `now`; `not-applicable` when it is not running (EC2 API, InstanceStatusSummary). */
function checksOf(
  { state, runningSince = 0, statusChecks }: Ec2Instance,
  now: number,
): Record<'instance' | 'system', StatusCheck | 'not-applicable'> {
  if (state !== 'running') return { instance: 'not-applicable', system: 'not-applicable' };
  if (statusChecks !== undefined) return statusChecks;
  const status = now - runningSince < FIRST_CHECKS_MS ? 'initializing' : 'ok';
  return { instance: status, system: status };
}

/** The one check that both summaries have, by the summary. */
const REACHABILITY: Partial<Record<StatusCheck | 'not-applicable', string>> = {
  ok: 'passed',
  impaired: 'failed',
  'insufficient-data': 'insufficient-data',
  initializing: 'initializing',
};

function statuses(now: number): ListOf<Ec2Instance> {
  const reachability = (status: StatusCheck | 'not-applicable') => [REACHABILITY[status] ?? ''];
  return {
    ...INSTANCES,
    tags: undefined,
    filters: {
      'availability-zone': ({ subnet }) => [subnet.availabilityZone],
      'instance-state-name': ({ state }) => [state],
      'instance-state-code': ({ state }) => [String(STATE_CODES[state])],
      'instance-status.status': (instance) => [checksOf(instance, now).instance],
      'instance-status.reachability': (instance) => reachability(checksOf(instance, now).instance),
      'system-status.status': (instance) => [checksOf(instance, now).system],
      'system-status.reachability': (instance) => reachability(checksOf(instance, now).system),
    },
  };
}

function statusView(machine: Ec2Instance, now: number): XmlValue {
  const { instance, system } = checksOf(machine, now);
  const summary = (status: StatusCheck | 'not-applicable'): XmlValue => {
    const reachability = REACHABILITY[status];
    return {
      status,
      details: reachability === undefined ? [] : [{ name: 'reachability', status: reachability }],
    };
  };
  return {
    instanceId: machine.instanceId,
    availabilityZone: machine.subnet.availabilityZone,
    instanceState: { code: STATE_CODES[machine.state], name: machine.state },
    systemStatus: summary(system),
    instanceStatus: summary(instance),
  };
}

function subnetView(subnet: Subnet, { accountId, region }: Ec2Scope): XmlValue {
  const { subnetId, vpcId, cidrBlock, availabilityZone } = subnet;
  return {
    subnetId,
    subnetArn: `arn:aws:ec2:${region}:${accountId}:subnet/${subnetId}`,
    state: 'available',
    ownerId: accountId,
    vpcId,
    cidrBlock,
    availableIpAddressCount: freeAddresses(subnet),
    availabilityZone,
    defaultForAz: false,
    mapPublicIpOnLaunch: false,
    tagSet: [],
  };
}

function templateView(server: SourceServer): XmlValue {
  const { accountId, sourceServerId, launchTemplateId, launchSettings, instanceType, addedAt } = server;
  return {
    launchTemplateId,
    launchTemplateName: `DRS-${sourceServerId}`,
    versionNumber: 1,
    defaultVersion: true,
    createTime: isoTime(addedAt),
    createdBy: `arn:aws:sts::${accountId}:assumed-role/AWSServiceRoleForElasticDisasterRecovery/drs`,
    launchTemplateData: {
      instanceType,
      networkInterfaceSet: [
        {
          deviceIndex: 0,
          deleteOnTermination: true,
          associatePublicIpAddress: false,
          subnetId: launchSettings.subnetId,
        },
      ],
    },
  };
}
