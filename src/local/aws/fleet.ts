import { REGION, STAGING_ACCOUNTS } from '../accounts.ts';
import type { Clock, Release } from '../clock.ts';
import type { InstanceState, Inventory, InventoryServer, ReplicationState } from '../inventory.ts';
import type { DrsEvent, DrsEventListener } from './events.ts';
import { durationMs, isoTime } from './iso-time.ts';
import { seeded } from './seeded.ts';

/** Progress of one server in a job (LaunchStatus of the DRS API). */
export type LaunchStatus = 'PENDING' | 'IN_PROGRESS' | 'LAUNCHED' | 'FAILED' | 'TERMINATED';

/** Replication of a source server. */
export interface Replication {
  state: ReplicationState;
  /** ISO 8601 duration that the copy is behind; absent when DRS gives none. */
  lagDuration?: string;
  /** When this was set; a server that is not heard any more was last heard before. Milliseconds since the epoch. */
  since: number;
  /** How long before now (or before `since`, when it is not heard any more) the agent was last heard, milliseconds. */
  silentMs: number;
}

/** The newest launch of a source server. */
export interface LastLaunch {
  /** Milliseconds since the epoch. */
  at: number;
  jobId: string;
  isDrill: boolean;
  status: LaunchStatus;
}

/** A source server with what the simulator changes of it. */
export interface SourceServer extends Omit<InventoryServer, 'replication' | 'recoveryInstance' | 'tags'> {
  /** Order of creation, for paging. */
  readonly order: number;
  readonly arn: string;
  readonly addedAt: number;
  tags: Record<string, string>;
  replication: Replication;
  lastLaunch?: LastLaunch;
  /** The newest recovery instance that DRS knows. */
  recoveryInstanceId?: string;
}

/** DRS's record of a recovery instance; the machine itself is the {@link Ec2Instance} of the same id. */
export interface RecoveryInstance {
  readonly order: number;
  readonly instanceId: string;
  readonly arn: string;
  readonly accountId: string;
  readonly sourceServerId: string;
  readonly jobId: string;
  readonly isDrill: boolean;
  /** Age of the data it was launched with, milliseconds since the epoch. */
  readonly pointInTime: number;
  readonly server: SourceServer;
  tags: Record<string, string>;
}

/** A machine in EC2 that DRS launched. It can outlive DRS's record of it. */
export interface Ec2Instance {
  readonly order: number;
  readonly instanceId: string;
  readonly accountId: string;
  /** The source server it was launched from. */
  readonly sourceServerId: string;
  readonly instanceType: string;
  readonly privateIp: string;
  readonly launchedAt: number;
  readonly windows: boolean;
  terminationProtection: boolean;
  tags: Record<string, string>;
  state: InstanceState;
  terminatedAt?: number;
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

/** States in which the agent is not heard any more, so that "last seen" stands still. */
const SILENT: readonly ReplicationState[] = ['STALLED', 'DISCONNECTED', 'STOPPED'];

/** EC2 shows a terminated instance for about an hour (EC2 user guide). */
const TERMINATED_VISIBLE_MS = 3_600_000;

/** What the source servers have been replicating for when the simulation begins. */
const PROTECTED_FOR_MS = 180 * 86_400_000;

/** Tag by which DRS marks the EC2 instances it launches, with the source server's id. */
export const SOURCE_SERVER_TAG = 'AWSElasticDisasterRecoverySourceServerID';
const MANAGED_TAG = 'AWSElasticDisasterRecoveryManaged';

/** When the agent of `server` was last heard, milliseconds since the epoch. */
export function lastSeenAt({ replication }: SourceServer, now: number): number {
  return (SILENT.includes(replication.state) ? replication.since : now) - replication.silentMs;
}

/** True for the states of a machine that is gone, or is going. */
export function isGone(instance: Ec2Instance): boolean {
  return instance.state === 'terminated' || instance.state === 'shutting-down';
}

interface Account {
  readonly servers: Map<string, SourceServer>;
  readonly recoveryInstances: Map<string, RecoveryInstance>;
  readonly ec2Instances: Map<string, Ec2Instance>;
  /** How often each source server was launched, by its id. */
  readonly launches: Map<string, number>;
  /** Instances launched so far, for their addresses. */
  addresses: number;
}

/**
 * The source servers and recovery instances of all accounts: what the simulated DRS and EC2 describe and change. Its
 * methods let a test or a rehearsal change the world from outside, as people and machines do.
 */
export class Fleet {
  readonly region: string;
  readonly #clock: Clock;
  readonly #seed: string;
  readonly #accounts = new Map<string, Account>();
  readonly #listeners = new Set<DrsEventListener>();
  #order = 0;

