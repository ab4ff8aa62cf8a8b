import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OUTCOMES, VERBS } from '../../src/domain/vocabulary.ts';
import {
  type About,
  KIND_OF_OUTCOME,
  type Notification,
  type NotificationFacts,
  type NotificationKind,
  notificationOf,
} from '../../src/observability/notifications.ts';
import { aFailure, anOutput } from './outputs.ts';

const ABOUT: About = {
  action: 'failover',
  executionId: 'DR-1',
  correlationId: 'incident-7',
  tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' },
  application: 'HRP',
  wave: 1,
  monitoringUrl: 'https://example.slack.com/archives/C1/p1',
};
const STARTED_AT = Date.parse('2026-03-02T03:00:00Z');
const POINTERS = `Watch: https://example.slack.com/archives/C1/p1
Execution: DR-1
Correlation id: incident-7`;
const RESULT = 'Result: s3://results/results/DR-1/wave-01.json';

function attributes(kind: NotificationKind, status: string): Record<string, string> {
  return {
    kind,
    action: 'failover',
    status,
    application: 'HRP',
    wave: '1',
    executionId: 'DR-1',
    correlationId: 'incident-7',
  };
}

describe('each kind', () => {
  test('executionStarted', () => {
    expect(notificationOf('executionStarted', { ...ABOUT, startedAt: STARTED_AT, totalServers: 6 })).toEqual({
      subject: 'DRS Orchestration Started: failover of HRP wave 1',
      message: `The failover of HRP wave 1 has started with 6 servers.
Started at 2026-03-02T03:00:00.000Z.
${POINTERS}`,
      attributes: attributes('executionStarted', 'executing'),
    });
  });

  test('executionCompleted', () => {
    const output = anOutput({
      status: 'success',
      summary: { totalServers: 6, succeeded: 5, failed: 0, skipped: 1 },
      failedServers: [],
    });
    expect(notificationOf('executionCompleted', { ...ABOUT, output })).toEqual({
      subject: 'DRS Orchestration success: failover of HRP wave 1',
      message: `The failover of HRP wave 1 is completed: 5 of 6 servers succeeded, 0 failed, 1 skipped.
Next phase ready: yes. Duration: 1 h 20 min.
${RESULT}
${POINTERS}`,
      attributes: attributes('executionCompleted', 'success'),
    });
  });

  test('executionFailed, with a result', () => {
    const output = anOutput({
      status: 'timeout',
      summary: { totalServers: 12, succeeded: 0, failed: 12, skipped: 0 },
      failedServers: Array.from({ length: 12 }, (_, index) => aFailure(index + 1)),
      nextPhaseReady: false,
    });
    const problem = { code: 'JobTimeout', message: 'The time allowed was over.' };
    expect(notificationOf('executionFailed', { ...ABOUT, output, problem })).toEqual({
      subject: 'ALERT: DRS Orchestration Failed: failover of HRP wave 1',
      message: `ALERT: the failover of HRP wave 1 ran out of time: 0 of 12 servers succeeded, 12 failed, 0 skipped.
Error JobTimeout: The time allowed was over.
Failed servers: 12
- hrp-001: LaunchFailed
- hrp-002: LaunchFailed
- hrp-003: LaunchFailed
- hrp-004: LaunchFailed
- hrp-005: LaunchFailed
- hrp-006: LaunchFailed
- hrp-007: LaunchFailed
- hrp-008: LaunchFailed
- hrp-009: LaunchFailed
- hrp-010: LaunchFailed
- and 2 more
Next phase ready: no. Duration: 1 h 20 min.
${RESULT}
${POINTERS}`,
      attributes: attributes('executionFailed', 'timeout'),
    });
  });

  test('executionFailed, before there was a result', () => {
    const problem = { code: 'PreflightStopped', message: 'Preflight stopped it. Nothing was launched.' };
    expect(notificationOf('executionFailed', { ...ABOUT, problem })).toEqual({
      subject: 'ALERT: DRS Orchestration Failed: failover of HRP wave 1',
      message: `ALERT: the failover of HRP wave 1 failed.
Error PreflightStopped: Preflight stopped it. Nothing was launched.
${POINTERS}`,
      attributes: attributes('executionFailed', 'failed'),
    });
  });

  test('partialSuccess, with an account that could not be read', () => {
    const missingAccounts = [{ accountId: '333333333333', region: 'us-east-2', reason: 'the role may not be assumed' }];
    const output = anOutput({ message: 'An account is missing.', missingAccounts, warnings: ['111 has 301 servers.'] });
    expect(notificationOf('partialSuccess', { ...ABOUT, output })).toEqual({
      subject: 'WARNING: DRS Orchestration Partial Success: failover of HRP wave 1',
      message: `WARNING: the failover of HRP wave 1 is partly done: 4 of 6 servers succeeded, 1 failed, 1 skipped. Review required.
An account is missing.
Accounts that could not be read, whose servers are unknown: 1
- 333333333333 in us-east-2: the role may not be assumed
Failed servers: 1
- hrp-001: LaunchFailed
Warnings: 1
- 111 has 301 servers.
Next phase ready: yes. Duration: 1 h 20 min.
${RESULT}
${POINTERS}`,
      attributes: attributes('partialSuccess', 'partial'),
    });
  });

  test('waveStarted', () => {
    expect(notificationOf('waveStarted', { ...ABOUT, startedAt: STARTED_AT, totalServers: 1 })).toEqual({
      subject: 'DRS Orchestration Wave Started: failover of HRP wave 1',
      message: `Wave 1 of the failover of HRP has started with 1 server.
Started at 2026-03-02T03:00:00.000Z.
${POINTERS}`,
      attributes: attributes('waveStarted', 'executing'),
    });
  });

  test('waveCompleted', () => {
    expect(notificationOf('waveCompleted', { ...ABOUT, output: anOutput() })).toEqual({
      subject: 'DRS Orchestration Wave partial: failover of HRP wave 1',
      message: `Wave 1 of the failover of HRP has ended as partial: 4 of 6 servers succeeded, 1 failed, 1 skipped.
Failed servers: 1
- hrp-001: LaunchFailed
Next phase ready: yes. Duration: 1 h 20 min.
${RESULT}
${POINTERS}`,
      attributes: attributes('waveCompleted', 'partial'),
    });
  });

  test('paused', () => {
    const facts = { ...ABOUT, pausedAt: STARTED_AT, reason: 'it waits for a decision before wave 2.' };
    expect(notificationOf('paused', facts)).toEqual({
      subject: 'DRS Orchestration Paused: failover of HRP wave 1',
      message: `The failover of HRP wave 1 is paused: it waits for a decision before wave 2.
Paused at 2026-03-02T03:00:00.000Z.
${POINTERS}`,
      attributes: attributes('paused', 'paused'),
    });
  });
});

