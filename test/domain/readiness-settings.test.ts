import { describe, expect, it } from 'vitest';
import { dueDigest, readinessSettingsSchema, targetsOf } from '../../src/domain/readiness-settings.ts';

describe('the settings of readiness', () => {
  it('have targets without a document, and no digest', () => {
    expect(readinessSettingsSchema.parse({})).toEqual({ dataAgeMinutes: 60, drillAgeDays: 90, applications: {} });
  });

  it('are overridden by application, field by field', () => {
    const settings = readinessSettingsSchema.parse({
      ...{ dataAgeMinutes: 30, applications: { HRP: { drillAgeDays: 30 } } },
    });
    expect(targetsOf(settings, 'HRP')).toEqual({ dataAgeMinutes: 30, drillAgeDays: 30 });
    expect(targetsOf(settings, 'CRM')).toEqual({ dataAgeMinutes: 30, drillAgeDays: 90 });
    expect(targetsOf(settings, 'constructor')).toEqual({ dataAgeMinutes: 30, drillAgeDays: 90 });
  });

  it.each([
    ['a time', { time: '24:00' }, 'a time of day'],
    ['a time zone', { timezone: 'Mars/Olympus' }, 'a time zone'],
    ['a time zone that is an offset', { timezone: '+01:00' }, 'a time zone'],
    ['a channel', { channelId: '#dr' }, 'a Slack channel id'],
  ])('with %s that there is not are refused', (_, differs, message) => {
    const parsed = readinessSettingsSchema.safeParse({
      digest: { channelId: 'C0INCIDENT1', time: '08:00', ...differs },
    });
    expect(parsed.error?.issues.map((issue) => issue.message).join()).toContain(message);
  });
});

describe('the digest of a day', () => {
  const berlin = { channelId: 'C0INCIDENT1', time: '08:00', timezone: 'Europe/Berlin' };
  const at = (utc: string) => Date.parse(utc);

  it.each([
    ['before its time', '2026-03-02T06:59:59Z', undefined],
    ['at its time', '2026-03-02T07:00:00Z', '2026-03-02'],
    ['six hours later', '2026-03-02T13:00:00Z', '2026-03-02'],
    ['after that', '2026-03-02T13:01:00Z', undefined],
    ['in summer time', '2026-07-02T06:00:00Z', '2026-07-02'],
  ])('%s', (_, utc, day) => {
    expect(dueDigest(berlin, at(utc))).toBe(day);
  });

  it('that is due in the evening is still that day’s after midnight', () => {
    const evening = { ...berlin, time: '23:30' };
    expect(dueDigest(evening, at('2026-03-02T23:30:00Z'))).toBe('2026-03-02');
    // Ten past twelve, after the Sunday of 23 hours and after that of 25.
    expect(dueDigest(evening, at('2026-03-29T22:10:00Z'))).toBe('2026-03-29');
    expect(dueDigest(evening, at('2026-10-25T23:10:00Z'))).toBe('2026-10-25');
  });

  it('is one, also where its time comes twice, or not at all', () => {
    const days = (time: string, from: string) =>
      Array.from({ length: 24 * 12 * 3 }, (__, step) => dueDigest({ ...berlin, time }, at(from) + step * 300_000));
    // Clocks go back at 3:00 on 25 October 2026, and forward at 2:00 on 29 March.
    for (const [time, from] of [
      ['02:30', '2026-10-24T12:00:00Z'],
      ['02:30', '2026-03-28T12:00:00Z'],
    ] as const) {
      const found = days(time, from).filter((day) => day !== undefined);
      expect(new Set(found).size).toBe(3);
      expect(found).toEqual(found.toSorted());
    }
  });
});
