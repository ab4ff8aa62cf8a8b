import { REGION, STAGING_ACCOUNTS } from '../accounts.ts';
import type { Clock, Release } from '../clock.ts';
import type { InstanceState, Inventory, InventoryServer, ReplicationState } from '../inventory.ts';
import type { DrsEvent, DrsEventListener, DrsEventSubject } from './events.ts';
import { durationMs, isoTime } from './iso-time.ts';
import {
  defaultLaunchSettings,
  freeAddresses,
  type LaunchSettings,
  type NewSubnet,
  type Subnet,
} from './launch-settings.ts';
import { type Place, Places } from './places.ts';
import { seeded } from './seeded.ts';
import { type Replication, Syncs } from './sync.ts';

export type { LaunchSettings, NewSubnet, Subnet } from './launch-settings.ts';
export type { Replication } from './sync.ts';

/** Progress of one server in a job (LaunchStatus of the DRS API). */
export type LaunchStatus = 'PENDING' | 'IN_PROGRESS' | 'LAUNCHED' | 'FAILED' | 'TERMINATED';

/** The newest launch of a source server. */
export interface LastLaunch {
  /** Milliseconds since the epoch. */
  at: number;
  jobId: string;
  isDrill: boolean;
  status: LaunchStatus;
}

/** Where in AWS a server runs. */
export interface CloudOrigin {
  accountId: string;
  region: string;
  availabilityZone: string;
  /** Its EC2 instance, where that is simulated. */
  instanceId?: string;
}

/** A source server with what the simulator changes of it. */
export interface SourceServer extends Omit<InventoryServer, 'replication' | 'recoveryInstance' | 'tags' | 'origin'> {
  /** Order of creation, for paging. */
  readonly order: number;
  readonly arn: string;
  /** The Region it replicates to: each Region has a DRS of its own. */
  readonly region: string;
  readonly addedAt: number;
  /** FAILBACK for one that ReverseReplication has made. */
  readonly direction: 'FAILOVER' | 'FAILBACK';
  /** Its EC2 launch template, `lt-…`. */
  readonly launchTemplateId: string;
  /** Where it runs in AWS; absent when it is on premises. */
  origin?: CloudOrigin;
  /** The source server of the other direction, once replication has been reversed. */
  oppositeArn?: string;
  launchSettings: LaunchSettings;
  tags: Record<string, string>;
  replication: Replication;
  lastLaunch?: LastLaunch;
  /** The newest recovery instance that DRS knows. */
  recoveryInstanceId?: string;
}

/** FailbackState of the DRS API. */
export type FailbackState =
  | 'FAILBACK_NOT_STARTED'
  | 'FAILBACK_IN_PROGRESS'
  | 'FAILBACK_READY_FOR_LAUNCH'
  | 'FAILBACK_COMPLETED'
  | 'FAILBACK_ERROR'
  | 'FAILBACK_NOT_READY_FOR_LAUNCH'
  | 'FAILBACK_LAUNCH_STATE_NOT_AVAILABLE';

/** Failback of a recovery instance to the server on premises that it came from, by DRS's failback client. */
export interface Failback {
  state: FailbackState;
  /** When the failback client began to copy, milliseconds since the epoch. */
  initiatedAt?: number;
  /** The newest FAILBACK job. */
  jobId?: string;
}

/** DRS's record of a recovery instance; the machine itself is the {@link Ec2Instance} of the same id. */
export interface RecoveryInstance {
  readonly order: number;
  readonly instanceId: string;
  readonly arn: string;
  readonly accountId: string;
  readonly region: string;
  readonly sourceServerId: string;
  readonly jobId: string;
  readonly isDrill: boolean;
  /** Age of the data it was launched with, milliseconds since the epoch. */
  readonly pointInTime: number;
  readonly server: SourceServer;
  tags: Record<string, string>;
  failback: Failback;
  /** Replication to the failback client on premises, once it has begun. */
  replication?: Replication;
  /** The source server that ReverseReplication has made of it. */
  reversedServerId?: string;
}

/** Outcome of a status check of EC2. */
export type StatusCheck = 'ok' | 'impaired' | 'insufficient-data' | 'initializing';

