import { describe, expect, test } from 'vitest';
import { brokenRace, decisionsReport, type Race } from './decisions.ts';
import { CONTENDERS, type Compared, type Contender, type Orchestrated, orchestrationReport } from './orchestration.ts';

const MINUTE = 60_000;

/** Some waves of 20 minutes, with two jobs each, which took so much longer and so many calls of DRS. */
function took(contender: Contender, waves: number, seconds: number, describeJobs: number): Orchestrated {
  const criticalMs = waves * 20 * MINUTE;
  return {
    ...{ contender, waves, accounts: 2, serversEach: 10, jobs: 2 * waves, criticalMs },
    durationMs: criticalMs + waves * seconds * 1_000,
    calls: { drs: describeJobs, lambda: 10 },
    drsCalls: { DescribeJobs: describeJobs, GetLaunchConfiguration: 40 * waves },
  };
}

function compared(seconds: number, callsOf: (waves: number) => number, moreServers = callsOf(1)): Compared {
  const sizes = [1, 4, 10].map((waves) => {
    const [ours, waitAndPoll, finderAndPoller] = CONTENDERS.map((contender) =>
      took(contender, waves, contender === 'ours' ? seconds : 24, callsOf(waves)),
    );
    if (!ours || !waitAndPoll || !finderAndPoller) throw new Error('there are three contenders');
    return { ours, waitAndPoll, finderAndPoller };
  });
  return { sizes, moreServers: took('ours', 1, seconds, moreServers) };
}

describe('orchestration', () => {
  test('is told as a share of the jobs, beside the loops, with the delay that is assumed', () => {
    const { markdown, broken, ratios } = orchestrationReport(compared(12, (waves) => 80 * waves));
    expect(broken).toEqual([]);
    expect(markdown).toContain('| ours: overhead | 1.0 % | 1.0 % | 1.0 % |');
    expect(markdown).toContain('| wait 30 s and poll: overhead | 2.0 % | 2.0 % | 2.0 % |');
    // 5 s more for each wave of 20 minutes.
    expect(markdown).toContain('| **1.4 %** | **1.4 %** | **1.4 %** |');
    expect(ratios['overhead of 4 waves, ours against wait 30 s and poll']).toBeCloseTo(0.5);
  });

  test('misses its target with the delay that is assumed', () => {
    const [first] = orchestrationReport(compared(20, (waves) => 80 * waves)).broken;
    expect(first).toBe('1 wave took 2.1 % beyond its jobs; the target is 2.0 %.');
  });

  test('may call DRS more often for more jobs, and for nothing else', () => {
    const grows = orchestrationReport(compared(12, (waves) => 80 * waves ** 2)).broken;
    expect(grows).toEqual([expect.stringContaining('Each further job costs 560.0 calls of DRS with more waves')]);
    const byServer = orchestrationReport(compared(12, (waves) => 80 * waves, 400)).broken;
    expect(byServer).toEqual([expect.stringContaining('cost 400 calls of DRS instead of 80')]);
  });
});

const RACE: Race = {
  ...{ racers: 1_000, answers: { 200: 990, 0: 10 }, wallMs: 12_000 },
  ...{ status: 'rejected', votes: 1, settles: 1, delivered: 1 },
};

describe('racing decisions', () => {
  test('have one that counts', () => {
    expect(brokenRace(RACE)).toEqual([]);
  });

  test.each<[changes: Partial<Race>, said: string]>([
    [{ status: 'pending' }, 'the question ended as pending'],
    [{ votes: 2 }, '2 votes were counted'],
    [{ settles: 2 }, 'the question was settled 2 times'],
    [{ delivered: 0 }, '0 bells were taken'],
  ])('break a rule with %j', (changes, said) => {
    expect(brokenRace({ ...RACE, ...changes })).toEqual([expect.stringContaining(said)]);
  });

  test('are told beside the times of single clicks', () => {
    const clicks = { answered: [10, 20, 30], delivered: [8, 16, 24], helped: [4, 8, 12] };
    const { markdown, ratios } = decisionsReport(clicks, RACE);
    expect(markdown).toContain('| click → `SendTaskSuccess` taken | 16.0 ms | 24.0 ms |');
    expect(markdown).toContain('990 were answered within the 3 s');
    expect(ratios['click to SendTaskSuccess against /dr help']).toBe(2);
  });
});
