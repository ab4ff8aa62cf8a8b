import { describe, expect, it } from 'vitest';
import type { Asked } from '../../src/chat/asked.ts';
import { parseCommand } from '../../src/chat/command.ts';
import { schedule } from '../../src/chat/schedule.ts';
import type { ChatTools } from '../../src/chat/tools.ts';
import type { Access } from '../../src/domain/access.ts';
import type { Library } from '../../src/domain/plan-library.ts';
import type { Policies } from '../../src/domain/policy.ts';
import type { Catalogue } from '../../src/domain/records.ts';
import type { ScheduleRecord } from '../../src/domain/schedule.ts';
import { aWave } from '../domain/plans.ts';

const NOW = Date.parse('2026-11-16T12:00:00Z');
const TEAM = 'T0PRACTICE1';
const OPERATOR = 'U0OPERATOR1';
const READER = 'U0READER001';
const CATALOGUE: Catalogue = {
  refreshedAt: NOW,
  applications: [
    { name: 'HRP', waves: [{ wave: 1, servers: 3 }] },
    { name: 'Web', waves: [{ wave: 1, servers: 3 }] },
  ],
};
const ACCESS: Access = {
  teamId: TEAM,
  grants: [
    { role: 'DRSOperator', users: [OPERATOR], applications: ['HRP'] },
    { role: 'DRSReadOnly', users: [READER] },
  ],
};
const NOTHING: Library = { version: 0, plans: [], groups: [] };

/** What `/dr <text>` answers; `membership` and `policies` as they are then. */
function world({ policies = {}, library = NOTHING }: { policies?: Policies; library?: Library } = {}) {
  const stored = new Map<string, ScheduleRecord>();
  const locks = new Map<string, string>();
  const refusals: string[] = [];
  const tools = {
    store: {
      lockApplication: async (name: string, id: string) => {
        const owner = locks.get(name) ?? id;
        locks.set(name, owner);
        return owner === id ? { locked: true } : { locked: false, owner };
      },
      unlockApplication: async (name: string, id: string) => {
        if (locks.get(name) === id) locks.delete(name);
      },
      schedules: async () => [...stored.values()].filter(({ deleted }) => deleted === undefined),
      createSchedule: async (made: ScheduleRecord) => {
        const isNew = !stored.has(made.scheduleId);
        if (isNew) stored.set(made.scheduleId, made);
        return isNew;
      },
      deleteSchedule: async (id: string, deleted: ScheduleRecord['deleted']) => {
        const found = stored.get(id);
        if (found !== undefined) stored.set(id, { ...found, deleted });
        return found !== undefined;
      },
    },
    library: { read: async () => library },
    configuration: { policies: async () => policies },
    audit: { refused: async ({ why }: { why: string }) => void refusals.push(why) },
    now: () => NOW,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  } as unknown as ChatTools;
  const keys = Array.from({ length: 9 }, (_, at) => `key ${at}`).values();
  return {
    stored,
    refusals,
    async says(
      text: string,
      { userId = OPERATOR, key = keys.next().value ?? '', membership = 'member' as const } = {},
    ) {
      const command = parseCommand(text, CATALOGUE);
      if (command.kind === 'problem') return command.text;
      if (command.kind !== 'schedule') throw new Error(`understood as ${command.kind}`);
      const asked = { asker: { userId, teamId: TEAM }, text, channelId: 'C0INCIDENT1', key } as Asked;
      return await schedule(tools, asked, command.wanted, { access: ACCESS, catalogue: CATALOGUE, membership });
    },
  };
}

