import { describe, expect, test } from 'vitest';
import { attemptsText, executionRtoText, rtoText, waveLabel } from '../../blocks/recovery-time.ts';
import { minutes } from './views.ts';

const measured = (tookMs: number, targetMs: number) => ({ tookMs, targetMs, overMs: tookMs - targetMs });

describe('a recovery time', () => {
  test('is told against its target', () => {
    expect(rtoText({ state: 'recovered', ...measured(minutes(24), minutes(30)) })).toBe(
      '24 min, within its target of 30 min (6 min to spare)',
    );
    expect(rtoText({ state: 'recovered', ...measured(minutes(30), minutes(30)) })).toBe(
      '30 min, within its target of 30 min',
    );
    expect(rtoText({ state: 'recovered', ...measured(minutes(95), minutes(30)) })).toBe(
      '1 h 35 min, *1 h 5 min over its target of 30 min*',
    );
    expect(rtoText({ state: 'recovered', tookMs: minutes(24) })).toBe('24 min');
  });

  test('is not said to be met where not all was recovered', () => {
    expect(rtoText({ state: 'incomplete', ...measured(minutes(24), minutes(30)) })).toBe(
      '*not all of it was done*, after 24 min (target 30 min)',
    );
  });

  test('is told so far while it runs, late as soon as it is', () => {
    expect(rtoText({ state: 'running', ...measured(minutes(4), minutes(30)) })).toBe('4 min so far, target 30 min');
    expect(rtoText({ state: 'running', ...measured(minutes(34), minutes(30)) })).toBe(
      '34 min so far, *4 min over its target of 30 min*',
    );
    expect(rtoText({ state: 'running', tookMs: minutes(4) })).toBe('4 min so far');
  });

  test('is nothing of what has not begun', () => {
    expect(rtoText({ state: 'to come', targetMs: minutes(30) })).toBe('target 30 min');
    expect(rtoText({ state: 'not begun', targetMs: minutes(30) })).toBe('');
  });

  test('of an execution says how long people were waited for', () => {
    const rto = { state: 'recovered' as const, tookMs: minutes(24), waves: [] };
    expect(executionRtoText({ ...rto, waitedMs: minutes(7) })).toBe('24 min · waited for people 7 min of it');
    expect(executionRtoText({ ...rto, waitedMs: 900 })).toBe('24 min');
  });
});

describe('a wave', () => {
  test('is called by number and name', () => {
    expect(waveLabel({ wave: 2, waveName: 'Application' })).toBe('Wave 2 Application');
    expect(waveLabel({ wave: 2, waveName: 'wave 2' })).toBe('Wave 2');
    expect(waveLabel({ wave: 0 })).toBe('All servers');
  });

  test('says how often it was tried, where that was more than once', () => {
    expect(attemptsText({ attempts: 1, state: 'recovered' })).toBe('');
    expect(attemptsText({ attempts: 2, state: 'running' })).toBe('attempt 2');
    expect(attemptsText({ attempts: 3, state: 'recovered' })).toBe('3 attempts');
  });
});
