import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { ScaledClock } from '../../src/local/clock.ts';
import { pageControls } from '../../src/local/controls.ts';
import { loadInventory } from '../../src/local/inventory.ts';
import { type Practice, startPractice } from '../../src/local/practice.ts';
import { faultsOf } from '../../src/local/rehearsal.ts';
import { WORKSPACE } from '../../src/local/slack/people.ts';
import { MemoryDynamoDB } from '../simulation/dynamodb/memory.ts';
import { inProcess } from '../wire.ts';
import { startBrowser } from './browser.ts';
import { DESK, WatchedPages } from './watched-pages.ts';

const INVENTORY = new URL('../../practice/inventory.json', import.meta.url);
/**
 * Simulated seconds per real second. What a state machine allows a function is simulated time: much faster, and a busy machine
 * does not get done in it what it should.
 */
export const SPEED = 200;
/** How many times as fast as in AWS a server is launched: a drill takes five minutes, which are two seconds here. */
const LAUNCH_PACE = 5;
/** Of what is never faster than real for people (Slack's pace, the projector's window): a card is drawn every 150 ms. */
const WALL_SPEED = 20;

/** A browser for all tests of a file. After each its pages are closed, and must not have complained. */
export function browserPages(): () => WatchedPages {
  let started: { pages: WatchedPages; close(): Promise<void> } | undefined;
  beforeAll(async () => {
    const { browser, close } = await startBrowser();
    started = { pages: new WatchedPages(browser), close };
  });
  const pages = () => {
    if (started === undefined) throw new Error('there is no browser yet');
    return started.pages;
  };
  afterEach(async () => {
    await pages().closeAll();
    // Of all pages so far: the story that made one complain is the one that fails.
    const { strays, failures, errors } = pages().watched;
    expect({ strays: strays.splice(0), failures: failures.splice(0), errors: errors.splice(0) }).toEqual({
      strays: [],
      failures: [],
      errors: [],
    });
  });
  afterAll(() => started?.close());
  return pages;
}

/** Practice mode with its page, for all tests of a file: with those servers of its inventory that they are about. */
export function practicePages({ applications }: { applications: string[] }) {
  const clock = new ScaledClock({ speed: SPEED });
  const wallClock = new ScaledClock({ speed: WALL_SPEED });
  const pages = browserPages();
  let started: Practice | undefined;
  beforeAll(async () => {
    const whole = loadInventory(readFileSync(INVENTORY, 'utf8'), 'practice/inventory.json');
    const sourceServers = whole.sourceServers.filter(({ tags }) => applications.includes(tags['DR-Application'] ?? ''));
    started = await inProcess(
      () =>
        startPractice({
          clock,
          wallClock,
          launchPace: LAUNCH_PACE,
          inventory: { ...whole, sourceServers },
          database: new MemoryDynamoDB(),
          controls: (parts) => pageControls(clock, faultsOf(parts)),
          behindTheScenes: true,
          slackWaitsMs: 60_000,
          // What else the clock calls comes round many times a second at this speed, and shows nothing of what is told here.
          schedules: ['sweep-messages', 'watch-gates', 'close-execution'],
        }),
      { leavesPages: true },
    );
  });
  const practice = () => {
    if (started === undefined) throw new Error('the practice has not started yet');
    return started;
  };
  afterEach(() => {
    clock.setSpeed(SPEED);
    clock.resume();
  });
  afterAll(async () => {
    clock.stop();
    wallClock.stop();
    await started?.close();
  });
  return {
    clock,
    practice,
    pages,
    /** The page of a person of the practice, in a browser of their own. */
    opens: (person: string, size = DESK, channel: string = WORKSPACE.channelName): Promise<Page> =>
      pages().open(`${practice().pageUrl}/?as=${person}&channel=${channel}`, { viewport: size }),
  };
}
