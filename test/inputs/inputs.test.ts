import { expect, test } from 'vitest';
import { READERS } from './readers.ts';

test.each(READERS.map((entrance) => [entrance.name, entrance] as const))('%s', async (_, entrance) => {
  expect(await entrance.tryAll(entrance.runs, 1)).toBeGreaterThan(entrance.runs - 1);
});
