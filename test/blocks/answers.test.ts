import { describe, expect, test } from 'vitest';
import { acceptedText, applicationsText, helpText, USAGE, wavesText } from '../../blocks/answers.ts';
import type { Catalogue } from '../../src/domain/records.ts';

const waves = (...numbers: number[]) => numbers.map((wave) => ({ wave, servers: 10 }));
const catalogueOf = (applications: Catalogue['applications']): Catalogue => ({ refreshedAt: 0, applications });

describe('help', () => {
  test('shows the form, an example and what exists', () => {
    const text = helpText(catalogueOf([{ name: 'HRP', waves: waves(1, 2, 3, 4) }]));
    expect(text).toContain(USAGE);
    expect(text).toContain('`/dr drill HRP wave 1`');
    expect(text).toContain('Applications: HRP (waves 1–4).');
  });

  test.each([undefined, catalogueOf([])])('says so when nothing is known yet', (catalogue) => {
    expect(helpText(catalogue)).toContain('No applications are known yet.');
  });

  test('stays readable with a thousand applications, and says how many it leaves out', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({
      name: `app-${index}`.padEnd(256, 'x'),
      waves: waves(1),
    }));
    expect(helpText(catalogueOf(many)).length).toBeLessThan(8_000);
    expect(applicationsText(catalogueOf(many))).toMatch(/ and 960 more\.$/);
  });

  test('a tag’s value cannot mention or link', () => {
    const text = applicationsText(catalogueOf([{ name: '<!channel>&<https://x|y>', waves: waves(1) }]));
    expect(text).toContain('&lt;!channel&gt;&amp;&lt;https://x|y&gt;');
    expect(text).not.toMatch(/[<>]/);
  });
});

test.each([
  [waves(), 'no waves'],
  [waves(3), 'wave 3'],
  [waves(1, 2), 'waves 1–2'],
  [waves(1, 2, 4), 'waves 1, 2, 4'],
])('waves in words: %j', (known, words) => {
  expect(wavesText(known)).toBe(words);
});

describe('an accepted request', () => {
  test('says what is looked at, how large it is known to be, and that nothing happens before an approval', () => {
    expect(acceptedText('HRP wave 1', 30)).toMatch(
      /^Looking at HRP wave 1 \(about 30 servers\) .*nothing is launched before somebody else approves\.$/,
    );
    expect(acceptedText('HRP wave 1', 1)).toContain('(about 1 server)');
    expect(acceptedText('HRP wave 1', undefined)).toContain('Looking at HRP wave 1 in every');
  });
});
