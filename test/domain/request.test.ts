import { describe, expect, it } from 'vitest';
import {
  applicationOf,
  executionIdOf,
  lockNameOf,
  runsOf,
  selectionOf,
  tagsOfWave,
  waveAmong,
  waveNumberOf,
  wavesText,
} from '../../src/domain/request.ts';

const HRP = { 'DR-Application': 'HRP', 'DR-Wave': '1' };

describe('what a request’s tags say of it', () => {
  it.each([
    [HRP, 'HRP', 1, 'HRP wave 1'],
    [{ ...HRP, 'DR-Tier': 'Critical' }, 'HRP', 1, 'HRP wave 1 (DR-Tier=Critical)'],
    [{ 'DR-Application': 'HRP' }, 'HRP', 0, 'DR-Application=HRP'],
    [{ 'DR-Wave': '2', 'DR-Tier': 'Critical' }, '', 2, 'DR-Tier=Critical, DR-Wave=2'],
    [{ 'DR-Wave': 'database' }, '', 0, 'DR-Wave=database'],
    [{ 'DR-Wave': '0' }, '', 0, 'DR-Wave=0'],
    [{ 'DR-Wave': '1.5' }, '', 0, 'DR-Wave=1.5'],
  ] as [Record<string, string>, string, number, string][])('%j', (tags, application, wave, selection) => {
    expect([applicationOf(tags), waveNumberOf(tags), selectionOf(tags)]).toEqual([application, wave, selection]);
  });
});

describe('what an execution locks', () => {
  it('is its application, whatever the wave', () => {
    expect(lockNameOf({ application: 'HRP', tags: HRP })).toBe('HRP');
    expect(lockNameOf({ application: 'HRP', tags: { ...HRP, 'DR-Wave': '2' } })).toBe('HRP');
  });

  it('is its tags, in any order, where they name no application', () => {
    const lock = lockNameOf({ application: '', tags: { 'DR-Wave': '1', 'DR-Tier': 'Critical' } });
    expect(lockNameOf({ application: '', tags: { 'DR-Tier': 'Critical', 'DR-Wave': '1' } })).toBe(lock);
    expect(lockNameOf({ application: '', tags: { 'DR-Wave': '1' } })).not.toBe(lock);
    expect(lock).not.toBe(lockNameOf({ application: 'DR-Tier=Critical, DR-Wave=1', tags: {} }));
  });
});

it('the same request has the same id, a UUID of version 8', () => {
  const id = executionIdOf('request', 'drill-1');
  expect(executionIdOf('request', 'drill-1')).toBe(id);
  expect(executionIdOf('request', 'drill-2')).not.toBe(id);
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
});

describe('several waves', () => {
  it.each([
    [[1], 'wave 1'],
    [[1, 2, 3], 'waves 1–3'],
    [[1, 2, 5, 7, 8], 'waves 1–2, 5, 7–8'],
  ])('%j are called %s', (waves, text) => {
    expect(wavesText(waves)).toBe(text);
  });

  it('are part of how a selection is called', () => {
    expect(selectionOf({ 'DR-Application': 'HRP' }, [1, 2, 3])).toBe('HRP waves 1–3');
    expect(selectionOf({ 'DR-Application': 'HRP', 'DR-Tier': 'Critical' }, [1, 3])).toBe(
      'HRP waves 1, 3 (DR-Tier=Critical)',
    );
  });

  it('are each selected by the common tags and their own', () => {
    const tags = { 'DR-Application': 'HRP' };
    expect(tagsOfWave({ tags, waves: [1, 2] }, 2)).toEqual({ ...tags, 'DR-Wave': '2' });
    expect(tagsOfWave({ tags, waves: [] }, 0)).toEqual(tags);
    expect(runsOf([])).toEqual([0]);
  });

  it('have the servers whose own tag says so; where one wave is named, its tags have selected all of them', () => {
    const among = (waves: number[], tags: Record<string, string>) =>
      waveAmong({ waves }, { sourceServerId: 's-1', accountId: '111111111111', region: 'us-east-2', tags });
    expect(['1', '2', '02', '3', ''].map((wave) => among([1, 2], { 'DR-Wave': wave }))).toEqual([
      1,
      2,
      undefined,
      undefined,
      undefined,
    ]);
    expect([among([4], {}), among([], { 'DR-Wave': '7' })]).toEqual([4, 0]);
  });
});
