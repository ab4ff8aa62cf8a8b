/**
 * Writes the published JSON Schemas of the recovery component to docs/contract: `node scripts/contract-schemas.ts`. They
 * are made from the schemas that the code itself checks with, so that they cannot say anything else.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { inputSchema, outputSchema } from '../src/domain/contract.ts';
import { executionStateSchema } from '../src/domain/execution-state.ts';
import { executorInputSchema, executorOutputSchema } from '../src/domain/executor-contract.ts';
import { executionOutputSchema } from '../src/domain/waves.ts';
import { EVENT_SCHEMAS } from '../src/observability/progress-event.ts';

/** A schema that is published. `io` says from which side it is read: what may be sent, or what is handed out. */
interface Published {
  name: string;
  schema: z.ZodType;
  io: 'input' | 'output';
}

/** Everything that docs/contract has, one file each. */
export const PUBLISHED: readonly Published[] = [
  { name: 'input', schema: inputSchema, io: 'input' },
  { name: 'output', schema: outputSchema, io: 'output' },
  { name: 'execution-output', schema: executionOutputSchema, io: 'output' },
  { name: 'execution-state', schema: executionStateSchema, io: 'output' },
  { name: 'executor-input', schema: executorInputSchema, io: 'input' },
  { name: 'executor-output', schema: executorOutputSchema, io: 'input' },
  ...EVENT_SCHEMAS.map(({ name, schema }) => ({ name, schema, io: 'input' as const })),
];

export const FOLDER = new URL('../docs/contract/', import.meta.url);

/** The file of a published schema. */
export function fileOf(published: Published): URL {
  return new URL(`${published.name}.schema.json`, FOLDER);
}

/** The JSON Schema (draft-07, as in seed 4 §3) as it is written to the file. */
export function textOf({ schema, io }: Published): string {
  const json = z.toJSONSchema(schema, {
    target: 'draft-7',
    io,
    override: ({ jsonSchema }) => {
      // zod's bounds of a safe integer: true of every JSON number that a program can count with, and only noise.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      // The format says it; the pattern beside it is three lines that nobody can read.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    },
  });
  return `${JSON.stringify(json, null, 2)}\n`;
}

if (import.meta.main) {
  mkdirSync(FOLDER, { recursive: true });
  for (const published of PUBLISHED) writeFileSync(fileOf(published), textOf(published));
}