/** A machine in EC2 that DRS launched. It can outlive DRS's record of it. */
export interface Ec2Instance {
  readonly order: number;
  readonly instanceId: string;
  readonly accountId: string;
  readonly region: string;
  /** The source server it was launched from. */
  readonly sourceServerId: string;
  readonly instanceType: string;
  readonly privateIp: string;
  readonly subnet: Subnet;
  readonly launchedAt: number;
  readonly windows: boolean;
  terminationProtection: boolean;
  tags: Record<string, string>;
  state: InstanceState;
  /** Since when it has been running, milliseconds since the epoch; absent when it is not. */
  runningSince?: number;
  terminatedAt?: number;
  /** What its status checks say, in place of what they say by themselves. */
  statusChecks?: { instance: StatusCheck; system: StatusCheck };
}

/** How {@link Fleet.addRecoveryInstance} makes an instance. */
export interface NewRecoveryInstance {
  isDrill: boolean;
  /** @default running */
  state?: InstanceState;
  /** Milliseconds since the epoch. @default now */
  launchedAt?: number;
  /** @default - a new id */
  instanceId?: string;
  /** @default - the next free address */
  privateIp?: string;
  /** @default false */
  terminationProtection?: boolean;
  /** The job that launched it. @default - a new id, of a job that is not listed any more */
  jobId?: string;
  /** Age of its data. @default - launchedAt */
  pointInTime?: number;
}

/** EC2 shows a terminated instance for about an hour (EC2 user guide). */
const TERMINATED_VISIBLE_MS = 3_600_000;

/** What the source servers have been replicating for when the simulation begins. */
const PROTECTED_FOR_MS = 180 * 86_400_000;

/** Tag by which DRS marks the EC2 instances it launches, with the source server's id. */
export const SOURCE_SERVER_TAG = 'AWSElasticDisasterRecoverySourceServerID';
const MANAGED_TAG = 'AWSElasticDisasterRecoveryManaged';

/** True for the states of a machine that is gone, or is going. */
export function isGone(instance: Ec2Instance): boolean {
  return instance.state === 'terminated' || instance.state === 'shutting-down';
}

/**
 * The source servers and recovery instances of all accounts and Regions: what the simulated DRS and EC2 describe and change.
 * Its methods let a test or a rehearsal change the world from outside, as people and machines do. Where a Region can be
 * named, the default is {@link Fleet.region}.
 */
export class Fleet {
  /** The Region that the staging accounts recover in. */
  readonly region: string;
  readonly #clock: Clock;
  readonly #seed: string;
  readonly #places = new Places();
  readonly #syncs: Syncs;
  readonly #servers = new Map<string, SourceServer>();
  readonly #records = new Map<string, RecoveryInstance>();
  readonly #machines = new Map<string, Ec2Instance>();
  readonly #listeners = new Set<DrsEventListener>();
  #order = 0;

  /**
   * The world of `inventory`; without one, the practice accounts with no servers. Everything drawn at random depends on
   * `seed` only. DRS is set up in the staging accounts that do not say otherwise, and in the inventory's `originRegions`; when it has none, wherever
   * one of its servers runs in AWS.
   */
  constructor(options: { clock: Clock; inventory?: Inventory; seed?: string }) {
    const { clock, inventory, seed = 'practice' } = options;
    this.#clock = clock;
    this.#seed = seed;
    this.#syncs = new Syncs({ clock, seed });
    this.region = inventory?.region ?? REGION;
    const accounts = inventory?.stagingAccounts ?? STAGING_ACCOUNTS.map((accountId) => ({ accountId }));
    for (const account of accounts) {
      if (!('drsInitialized' in account && account.drsInitialized === false)) this.initializeAccount(account.accountId);
    }
    const added = (inventory?.sourceServers ?? []).map((server) => this.addSourceServer(server));
    const origins = inventory?.originRegions ?? added.flatMap(({ origin }) => origin ?? []);
    for (const { accountId, region } of origins) this.initializeAccount(accountId, region);
  }

