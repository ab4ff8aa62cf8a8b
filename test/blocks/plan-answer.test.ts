import { describe, expect, test } from 'vitest';
import { type PlanPreview, planAnswer } from '../../blocks/plan-answer.ts';
import { ACCOUNT, REGION } from '../domain/fleet.ts';
import { expectAnswer, HOSTILE } from './sendable.ts';
import { aBatchRecord, aPlan, aView, headline, readable, START } from './views.ts';

function aPreview(differs: Partial<PlanPreview> = {}, plan = aPlan()): PlanPreview {
  return {
    view: aView({}, { plan, batches: [aBatchRecord()] }),
    approval: { quorum: 1, typeName: false },
    now: START,
    ...differs,
  };
}

describe('the answer to a plan', () => {
  test('says first that nothing was changed and nobody was asked', () => {
    const answer = planAnswer(aPreview());
    expect(headline(answer)).toBe('🔎 Plan: Drill HRP wave 1');
    expect(answer.text).toBe('Plan of Drill HRP wave 1: would launch 3 servers. Nothing was changed.');
    expect(readable(answer)).toContain('no gate was opened, nobody was asked, nothing was changed');
    expect(JSON.stringify(answer.blocks)).not.toContain('"button"');
  });

  test('shows the preflight of the card', () => {
    expect(readable(planAnswer(aPreview()))).toContain('Would launch *3 drill instances* in 1 staging account');
  });

  test('says what an approval would need, and that requests are refused now', () => {
    const approval = { quorum: 2, typeName: true, freeze: 'year-end' };
    expect(readable(planAnswer(aPreview({ approval })))).toContain(
      '*Requests are refused now:* year-end. A request would need 2 approvals, each typing the name of the application.',
    );
  });

  test('names what would stop it instead', () => {
    const answer = planAnswer(aPreview({}, aPlan({ stops: ['hrp-001 (s-1): live instance i-1.'] })));
    expect(answer.text).toBe('Plan of Drill HRP wave 1: preflight would stop it. Nothing was changed.');
    expect(readable(answer)).toContain(
      '*Preflight would stop it: nobody would be asked*\n• hrp-001 (s-1): live instance i-1.',
    );
    expect(readable(answer)).not.toContain('A request would need');
  });

  test('fits in a message, whatever the fleet', () => {
    const text = HOSTILE.repeat(9);
    const each = <T>(make: () => T) => Array.from({ length: 500 }, make);
    const plan = aPlan({
      stops: each(() => text),
      warnings: each(() => text),
      replaced: each(() => text),
      accounts: each(() => ({ accountId: ACCOUNT, region: REGION, servers: 9, healthy: 1, lagging: 8, cleanups: 9 })),
      skipped: each(() => ({
        sourceServerId: 's-1',
        sourceServerHostname: text,
        stagingAccountId: ACCOUNT,
        reason: text,
        wave: 1,
      })),
    });
    const preview = aPreview({ view: aView({ application: text }, { plan, batches: [aBatchRecord()] }) });
    const answer = planAnswer(preview);
    expectAnswer(answer);
    expect(readable(answer)).toContain('As of');
  });
});
