import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FOLDER, fileOf, PUBLISHED, textOf } from '../../scripts/contract-schemas.ts';

interface JsonSchema {
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: unknown;
  default?: unknown;
}

const schemaOf = (name: string): JsonSchema => {
  const published = PUBLISHED.find((candidate) => candidate.name === name);
  if (published === undefined) throw new Error(`${name} is not published`);
  return JSON.parse(textOf(published));
};

describe('the published contract', () => {
  it.each(PUBLISHED.map((published) => ({ name: published.name, published })))(
    'has $name as the code checks it',
    ({ published }) => {
      const committed = readFileSync(fileOf(published), 'utf8');
      expect(committed === textOf(published), 'docs/contract is old: run `node scripts/contract-schemas.ts`').toBe(
        true,
      );
    },
  );

  it('has nothing else', () => {
    const files = PUBLISHED.map(({ name }) => `${name}.schema.json`);
    expect(readdirSync(FOLDER).sort()).toEqual(files.sort());
  });

  it('asks a caller only for what has no default, and refuses unknown fields', () => {
    const input = schemaOf('input');
    expect(input.required).toEqual(['action', 'tags']);
    expect(input.additionalProperties).toBe(false);
    expect(input.properties?.options).toMatchObject({ additionalProperties: false });
    expect(input.properties?.options?.required).toBeUndefined();
    expect(input.properties?.metadata?.additionalProperties).not.toBe(false);
  });

  it('explains every option, and says its default', () => {
    const options = schemaOf('input').properties?.options?.properties ?? {};
    expect(Object.entries(options).filter(([, option]) => !option.description)).toEqual([]);
    expect(options.maxWaitMinutes?.default).toBe(120);
    expect(options.parallelism?.default).toBe(50);
  });
});