  /**
   * The world of `inventory`; without one, the practice accounts with no servers. Everything drawn at random depends on
   * `seed` only.
   */
  constructor(options: { clock: Clock; inventory?: Inventory; seed?: string }) {
    const { clock, inventory, seed = 'practice' } = options;
    this.#clock = clock;
    this.#seed = seed;
    this.region = inventory?.region ?? REGION;
    const accountIds = inventory?.stagingAccounts.map(({ accountId }) => accountId) ?? STAGING_ACCOUNTS;
    for (const accountId of accountIds) this.initializeAccount(accountId);
    for (const server of inventory?.sourceServers ?? []) this.addSourceServer(server);
  }

  /** Sets DRS up in an account: before that, DRS answers UninitializedAccountException there. */
  initializeAccount(accountId: string): void {
    if (this.#accounts.has(accountId)) return;
    this.#accounts.set(accountId, {
      servers: new Map(),
      recoveryInstances: new Map(),
      ec2Instances: new Map(),
      launches: new Map(),
      addresses: 0,
    });
  }

  /** True where DRS has been set up. */
  isInitialized(accountId: string): boolean {
    return this.#accounts.has(accountId);
  }

  /** The source servers of an account, oldest first. */
  sourceServers(accountId: string): SourceServer[] {
    return [...(this.#accounts.get(accountId)?.servers.values() ?? [])];
  }

  /** A source server of any account, or of the given one. */
  sourceServer(sourceServerId: string, accountId?: string): SourceServer | undefined {
    return this.#find(accountId, ({ servers }) => servers.get(sourceServerId));
  }

  /** DRS's records of the recovery instances of an account, oldest first. */
  recoveryInstances(accountId: string): RecoveryInstance[] {
    return [...(this.#accounts.get(accountId)?.recoveryInstances.values() ?? [])];
  }

  /** DRS's record of a recovery instance in any account, or in the given one. */
  recoveryInstance(instanceId: string, accountId?: string): RecoveryInstance | undefined {
    return this.#find(accountId, ({ recoveryInstances }) => recoveryInstances.get(instanceId));
  }

  /** The EC2 instances of an account that can still be seen, oldest first. */
  ec2Instances(accountId: string): Ec2Instance[] {
    return [...(this.#accounts.get(accountId)?.ec2Instances.values() ?? [])].filter((one) => this.#isVisible(one));
  }

  /** An EC2 instance that can still be seen, in any account or in the given one. */
  ec2Instance(instanceId: string, accountId?: string): Ec2Instance | undefined {
    const found = this.#find(accountId, ({ ec2Instances }) => ec2Instances.get(instanceId));
    return found !== undefined && this.#isVisible(found) ? found : undefined;
  }

  /** Adds a source server, with the recovery instance that its record may name. */
  addSourceServer(record: InventoryServer): SourceServer {
    const { replication, recoveryInstance, tags, ...rest } = record;
    const now = this.#clock.now();
    const server: SourceServer = {
      ...rest,
      order: this.#order++,
      arn: this.arn(record.accountId, `source-server/${record.sourceServerId}`),
      addedAt: now - PROTECTED_FOR_MS,
      tags: { ...tags },
      replication: {
        state: replication.state,
        lagDuration: replication.lagDuration,
        since: now,
        silentMs: durationMs(replication.lastSeenAgo) ?? 0,
      },
    };
    this.#account(record.accountId).servers.set(server.sourceServerId, server);
    if (recoveryInstance !== undefined) {
      const { launchedAgo, ...instance } = recoveryInstance;
      this.addRecoveryInstance(server.sourceServerId, {
        ...instance,
        launchedAt: now - (durationMs(launchedAgo) ?? 0),
      });
    }
    return server;
  }

  /** Takes a source server out of DRS, as DeleteSourceServer does. Its recovery instances stay. */
  removeSourceServer(sourceServerId: string): void {
    const { accountId } = this.#server(sourceServerId);
    this.#account(accountId).servers.delete(sourceServerId);
  }

  /** Changes the replication of a source server from now on; a change into or out of STALLED emits DRS's event. */
  setReplication(
    sourceServerId: string,
    to: { state: ReplicationState; lagDuration?: string; silentMs?: number },
  ): void {
    const server = this.#server(sourceServerId);
    const was = server.replication.state;
    const { state, lagDuration, silentMs = 0 } = to;
    server.replication = { state, lagDuration, silentMs, since: this.#clock.now() };
    if ((was === 'STALLED') === (state === 'STALLED')) return;
    this.emit(server, 'DRS Source Server Data Replication Stalled Change', {
      state: state === 'STALLED' ? 'STALLED' : 'NOT_STALLED',
    });
  }

  /** Replaces the tags of a source server. */
  setTags(sourceServerId: string, tags: Record<string, string>): void {
    this.#server(sourceServerId).tags = { ...tags };
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

  /** A machine in EC2 for `server`, of which DRS has no record yet. */
  launchEc2Instance(
    server: SourceServer,
    options: Pick<NewRecoveryInstance, 'instanceId' | 'privateIp' | 'state' | 'launchedAt' | 'terminationProtection'>,
  ): Ec2Instance {
    const account = this.#account(server.accountId);
    const order = this.#order++;
    // What EC2 shows no more is forgotten here: each launch leaves a machine, which the next one terminates.
    for (const old of account.ec2Instances.values()) {
      if (!this.#isVisible(old)) account.ec2Instances.delete(old.instanceId);
    }
    const earlier = account.launches.get(server.sourceServerId) ?? 0;
    account.launches.set(server.sourceServerId, earlier + 1);
    const instanceId =
      options.instanceId ?? `i-${seeded(this.#seed, 'instance', server.sourceServerId, earlier).hex(17)}`;
    const state = options.state ?? 'running';
    const instance: Ec2Instance = {
      order,
      instanceId,
      accountId: server.accountId,
      sourceServerId: server.sourceServerId,
      instanceType: server.instanceType,
      privateIp: options.privateIp ?? this.#nextAddress(server.accountId, account),
      launchedAt: options.launchedAt ?? this.#clock.now(),
      windows: isWindows(server),
      terminationProtection: options.terminationProtection ?? false,
      // The launch setting "Transfer server tags" is on: the source server's tags are copied.
      tags: {
        ...server.tags,
        Name: server.hostname,
        [SOURCE_SERVER_TAG]: server.sourceServerId,
        [MANAGED_TAG]: 'drs.amazonaws.com',
      },
      state,
      terminatedAt: state === 'terminated' ? this.#clock.now() : undefined,
    };
    account.ec2Instances.set(instanceId, instance);
    return instance;
  }

  /** Makes DRS's record of the machine `instance`. */
  registerRecoveryInstance(
    server: SourceServer,
    instance: Ec2Instance,
    launch: { jobId: string; isDrill: boolean; pointInTime: number },
  ): void {
    server.recoveryInstanceId = instance.instanceId;
    this.#account(server.accountId).recoveryInstances.set(instance.instanceId, {
      order: this.#order++,
      instanceId: instance.instanceId,
      arn: this.arn(server.accountId, `recovery-instance/${instance.instanceId}`),
      accountId: server.accountId,
      sourceServerId: server.sourceServerId,
      server,
      tags: { ...server.tags },
      ...launch,
    });
  }

  /** Removes DRS's record of a recovery instance. The machine in EC2 goes on, as after DeleteRecoveryInstance. */
  forgetRecoveryInstance(instanceId: string): void {
    for (const { recoveryInstances, servers } of this.#accounts.values()) {
      const record = recoveryInstances.get(instanceId);
      if (record === undefined) continue;
      recoveryInstances.delete(instanceId);
      const server = servers.get(record.sourceServerId);
      if (server?.recoveryInstanceId === instanceId) server.recoveryInstanceId = undefined;
    }
  }

  /** How many machines of an account are in memory, also those that EC2 shows no more. */
  machinesHeld(accountId: string): number {
    return this.#account(accountId).ec2Instances.size;
  }

  /** Changes the state of a machine in EC2. DRS keeps its record. */
  setInstanceState(instanceId: string, state: InstanceState): void {
    const instance = this.#machine(instanceId);
    instance.state = state;
    instance.terminatedAt = state === 'terminated' ? this.#clock.now() : undefined;
  }

  /** Sets or lifts EC2's termination protection. */
  setTerminationProtection(instanceId: string, on: boolean): void {
    this.#machine(instanceId).terminationProtection = on;
  }

  /** All machines of a source server that are not gone, also those that DRS has no record of any more. */
  machinesOf(server: SourceServer): Ec2Instance[] {
    return this.ec2Instances(server.accountId).filter(
      (instance) => instance.sourceServerId === server.sourceServerId && !isGone(instance),
    );
  }

  /** Calls `listener` with DRS's events; the answer stops that. */
  onEvent(listener: DrsEventListener): Release {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Emits an event about `server`. Real ones are delivered at best effort: nothing may depend on them. */
  emit<Type extends DrsEvent['detail-type']>(server: SourceServer, detailType: Type, detail: DrsEvent['detail']): void {
    const event: DrsEvent = {
      version: '0',
      id: seeded(this.#seed, 'event', server.arn, detailType, this.#clock.now()).uuid(),
      'detail-type': detailType,
      source: 'aws.drs',
      account: server.accountId,
      time: isoTime(this.#clock.now()).replace(/\.\d+Z$/, 'Z'),
      region: this.region,
      resources: [server.arn],
      detail,
    };
    for (const listener of this.#listeners) listener(event);
  }

  /** ARN of something in DRS, e.g. `arn('111111111111', 'job/drsjob-…')`. */
  arn(accountId: string, resource: string): string {
    return `arn:aws:drs:${this.region}:${accountId}:${resource}`;
  }

  #find<T>(accountId: string | undefined, get: (account: Account) => T | undefined): T | undefined {
    if (accountId !== undefined) {
      const account = this.#accounts.get(accountId);
      return account === undefined ? undefined : get(account);
    }
    for (const account of this.#accounts.values()) {
      const found = get(account);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #isVisible({ terminatedAt }: Ec2Instance): boolean {
    return terminatedAt === undefined || this.#clock.now() - terminatedAt < TERMINATED_VISIBLE_MS;
  }

  #account(accountId: string): Account {
    const account = this.#accounts.get(accountId);
    if (account === undefined) throw new RangeError(`DRS has not been set up in account ${accountId}`);
    return account;
  }

  #server(sourceServerId: string): SourceServer {
    const server = this.sourceServer(sourceServerId);
    if (server === undefined) throw new RangeError(`there is no source server ${sourceServerId}`);
    return server;
  }

  #machine(instanceId: string): Ec2Instance {
    const instance = this.ec2Instance(instanceId);
    if (instance === undefined) throw new RangeError(`there is no instance ${instanceId}`);
    return instance;
  }

  #newJobId(server: SourceServer, instanceId: string): string {
    return `drsjob-${seeded(this.#seed, 'earlier job', server.sourceServerId, instanceId).hex(17)}`;
  }

  /** The next address of the account's recovery subnet, 10.<100 + position of the account>.0.0/16. */
  #nextAddress(accountId: string, account: Account): string {
    const position = [...this.#accounts.keys()].indexOf(accountId);
    // The first addresses of a subnet are AWS's.
    const host = 10 + account.addresses++;
    return `10.${100 + position}.${(host >> 8) & 255}.${host & 255}`;
  }
}

/** True for a server that launches as slowly as Windows does. */
export function isWindows({ os }: Pick<SourceServer, 'os'>): boolean {
  return /windows/i.test(os);
}
