import type { Clock } from '../../clock.ts';
import {
  type Ec2Instance,
  type Fleet,
  isWindows,
  type LaunchStatus,
  type RecoveryInstance,
  type SourceServer,
} from '../fleet.ts';
import { type Random, seeded } from '../seeded.ts';
import { conflict, QUOTA_CODES, quotaExceeded } from './errors.ts';
import type { JobLogEvent } from './model.ts';
import { latestData } from './snapshots.ts';

/** Quotas of DRS for an account and Region, as Service Quotas lists them; none can be raised. */
export const QUOTAS = { serversInJob: 100, concurrentJobs: 20, serversInAllJobs: 500 } as const;

/** Completed jobs of an account that are kept, the newest. DRS does not publish how long it keeps them. */
export const MOST_COMPLETED_JOBS = 200;

/** One server in a job. */
export interface Participant {
  readonly sourceServerId: string;
  recoveryInstanceId?: string;
  launchStatus: LaunchStatus;
}

/** An entry of a job's log. */
export interface LogItem {
  readonly order: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly event: JobLogEvent;
  readonly sourceServerId?: string;
  readonly conversionServerId?: string;
  readonly targetInstanceId?: string;
  readonly rawError?: string;
}

/** A DRS job. */
export interface Job {
  readonly order: number;
  readonly jobId: string;
  readonly arn: string;
  readonly accountId: string;
  readonly region: string;
  readonly type: 'LAUNCH' | 'TERMINATE';
  readonly initiatedBy: 'START_DRILL' | 'START_RECOVERY' | 'FAILBACK' | 'TERMINATE_RECOVERY_INSTANCES';
  /** Meaningless for a job that is not a launch of source servers. */
  readonly isDrill: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly participants: readonly Participant[];
  readonly log: LogItem[];
  status: 'PENDING' | 'STARTED' | 'COMPLETED';
  endedAt?: number;
  tags: Record<string, string>;
}

/** Where a launch fails. */
export type FailurePoint = 'snapshot' | 'conversion' | 'launch';

/** How {@link DrsJobs.failNextLaunch} makes a launch fail. */
export interface LaunchFailure {
  /** @default launch */
  at?: FailurePoint;
  /** `rawError` of the job's log. */
  rawError?: string;
}

/** A server to launch: as of the newest data, or of a point in time (milliseconds since the epoch). */
export interface ServerToLaunch {
  server: SourceServer;
  pointInTime?: number;
}

const MINUTE = 60_000;
const SECOND = 1000;

/** What a job of each kind does in sequence: each number is a wait in simulated milliseconds. */
type Steps = Generator<number, void, void>;

/** A server to launch, with its entry in the job. */
interface Launch extends ServerToLaunch {
  readonly participant: Participant;
}

/** A recovery instance to terminate, with its server's entry in the job. */
interface Termination {
  readonly instanceId: string;
  readonly participant: Participant;
}

/** A recovery instance to fail back to the server on premises, with its server's entry in the job. */
interface FailbackLaunch {
  readonly record: RecoveryInstance;
  readonly participant: Participant;
}

/** What a job is made of. */
interface NewJob extends Pick<Job, 'accountId' | 'region' | 'type' | 'initiatedBy' | 'tags' | 'participants'> {
  readonly isDrill?: boolean;
}

/** The jobs of an account in a Region. */
interface JobList {
  readonly all: Map<string, Job>;
  readonly active: Set<Job>;
  /** Ids in the order in which the jobs ended. */
  readonly completed: string[];
  /** How many jobs there have ever been. */
  created: number;
}

/** A job that has been stopped in its tracks, with what it would have done next. */
interface Stuck {
  readonly next: (() => void)[];
}

/**
 * The jobs of all accounts, and what they do to the {@link Fleet} over simulated time. Once started, a job cannot be
 * cancelled, as in DRS.
 */
export class DrsJobs {
  readonly #clock: Clock;
  readonly #fleet: Fleet;
  readonly #seed: string;
  readonly #launchPace: number;
  readonly #jobs = new Map<string, Job>();
  readonly #failures = new Map<string, LaunchFailure>();
  readonly #stuck = new Map<string, Stuck>();
  readonly #stickNext = new Set<string>();
  readonly #lists = new Map<string, JobList>();
  /** The job that each source server is in now, by the server's ARN. */
  readonly #activeByServer = new Map<string, Job>();
  #order = 0;

  constructor(options: { clock: Clock; fleet: Fleet; seed: string; launchPace?: number }) {
    this.#launchPace = options.launchPace ?? 1;
    this.#clock = options.clock;
    this.#fleet = options.fleet;
    this.#seed = options.seed;
  }

