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
  readonly type: 'LAUNCH' | 'TERMINATE';
  /** Meaningless for a TERMINATE job. */
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
  readonly #jobs = new Map<string, Job>();
  readonly #failures = new Map<string, LaunchFailure>();
  readonly #stuck = new Map<string, Stuck>();
  readonly #stickNext = new Set<string>();
  /** How many jobs each account has ever had. */
  readonly #created = new Map<string, number>();
  #order = 0;

  constructor(options: { clock: Clock; fleet: Fleet; seed: string }) {
    this.#clock = options.clock;
    this.#fleet = options.fleet;
    this.#seed = options.seed;
  }

  /** The jobs of an account, oldest first; without one, of all accounts. */
  list(accountId?: string): Job[] {
    return [...this.#jobs.values()].filter((job) => accountId === undefined || job.accountId === accountId);
  }

  /** A job of any account. */
  get(jobId: string): Job | undefined {
    return this.#jobs.get(jobId);
  }

  /** The job that a server is in now, if any. */
  activeJobOf(sourceServerId: string, accountId: string): Job | undefined {
    return this.#active(accountId).find(({ participants }) =>
      participants.some((participant) => participant.sourceServerId === sourceServerId),
    );
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
    const participants = launches.map(({ participant }) => participant);
    const job = this.#create(accountId, 'LAUNCH', participants, options);
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
    const participants = terminations.map(({ participant }) => participant);
    const job = this.#create(accountId, 'TERMINATE', participants, { isDrill: false, tags: {} });
    const work = terminations.map((termination) => this.#terminate(job, termination));
    this.#run(job, this.#carryOut(job, work));
    return job;
  }

  #active(accountId: string): Job[] {
    return this.list(accountId).filter(({ status }) => status !== 'COMPLETED');
  }

  #create(
    accountId: string,
    type: Job['type'],
    participants: readonly Participant[],
    options: { isDrill: boolean; tags: Record<string, string> },
  ): Job {
    this.#checkFree(accountId, participants);
    this.#checkQuotas(accountId, participants.length);
    const order = this.#order++;
    const inAccount = this.#created.get(accountId) ?? 0;
    this.#created.set(accountId, inAccount + 1);
    const jobId = `drsjob-${seeded(this.#seed, 'job', accountId, inAccount).hex(17)}`;
    const job: Job = {
      order,
      jobId,
      arn: this.#fleet.arn(accountId, `job/${jobId}`),
      accountId,
      type,
      isDrill: options.isDrill,
      createdAt: this.#clock.now(),
      participants,
      log: [],
      status: 'PENDING',
      tags: { ...options.tags },
    };
    this.#jobs.set(jobId, job);
    if (this.#stickNext.delete(accountId)) this.stickJob(jobId);
    return job;
  }

  #checkFree(accountId: string, participants: readonly Participant[]): void {
    for (const { sourceServerId } of participants) {
      const active = this.activeJobOf(sourceServerId, accountId);
      if (active === undefined) continue;
      throw conflict(
        `Source server ${sourceServerId} is already in the active job ${active.jobId}.`,
        'source-server',
        sourceServerId,
      );
    }
  }

  #checkQuotas(accountId: string, newServers: number): void {
    const active = this.#active(accountId);
    const inFlight = active.reduce((sum, { participants }) => sum + participants.length, 0);
    if (newServers > QUOTAS.serversInJob) {
      throw quotaExceeded(QUOTA_CODES.serversInJob, `A job can have at most ${QUOTAS.serversInJob} source servers.`);
    }
    if (active.length >= QUOTAS.concurrentJobs) {
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
    const completed = this.list(job.accountId).filter(({ status }) => status === 'COMPLETED');
    const tooMany = Math.max(0, completed.length - MOST_COMPLETED_JOBS);
    for (const { jobId } of completed.slice(0, tooMany)) this.#jobs.delete(jobId);
  }

  /** Launches one server: clean up what earlier launches left, snapshot, convert, launch. */
  *#launch(job: Job, { server, pointInTime, participant }: Launch): Steps {
    const { sourceServerId } = server;
    const random = seeded(this.#seed, job.jobId, sourceServerId);
    const total = launchTime(server, random);
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
    if (failure !== undefined) {
      fail('LAUNCH_FAILED', 'InsufficientInstanceCapacity: there is not enough capacity for the instance type.');
      return;
    }
    const instance = this.#fleet.launchEc2Instance(server, { state: 'pending' });
    yield total * 0.4;
    instance.state = 'running';
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
    const machines = this.#fleet.machinesOf(server);
    const left = new Set(machines.map(({ instanceId }) => instanceId));
    for (const { instanceId, sourceServerId } of this.#fleet.recoveryInstances(server.accountId)) {
      const isGone = sourceServerId === server.sourceServerId && !left.has(instanceId);
      if (isGone) this.#fleet.forgetRecoveryInstance(instanceId);
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

  /** Terminates one recovery instance. */
  *#terminate(job: Job, { instanceId, participant }: Termination): Steps {
    const instance = this.#fleet.ec2Instance(instanceId, job.accountId);
    participant.launchStatus = 'IN_PROGRESS';
    if (instance === undefined || instance.state === 'terminated') {
      this.#fleet.forgetRecoveryInstance(instanceId);
    } else {
      yield* this.#shutDown(job, [instance], seeded(this.#seed, job.jobId, instanceId));
    }
    participant.launchStatus = instance !== undefined && isProtected(instance) ? 'FAILED' : 'TERMINATED';
    const lastLaunch = this.#fleet.sourceServer(participant.sourceServerId, job.accountId)?.lastLaunch;
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
