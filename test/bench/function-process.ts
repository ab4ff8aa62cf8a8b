/**
 * A function instance with its bundle, in a process of its own, so that its memory is its own: calls its handler for each
 * event that it is sent, and tells the most memory that it ever had. Started by function-memory.ts.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { messageOf, nameOf } from '../../src/domain/errors.ts';
import type { CreateHandler, Platform } from '../../src/platform/platform.ts';

/** What the process is told: first where it runs, then an event at a time, with the simulated time. */
export type Told =
  | { settings: Pick<Platform, 'environment' | 'credentials'> & { file: string } }
  | { event: unknown; now: number };

/** What it answers to each event. `peakKb`: the most memory that the process ever had, in KB. */
export type Answered = ({ answer: unknown } | { error: { name: string; message: string } }) & { peakKb: number };

const STATUS = '/proc/self/status';
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
let now = 0;
let handle: ((event: unknown) => Promise<unknown>) | undefined;

async function answerTo(event: unknown): Promise<Answered> {
  try {
    const answer = await handle?.(event);
    return { answer, peakKb: peakKb() };
  } catch (error) {
    return { error: { name: nameOf(error), message: messageOf(error) }, peakKb: peakKb() };
  }
}

/**
 * The most memory that this process ever had, in KB. On Linux by /proc: `maxRSS` begins with what the process had that it was
 * forked from, which is a whole benchmark.
 */
function peakKb(): number {
  const [, own] = existsSync(STATUS) ? (/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(STATUS, 'utf8')) ?? []) : [];
  return own === undefined ? process.resourceUsage().maxRSS : Number(own);
}

process.on('message', (told: Told) => {
  if ('settings' in told) {
    const { file, ...platform } = told.settings;
    const { create } = createRequire(import.meta.url)(file) as { create: CreateHandler<unknown, unknown> };
    handle = create({ ...platform, now: () => now, log: quiet });
    return;
  }
  now = told.now;
  void answerTo(told.event).then((answered) => process.send?.(answered));
});