test('a direct call is called by its tags, and what is unknown is left out', () => {
  const { subject, message, attributes } = notificationOf('executionStarted', {
    action: 'drill',
    executionId: 'run-1',
    correlationId: 'run-1',
    tags: { 'DR-Wave': '1', 'DR-Tier': 'Critical' },
    startedAt: STARTED_AT,
  });
  expect(subject).toBe('DRS Orchestration Started: drill of DR-Wave=1 and DR-Tier=Critical');
  expect(message).toBe(`The drill of DR-Wave=1 and DR-Tier=Critical has started.
Started at 2026-03-02T03:00:00.000Z.
Execution: run-1
Correlation id: run-1`);
  expect(Object.keys(attributes)).toEqual(['kind', 'action', 'status', 'executionId', 'correlationId']);
});

test('failed servers are counted where a truncated output does not name them', () => {
  const output = anOutput({ failedServers: [], truncated: true });
  const { message } = notificationOf('partialSuccess', { ...ABOUT, output });
  expect(message).toContain('Failed servers: 1\nNext phase');
});

test.each([
  ['Zürich Payments', 'Zurich Payments'],
  ['支払い core', '? core'],
  ['line\none\ttwo', 'line one two'],
])('the application %j is %j in a subject, and itself in the attributes', (application, shown) => {
  const { subject, attributes } = notificationOf('executionStarted', { ...ABOUT, application, startedAt: STARTED_AT });
  expect(subject).toBe(`DRS Orchestration Started: failover of ${shown} wave 1`);
  expect(attributes.application).toBe(application.replaceAll(/\s/g, ' '));
});

