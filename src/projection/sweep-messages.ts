import { messageOf } from '../domain/errors.ts';
import type { MessageRecord } from '../domain/records.ts';
import { undeliveredMetric } from '../observability/metrics.ts';
import { metricsWriter } from '../observability/metrics-writer.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda, printerOf } from '../platform/platform.ts';
import { executionDrawer, slackClock } from './draw-execution.ts';

/** How often it looks while something is dirty, and for how long; in real milliseconds, as a function's time is. */
const EVERY_MS = 5_000;
/** A call that was begun last may take 10 s more, and the function has 55 s. */
const LOOKS_FOR_MS = 44_000;
/** A message that is not shown so long after what it has to show was stored is one that stays, in milliseconds. */
const STAYS_AFTER_MS = 120_000;

/**
 * Every minute, and inside of it every five seconds while something is dirty: draws the executions again of which Slack
 * could not take a message. So a card is right within seconds after Slack is back. Counts those that stay.
 */
export const create: CreateHandler<unknown, { drawn: number }> = (platform) => {
  const store = executionStore(platform);
  const draw = executionDrawer(platform);
  const slackNow = slackClock(platform);
  const writeMetrics = metricsWriter({ ...platform, printLine: printerOf(platform) });
  const { sleep } = platform;
  let isSweeping = false;

  return async () => {
    // Where minutes pass faster than Slack's, the next one comes before this one is over.
    if (isSweeping) return { drawn: 0 };
    isSweeping = true;
    try {
      const drawn = await sweep(Date.now() + LOOKS_FOR_MS);
      writeMetrics([undeliveredMetric((await store.dirtyMessages()).filter(stays).length)], {});
      return { drawn };
    } finally {
      isSweeping = false;
    }
  };

  async function sweep(deadline: number): Promise<number> {
    const drawn = new Set<string>();
    for (;;) {
      const dirty = await store.dirtyMessages();
      // What Slack wants later is left until then.
      const due = new Set(
        dirty.filter(({ notBefore = 0 }) => notBefore <= slackNow()).map(({ executionId }) => executionId),
      );
      for (const executionId of due) {
        if (Date.now() > deadline) return drawn.size;
        drawn.add(executionId);
        await drawSafely(executionId, deadline);
      }
      if (dirty.length === 0 || sleep === undefined || Date.now() + EVERY_MS > deadline) return drawn.size;
      await sleep(EVERY_MS);
    }
  }

  function stays({ waitingSince = platform.now() }: MessageRecord): boolean {
    return platform.now() - waitingSince >= STAYS_AFTER_MS;
  }

  /** One that cannot be drawn stops no other. */
  async function drawSafely(executionId: string, deadline: number): Promise<void> {
    try {
      await draw(executionId, deadline);
    } catch (error) {
      platform.log.error('An execution could not be drawn', { executionId, error: messageOf(error) });
    }
  }
};

export const handler = onLambda(create);
