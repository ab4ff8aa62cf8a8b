import { describe, expect, test } from 'vitest';
import { home } from '../../blocks/home.ts';
import type { Message } from '../../blocks/message.ts';
import { readinessCard, readinessDigest, readinessList, type ShownReadiness } from '../../blocks/readiness.ts';
import type { ReadinessFinding, ReadinessState } from '../../src/domain/readiness.ts';
import { expectAnswer, expectHome, HOSTILE } from './sendable.ts';
import { minutes, mrkdwnOf, START } from './views.ts';

function aFinding(differs: Partial<ReadinessFinding> = {}): ReadinessFinding {
  return {
    ...{ kind: 'stalled', severity: 'stop', count: 1, servers: ['hrp-db-1'], accounts: ['111111111111'] },
    ...{ message: 'The replication of 1 server has stalled.', todo: 'See that the server runs.' },
    ...differs,
  };
}

function shown(application: string, state: ReadinessState, differs: Partial<ShownReadiness> = {}): ShownReadiness {
  const findings = state === 'ready' ? [] : [aFinding()];
  return {
    ...{ application, state, findings, findingCount: findings.length, servers: 3, skipped: 0, accounts: [] },
    ...{ checkedAt: START, since: START - minutes(60), isStale: false },
    ...differs,
  };
}

const textOf = (message: Message) => mrkdwnOf(message).join('\n');
const many = (count: number, name: string) =>
  Array.from({ length: count }, (_, at) => shown(`${name}${at}`, at % 3 === 0 ? 'ready' : 'not ready'));

describe('the card of an application', () => {
  test('says the state, since when, what speaks against it, and what to do', () => {
    const text = textOf(readinessCard(shown('HRP', 'not ready', { skipped: 1, worstDataAgeSeconds: 7_200 })));
    for (const words of [
      ...['❌ *Not ready*, since', '3 servers (1 left out)', 'oldest copy 2 h', 'never drilled as a whole'],
      ...['❌ The replication of 1 server has stalled.\n   hrp-db-1\n   → See that the server runs.'],
    ]) {
      expect(text).toContain(words);
    }
  });

  test('says plainly that a check is too old to go by', () => {
    const text = textOf(readinessCard(shown('HRP', 'not known', { isStale: true })));
    expect(text).toContain('❔ *Not known*: the last check was');
    expect(text).not.toContain('*Ready*');
  });

  test('names what is left when there is more than is kept', () => {
    const text = textOf(readinessCard(shown('HRP', 'not ready', { findingCount: 15 })));
    expect(text).toContain('… and 14 more findings');
  });

  test.each([
    ['hostile', HOSTILE],
    ['long', 'x'.repeat(2_000)],
  ])('fits, and nothing that comes from outside has a meaning: %s', (_, text) => {
    const finding = aFinding({ message: text, todo: text, servers: [text, text, text, text, text], count: 300 });
    const findings = Array.from({ length: 12 }, () => finding);
    const one = shown(text.slice(0, 256), 'not ready', { findings, findingCount: 99 });
    expectAnswer(readinessCard(one));
    expectAnswer(readinessList([one, one], { findings }));
    expectAnswer(readinessDigest('2026-03-02', [one], { checkedAt: START }));
  });
});

describe('the list', () => {
  test('has one line for each, the worst first, and counts them', () => {
    const all = [shown('A', 'ready'), shown('B', 'at risk'), shown('C', 'not known'), shown('D', 'not ready')];
    const text = textOf(readinessList(all, undefined));
    expect(text).toContain('1 of 4 applications is not ready, 1 is not known, 1 is at risk, 1 is ready.');
    expect(['*D*', '*C*', '*B*', '*A*'].map((name) => text.indexOf(name))).toEqual(
      ['*D*', '*C*', '*B*', '*A*'].map((name) => text.indexOf(name)).toSorted((a, b) => a - b),
    );
    expect(textOf(readinessList([shown('A', 'ready')], undefined))).toContain('The one application is ready.');
  });

  test('fits with hundreds of applications, and says how many more there are', () => {
    const message = readinessList(many(400, 'An-application-with-a-rather-long-name-'), { findings: [aFinding()] });
    expectAnswer(message);
    expect(textOf(message)).toMatch(/… and \d+ more/);
  });
});

describe('the daily message', () => {
  test('names what is not ready and not known, and counts the rest', () => {
    const all = [shown('A', 'ready'), shown('B', 'at risk'), shown('C', 'not known'), shown('D', 'not ready')];
    const text = textOf(readinessDigest('2026-03-02', all, { checkedAt: START }));
    for (const name of ['*C*', '*D*', '1 is ready']) expect(text).toContain(name);
    for (const name of ['*A*', '*B*']) expect(text).not.toContain(name);
  });

  test('fits with hundreds of applications, and says when nothing was checked', () => {
    expectAnswer(readinessDigest('2026-03-02', many(400, 'application-'), { checkedAt: START }));
    expect(textOf(readinessDigest('2026-03-02', [], undefined))).toContain('is not known');
    const unknown = [shown('A', 'not known'), shown('B', 'not known')];
    expect(textOf(readinessList(unknown, undefined))).toContain(
      'It is not known whether the 2 applications are ready.',
    );
  });
});

describe('App Home', () => {
  test('shows what is not ready of the applications that somebody may see', () => {
    const content = { waiting: [], running: [], recent: [], missing: [], mayAsk: false, now: START };
    const view = home({ ...content, roles: [{ role: 'DRSReadOnly' }], readiness: many(400, 'application-') });
    expectHome(view);
    const text = mrkdwnOf({ text: 'home', blocks: view.blocks as Message['blocks'] }).join('\n');
    expect(text).toContain('*Readiness*\n266 of 400 applications are not ready, 134 are ready.');
    expect(text).toMatch(/… and \d+ more/);
  });
});
