import type { WebClient } from '@slack/web-api';
import { groupBy } from '../domain/groups.ts';
import type { MessageRecord } from '../domain/records.ts';
import type { Metric } from '../observability/metrics.ts';
import { metricsWriter } from '../observability/metrics-writer.ts';
import { configuration } from '../platform/configuration.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type Platform, printerOf } from '../platform/platform.ts';
import { resultStore } from '../platform/result-store.ts';
import { slackClient, slackSecrets } from '../platform/slack.ts';
import { type Delivered, delivery, type Place } from './delivery.ts';
import { CARD, type DrawnFile, drawingsOf, filesOf } from './drawing.ts';
import { expectedDurations } from './durations.ts';

/**
 * A wait that Slack asks for is kept on the spot up to this long, in milliseconds: the pace of one message is 3 s, of a
 * channel 1 s. What has to wait longer is stored as dirty, because other cards wait behind this one.
 */
const LONGEST_WAIT_MS = 5_000;
/** Waits of one drawing: a gate's card and the card of its execution may each have to wait. */
const MOST_WAITS = 3;

/**
 * Draws one execution. What is not begun at `deadline` is left to the sweep: in real milliseconds since the epoch, as a
 * function's time is. `changedAt`: when the oldest change was stored that is to be drawn, where that is known; in
 * milliseconds since the epoch.
 */
export type DrawExecution = (executionId: string, deadline?: number, changedAt?: number) => Promise<void>;

/** The time in which Slack counts its calls: the real one. Where nothing can wait for it, the platform's is the only one. */
export function slackClock({ sleep, now }: Platform): () => number {
  return sleep === undefined ? now : Date.now;
}

/**
 * Draws everything of an execution from what is stored now. It may be called at any time and any number of times: what
 * stands in Slack already is left alone. What Slack does not take now is stored as dirty and swept later.
 */
export function executionDrawer(platform: Platform): DrawExecution {
  const store = executionStore(platform);
  const secrets = slackSecrets(platform);
  const results = resultStore(platform);
  const slackNow = slackClock(platform);
  const writeMetrics = metricsWriter({ ...platform, printLine: printerOf(platform) });

  return async (executionId, deadline = Number.POSITIVE_INFINITY, changedAt = undefined) => {
    const measured: Metric[] = [];
    const about: Drawn = { executionId, deadline, changedAt, measure: (metric) => measured.push(metric) };
    try {
      await draw(about);
    } finally {
      writeMetrics(together(measured), { executionId });
    }
  };

  async function draw(about: Drawn): Promise<void> {
    const { executionId, deadline, changedAt } = about;
    let { waiting, settle } = await drawOnce(about);
    for (let waited = 0; waited < MOST_WAITS; waited += 1) {
      const shortest = Math.min(...waiting.map(({ waitMs }) => waitMs));
      if (waiting.length === 0 || !(await wait(shortest, deadline))) break;
      // From what is stored by now: of many states that came meanwhile the newest is shown.
      ({ waiting, settle } = await drawOnce(about));
    }
    for (const { key } of waiting) await store.markDirty(executionId, key, 'it waits for Slack', { changedAt });
    if (waiting.every(({ key }) => key !== CARD)) await settle();
  }

  /** False where nothing waits, where it would be too long, or the time is up. */
  async function wait(ms: number, deadline: number): Promise<boolean> {
    if (platform.sleep === undefined || ms > LONGEST_WAIT_MS || Date.now() + ms > deadline) return false;
    await platform.sleep(ms);
    return true;
  }

  /** Draws what can be drawn now; the answer is what has to wait, how long, and what to do when that is noted. */
  async function drawOnce(about: Drawn): Promise<DrawnNow> {
    const { executionId, deadline } = about;
    const stored = await store.view(executionId);
    if (stored === undefined) return { waiting: [], settle: async () => {} };
    const { view, messages } = stored;
    const expected = await expectedDurations(store, view);
    const tools = await toolsFor(messages, about);
    const waiting: { key: string; waitMs: number }[] = [];
    const note = (key: string, result: Delivered) => {
      if (result.status === 'later') waiting.push({ key, waitMs: result.waitMs });
    };

    const drawings = drawingsOf(view, { expected, now: platform.now(), links: linksOf(messages) });
    const files = filesOf(view);
    const settle = () => tools.settle(new Set([...drawings, ...files].map(({ key }) => key)));
    const late = () => ({ waiting: [...waiting, { key: CARD, waitMs: Number.POSITIVE_INFINITY }], settle });
    let card: Place | undefined;
    for (const drawing of drawings) {
      if (drawing.place === 'thread' && card === undefined) continue;
      if (isLate(deadline)) return late();
      const result = await tools.deliver(view.execution, drawing, card);
      note(drawing.key, result);
      if (drawing.key === CARD) card = result.status === 'shown' ? result : placeOf(messages);
    }
    if (card === undefined) return { waiting, settle };
    for (const file of files) {
      if (isLate(deadline)) return late();
      note(file.key, await tools.deliverFile(view.execution, { ...file, read: () => readFile(file) }, card));
    }
    return { waiting, settle };
  }

  function isLate(deadline: number): boolean {
    return Date.now() > deadline;
  }

  async function toolsFor(messages: MessageRecord[], { deadline, changedAt, measure }: Drawn) {
    const slack: WebClient = await slackClient(secrets, platform.log);
    return delivery({
      store,
      slack,
      messages,
      changedAt,
      measure,
      now: platform.now,
      slackNow,
      wait: platform.sleep === undefined ? undefined : (ms) => wait(ms, deadline),
      fallbackChannel: async () => (await configuration(platform).requests()).channelId,
      log: platform.log,
    });
  }

  async function readFile({ content }: DrawnFile): Promise<string> {
    return 'text' in content ? content.text : await results.read(content.location);
  }
}

/** One drawing: of what, until when, and what is measured of it. */
interface Drawn {
  executionId: string;
  deadline: number;
  changedAt: number | undefined;
  measure: (metric: Metric) => void;
}

/** What is left of a drawing. */
interface DrawnNow {
  /** Messages that Slack wants later; `waitMs` in milliseconds of its time. */
  waiting: { key: string; waitMs: number }[];
  /** Ends the drawing, once what waits is stored as dirty. */
  settle: () => Promise<void>;
}

/** One metric of each name, with all of its values: a drawing is one line of the log, whatever it has posted. */
function together(metrics: readonly Metric[]): Metric[] {
  return [...groupBy(metrics, ({ name }) => name).values()].flatMap((same) =>
    same.slice(0, 1).map((first) => ({ ...first, values: same.flatMap(({ values }) => values) })),
  );
}

/** Where the card stands although it could not be changed now: its thread goes on there. */
function placeOf(messages: readonly MessageRecord[]): Place | undefined {
  const card = messages.find(({ key }) => key === CARD);
  if (card?.ts === undefined || card.status === 'undeliverable') return undefined;
  const { channelId, movedFrom, ts } = card;
  return { channelId, ts, ...(movedFrom === undefined ? {} : { movedFrom }) };
}

function linksOf(messages: readonly MessageRecord[]): Map<string, string> {
  return new Map(
    messages.flatMap(({ key, permalink }) => (permalink === undefined ? [] : [[key, permalink] as const])),
  );
}
