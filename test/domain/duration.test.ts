import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoDuration, secondsOf, spokenDuration } from '../../src/domain/duration.ts';

describe('a duration in words', () => {
  it.each([
    ['PT1H20M', '1 h 20 min'],
    ['PT45M', '45 min'],
    ['PT30S', '30 s'],
    ['PT17M43.418S', '17 min 43 s'],
    ['P2DT3H4M', '2 d 3 h'],
    ['P1D', '1 d'],
    ['PT0S', '0 s'],
    ['PT0.4S', '0 s'],
    ['PT0H0M30S', '30 s'],
    ['P0DT1H20M', '1 h 20 min'],
    ['PT1H0M5S', '1 h 5 s'],
  ])('%s is %s', (iso, words) => {
    expect(spokenDuration(iso)).toBe(words);
  });

  it.each([[''], ['P'], ['PT'], ['P1DT'], ['P1W'], ['20 minutes'], ['PT5M and more']])(
    'gives back what it cannot read: %j',
    (text) => {
      expect(spokenDuration(text)).toBe(text);
    },
  );
});

describe('a duration in ISO 8601', () => {
  it.each([
    [0, 'PT0S'],
    [1, 'PT1S'],
    [59, 'PT59S'],
    [60, 'PT1M'],
    [61, 'PT1M1S'],
    [2_730, 'PT45M30S'],
    [3_600, 'PT1H'],
    [3_605, 'PT1H5S'],
    [86_400, 'PT24H'],
  ])('%i seconds are %s', (seconds, text) => {
    expect(isoDuration(seconds)).toBe(text);
  });

  it('says as many seconds as it was given', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), (seconds) => {
        const amounts = /^PT(?:(?<h>\d+)H)?(?:(?<m>\d+)M)?(?:(?<s>\d+)S)?$/.exec(isoDuration(seconds))?.groups ?? {};
        const { h = 0, m = 0, s = 0 } = amounts;
        expect(Number(h) * 3_600 + Number(m) * 60 + Number(s)).toBe(seconds);
      }),
    );
  });
});

describe('an ISO 8601 duration in seconds', () => {
  it.each([
    ['PT0S', 0],
    ['P0D', 0],
    ['PT1H20M', 4_800],
    ['P2DT3H4M5S', 183_845],
    ['PT17M43.418S', 1_063],
  ])('%s are %i', (iso, seconds) => {
    expect(secondsOf(iso)).toBe(seconds);
  });

  it.each([[''], ['P'], ['an hour']])('is not known of %j', (text) => {
    expect(secondsOf(text)).toBeUndefined();
  });

  it('is what was written, for any number of seconds', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), (seconds) => {
        expect(secondsOf(isoDuration(seconds))).toBe(seconds);
      }),
    );
  });
});
