import { describe, expect, test } from 'vitest';
import { freezePlan, type PlannedRecovery } from '../../src/domain/plan.ts';
import { waveActionSchema } from '../../src/domain/recovery-plan.ts';
import type { RunWave } from '../../src/domain/recovery-run.ts';
import { aRequest, aServer, discovered } from './fleet.ts';

const wave = (number: number, selectors: RunWave['selectors'], over: Partial<RunWave> = {}): RunWave => ({
  wave: number,
  waveName: `Wave ${number}`,
  selectors,
  preWaveActions: [],
  postWaveActions: [],
  ...over,
});

const recovery = (waves: RunWave[], over: Partial<PlannedRecovery> = {}): PlannedRecovery => ({
  planName: 'HRP full',
  applications: ['HRP'],
  settings: { version: 3 },
  waves,
  ...over,
});

const BY_TAG = [wave(1, [{ tags: { 'DR-Role': 'db' } }]), wave(2, [{ tags: { 'DR-Role': 'web' } }])];
const fleet = [
  aServer(1, { tags: { 'DR-Application': 'HRP', 'DR-Role': 'db', 'DR-Wave': '2' } }),
  aServer(2, { tags: { 'DR-Application': 'HRP', 'DR-Role': 'web', 'DR-Wave': '1' } }),
  aServer(3, { tags: { 'DR-Application': 'HRP', 'DR-Role': 'other' } }),
];
const planOf = (recoveryPlan: PlannedRecovery, waves = [1, 2], servers = fleet) =>
  freezePlan(aRequest({ waves, recoveryPlan }), discovered(servers));

describe('the waves of a recovery plan', () => {
  test('have the servers that it says, whatever their tags say of waves', () => {
    const plan = planOf(recovery(BY_TAG));
    expect(plan.stops).toEqual([]);
    expect(plan.batches.map(({ wave: number, servers }) => [number, servers.map(({ hostname }) => hostname)])).toEqual([
      [1, ['hrp-001']],
      [2, ['hrp-002']],
    ]);
    // One wave of it is that wave's servers alone.
    expect(planOf(recovery(BY_TAG.slice(1)), [2]).batches).toMatchObject([{ batchId: 'r1-w2-111111111111-01' }]);
  });

  test('stop at a wave without servers, at a server of two waves, and at one of an application that is not named', () => {
    expect(planOf(recovery([...BY_TAG, wave(3, [{ serverIds: ['s-gone'] }])]), [1, 2, 3]).stops).toEqual([
      'No source server of HRP wave 1 is in wave 3.',
    ]);
    const twice = recovery([...BY_TAG, wave(3, [{ serverIds: [aServer(1).sourceServerId] }])]);
    expect(planOf(twice, [1, 2, 3]).stops).toContainEqual(
      expect.stringContaining('is in waves 1, 3 of the recovery plan HRP full'),
    );
    const foreign = [...fleet, aServer(4, { tags: { 'DR-Application': 'FIN', 'DR-Role': 'web' } })];
    expect(planOf(recovery(BY_TAG), [1, 2], foreign).stops).toEqual([
      expect.stringMatching(/^hrp-004 \(s-0+4\) is of FIN, which the recovery plan HRP full does not name/),
    ]);
    expect(planOf(recovery(BY_TAG, { applications: ['HRP', 'FIN'] }), [1, 2], foreign).stops).toEqual([]);
    // Who carries no application is whose the plan says.
    expect(planOf(recovery(BY_TAG), [1, 2], [...fleet, aServer(5, { tags: { 'DR-Role': 'web' } })]).stops).toEqual([]);
  });

  test('are approved with how they are run and with what is done around them', () => {
    const { hash } = planOf(recovery(BY_TAG));
    expect(planOf(recovery(BY_TAG)).hash).toBe(hash);
    expect(planOf(recovery(BY_TAG, { settings: { version: 4 } })).hash).not.toBe(hash);
    const action = waveActionSchema.parse({ actionType: 'tcp', actionName: 'It answers', host: 'db', port: 5432 });
    const [first, second] = BY_TAG;
    if (first === undefined || second === undefined) throw new Error('There are two.');
    expect(planOf(recovery([{ ...first, preWaveActions: [action] }, second])).hash).not.toBe(hash);
    expect(planOf(recovery([first, { ...second, postWaveActions: [action] }])).hash).not.toBe(hash);
  });
});
