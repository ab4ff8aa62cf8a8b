import { describe, expect, it } from 'vitest';
import type { ActionRecord, GateRecord, RecoveryPlanOfExecution, WaveRecord } from '../../src/domain/records.ts';
import { rtoOf } from '../../src/domain/rto.ts';
import { aDecidedGate, aGate, anExecution, ended, LAUNCHING, minutes, START } from '../blocks/views.ts';

/** HRP's plan: two waves, of which the first has a target. */
const PLAN: RecoveryPlanOfExecution = {
  planId: 'hrp',
  planName: 'HRP',
  version: 3,
  rtoTargetMinutes: 60,
  waves: [
    { wave: 1, waveName: 'Database', rtoTargetMinutes: 10 },
    { wave: 2, waveName: 'Application', rtoTargetMinutes: 30 },
  ],
};
const LAUNCHED = START + minutes(10);

function aWave(wave: number, from: number, to: number, differs: Partial<WaveRecord> = {}): WaveRecord {
  return {
    ...{ executionId: anExecution().executionId, wave, planRevision: 1, outcome: 'success', nextPhaseReady: true },
    summary: { totalServers: 3, succeeded: 3, failed: 0, skipped: 0 },
    resultLocation: 's3://results/wave.json',
    startedAt: LAUNCHED + minutes(from),
    endedAt: LAUNCHED + minutes(to),
    ...differs,
  };
}

function aDecision(wave: number, attempt: number, differs: Partial<GateRecord> = {}): GateRecord {
  const openedAt = LAUNCHED + minutes(8);
  return aGate({ gateId: `decision-${wave}-${attempt}`, kind: 'decision', wave, openedAt, ...differs });
}

function aPreAction(wave: number, differs: Partial<ActionRecord> = {}): ActionRecord {
  return {
    ...{ executionId: anExecution().executionId, version: 1, wave, phase: 'pre', index: 1, attempt: 1 },
    action: { actionType: 'ec2Status', actionName: 'Check', timeoutMinutes: 30, onFailure: 'ask', verbs: ['drill'] },
    status: 'running',
    startedAt: LAUNCHED,
    ...differs,
  };
}

const byPlan = { recoveryPlan: PLAN, waves: [1, 2] };
const running = anExecution({ ...LAUNCHING, ...byPlan, currentWave: 2 });
const over = anExecution({ ...ended('success', { succeeded: 6, failed: 0 }), ...byPlan, currentWave: 2 });
const NOW = LAUNCHED + minutes(20);