test('a long subject is cut at a word', () => {
  const application = 'the payments and settlements platform of the northern region';
  const { subject } = notificationOf('partialSuccess', { ...ABOUT, output: anOutput(), application });
  expect(subject).toBe(
    'WARNING: DRS Orchestration Partial Success: failover of the payments and settlements platform of...',
  );
});

test('each outcome has its kind', () => {
  expect(OUTCOMES.map((outcome) => KIND_OF_OUTCOME[outcome])).toEqual([
    'executionCompleted',
    'partialSuccess',
    'executionFailed',
    'executionFailed',
  ]);
});

/** What SNS asks of a message (API reference: Publish, MessageAttributeValue; developer guide: message attributes). */
function expectValid({ subject, message, attributes }: Notification): void {
  expect(subject).toMatch(/^[\x21-\x7e][\x20-\x7e]{0,98}$/);
  expect(message).not.toBe('');
  expect(Buffer.byteLength(message) + Buffer.byteLength(JSON.stringify(attributes))).toBeLessThan(262_144);
  expect(message.isWellFormed()).toBe(true);
  expect(message).not.toMatch(/(?!\n)[\p{Cc}\u2028\u2029]/u);
  expect(Object.keys(attributes).length).toBeLessThanOrEqual(10);
  for (const [name, value] of Object.entries(attributes)) {
    expect(name).toMatch(/^[A-Za-z0-9_-]{1,256}$/);
    expect(value).not.toBe('');
    expect(value.isWellFormed()).toBe(true);
    expect(value).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
  }
}

/** Text of any kind, long or empty, with control characters, emoji and broken characters. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom('a', ' ', '\n', '\r', '\0', '\u2028', '\ud800', '\udc00', '😀', 'ü'),
    maxLength: 300,
  }),
  fc.constant('x'.repeat(5_000)),
);

const anyAbout: fc.Arbitrary<About> = fc.record(
  {
    action: fc.constantFrom(...VERBS),
    executionId: anyText,
    correlationId: anyText,
    tags: fc.dictionary(anyText, anyText, { maxKeys: 5 }),
    application: anyText,
    wave: fc.integer({ min: 0, max: 99 }),
    monitoringUrl: anyText,
  },
  { requiredKeys: ['action', 'executionId', 'correlationId', 'tags'] },
);

const anyOutput = fc
  .record({ host: anyText, id: anyText, code: anyText, message: anyText, location: anyText, failures: fc.nat(30) })
  .map(({ host, id, code, message, location, failures }) =>
    anOutput({
      message,
      resultLocation: location,
      summary: { totalServers: failures, succeeded: 0, failed: failures, skipped: 0 },
      failedServers: Array.from({ length: failures }, (_, index) => ({
        ...aFailure(index),
        sourceServerHostname: host,
        sourceServerId: id,
        errorCode: code,
      })),
      missingAccounts: [{ accountId: '111111111111', region: 'us-east-2', reason: message }],
      warnings: [message],
    }),
  );

describe('whatever people wrote', () => {
  const anyFacts = fc.record({ about: anyAbout, output: anyOutput, reason: anyText, at: fc.nat(4_102_444_800_000) });

  test('subject, message and attributes are what SNS takes', () => {
    fc.assert(
      fc.property(anyFacts, ({ about, output, reason, at }) => {
        const facts: NotificationFacts = {
          executionStarted: { ...about, startedAt: at },
          executionCompleted: { ...about, output },
          executionFailed: { ...about, output, problem: { code: reason, message: reason } },
          partialSuccess: { ...about, output },
          waveStarted: { ...about, startedAt: at, totalServers: 3 },
          waveCompleted: { ...about, output },
          paused: { ...about, pausedAt: at, reason },
          gateOpened: { ...about, question: reason, openedAt: at, expiresAt: at, quorum: 2, asked: 7 },
        };
        expectValid(notificationOf('executionStarted', facts.executionStarted));
        expectValid(notificationOf('executionCompleted', facts.executionCompleted));
        expectValid(notificationOf('executionFailed', facts.executionFailed));
        expectValid(notificationOf('partialSuccess', facts.partialSuccess));
        expectValid(notificationOf('waveStarted', facts.waveStarted));
        expectValid(notificationOf('waveCompleted', facts.waveCompleted));
        expectValid(notificationOf('paused', facts.paused));
        expectValid(notificationOf('gateOpened', facts.gateOpened));
      }),
      { numRuns: 200 },
    );
  });
});
