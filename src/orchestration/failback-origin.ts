import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { applyOriginFailback } from '../domain/account-outcome.ts';
import { isFailedBackCentrally, latestAttempts } from '../domain/batches.ts';
import { DrError, messageOf, nameOf } from '../domain/errors.ts';
import { groupBy } from '../domain/groups.ts';
import {
  type OriginJob,
  type OriginPlace,
  placeName,
  type ReversibleServer,
  rememberedFailback,
  type Standing,
  standingAtOrigin,
  whyNotReversible,
  withStanding,
} from '../domain/origin-failback.ts';
import type { BatchRecord } from '../domain/records.ts';
import type { BatchServer } from '../domain/result.ts';
import { matchesTags } from '../domain/server.ts';
import { isBatchTerminal, isDone, isLeftOut } from '../domain/status.ts';
import { JOB_TAG } from '../domain/vocabulary.ts';
import { configuration } from '../platform/configuration.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type OriginInstance, type OriginLook, type OriginRegion, originRegions } from '../platform/origin-region.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { type ReplicationReverser, replicationReversers } from '../platform/reverse-replication.ts';
import { takeServersAgain } from './locks.ts';
import { type Run, runSchema } from './run.ts';

const eventSchema = z.strictObject({
  run: runSchema,
  account: z.strictObject({ accountId: z.string(), region: z.string() }),
});

/** Most replications that one step reverses: one call each, one after the other, within the function's five minutes. */
const MOST_REVERSALS = 50;
/** How soon the next step follows one that has reversed replications, in seconds. */
const SOON_SECONDS = 15;
/** Least time between two other steps, in seconds. */
const LEAST_WAIT_SECONDS = 60;
/** Waits grow to this part of the run's age: a day of waiting must not fill the machine's history (25,000 events). */
const WAIT_PART = 6;
/** Accounts that the machine works on at the same time: of more, some would wait for others that cannot begin. */
const MOST_ACCOUNTS_TOGETHER = 40;
/** DRS's answers that do not change when the same is asked again. */
const REFUSALS = [
  'AccessDeniedException',
  'ResourceNotFoundException',
  'UninitializedAccountException',
  'ValidationException',
];

/** What the state machine does next. */
export type FailbackStep = { outcome: 'wait'; seconds: number } | { outcome: 'done' };

const DONE: FailbackStep = { outcome: 'done' };

/** An origin account and Region with the account's servers that go back there. */
interface Place {
  place: OriginPlace;
  region: OriginRegion;
  look: OriginLook;
  servers: ReversibleServer[];
}

/** What a step works on: the open batches of one account, and where each of their open servers stands. */
interface Attempt {
  run: Run;
  batches: BatchRecord[];
  servers: BatchServer[];
  /** Servers of other accounts that go back to AWS in the same run; none where they do not wait for each other. */
  others: BatchServer[];
  /** True when something of the account was launched in an earlier step. */
  hasBegun: boolean;
  standings: Map<string, Standing>;
  /** Servers that an earlier step launched, with the job: whatever is refused now, they are on their way. */
  launching: Map<string, string>;
  /** The jobs of this run at the origin, by batch. */
  jobs: Map<string, { jobId: string; startedAt?: number }>;
  /** What was launched at the origin, by instance. */
  instances: Map<string, Omit<OriginInstance, 'instanceId'>>;
  /** Jobs of this run are not older. Milliseconds since the epoch. */
  since: number;
  /** Milliseconds since the epoch. */
  deadline: number;
}

/**
 * State "Take the failback further": one step of the failback to AWS of one staging account's servers. It may be repeated:
 * what DRS has done already is read before anything is asked for.
 *
 * The first call of the component reverses the replications, one at a time, and ends with the servers `copying`. A later
 * call finds them reversed and launches them at their origin, as soon as the copies of all the run's servers are complete,
 * so that an application does not run in two Regions; until then it says how far each one is.
 */
