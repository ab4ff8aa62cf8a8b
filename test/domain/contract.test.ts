import { describe, expect, it } from 'vitest';
import { type ComponentOutput, outputSchema, parseComponentInput } from '../../src/domain/contract.ts';
import { DrError } from '../../src/domain/errors.ts';
import { VERBS } from '../../src/domain/vocabulary.ts';

/** A complete input as callers write it, for a drill. */
const COMPLETE = {
  action: 'drill',
  tags: { 'DR-Wave': '1', 'DR-Application': 'HRP', 'DR-Enabled': 'true' },
  options: {
    isDrill: true,
    maxWaitMinutes: 120,
    continueOnFailure: true,
    parallelism: 50,
    minServers: 1,
    successThresholdPercent: 75,
    pointInTime: '2024-12-12T13:00:00+01:00',
    replaceLive: [],
    allowMissingAccounts: true,
    terminateLive: false,
    statusChecks: true,
    notificationArn: 'arn:aws:sns:us-east-1:123456789012:dr-notifications',
  },
  metadata: {
    correlationId: 'DR-2024-12-12-PROD-001',
    parentExecutionId: 'arn:aws:states:us-east-1:123456789012:execution:dr-master:exec-123',
    ticketId: 'INC0012345',
    initiatedBy: 'jsmith@company.com',
  },
};
/** The options when none are given. */
const DEFAULTS = {
  maxWaitMinutes: 120,
  continueOnFailure: false,
  parallelism: 50,
  minServers: 0,
  successThresholdPercent: 50,
  replaceLive: [],
  allowMissingAccounts: false,
  terminateLive: false,
  statusChecks: false,
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
      options: DEFAULTS,
      metadata: {},
    });
  });

  it('keeps the defaults beside a given option', () => {
    const { options } = parseComponentInput({ ...SMALLEST, options: { parallelism: 7 } });
    expect(options).toEqual({ ...DEFAULTS, parallelism: 7 });
  });

  it('takes metadata up to 8 KiB as JSON, however they are written', () => {
    const metadata = (length: number) => ({ note: 'ä'.repeat(length) });
    expect(parseComponentInput({ ...SMALLEST, metadata: metadata(4_090) }).metadata).toEqual(metadata(4_090));
    expect(refusalOf({ ...SMALLEST, metadata: metadata(4_091) })).toMatch(
      /metadata: takes 8193 bytes as JSON; there is room for 8192/,
    );
  });

  it('leaves room in them for what an execution adds, and for no more', () => {
    const added = (correlationId: string) => ({
      correlationId,
      executionId: 'request-0123456789',
      gateId: 'approval-1',
      planHash: 'f'.repeat(64),
    });
    const metadata = { note: 'x'.repeat(8_181) };
    parseComponentInput({ ...SMALLEST, metadata: { ...metadata, ...added('a'.repeat(256)) } });
    expect(refusalOf({ ...SMALLEST, metadata: { ...metadata, ...added('a'.repeat(257)) } })).toContain('metadata');
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
    {
      name: 'more than all',
      input: { ...SMALLEST, options: { successThresholdPercent: 101 } },
      names: ['options.successThresholdPercent'],
    },
    {
      name: 'a snapshot of EC2',
      input: { ...SMALLEST, options: { pointInTimeSnapshot: 'snap-0123456789abcdef0' } },
      names: ['options.pointInTimeSnapshot', 'pit-'],
    },
    {
      name: 'a point in time that is none',
      input: { ...SMALLEST, options: { pointInTime: 'yesterday' } },
      names: ['options.pointInTime'],
    },
    {
      name: 'a server in the place of an instance',
      input: { ...SMALLEST, action: 'failover', options: { replaceLive: ['s-0123456789abcdefG'] } },
      names: ['options.replaceLive.0'],
    },
    {
      name: 'no instance to terminate',
      input: { ...SMALLEST, action: 'terminate', options: { instanceIds: [] } },
      names: ['options.instanceIds'],
    },
    {
      name: 'an ARN of a queue',
      input: { ...SMALLEST, options: { notificationArn: 'arn:aws:sqs:us-east-1:123456789012:dr' } },
      names: ['options.notificationArn', 'SNS'],
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

  it.each(VERBS)('%s is taken', (action) => {
    expect(parseComponentInput({ ...SMALLEST, action }).action).toBe(action);
  });
});

describe('options that contradict the action or each other', () => {
  const instance = 'i-0123abcd';
  const server = 's-0123456789abcdefG';
  const snapshot = 'pit-0123456789abcdefG';
  const pointInTime = '2024-12-12T12:00:00Z';

  it.each<{ action: string; options: Record<string, unknown>; names: string[] }>([
    {
      action: 'drill',
      options: { pointInTimeSnapshot: snapshot, pointInTime },
      names: ['options.pointInTimeSnapshot', 'options.pointInTime are both set'],
    },
    { action: 'terminate', options: { pointInTime }, names: ['options.pointInTime', 'terminate'] },
    { action: 'status', options: { pointInTimeSnapshot: snapshot }, names: ['options.pointInTimeSnapshot', 'status'] },
    { action: 'failback', options: { statusChecks: true }, names: ['options.statusChecks', 'failback'] },
    { action: 'drill', options: { replaceLive: [instance] }, names: ['options.replaceLive', 'drill', 'failover'] },
    { action: 'failover', options: { terminateLive: true }, names: ['options.terminateLive', 'failover'] },
    { action: 'drill', options: { instanceIds: [instance] }, names: ['options.instanceIds', 'drill', 'terminate'] },
    { action: 'failover', options: { sourceServerIds: [server] }, names: ['options.sourceServerIds', 'failover'] },
    {
      action: 'failover',
      options: { isDrill: true, terminateLive: true },
      names: ['options.isDrill', 'options.terminateLive'],
    },
  ])('$action with $options is refused, and both are named', ({ action, options, names }) => {
    const message = refusalOf({ ...SMALLEST, action, options });
    for (const name of [...names, 'Nothing was started.']) expect(message).toContain(name);
  });

  it.each<{ action: string; options: Record<string, unknown> }>([
    { action: 'failover', options: { replaceLive: [instance], pointInTime, statusChecks: true } },
    { action: 'drill', options: { pointInTimeSnapshot: snapshot } },
    { action: 'drill', options: { sourceServerIds: [server] } },
    { action: 'terminate', options: { terminateLive: true, instanceIds: [instance] } },
    { action: 'status', options: { statusChecks: false, terminateLive: false, replaceLive: [], isDrill: false } },
  ])('$action with $options is none', ({ action, options }) => {
    expect(parseComponentInput({ ...SMALLEST, action, options }).options).toMatchObject(options);
  });
});

describe('the complete examples of the seed', () => {
  it('of an input is taken as it is', () => {
    const example = {
      action: 'failover',
      tags: { 'DR-Wave': '1', 'DR-Application': 'HRP', 'DR-Enabled': 'true' },
      options: {
        isDrill: false,
        maxWaitMinutes: 120,
        continueOnFailure: true,
        parallelism: 50,
        notificationArn: 'arn:aws:sns:us-east-1:123456789012:dr-notifications',
      },
      metadata: {
        correlationId: 'DR-2024-12-12-PROD-001',
        parentExecutionId: 'arn:aws:states:us-east-1:123456789012:execution:dr-master:exec-123',
        ticketId: 'INC0012345',
        initiatedBy: 'jsmith@company.com',
      },
    };
    expect(parseComponentInput(example)).toMatchObject(example);
  });

  it('of an output is one, with the fields that were added', () => {
    const account = (accountId: string, jobId: string) => ({
      accountId,
      region: 'us-east-2',
      serversProcessed: 75,
      succeeded: 75,
      failed: 0,
      jobId,
    });
    const example = {
      status: 'success',
      action: 'failover',
      summary: { totalServers: 150, succeeded: 150, failed: 0, skipped: 0 },
      timing: {
        startTime: '2024-12-12T14:00:00Z',
        endTime: '2024-12-12T14:45:30Z',
        durationSeconds: 2_730,
        durationFormatted: 'PT45M30S',
      },
      recoveryInstances: [
        {
          sourceServerId: 's-abc123abc123abc12',
          sourceServerHostname: 'web-server-01',
          recoveryInstanceId: 'i-0789abc0789abc000',
          ec2InstanceId: 'i-0789abc0789abc000',
          stagingAccountId: '111111111111',
          status: 'launched',
          privateIp: '10.0.1.50',
          launchTime: '2024-12-12T14:15:00Z',
          tags: { 'DR-Wave': '1', 'DR-Application': 'HRP', Role: 'WebServer' },
        },
      ],
      failedServers: [],
      stagingAccountResults: [
        account('111111111111', 'drsjob-111abc111abc111ab'),
        account('222222222222', 'drsjob-222def222def222de'),
      ],
      metadata: {
        correlationId: 'DR-2024-12-12-PROD-001',
        parentExecutionId: 'arn:aws:states:us-east-1:123456789012:execution:dr-master:exec-123',
        ticketId: 'INC0012345',
      },
      nextPhaseReady: true,
    };
    const added = {
      isDrill: false,
      skippedServers: [],
      stagingAccountResults: example.stagingAccountResults.map((result) => ({ ...result, jobIds: [result.jobId] })),
      missingAccounts: [],
      warnings: [],
      truncated: false,
      resultLocation: 's3://results/exec-1/wave-01.json',
    };
    expect(outputSchema.parse({ ...example, ...added })).toMatchObject(example);
  });
});

describe('the output', () => {
  const output: ComponentOutput = {
    status: 'success',
    action: 'drill',
    isDrill: true,
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
    missingAccounts: [],
    warnings: [],
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
