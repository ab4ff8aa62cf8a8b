import { describe, expect, test } from 'vitest';
import type { AwsCall } from '../../../src/local/aws/identities.ts';
import { CallRecorder, grouped } from '../../../src/local/behind-the-scenes/recorder.ts';
import { VirtualClock } from '../../../src/local/clock.ts';

const EXECUTOR = { accountId: '111111111111', roleArn: 'arn:aws:iam::111111111111:role/dr-chatops-executor' };

function call(changes: Partial<AwsCall> = {}): AwsCall {
  return { service: 'drs', action: 'DescribeJobs', identity: EXECUTOR, resource: '*', outcome: 'ok', ...changes };
}

describe('What was called', () => {
  test('is one row for each poll loop, however its calls alternate', async () => {
    const clock = new VirtualClock();
    const recorder = new CallRecorder({ clock });
    const startedAt = clock.now();
    for (let round = 0; round < 40; round += 1) {
      recorder.note(call());
      recorder.note(call({ service: 'events', action: 'PutEvents', resource: `bus-${round % 2}` }));
      await clock.advance(30_000);
    }
    recorder.note(call({ outcome: 'ThrottlingException' }));
    const { calls } = recorder.between(startedAt, clock.now());
    expect(grouped(calls)).toEqual([
      expect.objectContaining({ action: 'DescribeJobs', count: 1, outcome: 'ThrottlingException' }),
      expect.objectContaining({
        action: 'DescribeJobs',
        count: 40,
        firstAt: startedAt,
        lastAt: startedAt + 39 * 30_000,
        accountId: '111111111111',
        role: 'dr-chatops-executor',
        resource: '*',
      }),
      expect.objectContaining({ action: 'PutEvents', count: 40, resource: undefined }),
    ]);
  });

  test('is another row after a long pause, or by another role', async () => {
    const clock = new VirtualClock();
    const recorder = new CallRecorder({ clock });
    const from = clock.now();
    recorder.note(call());
    await clock.advance(301_000);
    recorder.note(call());
    recorder.note(call({ identity: { ...EXECUTOR, roleArn: 'arn:aws:iam::111111111111:role/other' } }));
    expect(grouped(recorder.between(from, clock.now()).calls).map(({ count }) => count)).toEqual([1, 1, 1]);
  });

  test('is kept up to a number, the newest; it says when some of an execution are gone', async () => {
    const clock = new VirtualClock();
    const recorder = new CallRecorder({ clock, most: 10 });
    const from = clock.now();
    for (let made = 0; made < 30; made += 1) {
      recorder.note(call());
      await clock.advance(1_000);
    }
    const all = recorder.between(from, clock.now());
    expect(all.calls.length).toBeLessThanOrEqual(11);
    expect(all.calls.at(-1)?.at).toBe(clock.now() - 1_000);
    expect(all.areSomeForgotten).toBe(true);
    expect(recorder.between(clock.now() - 5_000, clock.now())).toMatchObject({ areSomeForgotten: false });
  });
});
