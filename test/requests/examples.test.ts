import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseComponentInput } from '../../src/domain/contract.ts';
import { compilePattern } from '../../src/local/services/event-pattern.ts';
import { loadDefinition } from '../../src/local/step-functions/load-definition.ts';
import { readRequest } from '../../src/requests/request.ts';

const EXAMPLES = new URL('../../docs/examples/', import.meta.url);
const example = (file: string): string => readFileSync(new URL(file, EXAMPLES), 'utf8');
const GUIDE = ['calling', 'plans', 'operations']
  .map((name) => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8'))
  .join('\n');

describe('the examples', () => {
  it('are all told of, and all that is told of is there', () => {
    const named = new Set([...GUIDE.matchAll(/examples\/([\w./-]+\.(?:json|ya?ml))/g)].map(([, file]) => file));
    const there = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' });
    expect([...named].sort()).toEqual(there.filter((name) => /\.(?:json|ya?ml)$/.test(name)).sort());
  });

  it('that are inputs are taken', () => {
    expect(parseComponentInput(JSON.parse(example('drill.json'))).action).toBe('drill');
    expect(readRequest(JSON.parse(example('request-failover.json'))).input.action).toBe('failover');
  });

  it.each([...GUIDE.matchAll(/--input '(\{.*\})'/g)].map(([, input]) => input ?? ''))(
    'that stand in the guide are taken: %s',
    (input) => {
      expect(() => parseComponentInput(JSON.parse(input))).not.toThrow();
    },
  );

  it('of a rule match the event of the example, whose detail is a request', () => {
    const [entry] = JSON.parse(example('request-event.json')) as {
      Source: string;
      DetailType: string;
      Detail: string;
    }[];
    const event = {
      id: 'event-1',
      source: entry?.Source,
      'detail-type': entry?.DetailType,
      detail: JSON.parse(entry?.Detail ?? '') as unknown,
    };
    expect(compilePattern(JSON.parse(example('request-rule-pattern.json')) as never)(event)).toBe(true);
    expect(readRequest(event).correlationId).toBe('event-1');
  });

  it.each(['parent-drill.asl.json', 'parent-failover.asl.json'])('%s is a state machine', (file) => {
    expect(() => loadDefinition(file, example(file), {})).not.toThrow();
  });

  it('of a job ask with the run’s id, without waiting', () => {
    expect(example('ci-drill.yml')).toContain('correlationId: "ci-\\($run)"');
    expect(example('ci-drill.yml')).toContain('--function-name dr-chatops-request-recovery');
  });
});
