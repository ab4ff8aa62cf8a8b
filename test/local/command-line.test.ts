import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseSpeed, readInventory, UsageError } from '../../src/local/command-line.ts';

describe('--speed', () => {
  test.each([
    [undefined, 60],
    ['1', 1],
    ['0.5', 0.5],
    ['10000', 10_000],
  ])('%j is %d', (text, speed) => {
    expect(parseSpeed(text, 60)).toBe(speed);
  });

  test.each(['', '0', '-1', '10001', 'fast', 'NaN', 'Infinity', '1,5', '60x'])(
    '%j is refused, with what it takes',
    (text) => {
      expect(() => parseSpeed(text, 60)).toThrow(UsageError);
      expect(() => parseSpeed(text, 60)).toThrow(`more than 0 and at most 10000, not "${text}"`);
    },
  );
});

describe('--inventory', () => {
  test('is the practice inventory when none is given', () => {
    expect(readInventory(undefined).sourceServers).toHaveLength(1_000);
  });

  test('a file that cannot be read is wrong usage', () => {
    expect(() => readInventory('no/such/file.json')).toThrow(UsageError);
    expect(() => readInventory('no/such/file.json')).toThrow(/cannot be read: .*no\/such\/file\.json/);
  });

  test('a broken file is wrong usage', () => {
    const folder = mkdtempSync(join(tmpdir(), 'inventory-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'inventory.json');
    writeFileSync(file, '{');
    expect(() => readInventory(file)).toThrow(UsageError);
    expect(() => readInventory(file)).toThrow(`${file}:1: not valid JSON`);
  });
});
