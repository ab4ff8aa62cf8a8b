import { expect, test } from 'vitest';
import { bundle } from '../../../src/local/web-page/bundle.ts';

const LOCAL = new URL('../../../src/local/', import.meta.url);
const workspace = () => new URL('slack/page/', LOCAL);
const scenes = () => new URL('behind-the-scenes/', LOCAL);

test('a page is bundled once, and each page is another', () => {
  expect(bundle(workspace())).toBe(bundle(workspace()));
  expect(bundle(scenes())).not.toBe(bundle(workspace()));
});

test('the common look comes before what a page has of its own', async () => {
  for (const [entry, own] of [
    [workspace(), '.composer{'],
    [scenes(), '.step-line{'],
  ] as const) {
    const { style } = await bundle(entry);
    expect(style).not.toContain('@import');
    expect(style.split('.unseen{')).toHaveLength(2);
    expect(style.indexOf('.unseen{')).toBeLessThan(style.indexOf(own));
  }
});
