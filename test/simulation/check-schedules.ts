import { SCHEDULES_KEY, type ScheduleRecord } from '../../src/domain/schedule.ts';
import type { Report } from './checks.ts';
import { plain } from './dynamodb/plain.ts';
import { type Timeline, timelinesOf } from './timeline.ts';
import type { World } from './world.ts';

/** A function's clock may differ by this much, in milliseconds: see drawFaults. */
const SKEW_MS = 20_000;
/** What a function has read it acts on within the time that it has. */
const FUNCTION_MS = 60_000;
/** Who is told to look each minute has looked within this, calls that fail and are repeated included. */
const LOOKED_MS = 10 * 60_000;
const DAY_MS = 86_400_000;

const short = (id: string) => id.slice(0, 8);

/** A schedule as it was made, and when it was deleted. */
interface MadeSchedule {
  record: ScheduleRecord;
  deletedAt: number;
}

/** What a run's schedules break: each time one drill, none for one that was deleted or whose maker may not ask any more. */
export function checkSchedules(world: World, report: Report): void {
  if (world.schedules === undefined) return;
  const timelines = timelinesOf(world);
  const made = madeSchedules(world);
  for (const { execution } of timelines) {
    const id = execution.schedule?.scheduleId;
    if (id !== undefined && !made.some(({ record }) => record.scheduleId === id))
      report(
        'schedules are kept',
        `${short(execution.executionId)} was made by the schedule ${id}, which nobody has made`,
      );
  }
  for (const schedule of made) {
    const runs = timelines.filter(({ execution }) => execution.schedule?.scheduleId === schedule.record.scheduleId);
    checkTimes(world, schedule, runs, report);
    for (const run of runs) checkRun(world, schedule, run, report);
  }
  const lasting = made.filter(({ deletedAt }) => deletedAt === Number.POSITIVE_INFINITY);
  checkDays(
    timelines.filter(({ execution }) =>
      lasting.some(({ record }) => record.scheduleId === execution.schedule?.scheduleId),
    ),
    report,
  );
}

function madeSchedules(world: World): MadeSchedule[] {
  const made = new Map<string, MadeSchedule>();
  for (const [index, { dynamodb }] of world.changes.entries()) {
    const { Keys, NewImage, OldImage } = dynamodb;
    if (Keys.executionId?.S !== SCHEDULES_KEY || NewImage === undefined) continue;
    const record = plain(NewImage) as unknown as ScheduleRecord;
    if (OldImage === undefined) made.set(record.scheduleId, { record, deletedAt: Number.POSITIVE_INFINITY });
    const known = made.get(record.scheduleId);
    if (known !== undefined && record.deleted !== undefined && OldImage?.deleted === undefined)
      known.deletedAt = world.changedAt[index] ?? 0;
  }
  return [...made.values()];
}

/** All that come due in a run come due once: no schedule runs more than once a day. */
function checkTimes(
  world: World,
  { record, deletedAt }: MadeSchedule,
  runs: readonly Timeline[],
  report: Report,
): void {
  const { scheduleId, nextAt: dueAt } = record;
  const name = `the schedule ${scheduleId}`;
  if (runs.length > 1) report('never twice', `${name} has ${runs.length} runs of one time`);
  for (const { requested } of runs) {
    if (requested.at < dueAt - SKEW_MS) report('schedules are kept', `${name} ran before it was due`);
    if (requested.at > deletedAt + FUNCTION_MS) report('schedules are kept', `${name} ran after it was deleted`);
  }
  const isDue = dueAt + LOOKED_MS < world.clock.now() && deletedAt > dueAt + LOOKED_MS;
  if (isDue && runs.length === 0 && !isOut(world)) report('nobody dropped', `${name} was due, and nothing tells of it`);
  const stored = world.items().find((item) => item.executionId === SCHEDULES_KEY && item.scheduleId === scheduleId) as
    | ScheduleRecord
    | undefined;
  if (
    stored !== undefined &&
    stored.deleted === undefined &&
    !isOut(world) &&
    stored.nextAt < world.clock.now() - LOOKED_MS
  )
    report('schedules are kept', `${name} has not gone on to its next run`);
}

/** True where the clock called nobody for a time, and the run ended before it could do so again. */
function isOut({ schedules, startedAt, clock }: World): boolean {
  const { outage } = schedules ?? {};
  return outage !== undefined && startedAt + outage.until + LOOKED_MS > clock.now();
}

function checkRun(world: World, { record }: MadeSchedule, { execution, requested }: Timeline, report: Report): void {
  const name = `${short(execution.executionId)}, of the schedule ${record.scheduleId},`;
  const { verb, application, status, schedule, service } = execution;
  if (verb !== 'drill') report('the verb decides', `${name} is a ${verb}`);
  if (application !== record.application) report('schedules are kept', `${name} is of ${application}`);
  if (schedule?.madeBy.userId !== record.madeBy.userId || service === undefined)
    report('schedules are kept', `${name} does not say whose schedule it is`);
  const lostAt = world.withdrawals.find(({ userId }) => userId === record.madeBy.userId)?.at;
  const isAllowed =
    lostAt === undefined || requested.at < lostAt + FUNCTION_MS || world.mayDecide.has(record.madeBy.userId);
  if (!isAllowed && status !== 'failed')
    report('schedules are kept', `${name} is ${status}, although its maker may not ask any more`);
  const jobs = world.practice.drs.jobs.list().filter(({ tags }) => tags['DR-ExecutionId'] === execution.executionId);
  if (!isAllowed && jobs.length > 0)
    report('schedules are kept', `${name} launched, although its maker may not ask any more`);
}

/** An application is drilled by the clock once a day at most. */
function checkDays(timelines: readonly Timeline[], report: Report): void {
  const byDay = new Map<string, number>();
  for (const { execution } of timelines) {
    if (execution.schedule === undefined) continue;
    const key = `${execution.application} on day ${Math.floor(execution.startTime / DAY_MS)}`;
    byDay.set(key, (byDay.get(key) ?? 0) + 1);
  }
  for (const [what, times] of byDay)
    if (times > 1) report('never twice', `${what} was drilled ${times} times by the clock`);
}
