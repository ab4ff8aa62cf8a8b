import { type Access, ASK_PERMISSION, mayAll } from '../domain/access.ts';
import { parseComponentInput } from '../domain/contract.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import type { Library } from '../domain/plan-library.ts';
import { policyOfRequest } from '../domain/policy.ts';
import type { ExecutionRecord, Problem, RecoveryPlanRecord } from '../domain/records.ts';
import { executionIdOf, lockNameOf, wavesText } from '../domain/request.ts';
import { knownWavesIn, type NoRun, type RequestedRun, requestedRun } from '../domain/requested-run.ts';
import type { ScheduleRecord } from '../domain/schedule.ts';
import { TAG } from '../domain/vocabulary.ts';
import { configuration } from '../platform/configuration.ts';
import { directory } from '../platform/directory.ts';
import { executionStore } from '../platform/execution-store.ts';
import { planLibrary } from '../platform/plan-library.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { storeExecution } from '../platform/store-execution.ts';
import { NOBODY } from './nobody.ts';
import { nextRunAfter, runsBetween } from './timing.ts';

/** A run that nobody could begin for an hour is not the one that people were told of: it is named and left out. */
const MISSED_AFTER_MS = 3_600_000;
/** How many missed runs are named; more are counted. */
const MOST_NAMED = 5;
const MOST_COUNTED = 400;

/** What a run of a schedule is stored as, and what is stored before it. */
interface Prepared {
  execution: ExecutionRecord;
  record?: Omit<RecoveryPlanRecord, 'executionId'>;
}

/**
 * Every minute: asks for the drills whose time has come, each once. A run that cannot be asked for (its application is
 * busy, such drills are frozen, who made the schedule may not ask any more, its time was missed) is stored as an
 * execution that has failed, so that its channel is told and nothing is lost. One schedule holds up no other.
 */
export const create: CreateHandler<unknown, { run: string[] }> = (platform) => {
  const store = executionStore(platform);
  const config = configuration(platform);
  const people = directory(platform, config);
  const library = planLibrary(platform);

  return async () => {
    const run: string[] = [];
    const due = (await store.schedules()).filter(({ nextAt }) => nextAt <= platform.now());
    for (const schedule of due) {
      const { scheduleId } = schedule;
      try {
        await runDue(schedule);
        run.push(scheduleId);
      } catch (error) {
        platform.log.error('A schedule could not be run; it is tried again', { scheduleId, error: messageOf(error) });
      }
    }
    return { run };
  };

  /** The run first, then the next date: what is cut off between the two is the same execution again. */
  async function runDue(schedule: ScheduleRecord): Promise<void> {
    const now = platform.now();
    const next = nextRunAfter(schedule, now);
    if (next === undefined) throw new DrError('NotFound', `The schedule ${schedule.scheduleId} has no next run.`);
    const { execution, record } = await prepared(schedule, now, next);
    const isNew = await storeExecution(store, execution, record);
    await store.advanceSchedule(schedule, next);
    const { executionId, status } = execution;
    platform.log.info('A schedule was run', { scheduleId: schedule.scheduleId, executionId, status, isNew });
  }

  async function prepared(schedule: ScheduleRecord, now: number, next: number): Promise<Prepared> {
    const notRun = (problem: Problem, execution = executionOf(schedule, now)): Prepared => ({
      execution: { ...execution, ...ended(problem, now, next) },
    });
    if (now - schedule.nextAt > MISSED_AFTER_MS) return notRun(missed(schedule, now));
    const [policies, settings, stored, catalogue] = await Promise.all([
      config.policies(),
      config.requests(),
      library.read(),
      store.getCatalogue(),
    ]);
    const run = runOf(schedule, stored, knownWavesIn(catalogue, schedule.application));
    if ('code' in run) return notRun(run);
    const execution = executionOf(schedule, now, run, settings.notificationTopicArn);
    const mayNot = await whyMayNot(schedule, execution);
    if (mayNot !== undefined) return notRun(mayNot, execution);
    const broken = brokenPolicy(policyOfRequest(policies, { ...execution, verb: 'drill' }), schedule);
    if (broken !== undefined) return notRun(broken, execution);
    const lock = await store.lockApplication(lockNameOf(execution), execution.executionId);
    if (!lock.locked) return notRun(await busy(lock.owner), execution);
    return { execution, ...(run.record === undefined ? {} : { record: run.record }) };
  }

  /** Whoever made the schedule has to have the right at each run: it is their word that it goes by. */
  async function whyMayNot(
    { madeBy }: ScheduleRecord,
    { application, otherApplications = [] }: ExecutionRecord,
  ): Promise<Problem | undefined> {
    const [standing, access]: [string, Access] = await Promise.all([people.standingOf(madeBy), people.access()]);
    const code = 'NotAllowed';
    if (standing !== 'member') {
      return { code, message: 'Who made the schedule is no member of this workspace any more.' };
    }
    const missing = [application, ...otherApplications].find((one) => !mayAll(access, madeBy, [ASK_PERMISSION], one));
    if (missing === undefined) return undefined;
    return { code, message: `Who made the schedule may not ask for a drill of ${missing} any more.` };
  }

  async function busy(owner: string): Promise<Problem> {
    const other = await store.getExecution(owner);
    const what =
      other === undefined ? 'another request' : `${other.verb} ${other.executionId.slice(0, 8)} (${other.status})`;
    return { code: 'Busy', message: `The application was busy with ${what}: one execution at a time runs for it.` };
  }
};