export const create: CreateHandler<unknown, FailbackStep> = (platform) => {
  const store = executionStore(platform);
  const config = configuration(platform);
  const reverserOf = replicationReversers(platform);
  const regionOf = originRegions(platform);

  return async (event) => {
    const { run, account } = eventSchema.parse(event);
    const attempt = run.action === 'failback' ? await begin(run, account) : undefined;
    if (attempt === undefined) return DONE;
    const reverser = await reverserFor(account);
    const places = await reach(attempt, reverser);
    const reversed = await reverseMissing(attempt, reverser, places);
    if (reversed === undefined) return await launchReady(attempt, places);
    return await keep(attempt, { copyingEnds: false, seconds: reversed > 0 ? SOON_SECONDS : undefined });
  };

  /** Undefined when nothing of the account is left to be failed back to AWS. */
  async function begin(run: Run, account: OriginPlace): Promise<Attempt | undefined> {
    const plan = await store.getPlan(run.executionId, run.planRevision);
    if (plan === undefined) throw new DrError('NotFound', `The plan of ${run.executionId} is gone.`);
    const ofWave = await store.getBatches(plan, { wave: run.wave });
    // What was tried again stands in the batches of this attempt, which nothing takes away from.
    const ofRun = latestAttempts(ofWave).filter(isFailedBackCentrally);
    const ofAccount = ofRun.filter((batch) => batch.accountId === account.accountId && batch.region === account.region);
    const batches = ofAccount.filter((batch) => !isBatchTerminal(batch.status));
    if (batches.length === 0) return undefined;
    await takeServersAgain(store, run, plan);
    const servers = batches.flatMap((batch) => batch.servers.filter(isOpen));
    return {
      run,
      batches,
      servers,
      others:
        plan.accounts.length > MOST_ACCOUNTS_TOGETHER
          ? []
          : ofRun.filter((batch) => !ofAccount.includes(batch)).flatMap((batch) => batch.servers),
      hasBegun: ofAccount.some((batch) => batch.jobId !== undefined),
      standings: new Map(),
      launching: new Map(batches.flatMap(launchingIn)),
      jobs: new Map(),
      instances: new Map(),
      since: Math.min(run.startedAt, plan.frozenAt),
      deadline: run.startedAt + run.options.maxWaitMinutes * 60_000,
    };
  }

  /** Undefined where the deployment has no role for it. */
  async function reverserFor(account: OriginPlace): Promise<ReplicationReverser | undefined> {
    const configured = (await config.stagingAccounts()).find(
      (candidate) => candidate.accountId === account.accountId && candidate.region === account.region,
    );
    if (configured?.failbackRoleArn === undefined) return undefined;
    const { region, failbackRoleArn: roleArn, externalId } = configured;
    return reverserOf({ region, roleArn, externalId });
  }

  /** Looks at the servers and at the places that they go back to. Those that cannot go there have failed. */
  async function reach(attempt: Attempt, reverser: ReplicationReverser | undefined): Promise<Place[]> {
    if (reverser === undefined) {
      const error = new DrError(
        'ConfigurationError',
        'This staging account has no role for failback (failbackRoleArn): deploy its stack and the central one again. Nothing was started.',
      );
      refuse(attempt, attempt.servers, error);
      return [];
    }
    const servers = await reversible(attempt, reverser);
    const places: Place[] = [];
    for (const there of groupBy(servers, ({ origin }) => `${origin?.accountId}/${origin?.region}`).values()) {
      const place = there[0]?.origin;
      if (place === undefined) continue;
      try {
        places.push(await lookAt(attempt, place, there));
      } catch (error) {
        if (!(error instanceof DrError) && nameOf(error) !== 'UninitializedAccountException') throw error;
        refuse(attempt, there, explained(error, place));
      }
    }
    return places;
  }

  async function reversible(attempt: Attempt, reverser: ReplicationReverser): Promise<ReversibleServer[]> {
    const wanted = attempt.servers.map(({ sourceServerId, recoveryInstanceId = '' }) => ({
      sourceServerId,
      recoveryInstanceId,
    }));
    try {
      const found = await reverser.servers(wanted);
      return wanted.flatMap(({ sourceServerId }) => {
        const server = found.find((candidate) => candidate.sourceServerId === sourceServerId);
        const failure = whyNotReversible(sourceServerId, server);
        // One that is launched already is followed at its origin: it needs its recovery instance no more.
        const isFollowed = attempt.launching.has(sourceServerId) && server?.reversedId !== undefined;
        if (server !== undefined && (failure === undefined || isFollowed)) return [server];
        if (failure?.state === 'failed') {
          refuse(attempt, [{ sourceServerId }], { code: failure.errorCode, message: failure.errorMessage });
        }
        return [];
      });
    } catch (error) {
      if (!(error instanceof DrError)) throw error;
      refuse(attempt, attempt.servers, error);
      return [];
    }
  }

  async function lookAt({ since }: Attempt, place: OriginPlace, servers: ReversibleServer[]): Promise<Place> {
    const origin = await config.origin(place);
    if (origin === undefined) {
      throw new DrError(
        'ConfigurationError',
        `No role is configured for ${placeName(place)}: add it to the deployment's origins and deploy its stack and the central one. Nothing was started.`,
      );
    }
    const region = regionOf(origin);
    const look = await region.look(
      servers.flatMap(({ reversedId }) => reversedId ?? []),
      since,
    );
    return { place, region, look, servers };
  }

  /**
   * Reverses replications, one at a time. The answer is how many; undefined when none was left to be. What became of them
   * is looked at in the next step.
   */
  async function reverseMissing(
    attempt: Attempt,
    reverser: ReplicationReverser | undefined,
    places: Place[],
  ): Promise<number | undefined> {
    const copying = new Set(attempt.servers.filter(({ state }) => state === 'copying').map(idOf));
    const missing = places
      .flatMap(({ place, servers }) => servers.map((server) => ({ place, server })))
      // One that was reversed in an earlier step may not show it yet.
      .filter(({ server }) => server.reversedId === undefined && !copying.has(server.sourceServerId));
    if (reverser === undefined || missing.length === 0) return undefined;
    if (platform.now() >= attempt.deadline) {
      failAll(
        attempt,
        missing.map(({ server }) => server),
        OUT_OF_TIME,
      );
      return undefined;
    }
    let reversed = 0;
    for (const { place, server } of missing.slice(0, MOST_REVERSALS)) {
      const { sourceServerId, recoveryInstanceId } = server;
      try {
        await reverser.reverse(recoveryInstanceId);
        reversed += 1;
        const detail = `copying back to ${placeName(place)} has begun`;
        attempt.standings.set(sourceServerId, { sourceServerId, state: 'copying', detail });
      } catch (error) {
        if (nameOf(error) === 'ConflictException' || REFUSALS.includes(nameOf(error))) {
          if (await isReversed(reverser, server)) continue;
          failAll(attempt, [server], explained(error, place));
          continue;
        }
        // DRS is busy or did not answer: what it did is read in the next step, before it is asked again.
        warn(attempt.run, 'A replication could not be reversed; it is looked at again', error, { sourceServerId });
        break;
      }
    }
    return reversed;
  }

  /** DRS refuses a second reversal, as it refuses one of an instance that does not run. */
  async function isReversed(reverser: ReplicationReverser, server: ReversibleServer): Promise<boolean> {
    const [now] = await reverser.servers([server]);
    return now?.reversedId !== undefined && now.isGone !== true;
  }

  /** Launches what may be launched, when all may; follows what was launched. */
  async function launchReady(attempt: Attempt, places: Place[]): Promise<FailbackStep> {
    const { run, standings, servers } = attempt;
    for (const place of places) findStandings(attempt, place);
    const all = servers.flatMap(({ sourceServerId }) => standings.get(sourceServerId) ?? []);
    const ready = all.filter(({ state }) => state === 'ready');
    const hasBegun = attempt.hasBegun || attempt.jobs.size > 0;
    if (!hasBegun) {
      const behind = [...all, ...attempt.others].filter(isBehind).length;
      if (behind > 0) {
        const waitsFor = `its copy is complete; it waits for ${behind} other ${behind === 1 ? 'server that is' : 'servers that are'} still copying`;
        for (const { sourceServerId } of ready)
          standings.set(sourceServerId, { sourceServerId, state: 'ready', waitsFor });
        return await keep(attempt, { copyingEnds: true });
      }
    }
    if (platform.now() >= attempt.deadline) {
      failAll(attempt, ready, OUT_OF_TIME);
      for (const standing of all) if (standing.state === 'launching') standings.set(idOf(standing), overdue(standing));
      return await keep(attempt, { copyingEnds: true });
    }
    if (!run.options.continueOnFailure && hasFailure(attempt)) {
      const reason = 'not started: another server could not be failed back, and continueOnFailure was not set';
      for (const { sourceServerId } of ready)
        standings.set(sourceServerId, { sourceServerId, state: 'skipped', reason });
      return await keep(attempt, { copyingEnds: true });
    }
    if (!hasBegun && ready.length > 0 && attempt.others.some(({ state }) => state === 'planned')) {
      return await keep(attempt, { copyingEnds: false, seconds: SOON_SECONDS });
    }
    for (const batch of attempt.batches) {
      for (const place of places) await launch(attempt, batch, place);
    }
    return await keep(attempt, { copyingEnds: false });
  }

  /** One job for the servers of a batch in a place, unless more would launch at the same time than parallelism allows. */
  async function launch(attempt: Attempt, batch: BatchRecord, { place, region, servers }: Place): Promise<void> {
    const { run, standings } = attempt;
    const launching = [...standings.values()].filter(({ state }) => state === 'launching').length;
    const own = new Set(batch.servers.map(idOf));
    const ready = servers.filter((server) => own.has(idOf(server)) && standings.get(idOf(server))?.state === 'ready');
    if (ready.length === 0 || (launching > 0 && launching + ready.length > run.options.parallelism)) return;
    const { batchId, accountId } = batch;
    const fields = { accountId, batchId, origin: placeName(place) };
    try {
      const jobId = await region.launch(
        ready.flatMap(({ reversedId }) => reversedId ?? []),
        tagsOf(run, batch),
      );
      platform.log.info('Servers are launched at their origin', { ...idsOf(run), ...fields, jobId });
      for (const { sourceServerId } of ready) {
        standings.set(sourceServerId, { sourceServerId, state: 'launching', jobId });
      }
      if (!attempt.jobs.has(batchId)) attempt.jobs.set(batchId, { jobId });
    } catch (error) {
      if (REFUSALS.includes(nameOf(error))) failAll(attempt, ready, explained(error, place));
      // A quota, another job, a lost answer: the jobs are read in the next step, before it is asked again.
      else warn(run, 'The launch at the origin was not taken; it is looked at again', error, fields);
    }
  }

  /** Writes down where every server stands. `copyingEnds`: what still copies is for a later call of the component. */
  async function keep(
    attempt: Attempt,
    { copyingEnds, seconds }: { copyingEnds: boolean; seconds?: number },
  ): Promise<FailbackStep> {
    const { run, deadline } = attempt;
    const over = await Promise.all(attempt.batches.map((batch) => keepBatch(attempt, batch, copyingEnds)));
    if (over.every(Boolean)) return DONE;
    const age = (platform.now() - run.startedAt) / 1_000;
    const wait = seconds ?? Math.max(LEAST_WAIT_SECONDS, age / WAIT_PART);
    const left = (deadline - platform.now()) / 1_000;
    return { outcome: 'wait', seconds: Math.max(1, Math.ceil(Math.min(wait, left))) };
  }

  /** True when the batch is over. */
  async function keepBatch(attempt: Attempt, batch: BatchRecord, copyingEnds: boolean): Promise<boolean> {
    const { standings, jobs, instances } = attempt;
    const servers = batch.servers.map((server) => {
      const now = withStanding(server, standings.get(idOf(server)));
      return now.state === 'launched' ? { ...now, ...instances.get(now.ec2InstanceId ?? '') } : now;
    });
    const job = jobs.get(batch.batchId);
    const known: BatchRecord = {
      ...batch,
      jobId: batch.jobId ?? job?.jobId,
      jobStartedAt: batch.jobStartedAt ?? job?.startedAt,
      servers,
    };
    const over = servers.every((server) => !isOpen(server) || (copyingEnds && server.state === 'copying'));
    const next = over
      ? applyOriginFailback(known, rememberedFailback(known))
      : { ...known, status: known.jobId === undefined ? batch.status : ('running' as const) };
    // Nobody else writes these batches while the machine runs; a lost race is tried again by the machine.
    if (!isDeepStrictEqual(next, batch) && !(await store.replaceBatch(next))) {
      throw new DrError('Conflict', `The batch ${batch.batchId} was changed at the same time.`);
    }
    return over;
  }

  function warn(run: Run, message: string, error: unknown, fields: Record<string, unknown>): void {
    platform.log.warn(message, { ...idsOf(run), ...fields, error: nameOf(error), cause: messageOf(error) });
  }
};

