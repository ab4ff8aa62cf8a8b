import { describe, expect, test } from 'vitest';
import { executionsHistory, type HistoryRun, type PlanHistory, type WaveHistory } from '../../blocks/history.ts';
import type { WaveRto } from '../../src/domain/rto.ts';
import { CARD_URL, expectAnswer, HOSTILE } from './sendable.ts';
import { anExecution, ended, minutes, REQUESTER, readable } from './views.ts';

const LAST: WaveRto = {
  ...{ wave: 1, waveName: 'Database', state: 'recovered', attempts: 1 },
  ...{ tookMs: minutes(5), targetMs: minutes(10), overMs: minutes(-5) },
};

function aRun(differs: Partial<HistoryRun['rto']> = {}): HistoryRun {
  return {
    execution: anExecution(ended('success', { succeeded: 3, failed: 0 })),
    cardUrl: CARD_URL,
    rto: {
      ...{ state: 'recovered', tookMs: minutes(24), targetMs: minutes(30), overMs: minutes(-6), waitedMs: minutes(7) },
      waves: [],
      ...differs,
    },
  };
}

function aPlan(differs: Partial<PlanHistory> = {}): PlanHistory {
  return { planName: 'HRP nightly', runs: [aRun()], older: 0, waves: [], ...differs };
}

describe('the history of an application', () => {
  test('tells of each recovery plan the last runs, with the time against its target', () => {
    const history = executionsHistory({
      application: 'HRP',
      plans: [aPlan(), aPlan({ planName: undefined, older: 3 })],
    });
    expect(history.text).toBe('2 executions of HRP, newest first.');
    const [plan = '', byTags = ''] = readable(history).split('*Without a recovery plan*');
    expect(plan).toContain('*Recovery plan HRP nightly*\n*✅ Drill: HRP wave 1 · completed* · 3 of 3 servers · ');
    expect(plan).toContain(
      ' · 24 min, within its target of 30 min (6 min to spare) · waited for people 7 min of it · <@U0PREQUEST1> · ',
    );
    expect(plan).not.toContain('older');
    expect(byTags).toContain('… and 3 older executions');
  });

  test('tells how long each wave took, by verb, and takes usually', () => {
    const wave: WaveHistory = {
      ...{ wave: 1, waveName: 'Database' },
      byVerb: [
        { verb: 'drill', last: LAST, usual: { medianMs: minutes(6), runs: 3 } },
        { verb: 'failover', last: { ...LAST, tookMs: minutes(14), overMs: minutes(4), attempts: 2 } },
      ],
    };
    expect(readable(executionsHistory({ application: 'HRP', plans: [aPlan({ waves: [wave] })] }))).toContain(
      '• *Wave 1 Database* · last drill 5 min, within its target of 10 min (5 min to spare), usually 6 min (median of 3 successful drills) · last failover 14 min, *4 min over its target of 10 min* in 2 attempts',
    );
  });

  test('fits in a message, however much it is and whatever the names', () => {
    const text = HOSTILE.repeat(9);
    const run = { ...aRun(), execution: anExecution({ ...aRun().execution, selection: text }) };
    const byVerb = (['drill', 'failover'] as const).map((verb) => ({
      ...{ verb, last: LAST, usual: { medianMs: minutes(6), runs: 9 } },
    }));
    const plan = aPlan({
      planName: text,
      runs: Array.from({ length: 20 }, () => run),
      waves: Array.from({ length: 99 }, (_, wave) => ({ wave, waveName: text, byVerb })),
    });
    expectAnswer(executionsHistory({ application: text, plans: [plan] }), [REQUESTER]);
    expectAnswer(executionsHistory({ application: text, plans: [plan, plan, plan, plan] }), [REQUESTER]);
  });
});
