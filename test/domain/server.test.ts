import { DataReplicationState, EC2InstanceState } from '@aws-sdk/client-drs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ReplicationHealth as Health,
  healthOf,
  isLeftover,
  isLive,
  matchesTags,
  ReplicationHealth,
} from '../../src/domain/server.ts';
import { anInstance } from './fleet.ts';

describe('replication health', () => {
  it.each<[string, Health]>([
    ['CONTINUOUS', 'ok'],
    ['CREATING_SNAPSHOT', 'ok'],
    ['BACKLOG', 'lagging'],
    ['RESCAN', 'lagging'],
    ['PAUSED', 'paused'],
    ['STALLED', 'stalled'],
    ['DISCONNECTED', 'stalled'],
    ['STOPPED', 'not ready'],
    ['INITIATING', 'not ready'],
    ['INITIAL_SYNC', 'not ready'],
    ['A_NEW_STATE', 'unknown'],
    ['', 'unknown'],
    ['toString', 'unknown'],
  ])('of %j is %s', (state, health) => {
    expect(healthOf(state)).toBe(health);
  });

  it('is known for every state of the DRS API', () => {
    expect(Object.values(DataReplicationState).filter((state) => healthOf(state) === 'unknown')).toEqual([]);
  });

  it('is one of the words, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), (state) => {
        expect(ReplicationHealth).toContain(healthOf(state));
      }),
    );
  });
});

describe('a recovery instance', () => {
  const states = [...Object.values(EC2InstanceState), 'A_NEW_STATE'];
  const gone = ['TERMINATED', 'NOT_FOUND'];

  it('is live in every EC2 state but terminated and not found, unless it is a drill’s', () => {
    const live = states.filter((state) => isLive(anInstance({ state })));
    expect(live).toEqual(states.filter((state) => !gone.includes(state)));
    expect(states.filter((state) => isLive(anInstance({ state, isDrill: true })))).toEqual([]);
  });

  it('is a leftover in the same states when it is a drill’s', () => {
    const leftover = states.filter((state) => isLeftover(anInstance({ state, isDrill: true })));
    expect(leftover).toEqual(states.filter((state) => !gone.includes(state)));
    expect(states.filter((state) => isLeftover(anInstance({ state })))).toEqual([]);
  });
});

describe('selection by tags', () => {
  const tags = { 'DR-Wave': '1', 'DR-Application': 'HRP', 'DR-Role': 'DBServer' };
  it.each<{ name: string; wanted: Record<string, string>; matches: boolean }>([
    { name: 'one tag that is there', wanted: { 'DR-Wave': '1' }, matches: true },
    { name: 'two tags that are there', wanted: { 'DR-Wave': '1', 'DR-Application': 'HRP' }, matches: true },
    { name: 'one of two with another value', wanted: { 'DR-Wave': '2', 'DR-Application': 'HRP' }, matches: false },
    { name: 'one of two that is not there', wanted: { 'DR-Wave': '1', 'DR-Tier': 'Critical' }, matches: false },
    { name: 'a value written otherwise', wanted: { 'DR-Application': 'hrp' }, matches: false },
    { name: 'a name written otherwise', wanted: { 'dr-wave': '1' }, matches: false },
    { name: 'a part of a value', wanted: { 'DR-Application': 'HR' }, matches: false },
    { name: 'an empty value that is not there', wanted: { 'DR-Tier': '' }, matches: false },
  ])('by $name: $matches', ({ wanted, matches }) => {
    expect(matchesTags(tags, wanted)).toBe(matches);
  });
});