describe('/dr schedule', () => {
  it('stores a drill for the clock, and lists it with its next run', async () => {
    const { says, stored } = world();
    const told = await says(
      'schedule drill hrp every sunday 06:00 zone Europe/Berlin wave 1 cleanup 4h reason "weekly"',
    );
    const [made] = stored.values();
    expect(made).toMatchObject({
      application: 'HRP',
      waves: [1],
      cron: '0 6 * * SUN',
      timeZone: 'Europe/Berlin',
      typed: 'every sunday 06:00',
      cleanUpAfterHours: 4,
      reason: 'weekly',
      channelId: 'C0INCIDENT1',
      madeBy: { userId: OPERATOR, teamId: TEAM },
      nextAt: Date.parse('2026-11-22T05:00:00Z'),
    });
    expect(told).toContain(made?.scheduleId);
    const listed = await says('schedule', { userId: READER });
    expect(listed).toContain('drill of HRP wave 1, every sunday 06:00 (Europe/Berlin), cleaned up after 4 hours');
    expect(listed).toContain(`<@${OPERATOR}>`);
  });

  it.each([
    'schedule drill HRP "cron(0 6 ? * SUN *)"',
    'schedule drill HRP cron(0 6 ? * SUN *)',
    'schedule drill HRP "every sunday 06:00" all',
    'schedule drill HRP every sunday at 6:00 zone UTC',
  ])('understands %s', async (text) => {
    const { says, stored } = world();
    await says(text);
    expect([...stored.values()]).toMatchObject([{ cron: '0 6 * * SUN', timeZone: 'UTC', waves: [] }]);
  });

  it.each([
    ['schedule failover HRP every sunday 06:00', 'Only drills are scheduled'],
    ['schedule HRP every sunday 06:00', 'I do not understand “HRP”'],
    ['schedule drill', 'Which application is meant?'],
    ['schedule drill HRP', 'When is it to run?'],
    ['schedule drill HRP wave 1 every sunday 06:00', 'When is it to run?'],
    ['schedule drill HRP every sunday 06:00 zone Mars/Phobos', '“Mars/Phobos” is no time zone'],
    ['schedule drill HRP every sunday 06:00 zone', '“” is no time zone'],
    ['schedule drill HRP every sunday 06:00 live', '`live` is a word of'],
    ['schedule drill HRP every sunday 06:00 cleanup 200h', 'not 200'],
    ['schedule drill Nobody every sunday 06:00', 'There is no application'],
    ['schedule drill HRP every sunday 06:00 wave 7', 'no wave 7'],
    ['schedule delete', 'Which schedule?'],
    ['schedule delete 1a2b3c4d now', 'I do not understand “now”'],
    ['schedule delete 1a2b3c4d', 'There is no schedule 1a2b3c4d'],
  ])('“%s” stores nothing: %s', async (text, why) => {
    const { says, stored } = world();
    expect(await says(text)).toContain(why);
    expect(stored.size).toBe(0);
  });

  it('takes a reason as it is, whatever words are in it', async () => {
    const { says, stored } = world();
    await says('schedule drill HRP every sunday 06:00 reason test of zone Mars');
    expect([...stored.values()]).toMatchObject([{ reason: 'test of zone Mars', timeZone: 'UTC' }]);
  });

  it('is for people who may ask for such a drill, in a channel that the bot is in', async () => {
    const { says, stored, refusals } = world();
    const text = 'schedule drill Web every sunday 06:00';
    expect(await says(text)).toContain('You may not schedule a drill of Web');
    expect(await says('schedule drill HRP every sunday 06:00', { userId: READER })).toContain('You may not');
    const away = { membership: 'not a member' as 'member' };
    expect(await says('schedule drill HRP every sunday 06:00', away)).toContain('I am not in this channel');
    expect(stored.size).toBe(0);
    expect(refusals).toEqual(['no permission', 'no permission', 'bot not in channel']);
  });

  it('needs the rights of every application that the recovery plan recovers', async () => {
    const plan = (planId: string, application: string, waves: ReturnType<typeof aWave>[]) => ({
      plan: { planId, planName: planId, application, waves },
      ...{ version: 1, changedBy: { arn: 'arn:aws:iam::900000000000:role/tester' }, changedAt: NOW },
    });
    const ofTags = { protectionGroupIds: [], tagCriteria: { Tier: 'web' } };
    const plans = [
      plan('hrp', 'HRP', [aWave(1, { protectionGroupIds: [], recoveryPlanId: 'web' })]),
      plan('web', 'Web', [aWave(1, ofTags)]),
    ];
    const { says } = world({ library: { version: 1, plans, groups: [] } });
    expect(await says('schedule drill HRP every sunday 06:00')).toContain('You may not schedule a drill of Web');
  });

  it('has to have what the policy asks for', async () => {
    const { says } = world({ policies: { drill: { requireReason: true }, terminate: { requireTicket: true } } });
    expect(await says('schedule drill HRP every sunday 06:00')).toContain('needs a reason');
    expect(await says('schedule drill HRP every sunday 06:00 reason test')).toContain('Stored');
    expect(await says('schedule drill HRP every monday 06:00 cleanup 4h reason test')).toContain('needs a ticket');
  });

  it('is one of two that are asked for at the same moment', async () => {
    const { says, stored, refusals } = world();
    const texts = ['schedule drill HRP every sunday 06:00', 'schedule drill HRP every day 07:00'];
    const told = await Promise.all(texts.map((text) => says(text)));
    expect(stored.size).toBe(1);
    expect(told.filter((text) => text.includes('Stored as'))).toHaveLength(1);
    expect(told.join()).toContain('Somebody else is making a schedule of HRP at this moment. Nothing was stored');
    expect(refusals).toEqual(['not alone']);
    // It is held by nobody then.
    expect(await says('schedule drill HRP every day 07:00')).toContain('already');
  });

  it('runs once a day for an application at most', async () => {
    const { says, stored } = world();
    await says('schedule drill HRP every sunday 06:00');
    const [made] = stored.values();
    expect(await says('schedule drill HRP every day 20:00')).toContain(`\`${made?.scheduleId}\``);
    expect(await says('schedule drill HRP every monday 06:00')).toContain('Stored');
    expect(stored.size).toBe(2);
  });

  it('is stored once, although Slack delivers it twice', async () => {
    const { says, stored } = world();
    const text = 'schedule drill HRP every sunday 06:00';
    expect(await says(text, { key: 'same' })).toBe(await says(text, { key: 'same' }));
    expect(stored.size).toBe(1);
  });

  it('is deleted by whoever may ask for its drill, and frees its days', async () => {
    const { says, stored } = world();
    await says('schedule drill HRP every sunday 06:00');
    const [made] = stored.values();
    const text = `schedule delete ${made?.scheduleId.slice(0, 4)}`;
    expect(await says(text, { userId: READER })).toContain('There is no schedule');
    expect(await says(text)).toContain('Deleted: drill of HRP');
    expect(await says('schedule')).toContain('Nothing is scheduled');
    expect(await says('schedule drill HRP every sunday 20:00')).toContain('Stored');
  });
});

describe('the clause for the end of a drill’s instances', () => {
  const wanted = (text: string) => {
    const command = parseCommand(text, CATALOGUE);
    return command.kind === 'request' ? command.wanted : command;
  };

  it.each(['cleanup 4h', 'cleanup 4', 'cleanup 4 hours', 'CleanUp 4H wave 1'])('`%s` is understood', (clause) => {
    expect(wanted(`drill HRP ${clause} reason test`)).toMatchObject({ cleanUpAfterHours: 4, reason: 'test' });
  });

  it.each([
    ['drill HRP cleanup', 'After how many hours?'],
    ['drill HRP cleanup reason test', 'After how many hours?'],
    ['drill HRP cleanup 0h', '1 to 168 whole hours'],
    ['drill HRP cleanup 169h', 'not 169'],
    ['drill HRP cleanup 1.5h', 'no number of hours'],
    ['drill HRP cleanup 4h cleanup 5h', 'given twice'],
    ['failover HRP wave 1 cleanup 4h', '`cleanup` is a word of'],
  ])('“%s” is refused', (text, why) => {
    expect(wanted(text)).toMatchObject({ kind: 'problem', text: expect.stringContaining(why) });
  });
});
