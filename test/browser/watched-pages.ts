import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

/** Sizes of a window: a desk, a tablet held upright, a phone. */
export const DESK = { width: 1280, height: 800 };
export const TABLET = { width: 820, height: 1180 };
export const PHONE = { width: 390, height: 844 };

/** What went wrong in some page, or left this machine; each a line for people. */
export interface Watched {
  /** How many requests the pages have made. */
  requests: number;
  /** Requests to anywhere but the server that the page came from. */
  strays: string[];
  /** Requests without an answer, or with an error for one. */
  failures: string[];
  /** What the browser's console said, and what was thrown. */
  errors: string[];
}

/** Opens pages as people would: each person with a browser of their own, all of them watched from the first request on. */
export class WatchedPages {
  readonly watched: Watched = { requests: 0, strays: [], failures: [], errors: [] };
  readonly #browser: Browser;
  readonly #open: BrowserContext[] = [];

  constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** A new browser of somebody, at `url`. */
  async open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: DESK, reducedMotion: 'reduce', ...options });
    // Far below the test's own limit, so that a step that never comes true is the one that is named.
    context.setDefaultTimeout(40_000);
    this.#open.push(context);
    this.#watch(context, new URL(url).origin);
    const page = await context.newPage();
    await page.goto(url);
    return page;
  }

  /** Closes every browser that was opened; what was watched stays. */
  async closeAll(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((context) => context.close()));
  }

  #watch(context: BrowserContext, origin: string): void {
    const { watched } = this;
    context.on('request', (request) => {
      watched.requests += 1;
      const url = new URL(request.url());
      if (url.origin !== origin && url.protocol !== 'data:') watched.strays.push(request.url());
    });
    context.on('requestfailed', (request) => {
      // A page that goes away, or becomes another person, hangs up on its stream of events.
      const isHungUp = request.failure()?.errorText === 'net::ERR_ABORTED' && request.resourceType() === 'eventsource';
      if (!isHungUp) watched.failures.push(`${request.url()}: ${request.failure()?.errorText}`);
    });
    context.on('response', (response) => {
      if (response.status() >= 400) watched.failures.push(`${response.url()}: ${response.status()}`);
    });
    context.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) watched.errors.push(message.text());
    });
    context.on('weberror', (thrown) => watched.errors.push(String(thrown.error())));
  }
}