  /** Sets DRS up in an account and Region: before that, DRS answers UninitializedAccountException there. */
  initializeAccount(accountId: string, region = this.region): void {
    if (this.#places.get(accountId, region) !== undefined) return;
    const { network } = this.#places.add(accountId, region);
    this.addSubnet({
      accountId,
      region,
      subnetId: `subnet-${seeded(this.#seed, 'subnet', accountId, region).hex(17)}`,
      vpcId: `vpc-${seeded(this.#seed, 'vpc', accountId, region).hex(17)}`,
      cidrBlock: `${network}.0.0/16`,
    });
  }

  /** True where DRS has been set up. */
  isInitialized(accountId: string, region = this.region): boolean {
    return this.#places.get(accountId, region) !== undefined;
  }

  /** The source servers of an account and Region, oldest first. */
  sourceServers(accountId: string, region = this.region): SourceServer[] {
    return [...(this.#places.get(accountId, region)?.servers.values() ?? [])];
  }

  /** A source server of any account and Region, or of the given ones. */
  sourceServer(sourceServerId: string, accountId?: string, region?: string): SourceServer | undefined {
    if (accountId === undefined) return this.#servers.get(sourceServerId);
    return this.#places.find(accountId, region, ({ servers }) => servers.get(sourceServerId));
  }

  /** The source server of an ARN. */
  sourceServerByArn(arn: string): SourceServer | undefined {
    const server = this.#servers.get(arn.split('/')[1] ?? '');
    return server?.arn === arn ? server : undefined;
  }

  /** DRS's records of the recovery instances of an account and Region, oldest first. */
  recoveryInstances(accountId: string, region = this.region): RecoveryInstance[] {
    return [...(this.#places.get(accountId, region)?.recoveryInstances.values() ?? [])];
  }

  /** DRS's record of a recovery instance in any account and Region, or in the given ones. */
  recoveryInstance(instanceId: string, accountId?: string, region?: string): RecoveryInstance | undefined {
    if (accountId === undefined) return this.#records.get(instanceId);
    return this.#places.find(accountId, region, ({ recoveryInstances }) => recoveryInstances.get(instanceId));
  }

  /** DRS's records of the recovery instances of one source server, oldest first. */
  recoveryInstancesOf(sourceServerId: string, accountId: string, region = this.region): RecoveryInstance[] {
    return [...(this.#places.get(accountId, region)?.recordsOfServer.get(sourceServerId) ?? [])];
  }

  /** The EC2 instances of an account and Region that can still be seen, oldest first. */
  ec2Instances(accountId: string, region = this.region): Ec2Instance[] {
    const machines = this.#places.get(accountId, region)?.ec2Instances.values() ?? [];
    return [...machines].filter((one) => this.#isVisible(one));
  }

  /** An EC2 instance that can still be seen, in any account and Region or in the given ones. */
  ec2Instance(instanceId: string, accountId?: string, region?: string): Ec2Instance | undefined {
    const found =
      accountId === undefined
        ? this.#machines.get(instanceId)
        : this.#places.find(accountId, region, ({ ec2Instances }) => ec2Instances.get(instanceId));
    return found !== undefined && this.#isVisible(found) ? found : undefined;
  }

  /** The subnets of an account and Region, oldest first. */
  subnets(accountId: string, region = this.region): Subnet[] {
    return [...(this.#places.get(accountId, region)?.subnets.values() ?? [])];
  }

  /** A subnet of an account and Region. */
  subnet(subnetId: string, accountId: string, region = this.region): Subnet | undefined {
    return this.#places.get(accountId, region)?.subnets.get(subnetId);
  }

  /** The source server that a launch template belongs to. */
  serverOfTemplate(launchTemplateId: string, accountId: string, region = this.region): SourceServer | undefined {
    return this.#places.get(accountId, region)?.templates.get(launchTemplateId);
  }

  /** Adds a source server, with the recovery instance that its record may name. */
  addSourceServer(record: InventoryServer): SourceServer {
    const { replication, recoveryInstance, origin, ...rest } = record;
    const now = this.#clock.now();
    const hasData = !['INITIATING', 'INITIAL_SYNC'].includes(replication.state);
    const server = this.#addServer(rest, {
      region: this.region,
      addedAt: now - PROTECTED_FOR_MS,
      direction: 'FAILOVER',
      origin: originOf(record),
      replication: {
        state: replication.state,
        lagDuration: replication.lagDuration,
        since: now,
        silentMs: durationMs(replication.lastSeenAgo) ?? 0,
        syncedAt: hasData ? now - PROTECTED_FOR_MS : undefined,
      },
    });
    if (recoveryInstance !== undefined) {
      const { launchedAgo, ...instance } = recoveryInstance;
      this.addRecoveryInstance(server.sourceServerId, {
        ...instance,
        launchedAt: now - (durationMs(launchedAgo) ?? 0),
      });
    }
    return server;
  }

  #addServer(
    record: Omit<InventoryServer, 'replication' | 'recoveryInstance' | 'origin'>,
    more: Pick<SourceServer, 'region' | 'addedAt' | 'direction' | 'origin' | 'replication' | 'oppositeArn'>,
  ): SourceServer {
    const { accountId, sourceServerId } = record;
    const place = this.#place(accountId, more.region);
    const server: SourceServer = {
      ...record,
      ...more,
      order: this.#order++,
      arn: this.arn(accountId, `source-server/${sourceServerId}`, more.region),
      launchTemplateId: `lt-${seeded(this.#seed, 'launch template', sourceServerId).hex(17)}`,
      launchSettings: defaultLaunchSettings(place.defaultSubnet.subnetId),
      tags: { ...record.tags },
    };
    place.servers.set(sourceServerId, server);
    place.templates.set(server.launchTemplateId, server);
    this.#servers.set(sourceServerId, server);
    return server;
  }

  /** Takes a source server out of DRS, as DeleteSourceServer does. Its recovery instances stay. */
  removeSourceServer(sourceServerId: string): void {
    const server = this.#server(sourceServerId);
    const place = this.#place(server.accountId, server.region);
    place.servers.delete(sourceServerId);
    place.templates.delete(server.launchTemplateId);
    this.#servers.delete(sourceServerId);
  }

  /**
   * Changes the replication of a source server from now on, and ends an initial sync that is under way; a change into or
   * out of STALLED emits DRS's event.
   */
  setReplication(
    sourceServerId: string,
    to: { state: ReplicationState; lagDuration?: string; silentMs?: number },
  ): void {
    const server = this.#server(sourceServerId);
    const was = server.replication;
    const { state, lagDuration, silentMs = 0 } = to;
    const now = this.#clock.now();
    const hasData = !['INITIATING', 'INITIAL_SYNC'].includes(state);
    const syncedAt = hasData ? (was.syncedAt ?? (state === 'CONTINUOUS' ? now : undefined)) : undefined;
    server.replication = { state, lagDuration, silentMs, since: now, syncedAt };
    if ((was.state === 'STALLED') === (state === 'STALLED')) return;
    this.emit(server, 'DRS Source Server Data Replication Stalled Change', {
      state: state === 'STALLED' ? 'STALLED' : 'NOT_STALLED',
    });
  }

  /** Replaces the tags of a source server. */
  setTags(sourceServerId: string, tags: Record<string, string>): void {
    this.#server(sourceServerId).tags = { ...tags };
  }

  /** Changes launch settings of a source server, for its next launches. */
  setLaunchSettings(sourceServerId: string, changes: Partial<LaunchSettings>): void {
    Object.assign(this.#server(sourceServerId).launchSettings, changes);
  }

  /** Adds a subnet, or replaces the one of the same id. The first subnet of an account and Region is there from the start. */
  addSubnet({ accountId, region = this.region, freeAddresses, ...rest }: NewSubnet): Subnet {
    const { subnets } = this.#place(accountId, region);
    const before = subnets.get(rest.subnetId);
    const subnet: Subnet = {
      availabilityZone: `${region}a`,
      ...rest,
      order: before?.order ?? subnets.size,
      fixedFreeAddresses: freeAddresses,
      used: before?.used ?? 0,
    };
    subnets.set(subnet.subnetId, subnet);
    return subnet;
  }

  /** Makes a subnet have this many free addresses; undefined: as many as its block has that no machine uses. */
  setFreeAddresses(subnetId: string, freeAddresses: number | undefined): void {
    const subnet = this.#places.all().flatMap(({ subnets }) => subnets.get(subnetId) ?? [])[0];
    if (subnet === undefined) throw new RangeError(`there is no subnet ${subnetId}`);
    subnet.fixedFreeAddresses = freeAddresses;
  }

  /** A recovery instance of a source server, in DRS and in EC2, as a launch at `launchedAt` has left it. */
  addRecoveryInstance(sourceServerId: string, options: NewRecoveryInstance): Ec2Instance {
    const server = this.#server(sourceServerId);
    const launchedAt = options.launchedAt ?? this.#clock.now();
    const instance = this.launchEc2Instance(server, { ...options, launchedAt });
    const jobId = options.jobId ?? this.#newJobId(server, instance.instanceId);
    this.registerRecoveryInstance(server, instance, {
      jobId,
      isDrill: options.isDrill,
      pointInTime: options.pointInTime ?? launchedAt,
    });
    server.lastLaunch = { at: launchedAt, jobId, isDrill: options.isDrill, status: 'LAUNCHED' };
    return instance;
  }

  /**
   * A machine in EC2 for `server`, of which DRS has no record yet. Launch settings (DRS user guide, "Launch settings"):
   * "Copy private IP" gives it the address of the source server, "Transfer server tags" the tags. DRS adds its own tags.
   */
  launchEc2Instance(
    server: SourceServer,
    options: Pick<NewRecoveryInstance, 'instanceId' | 'privateIp' | 'state' | 'launchedAt' | 'terminationProtection'>,
  ): Ec2Instance {
    const { accountId, region, sourceServerId, launchSettings } = server;
    const place = this.#place(accountId, region);
    const order = this.#order++;
    this.#forgetInvisible(place);
    const earlier = place.launches.get(sourceServerId) ?? 0;
    place.launches.set(sourceServerId, earlier + 1);
    const instanceId = options.instanceId ?? `i-${seeded(this.#seed, 'instance', sourceServerId, earlier).hex(17)}`;
    const state = options.state ?? 'running';
    const launchedAt = options.launchedAt ?? this.#clock.now();
    const instance: Ec2Instance = {
      order,
      instanceId,
      accountId,
      region,
      sourceServerId,
      instanceType: server.instanceType,
      privateIp: options.privateIp ?? (launchSettings.copyPrivateIp ? server.ip : nextAddress(place)),
      subnet: place.subnets.get(launchSettings.subnetId ?? '') ?? place.defaultSubnet,
      launchedAt,
      windows: isWindows(server),
      terminationProtection: options.terminationProtection ?? false,
      tags: {
        ...(launchSettings.copyTags ? server.tags : {}),
        Name: server.hostname,
        [SOURCE_SERVER_TAG]: sourceServerId,
        [MANAGED_TAG]: 'drs.amazonaws.com',
      },
      state: 'pending',
    };
    instance.subnet.used += 1;
    place.ec2Instances.set(instanceId, instance);
    addTo(place.machinesOfServer, sourceServerId, instance);
    this.#machines.set(instanceId, instance);
    this.setInstanceState(instanceId, state);
    if (state === 'running') instance.runningSince = launchedAt;
    return instance;
  }

  /** The EC2 instance that a source server came from, at its origin: DRS had no part in it. */
  addOriginInstance(
    sourceServerId: string,
    { instanceId, tags }: { instanceId: string; tags: Record<string, string> },
  ): Ec2Instance {
    const server = this.#servers.get(sourceServerId);
    if (server?.origin === undefined) throw new Error(`${sourceServerId} did not come from AWS`);
    const { accountId, region } = server.origin;
    const place = this.#place(accountId, region);
    server.origin = { ...server.origin, instanceId };
    const instance: Ec2Instance = {
      ...{ order: this.#order++, instanceId, accountId, region, sourceServerId, tags: { ...tags } },
      ...{ instanceType: server.instanceType, privateIp: server.ip, subnet: place.defaultSubnet },
      ...{ launchedAt: server.addedAt, windows: isWindows(server), terminationProtection: false, state: 'running' },
    };
    place.ec2Instances.set(instanceId, instance);
    this.#machines.set(instanceId, instance);
    return instance;
  }

  /** Why EC2 would not start a machine for `server` in the subnet of its launch template, in EC2's words. */
  subnetProblem({ accountId, region, launchSettings }: SourceServer): string | undefined {
    const { subnetId } = launchSettings;
    if (subnetId === undefined) return undefined;
    const subnet = this.subnet(subnetId, accountId, region);
    if (subnet === undefined) return `InvalidSubnetID.NotFound: The subnet ID '${subnetId}' does not exist`;
    if (freeAddresses(subnet) > 0) return undefined;
    return `InsufficientFreeAddressesInSubnet: There are not enough free addresses in subnet '${subnetId}' to satisfy the requested number of instances.`;
  }

  /** Makes DRS's record of the machine `instance`. */
  registerRecoveryInstance(
    server: SourceServer,
    instance: Ec2Instance,
    launch: { jobId: string; isDrill: boolean; pointInTime: number },
  ): void {
    const { accountId, region, sourceServerId } = server;
    const { instanceId } = instance;
    server.recoveryInstanceId = instanceId;
    const record: RecoveryInstance = {
      order: this.#order++,
      instanceId,
      arn: this.arn(accountId, `recovery-instance/${instanceId}`, region),
      accountId,
      region,
      sourceServerId,
      server,
      tags: { ...server.tags },
      failback: { state: 'FAILBACK_NOT_STARTED' },
      ...launch,
    };
    const place = this.#place(accountId, region);
    place.recoveryInstances.set(instanceId, record);
    addTo(place.recordsOfServer, sourceServerId, record);
    this.#records.set(instanceId, record);
  }

  /** Removes DRS's record of a recovery instance. The machine in EC2 goes on, as after DeleteRecoveryInstance. */
  forgetRecoveryInstance(instanceId: string): void {
    const record = this.#records.get(instanceId);
    if (record === undefined) return;
    const { accountId, region, sourceServerId, server } = record;
    this.#records.delete(instanceId);
    const place = this.#place(accountId, region);
    place.recoveryInstances.delete(instanceId);
    takeFrom(place.recordsOfServer, sourceServerId, record);
    if (server.recoveryInstanceId === instanceId) server.recoveryInstanceId = undefined;
  }

  /** How many machines of an account are in memory, also those that EC2 shows no more. */
  machinesHeld(accountId: string, region = this.region): number {
    return this.#place(accountId, region).ec2Instances.size;
  }

  /** Changes the state of a machine in EC2. DRS keeps its record. */
  setInstanceState(instanceId: string, state: InstanceState): void {
    const instance = this.#machine(instanceId);
    const wasTerminated = instance.state === 'terminated';
    instance.state = state;
    instance.runningSince = state === 'running' ? (instance.runningSince ?? this.#clock.now()) : undefined;
    instance.terminatedAt = state === 'terminated' ? this.#clock.now() : undefined;
    if (state !== 'terminated' || wasTerminated) return;
    // A terminated machine's address is free again.
    instance.subnet.used -= 1;
    this.#place(instance.accountId, instance.region).terminated.push(instance);
  }

  /** Sets or lifts EC2's termination protection. */
  setTerminationProtection(instanceId: string, on: boolean): void {
    this.#machine(instanceId).terminationProtection = on;
  }

  /**
   * Makes the status checks of a machine say this; undefined: what they say by themselves, `initializing` at first and `ok`
   * some minutes later.
   */
  setInstanceStatus(instanceId: string, checks: Partial<Record<'instance' | 'system', StatusCheck>> | undefined): void {
    this.#machine(instanceId).statusChecks =
      checks === undefined ? undefined : { instance: 'ok', system: 'ok', ...checks };
  }

  /** All machines of a source server that are not gone, also those that DRS has no record of any more. */
  machinesOf({ accountId, region, sourceServerId }: SourceServer): Ec2Instance[] {
    const machines = this.#places.get(accountId, region)?.machinesOfServer.get(sourceServerId) ?? [];
    return [...machines].filter((instance) => !isGone(instance));
  }

  /**
   * Boots the failback client on premises for a recovery instance: its data is copied over simulated hours, and then the
   * failback is FAILBACK_READY_FOR_LAUNCH.
   */
  startFailbackReplication(instanceId: string): void {
    const record = this.#record(instanceId);
    record.failback = { ...record.failback, initiatedAt: this.#clock.now() };
    this.#changeFailback(record, 'FAILBACK_IN_PROGRESS');
    this.#syncs.start(record, {
      name: record.arn,
      diskGiB: record.server.diskGiB,
      stuckWith: record.sourceServerId,
      done: () => this.#changeFailback(record, 'FAILBACK_READY_FOR_LAUNCH'),
    });
  }

  /**
   * Sets the failback state of a recovery instance of a server on premises, and ends a copy that is under way; DRS emits an
   * event when it is in progress, completed or has failed. Ready means that everything has been copied.
   */
  setFailback(instanceId: string, state: FailbackState, jobId?: string): void {
    const record = this.#record(instanceId);
    const now = this.#clock.now();
    const initiatedAt = state === 'FAILBACK_NOT_STARTED' ? undefined : (record.failback.initiatedAt ?? now);
    record.failback = { ...record.failback, initiatedAt, jobId: jobId ?? record.failback.jobId };
    if (state === 'FAILBACK_READY_FOR_LAUNCH') {
      record.replication = { state: 'CONTINUOUS', lagDuration: 'PT0S', silentMs: 0, since: now, syncedAt: now };
    } else if (state === 'FAILBACK_NOT_STARTED') {
      record.replication = undefined;
    }
    this.#changeFailback(record, state);
  }

  #changeFailback(record: RecoveryInstance, state: FailbackState): void {
    record.failback = { ...record.failback, state };
    if (state !== 'FAILBACK_IN_PROGRESS' && state !== 'FAILBACK_COMPLETED' && state !== 'FAILBACK_ERROR') return;
    this.emit(record, 'DRS Recovery Instance Failback State Change', { state });
  }

  /**
   * Starts replication of a recovery instance to where its server came from in AWS (DRS user guide, "Performing a
   * cross-Region failback"): from a failover, into a new source server there; from a failback, into the source server that
   * was failed over, which protects the new instance from then on. The initial sync takes simulated hours.
   */
  reverseReplication(record: RecoveryInstance, origin: CloudOrigin): SourceServer {
    const { server, region, accountId } = record;
    const target = this.#reprotected(server) ?? this.#newReversed(record, origin);
    target.origin = { accountId, region, availabilityZone: this.#machine(record.instanceId).subnet.availabilityZone };
    target.oppositeArn = server.arn;
    server.oppositeArn = target.arn;
    record.reversedServerId = target.sourceServerId;
    this.#syncs.start(target, { name: target.arn, diskGiB: server.diskGiB, stuckWith: server.sourceServerId });
    return target;
  }

  #reprotected({ direction, oppositeArn }: SourceServer): SourceServer | undefined {
    return direction === 'FAILBACK' && oppositeArn !== undefined ? this.sourceServerByArn(oppositeArn) : undefined;
  }

  #newReversed({ server, instanceId }: RecoveryInstance, origin: CloudOrigin): SourceServer {
    const { hostname, ip, os, instanceType, cpus, ramGiB, diskGiB } = server;
    const now = this.#clock.now();
    const random = seeded(this.#seed, 'reversed', instanceId, server.oppositeArn ?? '');
    return this.#addServer(
      {
        sourceServerId: `s-${random.hex(17)}`,
        accountId: origin.accountId,
        // DRS does not document tags of its own on the new server; the agent reports the name.
        tags: { Name: hostname },
        ...{ hostname, ip, os, instanceType, cpus, ramGiB, diskGiB },
      },
      {
        region: origin.region,
        addedAt: now,
        direction: 'FAILBACK',
        origin: undefined,
        replication: { state: 'INITIATING', since: now, silentMs: 0 },
      },
    );
  }

  /** The copy back from recovery instances of this source server stays in INITIAL_SYNC until {@link releaseFailback}. */
  stickFailback(sourceServerId: string): void {
    this.#syncs.stick(sourceServerId);
  }

  /** Ends {@link stickFailback}. */
  releaseFailback(sourceServerId: string): void {
    this.#syncs.release(sourceServerId);
  }

  /** Calls `listener` with DRS's events; the answer stops that. */
  onEvent(listener: DrsEventListener): Release {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Emits an event about a source server or recovery instance, in its account and Region. Real ones are delivered at best
   * effort: nothing may depend on them.
   */
  emit<Type extends DrsEvent['detail-type']>(
    subject: DrsEventSubject,
    detailType: Type,
    detail: DrsEvent['detail'],
  ): void {
    const event: DrsEvent = {
      version: '0',
      id: seeded(this.#seed, 'event', subject.arn, detailType, this.#clock.now()).uuid(),
      'detail-type': detailType,
      source: 'aws.drs',
      account: subject.accountId,
      time: isoTime(this.#clock.now()).replace(/\.\d+Z$/, 'Z'),
      region: subject.region,
      resources: [subject.arn],
      detail,
    };
    for (const listener of this.#listeners) listener(event);
  }

  /** ARN of something in DRS, e.g. `arn('111111111111', 'job/drsjob-…')`. */
  arn(accountId: string, resource: string, region = this.region): string {
    return `arn:aws:drs:${region}:${accountId}:${resource}`;
  }

  /** What EC2 shows no more is forgotten: each launch leaves a machine, which the next one terminates. */
  #forgetInvisible(place: Place): void {
    for (let oldest = place.terminated[0]; oldest !== undefined; oldest = place.terminated[0]) {
      if (this.#isVisible(oldest)) return;
      place.terminated.shift();
      place.ec2Instances.delete(oldest.instanceId);
      takeFrom(place.machinesOfServer, oldest.sourceServerId, oldest);
      this.#machines.delete(oldest.instanceId);
    }
  }

  #isVisible({ terminatedAt }: Ec2Instance): boolean {
    return terminatedAt === undefined || this.#clock.now() - terminatedAt < TERMINATED_VISIBLE_MS;
  }

  #place(accountId: string, region: string): Place {
    const place = this.#places.get(accountId, region);
    if (place === undefined) throw new RangeError(`DRS has not been set up in account ${accountId}, ${region}`);
    return place;
  }

  #server(sourceServerId: string): SourceServer {
    const server = this.sourceServer(sourceServerId);
    if (server === undefined) throw new RangeError(`there is no source server ${sourceServerId}`);
    return server;
  }

  #record(instanceId: string): RecoveryInstance {
    const record = this.recoveryInstance(instanceId);
    if (record === undefined) throw new RangeError(`there is no recovery instance ${instanceId}`);
    return record;
  }

  #machine(instanceId: string): Ec2Instance {
    const instance = this.ec2Instance(instanceId);
    if (instance === undefined) throw new RangeError(`there is no instance ${instanceId}`);
    return instance;
  }

  #newJobId(server: SourceServer, instanceId: string): string {
    return `drsjob-${seeded(this.#seed, 'earlier job', server.sourceServerId, instanceId).hex(17)}`;
  }
}

/** Where the server of an inventory record runs in AWS; undefined when it is on premises. */
function originOf({ accountId, origin }: InventoryServer): CloudOrigin | undefined {
  if (origin?.region === undefined || origin.environment === 'ON_PREMISES') return undefined;
  return {
    accountId: origin.accountId ?? accountId,
    region: origin.region,
    availabilityZone: origin.availabilityZone ?? `${origin.region}a`,
  };
}

/** The next address in the first subnet of the account and Region. */
function nextAddress(place: Place): string {
  // The first addresses of a subnet are AWS's.
  const host = 10 + place.addresses++;
  return `${place.network}.${(host >> 8) & 255}.${host & 255}`;
}

function addTo<Item>(index: Map<string, Set<Item>>, key: string, item: Item): void {
  const items = index.get(key);
  if (items === undefined) index.set(key, new Set([item]));
  else items.add(item);
}

function takeFrom<Item>(index: Map<string, Set<Item>>, key: string, item: Item): void {
  const items = index.get(key);
  items?.delete(item);
  if (items?.size === 0) index.delete(key);
}

/** True for a server that launches as slowly as Windows does. */
export function isWindows({ os }: Pick<SourceServer, 'os'>): boolean {
  return /windows/i.test(os);
}
