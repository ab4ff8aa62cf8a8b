import { expect, test } from 'vitest';
import { markdownTable, withSection } from './benchmark.ts';

test('a table has its rule below its head, and numbers to the right', () => {
  expect(markdownTable(['servers', '10'], [['jobs', '1']])).toBe('| servers | 10 |\n| --- | ---: |\n| jobs | 1 |');
});

test('a section is added at the end, and later replaced where it stands', () => {
  const first = withSection(withSection('# Benchmarks\n', 'size', 'one'), 'speed', 'fast');
  const again = withSection(first, 'size', 'two');
  expect(again).toBe(
    '# Benchmarks\n\n<!-- begin size -->\ntwo\n<!-- end size -->\n\n<!-- begin speed -->\nfast\n<!-- end speed -->\n',
  );
});