function brokenPolicy(
  { freeze, requireReason, requireTicket }: ReturnType<typeof policyOfRequest>,
  { reason, ticket }: ScheduleRecord,
): Problem | undefined {
  if (freeze !== undefined) return { code: 'Frozen', message: `Such drills are not allowed now: “${freeze}”.` };
  if (requireReason && reason === undefined) return { code: 'NoReason', message: 'Such drills need a reason by now.' };
  if (requireTicket && ticket === undefined) return { code: 'NoTicket', message: 'Such drills need a ticket by now.' };
  return undefined;
}

/** What the schedule runs now, or why that cannot be told. */
function runOf(schedule: ScheduleRecord, stored: Library, known: readonly number[]): RequestedRun | Problem {
  try {
    const run = requestedRun({ verb: 'drill', ...schedule }, stored, known);
    return 'problem' in run ? { code: 'NoSuchWave', message: noRunMessage(run) } : run;
  } catch (error) {
    // A recovery plan that cannot be run cannot be run in a minute, either.
    if (error instanceof DrError && error.code === 'ValidationError')
      return { code: error.code, message: error.message };
    throw error;
  }
}

function noRunMessage(run: NoRun): string {
  return run.problem === 'waves unknown'
    ? 'It is not known which waves the application has.'
    : `The application has no ${wavesText(run.missing)}.`;
}

function missed(schedule: ScheduleRecord, now: number): Problem {
  const more = runsBetween(schedule, schedule.nextAt, now, MOST_COUNTED);
  const runs = [schedule.nextAt, ...more];
  const named = runs.slice(0, MOST_NAMED).map(utc).join(', ');
  const rest = runs.length > MOST_NAMED ? ` and ${runs.length - MOST_NAMED} more` : '';
  const message = `Nobody could begin it for more than an hour: missed ${named}${rest}. ${runs.length === 1 ? 'It is' : 'They are'} not caught up.`;
  return { code: 'Missed', message };
}

/** An execution that was over before it began. */
function ended({ code, message }: Problem, now: number, next: number) {
  return {
    status: 'failed' as const,
    outcome: 'failed' as const,
    endTime: now,
    problem: {
      code,
      message: `The scheduled drill was not begun. ${message} Nothing was launched. The next run is due ${utc(next)}.`,
    },
  };
}

function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** @param run what it runs; left out where that cannot be told */
function executionOf(
  schedule: ScheduleRecord,
  now: number,
  run?: RequestedRun,
  notificationArn?: string,
): ExecutionRecord {
  const { scheduleId, application, nextAt, reason, ticket, madeBy, channelId, typed, timeZone } = schedule;
  const { cleanUpAfterHours: planned, ...ofPlan } = run?.ofPlan ?? {};
  const afterHours = schedule.cleanUpAfterHours ?? planned;
  const executionId = executionIdOf('schedule', scheduleId, String(nextAt));
  const { tags, options, metadata } = parseComponentInput({
    action: 'drill',
    tags: run?.tags ?? { [TAG.application]: application },
    // At least one server: a request for nothing is a mistake that must show.
    options: { minServers: 1, ...(notificationArn === undefined ? {} : { notificationArn }) },
    metadata: ticket === undefined ? {} : { ticketId: ticket },
  });
  return {
    executionId,
    status: 'planning',
    startTime: now,
    verb: 'drill',
    application,
    ...ofPlan,
    waves: run?.waves ?? schedule.waves,
    // Somebody looks at it, as at what was asked for in the chat: no parent waits for an answer.
    onWaveFailure: 'ask',
    tags,
    options,
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    reason: reason ?? `Scheduled: ${typed} ${timeZone}`,
    ...(afterHours === undefined ? {} : { cleanUp: { afterHours } }),
    requester: NOBODY,
    service: { initiatedBy: `schedule ${scheduleId}` },
    schedule: { scheduleId, madeBy: { userId: madeBy.userId, teamId: madeBy.teamId } },
    channelId,
    correlationId: executionId,
    planRevision: 0,
  };
}

export const handler = onLambda(create);
