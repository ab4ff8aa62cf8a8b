import { afterAll, describe, expect, test } from 'vitest';
import { openDoors } from './doors.ts';
import { READERS } from './readers.ts';
import { SEED } from './seed.ts';

/** What `npm run inputs` does with as many inputs as are asked for. */
const FEWEST = 10_000;

const doors = await openDoors();
afterAll(() => doors.close());
let given = 0;

describe('bad input is refused by an error that says so, stores nothing, and shows nothing that Slack would not take', () => {
  test.each([...READERS, ...doors.entrances].map((entrance) => [entrance.name, entrance] as const))(
    '%s',
    async (_, { runs, tryAll }) => {
      given += await tryAll(runs, SEED);
    },
  );

  test('at least 10,000 inputs were given in', () => {
    expect(given).toBeGreaterThanOrEqual(FEWEST);
  });
});
