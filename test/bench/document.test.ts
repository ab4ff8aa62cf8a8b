import { expect, test } from 'vitest';
import { documentWith, sectionOf } from './document.ts';

const ON = { date: '2026-11-21', machine: '2 cores, Node.js v24.21.0', load: '0.1' };
const REPORT = { title: 'Speed', markdown: 'It is fast.', broken: [], ratios: { 'ours against theirs': 0.51234 } };

test('a section says by which command, when and on what it was measured, and what is broken', () => {
  const section = sectionOf('speed', REPORT, ON);
  expect(section).toContain(
    'Made by `npm run bench -- speed` on 2026-11-21: 2 cores, Node.js v24.21.0; load at the start 0.1 for each core.',
  );
  expect(section).toContain('It is fast.\n\nAll limits hold.');
  expect(sectionOf('speed', { ...REPORT, broken: ['It is slow.'] }, ON)).toContain('Broken:\n- It is slow.');
});

test('the document has the ratios of all benchmarks, and keeps the sections of those that did not run', () => {
  const stored = { speed: { date: '2026-11-21', machine: 'here', ratios: REPORT.ratios } };
  const first = documentWith('# Benchmarks\n', 'speed', 'fast', stored);
  const size = { date: '2026-11-22', machine: 'there', ratios: { 'size of ours': 2 } };
  const second = documentWith(first, 'size', 'small', { ...stored, size });
  expect(second).toContain('<!-- begin speed -->\nfast\n<!-- end speed -->');
  expect(second).toContain('<!-- begin size -->\nsmall\n<!-- end size -->');
  expect(second).toContain(
    '| ours against theirs | 0.512 | speed | 2026-11-21 |\n| size of ours | 2 | size | 2026-11-22 |',
  );
});