describe('the recovery time of a wave', () => {
  it('is met with so much to spare, or missed by so much', () => {
    const { waves } = rtoOf({ execution: over, gates: [], waves: [aWave(1, 0, 6), aWave(2, 7, 42)] }, NOW);
    expect(waves).toMatchObject([
      {
        wave: 1,
        waveName: 'Database',
        state: 'recovered',
        tookMs: minutes(6),
        targetMs: minutes(10),
        overMs: minutes(-4),
      },
      { wave: 2, waveName: 'Application', state: 'recovered', tookMs: minutes(35), overMs: minutes(5), attempts: 1 },
    ]);
  });

  it('is none where not all of it was recovered, however fast it was', () => {
    const partial = aWave(1, 0, 2, { outcome: 'partial' });
    expect(rtoOf({ execution: over, gates: [], waves: [partial] }, NOW).waves[0]).toMatchObject({
      state: 'incomplete',
    });
  });

  it('has no target where nobody has set one, nor where nothing is recovered', () => {
    const facts = { gates: [], waves: [aWave(1, 0, 6)] };
    const byTags = rtoOf({ execution: { ...over, recoveryPlan: undefined }, ...facts }, NOW);
    const terminated = rtoOf({ execution: { ...over, verb: 'terminate' }, ...facts }, NOW);
    for (const rto of [byTags, terminated]) {
      expect(rto.waves[0]).toMatchObject({ wave: 1, state: 'recovered', tookMs: minutes(6) });
      expect([rto, ...rto.waves].filter((one) => one.targetMs !== undefined || one.overMs !== undefined)).toEqual([]);
    }
    expect(byTags.waves[0]?.waveName).toBeUndefined();
  });

  it('runs on from its first attempt while people decide about it, and while it is tried again', () => {
    const failed = aWave(1, 0, 8, { outcome: 'failed' });
    const facts = { execution: { ...running, currentWave: 1 }, waves: [failed] };
    const asked = rtoOf({ ...facts, gates: [aDecision(1, 1)] }, NOW);
    expect(asked.waves[0]).toMatchObject({ state: 'running', tookMs: minutes(20), overMs: minutes(10), attempts: 1 });
    const retried = aDecision(1, 1, { status: 'approved', answer: 'retry', settledAt: LAUNCHED + minutes(9) });
    expect(rtoOf({ ...facts, gates: [retried] }, NOW).waves[0]).toMatchObject({ state: 'running', attempts: 2 });
    const again = aWave(1, 0, 15, { attempt: 2 });
    const twice = rtoOf({ ...facts, waves: [again], gates: [retried] }, NOW);
    expect(twice.waves[0]).toMatchObject({ state: 'recovered', tookMs: minutes(15), attempts: 2 });
    const left = aDecision(1, 1, { status: 'approved', answer: 'continue' });
    expect(rtoOf({ ...facts, gates: [left] }, NOW).waves[0]).toMatchObject({ state: 'incomplete', tookMs: minutes(8) });
  });

  it('begins when the last thing is over that it waited for', () => {
    const pause = aDecidedGate('approve', {
      gateId: 'pause-2',
      kind: 'pause',
      wave: 2,
      settledAt: LAUNCHED + minutes(15),
    });
    const facts = { execution: running, waves: [aWave(1, 0, 6)] };
    expect(rtoOf({ ...facts, gates: [pause] }, NOW).waves[1]).toMatchObject({ state: 'running', tookMs: minutes(5) });
    const action = aPreAction(2);
    expect(rtoOf({ ...facts, gates: [pause], actions: [action] }, NOW).waves[1]).toMatchObject({ state: 'to come' });
    const done = aPreAction(2, { status: 'succeeded', endedAt: LAUNCHED + minutes(18) });
    expect(rtoOf({ ...facts, gates: [pause], actions: [done] }, NOW).waves[1]).toMatchObject({ tookMs: minutes(2) });
  });

  it('is to come, or will not be', () => {
    const first = { ...running, currentWave: 1 };
    const waves = [aWave(1, 0, 6)];
    expect(rtoOf({ execution: first, gates: [], waves }, NOW).waves[1]).toEqual({
      ...{ wave: 2, waveName: 'Application', attempts: 0, state: 'to come', targetMs: minutes(30) },
    });
    const notBegun = aWave(2, 6, 6, { notBegun: { code: 'Stopped', message: 'Stopped' }, outcome: 'failed' });
    const left = rtoOf({ execution: over, gates: [], waves: [...waves, notBegun] }, NOW).waves[1];
    expect(left).toMatchObject({ state: 'not begun', attempts: 0 });
    expect(left?.tookMs).toBeUndefined();
    const closed = anExecution({ ...over, outcome: 'failed', currentWave: 1 });
    expect(rtoOf({ execution: closed, gates: [], waves: [] }, NOW).waves).toMatchObject([
      { state: 'incomplete', tookMs: minutes(24) },
      { state: 'not begun' },
    ]);
  });
});

describe('the recovery time of an execution', () => {
  it('is from its first wave to its end, with what people were waited for', () => {
    const pause = aGate({
      ...{ gateId: 'pause-2', kind: 'pause', wave: 2, status: 'approved' },
      ...{ openedAt: LAUNCHED + minutes(6), settledAt: LAUNCHED + minutes(13) },
    });
    const rto = rtoOf({ execution: over, gates: [aDecidedGate('approve'), pause], waves: [] }, NOW);
    expect(rto).toMatchObject({ state: 'recovered', tookMs: minutes(24), overMs: minutes(-36), waitedMs: minutes(7) });
  });

  it('is over before what is asked after the last wave', () => {
    const after = aGate({
      ...{ gateId: 'pause-after-2', kind: 'pause', wave: 2, afterWave: true, status: 'approved' },
      ...{ openedAt: LAUNCHED + minutes(20), settledAt: LAUNCHED + minutes(24) },
    });
    expect(rtoOf({ execution: over, gates: [after], waves: [] }, NOW)).toMatchObject({
      tookMs: minutes(20),
      waitedMs: 0,
    });
  });

  it('goes on while it runs, a question that is open counted', () => {
    const open = aDecision(2, 1);
    expect(rtoOf({ execution: running, gates: [open], waves: [] }, NOW)).toMatchObject({
      ...{ state: 'running', tookMs: minutes(20), waitedMs: minutes(12) },
    });
  });

  it('is none of what never began, or did not do all of it', () => {
    const facts = { gates: [], waves: [] };
    expect(rtoOf({ execution: anExecution(), ...facts }, NOW)).toMatchObject({ state: 'to come', waitedMs: 0 });
    const rejected = anExecution({ status: 'rejected', endTime: NOW });
    expect(rtoOf({ execution: rejected, ...facts }, NOW)).toMatchObject({ state: 'not begun' });
    expect(rtoOf({ execution: { ...over, outcome: 'partial' }, ...facts }, NOW)).toMatchObject({ state: 'incomplete' });
  });
});