/** Where the servers that go back to a place stand, with their jobs of this run and what these have launched. */
function findStandings({ run, batches, standings, jobs, instances }: Attempt, { place, look, servers }: Place): void {
  for (const server of servers) {
    const { sourceServerId, reversedId } = server;
    const reversed = look.servers.find((candidate) => candidate.sourceServerId === reversedId);
    const own = ownJob({ run, batches }, look, server);
    standings.set(sourceServerId, standingAtOrigin(sourceServerId, place, reversed, own));
  }
  for (const job of look.jobs.filter((candidate) => isOfRun(run, candidate))) {
    const batch = batches.find(({ batchId }) => batchId === job.tags[JOB_TAG.batchId]);
    if (batch !== undefined) jobs.set(batch.batchId, { jobId: job.jobId, startedAt: job.startedAt });
  }
  for (const { instanceId, ...details } of look.instances) instances.set(instanceId, details);
}

const OUT_OF_TIME = { code: 'JobTimeout', message: 'Not started: the time allowed was over.' };

function idOf({ sourceServerId }: { sourceServerId: string }): string {
  return sourceServerId;
}

function idsOf({ executionId, correlationId }: Run): { executionId: string; correlationId: string } {
  return { executionId, correlationId };
}

/** True while something is still to come for the server. */
function isOpen(server: BatchServer): boolean {
  return !isLeftOut(server) && !isDone(server.state);
}

