import axe, { type AxeResults } from 'axe-core';
import type { Locator, Page } from 'playwright-core';

/** Whether a part of the page has to be scrolled sideways: by how many pixels, 0 for not at all. */
export function sidewaysScroll(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/**
 * What can be pressed and is smaller than `least` pixels either way, as `name width×height`. A link within a sentence is
 * left out, as in WCAG 2.2 (2.5.8, "inline"): the line's height is not the link's to choose.
 */
export function smallTargets(page: Page, least: number): Promise<string[]> {
  return page.evaluate((pixels) => {
    const selector = 'a[href], button, input, select, textarea, [role="option"]';
    const seen = [...document.querySelectorAll<HTMLElement>(selector)].filter((element) =>
      element.checkVisibility({ visibilityProperty: true }),
    );
    const isInSentence = (element: Element) => {
      const line = element.closest('.mrkdwn, .quiet');
      return element.matches('a') && line !== null && line.textContent.trim() !== element.textContent.trim();
    };
    return seen
      .filter((element) => !isInSentence(element))
      .map((element) => {
        const { width, height } = (element.closest('label.choice') ?? element).getBoundingClientRect();
        const name = element.getAttribute('aria-label') ?? element.textContent.slice(0, 40);
        // Half a pixel is what the browser's own rounding may take away.
        const isSmall = Math.min(width, height) < pixels - 0.5;
        return isSmall ? `${element.tagName} ${name} ${Math.round(width)}×${Math.round(height)}` : '';
      })
      .filter((line) => line !== '');
  }, least);
}

const GRAVE = ['serious', 'critical'];

/** Serious and critical violations that axe finds, as `rule: elements`; of one rule only where `rules` are named. */
export async function violations(page: Page, rules?: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const found = await page.evaluate(
    (only) =>
      (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
        resultTypes: ['violations'],
        ...(only === undefined ? {} : { runOnly: { type: 'rule' as const, values: only } }),
      }) as Promise<AxeResults>,
    rules,
  );
  return found.violations
    .filter(({ impact }) => GRAVE.includes(String(impact)))
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}

/** Whether the keyboard's next key goes to this. */
export function hasFocus(element: Locator): Promise<boolean> {
  return element.evaluate((node) => node === document.activeElement);
}

/** Whether all of `inner` can be seen in `outer`, up and down, without scrolling. */
export async function isWithin(inner: Locator, outer: Locator): Promise<boolean> {
  const [part, whole] = await Promise.all([inner.boundingBox(), outer.boundingBox()]);
  if (part === null || whole === null) return false;
  // Borders and fractions of a pixel.
  return part.y >= whole.y - 1 && part.y + part.height <= whole.y + whole.height + 1;
}

/** Moves the focus with the Tab key until it is on `goal`, as somebody without a mouse would. */
export async function tabTo(page: Page, goal: Locator): Promise<void> {
  const MOST_STOPS = 80;
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    if (await hasFocus(goal)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key does not come to ${String(goal)}`);
}
