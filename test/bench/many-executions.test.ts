import { expect, test } from 'vitest';
import { brokenMany, type ManyMeasurement, manyReport, mostAtOnce } from './many-executions.ts';

const measured = (executions: number): ManyMeasurement => ({
  ...{ executions, serversEach: 10, accounts: 4, jobs: executions, mostJobsAtOnce: Math.min(20, executions) },
  statuses: { completed: executions },
  succeeded: 10 * executions,
  starts: { ok: executions },
  drsCalls: { StartRecovery: executions, DescribeJobs: 80 * executions },
  ...{ durationsMs: [900_000], wholeMs: executions === 1 ? 900_000 : 1_800_000, longestJobMs: 850_000 },
});

test('many executions at once are told beside one, with what was refused meanwhile', () => {
  const many = { ...measured(100), starts: { ok: 100, ServiceQuotaExceededException: 3 } };
  const { markdown, broken, ratios } = manyReport([measured(1), many].map((one) => ({ ...one, wallMs: 1_000 })));
  expect(broken).toEqual([]);
  expect(markdown).toContain('| ended as | 1 completed | 100 completed |');
  expect(markdown).toContain('| StartRecovery refused: ServiceQuotaExceededException | 0 | 3 |');
  expect(ratios).toMatchObject({
    'approval to the last end, 100 executions at once against one': 2,
    'DescribeJobs for each job, 100 executions at once against one': 1,
  });
});

test.each<[changes: Partial<ManyMeasurement>, said: string]>([
  [{ statuses: { completed: 99, failed: 1 } }, 'they ended as {"completed":99,"failed":1}'],
  [{ succeeded: 990 }, 'only 990 of 1000 servers were recovered'],
  [{ jobs: 101 }, '101 jobs were started for 100 batches'],
  [{ mostJobsAtOnce: 21 }, '21 jobs ran at once'],
])('a lost execution, server or quota error breaks a limit: %j', (changes, said) => {
  expect(brokenMany({ ...measured(100), ...changes })).toEqual([expect.stringContaining(said)]);
});

test('jobs that run at the same time are counted by account', () => {
  const job = (accountId: string, createdAt: number, endedAt?: number) => ({
    accountId,
    createdAt,
    ...(endedAt === undefined ? {} : { endedAt }),
  });
  expect(mostAtOnce([job('a', 0, 10), job('a', 5, 15), job('a', 10), job('b', 5)])).toBe(2);
  expect(mostAtOnce([])).toBe(0);
});