function failAll(
  { standings }: Attempt,
  servers: readonly { sourceServerId: string }[],
  error: { code: string; message: string },
): void {
  for (const { sourceServerId } of servers) {
    standings.set(sourceServerId, {
      sourceServerId,
      state: 'failed',
      errorCode: error.code,
      errorMessage: error.message,
    });
  }
}

/** What cannot be looked at has failed; what is launched already is looked at again, until the time allowed is over. */
function refuse(
  attempt: Attempt,
  servers: readonly { sourceServerId: string }[],
  error: { code: string; message: string },
): void {
  const { launching, standings } = attempt;
  failAll(
    attempt,
    servers.filter((server) => !launching.has(idOf(server))),
    error,
  );
  for (const { sourceServerId } of servers) {
    const jobId = launching.get(sourceServerId);
    if (jobId !== undefined) standings.set(sourceServerId, { sourceServerId, state: 'launching', jobId });
  }
}

function launchingIn({ jobId, servers }: BatchRecord): [string, string][] {
  return servers.flatMap((server): [string, string][] =>
    server.state === 'launching' && jobId !== undefined ? [[idOf(server), jobId]] : [],
  );
}

/** A refusal in words that say what to do. */
function explained(error: unknown, place: OriginPlace): { code: string; message: string } {
  if (error instanceof DrError) return error;
  const code = nameOf(error);
  const message =
    code === 'UninitializedAccountException'
      ? `DRS has not been set up in ${placeName(place)}: initialise it there (DRS console, default replication settings) and call again. Nothing was started.`
      : `${code} of DRS: ${messageOf(error)}`;
  return { code, message };
}