  /** The jobs of an account, in one Region or in all, oldest first; without an account, of all accounts. */
  list(accountId?: string, region?: string): Job[] {
    if (accountId !== undefined && region !== undefined) return [...this.#listOf(accountId, region).all.values()];
    return [...this.#jobs.values()].filter((job) => accountId === undefined || job.accountId === accountId);
  }

  /** A job of any account. */
  get(jobId: string): Job | undefined {
    return this.#jobs.get(jobId);
  }

  /** The job that a server is in now, if any. */
  activeJobOf(sourceServerId: string, accountId: string, region = this.#fleet.region): Job | undefined {
    return this.#activeByServer.get(this.#fleet.arn(accountId, sourceServerId, region));
  }

  /** Makes the next launch of a server fail. */
  failNextLaunch(sourceServerId: string, failure: LaunchFailure = {}): void {
    this.#failures.set(sourceServerId, failure);
  }

  /** Ends {@link failNextLaunch}, if the launch has not come yet. */
  letLaunch(sourceServerId: string): void {
    this.#failures.delete(sourceServerId);
  }

  /** Ends {@link stickNextJob}, and lets every stuck job go on. */
  releaseAll(): void {
    this.#stickNext.clear();
    for (const jobId of [...this.#stuck.keys()]) this.releaseJob(jobId);
  }

  /** Nothing more happens in this job until {@link releaseJob}. */
  stickJob(jobId: string): void {
    if (!this.#stuck.has(jobId)) this.#stuck.set(jobId, { next: [] });
  }

  /** {@link stickJob} for the next job that is started in an account. */
  stickNextJob(accountId: string): void {
    this.#stickNext.add(accountId);
  }

  /** Lets a stuck job go on. */
  releaseJob(jobId: string): void {
    const next = this.#stuck.get(jobId)?.next ?? [];
    this.#stuck.delete(jobId);
    for (const step of next) step();
  }

  /**
   * Starts a LAUNCH job.
   * @throws {DrsError} ServiceQuotaExceededException or ConflictException; nothing has been started then.
   */
  startLaunch(
    accountId: string,
    toLaunch: readonly ServerToLaunch[],
    options: { isDrill: boolean; tags: Record<string, string> },
  ): Job {
    const launches = toLaunch.map((one): Launch => ({ ...one, participant: pending(one.server.sourceServerId) }));
    const job = this.#create({
      ...options,
      accountId,
      region: toLaunch[0]?.server.region ?? this.#fleet.region,
      type: 'LAUNCH',
      initiatedBy: options.isDrill ? 'START_DRILL' : 'START_RECOVERY',
      participants: launches.map(({ participant }) => participant),
    });
    for (const { server } of toLaunch) {
      server.lastLaunch = { at: job.createdAt, jobId: job.jobId, isDrill: job.isDrill, status: 'PENDING' };
    }
    const work = launches.map((launch) => this.#launch(job, launch));
    this.#run(job, this.#carryOut(job, work));
    return job;
  }

  /**
   * Starts a TERMINATE job.
   * @throws {DrsError} ServiceQuotaExceededException or ConflictException; nothing has been started then.
   */
  startTerminate(accountId: string, instances: readonly RecoveryInstance[]): Job {
    const terminations = instances.map(({ sourceServerId, instanceId }): Termination => {
      return { instanceId, participant: { ...pending(sourceServerId), recoveryInstanceId: instanceId } };
    });
    const job = this.#create({
      accountId,
      region: instances[0]?.region ?? this.#fleet.region,
      type: 'TERMINATE',
      initiatedBy: 'TERMINATE_RECOVERY_INSTANCES',
      tags: {},
      participants: terminations.map(({ participant }) => participant),
    });
    const work = terminations.map((termination) => this.#terminate(job, termination));
    this.#run(job, this.#carryOut(job, work));
    return job;
  }

  /**
   * Starts a FAILBACK job: the failback clients on premises convert what has been copied to them, and boot it.
   * @throws {DrsError} ServiceQuotaExceededException or ConflictException; nothing has been started then.
   */
  startFailback(accountId: string, records: readonly RecoveryInstance[], tags: Record<string, string>): Job {
    const launches = records.map((record): FailbackLaunch => {
      return { record, participant: { ...pending(record.sourceServerId), recoveryInstanceId: record.instanceId } };
    });
    const job = this.#create({
      accountId,
      region: records[0]?.region ?? this.#fleet.region,
      type: 'LAUNCH',
      initiatedBy: 'FAILBACK',
      tags,
      participants: launches.map(({ participant }) => participant),
    });
    for (const { instanceId } of records) this.#fleet.setFailback(instanceId, 'FAILBACK_IN_PROGRESS', job.jobId);
    const work = launches.map((launch) => this.#failBack(job, launch));
    this.#run(job, this.#carryOut(job, work));
    return job;
  }

  #listOf(accountId: string, region: string): JobList {
    const key = `${accountId}/${region}`;
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const list: JobList = { all: new Map(), active: new Set(), completed: [], created: 0 };
    this.#lists.set(key, list);
    return list;
  }

  #create({ isDrill = false, ...rest }: NewJob): Job {
    const { accountId, region, participants } = rest;
    const list = this.#listOf(accountId, region);
    this.#checkFree(accountId, region, participants);
    this.#checkQuotas(list, participants.length);
    const order = this.#order++;
    const inAccount = list.created++;
    // The Region is in the name only where it has to be, so that ids stay what they were.
    const place = region === this.#fleet.region ? accountId : `${accountId}/${region}`;
    const jobId = `drsjob-${seeded(this.#seed, 'job', place, inAccount).hex(17)}`;
    const job: Job = {
      ...rest,
      isDrill,
      order,
      jobId,
      arn: this.#fleet.arn(accountId, `job/${jobId}`, region),
      createdAt: this.#clock.now(),
      log: [],
      status: 'PENDING',
      tags: { ...rest.tags },
    };
    this.#jobs.set(jobId, job);
    list.all.set(jobId, job);
    list.active.add(job);
    for (const { sourceServerId } of participants) {
      this.#activeByServer.set(this.#fleet.arn(accountId, sourceServerId, region), job);
    }
    if (this.#stickNext.delete(accountId)) this.stickJob(jobId);
    return job;
  }

  #checkFree(accountId: string, region: string, participants: readonly Participant[]): void {
    for (const { sourceServerId } of participants) {
      const active = this.activeJobOf(sourceServerId, accountId, region);
      if (active === undefined) continue;
      throw conflict(
        `Source server ${sourceServerId} is already in the active job ${active.jobId}.`,
        'source-server',
        sourceServerId,
      );
    }
  }

