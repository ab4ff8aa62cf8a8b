import { describe, expect, test, vi } from 'vitest';
import { DrError } from '../../src/domain/errors.ts';
import { onLambda, type Platform } from '../../src/platform/platform.ts';

const RUN = { executionId: '0f1e2d3c-4b5a-8978-8695-a4b3c2d1e0f9', correlationId: 'HRP-DRILL-2026-10-03' };

/** A platform whose log is kept. */
function aPlatform() {
  const lines: Record<string, unknown>[] = [];
  const line = (message: string, fields?: object) => lines.push({ message, ...fields });
  const platform: Platform = { environment: {}, now: () => 0, log: { info: line, warn: line, error: line } };
  return { lines, platform };
}

const refuses = () => async () => {
  throw new DrError('NotApproved', 'Nobody has approved it.');
};

describe('a function on Lambda', () => {
  test.each([
    [
      'of an execution',
      { executionId: RUN.executionId, gateId: 'approval-1', taskToken: 'secret' },
      { gateId: 'approval-1' },
    ],
    ['of a bus', { source: 'x', detail: { executionId: RUN.executionId, secret: 'x' } }, {}],
    ['of a run', { run: { ...RUN, tags: {} }, outcome: { error: 'x' } }, { correlationId: RUN.correlationId }],
  ])(
    'that fails at an event %s says so with its ids, with nothing else of the event, and fails',
    async (_, event, ids) => {
      const { lines, platform } = aPlatform();
      await expect(onLambda(refuses, () => platform)(event, {})).rejects.toThrow('Nobody has approved it.');
      expect(lines).toEqual([
        {
          message: 'A function failed',
          ...{ executionId: RUN.executionId, ...ids },
          ...{ error: 'NotApproved', cause: 'Nobody has approved it.' },
        },
      ]);
    },
  );

  test('that fails at anything else says so, too', async () => {
    const { lines, platform } = aPlatform();
    await expect(onLambda(refuses, () => platform)('no object', {})).rejects.toThrow();
    expect(lines).toMatchObject([{ error: 'NotApproved' }]);
  });

  test('is built once, and again after what kept it from being built', async () => {
    const { platform } = aPlatform();
    const create = vi.fn(() => async () => 'done');
    create.mockImplementationOnce(() => {
      throw new DrError('ConfigurationError', 'A setting is missing.');
    });
    const handler = onLambda(create, () => platform);
    await expect(handler({}, {})).rejects.toThrow('A setting is missing.');
    expect(await handler({}, {})).toBe('done');
    expect(await handler({}, {})).toBe('done');
    expect(create).toHaveBeenCalledTimes(2);
    // The runtime refuses a handler with a third argument.
    expect(handler).toHaveLength(2);
  });
});