function overdue(standing: Standing & { state: 'launching' }): Standing {
  const { sourceServerId, jobId } = standing;
  return {
    sourceServerId,
    state: 'failed',
    errorCode: 'JobTimeout',
    errorMessage: `The failback was not over when the time allowed was. The job ${jobId} goes on: DRS cannot stop it.`,
  };
}

/** True for a server whose copy is not complete; of another account's that is what it has written down. */
function isBehind(server: Standing | BatchServer): boolean {
  return server.state === 'copying' && !('isCopied' in server && server.isCopied === true);
}

/** What runs at the origin already was failed back before, and holds up nobody. */
function hasFailure({ batches, standings }: Attempt): boolean {
  const now = [...standings.values()].some((one) => one.state === 'failed' && one.errorCode !== 'LiveInstance');
  const before = batches.flatMap((batch) => batch.servers);
  return now || before.some((server) => server.state === 'failed' && server.errorCode !== 'LiveInstance');
}

function tagsOf(run: Run, batch: BatchRecord): Record<string, string> {
  return {
    [JOB_TAG.orchestration]: 'true',
    [JOB_TAG.correlationId]: run.correlationId,
    [JOB_TAG.executionId]: run.executionId,
    [JOB_TAG.batchId]: batch.batchId,
  };
}

function isOfRun(run: Run, job: OriginJob): boolean {
  return matchesTags(job.tags, { [JOB_TAG.executionId]: run.executionId });
}

/**
 * The job of this run that launches the server. A launch that failed in an earlier attempt of the wave is over: only what
 * runs, or is there, counts of that.
 */
function ownJob(
  { run, batches }: Pick<Attempt, 'run' | 'batches'>,
  { jobs }: OriginLook,
  { reversedId }: ReversibleServer,
): { job: OriginJob; reversedId: string } | undefined {
  if (reversedId === undefined) return undefined;
  const isOfAttempt = ({ tags }: OriginJob) => batches.some(({ batchId }) => batchId === tags[JOB_TAG.batchId]);
  const launches = (job: OriginJob) =>
    job.participants.some(
      (one) =>
        one.reversedId === reversedId && (one.status !== 'FAILED' || run.attempt === undefined || isOfAttempt(job)),
    );
  const job = jobs.find((candidate) => isOfRun(run, candidate) && launches(candidate));
  return job === undefined ? undefined : { job, reversedId };
}

export const handler = onLambda(create);
