import type { AccessDocument } from '../../src/domain/access.ts';
import { SCHEDULES_KEY } from '../../src/domain/schedule.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { type Chance, chanceOf } from './chance.ts';
import type { Aim } from './faults.ts';
import type { World } from './world.ts';

/** A schedule that somebody asks for. All times are milliseconds since the start of the run. */
export interface AskedSchedule {
  at: number;
  person: string;
  text: string;
  application: string;
  dueAt: number;
  /** When it is to be deleted. */
  deletedAt: number | undefined;
}

/** The schedules of a run, and what happens to them. */
export interface DrawnSchedules {
  asked: AskedSchedule[];
  /** When those who asked lose the right to ask for drills. */
  withdrawnAt: number | undefined;
  /** When the clock calls nobody who looks for schedules. */
  outage: { from: number; until: number } | undefined;
  aims: Aim[];
}

const MINUTE_MS = 60_000;
/** Who asks for schedules here, and may. */
const MAKER = 'requester';
/** How often somebody asks again who was told of an error. */
const MOST_ASKED = 4;

/** Schedules in one run of seven; undefined in the others. A run begins on a Monday at 03:00 UTC, the first of its month. */
export function drawSchedules(seed: number): DrawnSchedules | undefined {
  const chance = chanceOf(seed, 'schedules');
  if (!chance.happens(0.15)) return undefined;
  const asked = [drawAsked(chance, 'HRP')];
  if (chance.happens(0.3)) asked.push(drawAsked(chance, 'CRM'));
  // On the same day for the same application: it is refused, or the first one is.
  if (chance.happens(0.3)) asked.push(drawAsked(chance, 'HRP'));
  const [{ dueAt } = { dueAt: 0 }] = asked;
  const drawn: DrawnSchedules = {
    asked,
    withdrawnAt: chance.happens(0.2) ? Math.max(0, dueAt + chance.integer(-10 * MINUTE_MS, 2 * MINUTE_MS)) : undefined,
    outage: chance.happens(0.25)
      ? { from: dueAt - chance.integer(0, MINUTE_MS), until: dueAt + chance.pick([5, 20, 62, 75]) * MINUTE_MS }
      : undefined,
    aims: chance.happens(0.6)
      ? [
          {
            call: chance.pick(['dynamodb:PutItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:Query']),
            fault: chance.pick(['crash', 'crash', 'lost answer', 'lost request', 'error']),
            times: chance.integer(1, 3),
            by: 'run-schedules',
          },
        ]
      : [],
  };
  // Two people ask at the same moment.
  const [first, ...others] = asked;
  const rival = others.find(({ application }) => application === first?.application);
  if (first !== undefined && rival !== undefined && chance.happens(0.6)) rival.at = first.at;
  return drawn;
}

function drawAsked(chance: Chance, application: string): AskedSchedule {
  const minute = chance.integer(3, 35);
  const time = `03:${String(minute).padStart(2, '0')}`;
  const when = chance.pick([
    `every day ${time}`,
    `every monday ${time}`,
    `every first monday at ${time}`,
    `"cron(${minute} 3 ? * MON *)"`,
    `every weekday 04:${time.slice(3)} zone Europe/Berlin`,
  ]);
  const rest = chance.pick(['', '', '', ' wave 1', ' cleanup 1h', ' reason "each week"']);
  const dueAt = minute * MINUTE_MS;
  return {
    at: chance.integer(0, 2 * MINUTE_MS),
    person: chance.happens(0.85) ? MAKER : chance.pick(['lead', 'approver', 'stranger']),
    text: `schedule drill ${application} ${when}${rest}`,
    application,
    dueAt,
    deletedAt: chance.happens(0.3) ? Math.max(0, dueAt + chance.integer(-3 * MINUTE_MS, 3 * MINUTE_MS)) : undefined,
  };
}

/** Lets people make and delete schedules, and lose the right to, as it was drawn. */
export function letPeopleSchedule(drawn: DrawnSchedules, world: World): void {
  const { clock, trace } = world;
  for (const at of new Set(drawn.asked.map((asked) => asked.at))) {
    const atOnce = drawn.asked.filter((asked) => asked.at === at);
    clock.after(at, () => {
      for (const { person, text } of atOnce) say(world, person, text);
    });
  }
  for (const asked of drawn.asked) {
    if (asked.deletedAt !== undefined) clock.after(asked.deletedAt, () => deleteOf(world, asked));
  }
  if (drawn.withdrawnAt === undefined) return;
  clock.after(drawn.withdrawnAt, () => {
    const { ssm, configPath } = world.practice;
    const access = JSON.parse(ssm.get(`${configPath}/access`) ?? '{}') as AccessDocument;
    const userId = PEOPLE.find(({ name }) => name === MAKER)?.userId ?? '';
    const grants = access.grants.filter(({ users }) => users?.includes(userId) !== true);
    trace.note('world', `${MAKER} may not ask for drills any more`);
    world.withdrawals.push({ userId, at: clock.now() });
    ssm.put(`${configPath}/access`, JSON.stringify({ ...access, grants }));
  });
}

/** True while a schedule that was asked for may still come due, or be asked for. */
export function isScheduledYet(drawn: DrawnSchedules | undefined, world: World, since: number): boolean {
  if (drawn === undefined) return false;
  const now = world.clock.now();
  if (drawn.asked.some(({ at }) => now < since + at + MINUTE_MS)) return true;
  return schedulesOf(world).some(({ deleted, nextAt }) => deleted === undefined && nextAt < since + 120 * MINUTE_MS);
}

/** What is stored of schedules, as JavaScript values. */
function schedulesOf(world: World) {
  return world.items().filter(({ executionId }) => executionId === SCHEDULES_KEY) as unknown as {
    scheduleId: string;
    application: string;
    nextAt: number;
    deleted?: unknown;
  }[];
}

/** Who made it finds its id in the list. */
function deleteOf(world: World, { application, person }: AskedSchedule): void {
  const found = schedulesOf(world).find((one) => one.application === application && one.deleted === undefined);
  if (found !== undefined) say(world, person, `schedule delete ${found.scheduleId}`);
}

function say(world: World, person: string, text: string, times = 1): void {
  const { clock, faults, practice, trace } = world;
  if (faults.isOver) return;
  trace.note('says', `${person}: /dr ${text}`);
  practice.workspace
    .as(person)
    .command('/dr', text, WORKSPACE.channelId)
    .then(
      ({ status, error, body }) => {
        trace.note('told', `${person} ${status} ${error ?? body.slice(0, 160)}`);
        if (error !== undefined && times < MOST_ASKED) clock.after(20_000, () => say(world, person, text, times + 1));
      },
      (error: unknown) => trace.note('told', `${person} ${String(error)}`),
    );
}
