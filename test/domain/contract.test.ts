import { describe, expect, it } from 'vitest';
import { type ComponentOutput, outputSchema, parseComponentInput } from '../../src/domain/contract.ts';
import { DrError } from '../../src/domain/errors.ts';
import { AVAILABLE_VERBS, VERBS } from '../../src/domain/vocabulary.ts';

/** A complete input as callers write it, for a drill. */
const COMPLETE = {
  action: 'drill',
  tags: { 'DR-Wave': '1', 'DR-Application': 'HRP', 'DR-Enabled': 'true' },
  options: { isDrill: true, maxWaitMinutes: 120, continueOnFailure: true, parallelism: 50, minServers: 1 },
  metadata: {
    correlationId: 'DR-2024-12-12-PROD-001',
    parentExecutionId: 'arn:aws:states:us-east-1:123456789012:execution:dr-master:exec-123',
    ticketId: 'INC0012345',
    initiatedBy: 'jsmith@company.com',
  },
};
const SMALLEST = { action: 'drill', tags: { 'DR-Wave': '1' } };

/** What a wrong input is answered. */
function refusalOf(input: unknown): string {
  try {
    parseComponentInput(input);
  } catch (error) {
    if (error instanceof DrError && error.code === 'ValidationError') return error.message;
    throw error;
  }
  throw new Error('the input was taken');
}

describe('the input', () => {
  it('is taken whole when it is complete', () => {
    expect(parseComponentInput(COMPLETE)).toEqual(COMPLETE);
  });

  it('has the defaults of the component’s contract', () => {
    expect(parseComponentInput(SMALLEST)).toEqual({
      ...SMALLEST,
      options: { maxWaitMinutes: 120, continueOnFailure: false, parallelism: 50, minServers: 0 },
      metadata: {},
    });
  });

  it('keeps the defaults beside a given option', () => {
    const { options } = parseComponentInput({ ...SMALLEST, options: { parallelism: 7 } });
    expect(options).toEqual({ maxWaitMinutes: 120, continueOnFailure: false, parallelism: 7, minServers: 0 });
  });

  it('takes any key in metadata', () => {
    const metadata = { anything: { nested: [1, null] }, 'with spaces': true };
    expect(parseComponentInput({ ...SMALLEST, metadata }).metadata).toEqual(metadata);
  });

  it.each<{ name: string; input: unknown; names: string[] }>([
    { name: 'no action', input: { tags: { a: 'b' } }, names: ['action'] },
    { name: 'an unknown action', input: { ...SMALLEST, action: 'destroy' }, names: ['action', 'drill'] },
    { name: 'no tags', input: { action: 'drill' }, names: ['tags'] },
    {
      name: 'empty tags, which would select everything',
      input: { ...SMALLEST, tags: {} },
      names: ['tags', 'at least one'],
    },
    { name: 'a tag without a name', input: { ...SMALLEST, tags: { '': 'x' } }, names: ['tags'] },
    { name: 'a number as the value of a tag', input: { ...SMALLEST, tags: { 'DR-Wave': 1 } }, names: ['tags.DR-Wave'] },
    { name: 'an unknown field', input: { ...SMALLEST, dryRun: true }, names: ['dryRun'] },
    {
      name: 'an unknown option',
      input: { ...SMALLEST, options: { paralelism: 10 } },
      names: ['options', 'paralelism'],
    },
    {
      name: 'two unknown fields, both',
      input: { ...SMALLEST, one: 1, options: { two: 2 } },
      names: ['one', 'options', 'two'],
    },
    { name: 'parallelism 0', input: { ...SMALLEST, options: { parallelism: 0 } }, names: ['options.parallelism'] },
    { name: 'parallelism 501', input: { ...SMALLEST, options: { parallelism: 501 } }, names: ['options.parallelism'] },
    { name: 'half a server', input: { ...SMALLEST, options: { parallelism: 1.5 } }, names: ['options.parallelism'] },
    {
      name: 'no time at all',
      input: { ...SMALLEST, options: { maxWaitMinutes: 0 } },
      names: ['options.maxWaitMinutes'],
    },
    {
      name: 'more than a day',
      input: { ...SMALLEST, options: { maxWaitMinutes: 1_441 } },
      names: ['options.maxWaitMinutes'],
    },
    {
      name: 'fewer than no servers',
      input: { ...SMALLEST, options: { minServers: -1 } },
      names: ['options.minServers'],
    },
    { name: 'isDrill as text', input: { ...SMALLEST, options: { isDrill: 'true' } }, names: ['options.isDrill'] },
    { name: 'metadata as a list', input: { ...SMALLEST, metadata: [] }, names: ['metadata'] },
    {
      name: 'every wrong field at once',
      input: { action: 'x', tags: {}, options: { parallelism: 0 } },
      names: ['action', 'tags', 'options.parallelism'],
    },
    { name: 'no object', input: 'drill', names: ['(top)'] },
    { name: 'nothing', input: undefined, names: ['(top)'] },
  ])('is refused with $name, by name', ({ input, names }) => {
    const message = refusalOf(input);
    for (const name of names) expect(message).toContain(name);
  });
});

