import { describe, expect, test } from 'vitest';
import { brokenLimits, type Measurement } from './component-size.ts';

/** A thousand servers in four accounts, of which all is well. */
const MEASURED: Measurement = {
  servers: 1_000,
  accounts: 4,
  succeeded: 1_000,
  listed: 1_000,
  jobs: 12,
  startSpreadMs: 2_000,
  drsCalls: {
    StartRecovery: 12,
    DescribeJobs: 342,
    DescribeSourceServers: 32,
    DescribeRecoveryInstances: 36,
    GetLaunchConfiguration: 1_000,
  },
  ec2Calls: { DescribeInstances: 40 },
  largest: { machine: 'main', state: 'Run the executor', kind: 'result', bytes: 32_768 },
  mainEvents: 127,
  executorEvents: 1_543,
  tableWrites: 4_000,
  durationMs: 1_170_000,
  longestJobMs: 1_147_000,
};

/** What is said of {@link MEASURED} with these changes. */
function broken(changes: Partial<Measurement>): string[] {
  return brokenLimits({ ...MEASURED, ...changes });
}

/** The changes that make `count` calls of one operation of DRS. */
function calling(action: string, count: number): Partial<Measurement> {
  return { drsCalls: { ...MEASURED.drsCalls, [action]: count } };
}

function largest(bytes: number): Pick<Measurement, 'largest'> {
  return { largest: { ...MEASURED.largest, bytes } };
}

describe('the limits of the benchmark', () => {
  test('hold for what they were made for', () => {
    expect(broken({})).toEqual([]);
  });

  test.each<[what: string, changes: Partial<Measurement>, said: string]>([
    ['a server that did not succeed', { succeeded: 999 }, 'only 999 of them succeeded'],
    ['a server that is missing from the result', { listed: 999 }, 'the whole result lists 999 different servers'],
    ['a byte too many in a state', largest(32_769), 'main, “Run the executor”, result is 32,769 bytes'],
    ['a long history', { mainEvents: 2_000 }, 'the history of main has 2,000 events'],
    ['a late job', { startSpreadMs: 60_000 }, '60.0 s lay between'],
    ['minutes of waiting', { durationMs: 1_447_000 }, 'it took 5.0 min longer than its longest job'],
    ['a second launch', calling('StartRecovery', 13), 'StartRecovery was called 13 times'],
    ['launch settings read twice', calling('GetLaunchConfiguration', 1_001), 'GetLaunchConfiguration was called 1,001'],
    ['a look at each server', calling('DescribeSourceServers', 1_000), 'DescribeSourceServers was called 1,000'],
    ['an operation that nobody expects', calling('DescribeJobLogItems', 1), 'DescribeJobLogItems was called 1 times'],
  ])('%s breaks one', (_, changes, said) => {
    expect(broken(changes)).toEqual([expect.stringContaining(`1,000 servers in 4 accounts: ${said}`)]);
  });

  test('above a thousand servers a state may hold 128 KiB', () => {
    const large = { servers: 1_001, succeeded: 1_001, listed: 1_001 };
    expect(broken({ ...large, ...largest(131_072) })).toEqual([]);
    expect(broken({ ...large, ...largest(131_073) })).toHaveLength(1);
  });
});
