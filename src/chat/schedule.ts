import {
  mayNotText,
  NO_CHANNEL_TEXT,
  NOT_IN_CHANNEL_TEXT,
  noRunText,
  reasonNeededText,
  ticketNeededText,
} from '../../blocks/answers.ts';
import { name } from '../../blocks/message.ts';
import {
  noScheduleText,
  notAloneText,
  sameDayText,
  scheduledText,
  schedulesText,
  unscheduledText,
} from '../../blocks/schedule-answers.ts';
import { type Access, ASK_PERMISSION, may, mayAll, VIEW_PERMISSION } from '../domain/access.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import { policyOfRequest } from '../domain/policy.ts';
import type { Catalogue } from '../domain/records.ts';
import { executionIdOf } from '../domain/request.ts';
import { knownWavesIn, requestedRun } from '../domain/requested-run.ts';
import type { ScheduleRecord } from '../domain/schedule.ts';
import { firstSharedDay, nextRunAfter } from '../requests/timing.ts';
import type { Asked } from './asked.ts';
import type { Membership } from './channel.ts';
import { refused } from './refusal.ts';
import { granteesOfAll, NEEDS } from './rights.ts';
import type { ScheduleWanted } from './schedule-command.ts';
import type { ChatTools } from './tools.ts';

/** What is known of who asks and where, when a command about schedules is answered. */
export interface ScheduleContext {
  access: Access;
  catalogue: Catalogue | undefined;
  membership: Membership;
}

type Made = Extract<ScheduleWanted, { what: 'make' }>;

/** Characters of a schedule's id. */
const ID_LENGTH = 8;

/** `/dr schedule …`: lists, makes and deletes schedules. Nothing runs by it that people have not approved. */
export async function schedule(
  tools: ChatTools,
  asked: Asked,
  wanted: ScheduleWanted,
  context: ScheduleContext,
): Promise<string> {
  switch (wanted.what) {
    case 'list':
      return schedulesText(
        (await tools.store.schedules()).filter(({ application }) =>
          may(context.access, asked.asker, VIEW_PERMISSION, application),
        ),
      );
    case 'delete':
      return await remove(tools, asked, wanted.scheduleId, context.access);
    case 'make':
      return await make(tools, asked, wanted, context);
  }
}

async function remove(tools: ChatTools, asked: Asked, typed: string, access: Access): Promise<string> {
  const found = (await tools.store.schedules())
    .filter(({ scheduleId }) => scheduleId.startsWith(typed))
    .filter(({ application }) => may(access, asked.asker, ASK_PERMISSION, application));
  const [first, ...others] = found;
  if (first === undefined || others.length > 0) return noScheduleText(typed, found);
  const { userId, teamId } = asked.asker;
  const isDeleted = await tools.store.deleteSchedule(first.scheduleId, { userId, teamId, at: tools.now() });
  return isDeleted ? unscheduledText(first) : noScheduleText(typed, []);
}

async function make(
  tools: ChatTools,
  asked: Asked,
  { wanted, timing }: Made,
  { access, catalogue, membership }: ScheduleContext,
): Promise<string> {
  const { asker, channelId } = asked;
  const { application, waves, reason, ticket, cleanUpAfterHours } = wanted;
  const refuse = (why: string, text: string) =>
    refused(tools, { person: asker, what: '/dr schedule', why, text: asked.text }, text);
  const mayNot = (of: string) =>
    refuse('no permission', mayNotText(`schedule a drill of ${name(of)}`, granteesOfAll(access, NEEDS.schedule, of)));
  if (!mayAll(access, asker, NEEDS.schedule, application)) return await mayNot(application);
  if (membership === 'no channel') return await refuse('no channel', NO_CHANNEL_TEXT);
  if (membership === 'not a member') return await refuse('bot not in channel', NOT_IN_CHANNEL_TEXT);

  const [policies, library] = await Promise.all([tools.configuration.policies(), tools.library.read()]);
  const run = requestedRun(wanted, library, knownWavesIn(catalogue, application));
  if ('problem' in run) return await refuse(run.problem, noRunText(application, run));
  const { otherApplications = [], cleanUpAfterHours: planned } = run.ofPlan;
  const notTheirs = otherApplications.find((other) => !mayAll(access, asker, NEEDS.schedule, other));
  if (notTheirs !== undefined) return await mayNot(notTheirs);
  const cleanUp = cleanUpAfterHours ?? planned;
  const policy = policyOfRequest(policies, { verb: 'drill', options: {}, application, otherApplications, cleanUp });
  if (policy.requireReason && reason === undefined) {
    return await refuse('no reason', reasonNeededText('drill', application));
  }
  if (policy.requireTicket && ticket === undefined) {
    return await refuse('no ticket', ticketNeededText('drill', application));
  }

  const { cron, timeZone, typed } = timing;
  const now = tools.now();
  const nextAt = nextRunAfter(timing, now);
  if (nextAt === undefined) throw new DrError('ValidationError', 'It would never run. Nothing was stored.');
  const made: ScheduleRecord = {
    scheduleId: executionIdOf('schedule', asker.teamId, asked.key).slice(0, ID_LENGTH),
    application,
    waves,
    ...(reason === undefined ? {} : { reason }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(cleanUpAfterHours === undefined ? {} : { cleanUpAfterHours }),
    ...{ cron, timeZone, typed, channelId, nextAt },
    madeBy: { userId: asker.userId, teamId: asker.teamId },
    madeAt: now,
  };
  const told = await alone(tools, made, async () => {
    for (const other of await tools.store.schedules()) {
      if (other.application !== application || other.scheduleId === made.scheduleId) continue;
      const day = firstSharedDay(made, other, now);
      if (day !== undefined) return await refuse('same day', sameDayText(other, day));
    }
    const isNew = await tools.store.createSchedule(made);
    tools.log.info('A schedule was made', { scheduleId: made.scheduleId, application, isNew });
    return scheduledText(made);
  });
  return told ?? (await refuse('not alone', notAloneText(application)));
}

/**
 * Looks at the schedules of an application and stores one while nobody else does: of two at the same moment neither would
 * see the other one's. Who dies meanwhile holds it for a minute. Undefined when somebody else does so now.
 */
async function alone(
  { store, log }: ChatTools,
  { application, scheduleId }: ScheduleRecord,
  make: () => Promise<string>,
): Promise<string | undefined> {
  const name = `SCHEDULES#${application}`;
  const lock = await store.lockApplication(name, scheduleId);
  if (!lock.locked) return undefined;
  try {
    return await make();
  } finally {
    await store.unlockApplication(name, scheduleId).catch((error: unknown) => {
      log.warn('Schedules of an application can be made again in a minute', { application, error: messageOf(error) });
    });
  }
}