describe('the verb alone decides drill or recovery', () => {
  it.each([
    ['drill', false],
    ['failover', true],
  ])('%s with isDrill %s is a contradiction', (action, isDrill) => {
    const message = refusalOf({ ...SMALLEST, action, options: { isDrill } });
    expect(message).toContain(`options.isDrill is ${isDrill}, but the action is ${action}`);
    expect(message).toContain('Nothing was started.');
  });

  it.each([[true], [undefined]])('drill with isDrill %s is none', (isDrill) => {
    expect(parseComponentInput({ ...SMALLEST, options: { isDrill } }).action).toBe('drill');
  });

  it.each(VERBS.filter((verb) => verb !== 'drill'))('%s is refused by name in this version', (action) => {
    expect(refusalOf({ ...SMALLEST, action })).toContain(`The action ${action} is not available in this version`);
  });

  it('can be drill only, in this version', () => {
    expect(AVAILABLE_VERBS).toEqual(['drill']);
  });
});

describe('the output', () => {
  const output: ComponentOutput = {
    status: 'success',
    action: 'drill',
    summary: { totalServers: 1, succeeded: 1, failed: 0, skipped: 0 },
    timing: {
      startTime: '2024-12-12T14:00:00Z',
      endTime: '2024-12-12T14:45:30Z',
      durationSeconds: 2_730,
      durationFormatted: 'PT45M30S',
    },
    recoveryInstances: [
      {
        sourceServerId: 's-abc123',
        sourceServerHostname: 'web-server-01',
        recoveryInstanceId: 'i-xyz789',
        ec2InstanceId: 'i-xyz789',
        stagingAccountId: '111111111111',
        status: 'launched',
        privateIp: '10.0.1.50',
        launchTime: '2024-12-12T14:15:00Z',
        tags: { 'DR-Wave': '1' },
      },
    ],
    failedServers: [],
    skippedServers: [],
    stagingAccountResults: [
      {
        accountId: '111111111111',
        region: 'us-east-2',
        serversProcessed: 1,
        succeeded: 1,
        failed: 0,
        jobId: 'drsjob-111-abc',
        jobIds: ['drsjob-111-abc'],
      },
    ],
    metadata: { ticketId: 'INC0012345' },
    nextPhaseReady: true,
    truncated: false,
    resultLocation: 's3://results/exec-1/wave-01.json',
  };

  it('has the fields of the component’s contract', () => {
    expect(outputSchema.parse(output)).toEqual(output);
  });

  it.each([
    { name: 'a field that the contract does not know', differs: { taskToken: 'secret' } },
    { name: 'an unknown status', differs: { status: 'done' } },
    { name: 'a time that is no instant', differs: { timing: { ...output.timing, endTime: 'yesterday' } } },
  ])('has not $name', ({ differs }) => {
    expect(outputSchema.safeParse({ ...output, ...differs }).success).toBe(false);
  });
});