  #checkQuotas({ active }: JobList, newServers: number): void {
    const inFlight = [...active].reduce((sum, { participants }) => sum + participants.length, 0);
    if (newServers > QUOTAS.serversInJob) {
      throw quotaExceeded(QUOTA_CODES.serversInJob, `A job can have at most ${QUOTAS.serversInJob} source servers.`);
    }
    if (active.size >= QUOTAS.concurrentJobs) {
      throw quotaExceeded(QUOTA_CODES.concurrentJobs, `At most ${QUOTAS.concurrentJobs} jobs can be in progress.`);
    }
    if (inFlight + newServers > QUOTAS.serversInAllJobs) {
      throw quotaExceeded(
        QUOTA_CODES.serversInAllJobs,
        `At most ${QUOTAS.serversInAllJobs} source servers can be in active jobs; ${inFlight} are.`,
      );
    }
  }

  /** Does the steps one after the other, unless the job has been stopped. */
  #run(job: Job, steps: Steps): void {
    const stuck = this.#stuck.get(job.jobId);
    if (stuck !== undefined) {
      stuck.next.push(() => this.#run(job, steps));
      return;
    }
    const { done, value } = steps.next();
    if (!done) this.#clock.after(value, () => this.#run(job, steps));
  }

  /** The job as a whole. The work on its servers goes on at the same time; the last one to end ends the job. */
  *#carryOut(job: Job, work: readonly Steps[]): Steps {
    const random = seeded(this.#seed, job.jobId);
    yield random.between(15 * SECOND, MINUTE);
    job.status = 'STARTED';
    this.#log(job, 'JOB_START');
    const closingTime = random.between(5 * SECOND, 20 * SECOND);
    let remaining = work.length;
    for (const steps of work) {
      this.#run(
        job,
        this.#then(steps, () => {
          remaining -= 1;
          if (remaining === 0) this.#run(job, this.#close(job, closingTime));
        }),
      );
    }
  }

  *#then(steps: Steps, end: () => void): Steps {
    yield* steps;
    end();
  }

  *#close(job: Job, closingTime: number): Steps {
    yield closingTime;
    this.#log(job, 'JOB_END');
    job.status = 'COMPLETED';
    job.endedAt = this.#clock.now();
    const { all, active, completed } = this.#listOf(job.accountId, job.region);
    active.delete(job);
    for (const { sourceServerId } of job.participants) {
      this.#activeByServer.delete(this.#fleet.arn(job.accountId, sourceServerId, job.region));
    }
    completed.push(job.jobId);
    const forgotten = completed.length > MOST_COMPLETED_JOBS ? completed.shift() : undefined;
    if (forgotten === undefined) return;
    all.delete(forgotten);
    this.#jobs.delete(forgotten);
  }

  /** Launches one server: clean up what earlier launches left, snapshot, convert, launch. */
  *#launch(job: Job, { server, pointInTime, participant }: Launch): Steps {
    const { sourceServerId } = server;
    const random = seeded(this.#seed, job.jobId, sourceServerId);
    const total = launchTime(server, random) / this.#launchPace;
    const failure = this.#failures.get(sourceServerId);
    this.#failures.delete(sourceServerId);
    const progress = (launchStatus: LaunchStatus): void => {
      participant.launchStatus = launchStatus;
      if (server.lastLaunch?.jobId === job.jobId) server.lastLaunch.status = launchStatus;
    };
    const fail = (event: JobLogEvent, rawError: string): void => {
      this.#log(job, event, { sourceServerId, rawError: failure?.rawError ?? rawError });
      progress('FAILED');
      this.#emitResult(job, server, 'RECOVERY_LAUNCH_FAILED');
    };

    progress('IN_PROGRESS');
    yield* this.#cleanUp(job, server, random);

    this.#log(job, 'SNAPSHOT_START', { sourceServerId });
    yield total * 0.15;
    const latest = latestData(server, this.#clock.now());
    const dataAt = pointInTime ?? latest?.at;
    if (failure?.at === 'snapshot' || dataAt === undefined) {
      fail('SNAPSHOT_FAIL', 'There is no point in time to launch from.');
      return;
    }
    const usesPrevious = pointInTime === undefined && latest?.isPrevious === true;
    this.#log(job, usesPrevious ? 'USING_PREVIOUS_SNAPSHOT' : 'SNAPSHOT_END', { sourceServerId });

    const conversionServerId = `i-${random.hex(17)}`;
    this.#log(job, 'CONVERSION_START', { sourceServerId, conversionServerId });
    yield total * 0.4;
    if (failure?.at === 'conversion') {
      fail('CONVERSION_FAIL', 'The conversion server could not convert the boot volume.');
      return;
    }
    this.#log(job, 'CONVERSION_END', { sourceServerId, conversionServerId });

    this.#log(job, 'LAUNCH_START', { sourceServerId });
    yield total * 0.05;
    const subnetProblem = this.#fleet.subnetProblem(server);
    if (failure !== undefined || subnetProblem !== undefined) {
      const noCapacity = 'InsufficientInstanceCapacity: there is not enough capacity for the instance type.';
      fail('LAUNCH_FAILED', subnetProblem ?? noCapacity);
      return;
    }
    const instance = this.#fleet.launchEc2Instance(server, { state: 'pending' });
    yield total * 0.4;
    const isStopped = server.launchSettings.launchDisposition === 'STOPPED';
    this.#fleet.setInstanceState(instance.instanceId, isStopped ? 'stopped' : 'running');
    participant.recoveryInstanceId = instance.instanceId;
    this.#fleet.registerRecoveryInstance(server, instance, {
      jobId: job.jobId,
      isDrill: job.isDrill,
      pointInTime: dataAt,
    });
    progress('LAUNCHED');
    this.#emitResult(job, server, 'RECOVERY_LAUNCH_SUCCEEDED');
  }

  /**
   * Terminates ALL machines that earlier launches of the server left, drill or not, also those that DRS has no record of
   * any more, and drops the records of machines that are gone already. Only EC2's termination protection saves one.
   */
  *#cleanUp(job: Job, server: SourceServer, random: Random): Steps {
    const { sourceServerId, accountId, region } = server;
    const machines = this.#fleet.machinesOf(server);
    const left = new Set(machines.map(({ instanceId }) => instanceId));
    for (const { instanceId } of this.#fleet.recoveryInstancesOf(sourceServerId, accountId, region)) {
      if (!left.has(instanceId)) this.#fleet.forgetRecoveryInstance(instanceId);
    }
    if (machines.length > 0) yield* this.#shutDown(job, machines, random);
  }

  *#shutDown(job: Job, machines: readonly Ec2Instance[], random: Random): Steps {
    for (const { instanceId, sourceServerId } of machines) {
      this.#log(job, 'CLEANUP_START', { sourceServerId, targetInstanceId: instanceId });
    }
    const [kept, ending] = [machines.filter(isProtected), machines.filter((machine) => !isProtected(machine))];
    for (const { instanceId } of ending) this.#fleet.setInstanceState(instanceId, 'shutting-down');
    yield random.between(30 * SECOND, 90 * SECOND);
    for (const { instanceId, sourceServerId } of ending) {
      this.#fleet.setInstanceState(instanceId, 'terminated');
      this.#fleet.forgetRecoveryInstance(instanceId);
      this.#log(job, 'CLEANUP_END', { sourceServerId, targetInstanceId: instanceId });
    }
    for (const { instanceId, sourceServerId } of kept) {
      const rawError = `OperationNotPermitted: The instance '${instanceId}' may not be terminated.`;
      this.#log(job, 'CLEANUP_FAIL', { sourceServerId, targetInstanceId: instanceId, rawError });
    }
  }

  /** Fails one recovery instance back: convert on the failback client, and boot (API reference, StartFailbackLaunch). */
  *#failBack(job: Job, { record, participant }: FailbackLaunch): Steps {
    const { sourceServerId, instanceId } = record;
    const total = launchTime(record.server, seeded(this.#seed, job.jobId, instanceId)) / this.#launchPace;
    const failure = this.#failures.get(sourceServerId);
    this.#failures.delete(sourceServerId);
    participant.launchStatus = 'IN_PROGRESS';
    this.#log(job, 'CONVERSION_START', { sourceServerId });
    yield total * 0.5;
    if (failure !== undefined || this.#isForgotten(instanceId)) {
      const rawError = failure?.rawError ?? 'The failback client could not convert the disks.';
      this.#log(job, failure?.at === 'conversion' ? 'CONVERSION_FAIL' : 'LAUNCH_FAILED', { sourceServerId, rawError });
      participant.launchStatus = 'FAILED';
      if (!this.#isForgotten(instanceId)) this.#fleet.setFailback(instanceId, 'FAILBACK_ERROR');
      return;
    }
    this.#log(job, 'CONVERSION_END', { sourceServerId });
    this.#log(job, 'LAUNCH_START', { sourceServerId });
    yield total * 0.5;
    participant.launchStatus = this.#isForgotten(instanceId) ? 'FAILED' : 'LAUNCHED';
    if (!this.#isForgotten(instanceId)) this.#fleet.setFailback(instanceId, 'FAILBACK_COMPLETED');
  }

  /** True when DRS's record of the recovery instance was deleted while a job had it. */
  #isForgotten(instanceId: string): boolean {
    return this.#fleet.recoveryInstance(instanceId) === undefined;
  }

  /** Terminates one recovery instance. */
  *#terminate(job: Job, { instanceId, participant }: Termination): Steps {
    const instance = this.#fleet.ec2Instance(instanceId, job.accountId, job.region);
    participant.launchStatus = 'IN_PROGRESS';
    if (instance === undefined || instance.state === 'terminated') {
      this.#fleet.forgetRecoveryInstance(instanceId);
    } else {
      yield* this.#shutDown(job, [instance], seeded(this.#seed, job.jobId, instanceId));
    }
    participant.launchStatus = instance !== undefined && isProtected(instance) ? 'FAILED' : 'TERMINATED';
    const lastLaunch = this.#fleet.sourceServer(participant.sourceServerId, job.accountId, job.region)?.lastLaunch;
    if (participant.launchStatus === 'TERMINATED' && lastLaunch?.status === 'LAUNCHED')
      lastLaunch.status = 'TERMINATED';
  }

  #log(job: Job, event: JobLogEvent, data: Omit<LogItem, 'order' | 'at' | 'event'> = {}): void {
    job.log.push({ order: job.log.length, at: this.#clock.now(), event, ...data });
  }

  #emitResult(job: Job, server: SourceServer, state: 'RECOVERY_LAUNCH_SUCCEEDED' | 'RECOVERY_LAUNCH_FAILED'): void {
    this.#fleet.emit(server, 'DRS Source Server Launch Result', {
      state,
      'job-id': job.jobId,
      'is-drill': job.isDrill ? 'TRUE' : 'FALSE',
    });
  }
}

function pending(sourceServerId: string): Participant {
  return { sourceServerId, launchStatus: 'PENDING' };
}

function isProtected({ terminationProtection }: Ec2Instance): boolean {
  return terminationProtection;
}

/**
 * Simulated milliseconds from the start of the snapshot to a running instance. Linux: 6 to 18 minutes, half of them in 10.
 * Windows: 12 to 45, because its first boot runs setup (the DRS documentation names up to 45 minutes).
 */
function launchTime(server: SourceServer, random: Random): number {
  const drawn = random.logNormal(10 * MINUTE, 0.28);
  const [least, factor, most] = isWindows(server) ? [12, 1.9, 45] : [6, 1, 18];
  return Math.min(most * MINUTE, Math.max(least * MINUTE, drawn * factor));
}
