import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { executionCard } from '../../blocks/execution-card.ts';
import { type Message, LIMITS as OURS } from '../../blocks/message.ts';
import { GATE_KINDS, GATE_STATUSES } from '../../src/domain/gate.ts';
import { plannedVerb } from '../../src/domain/plan.ts';
import type { ExecutionView, GateRecord } from '../../src/domain/records.ts';
import { EXECUTION_STATUSES } from '../../src/domain/status.ts';
import { OUTCOMES } from '../../src/domain/vocabulary.ts';
import { messageBlocks } from '../../src/local/slack/blocks.ts';
import { LIMITS } from '../../src/local/slack/limits.ts';
import { drawingsOf } from '../../src/projection/drawing.ts';
import { aBatchServer, REGION } from '../domain/fleet.ts';
import { aWave, ON_CALL_GROUP } from './fixtures/fleet.ts';
import { anAction, SMOKE_TEST, SWITCH_DNS, settingsOf } from './fixtures/recovery.ts';
import {
  APPROVER,
  aBatchRecord,
  aDecidedGate,
  aGate,
  anExecution,
  aPlan,
  aRejection,
  headline,
  LAUNCHING,
  minutes,
  mrkdwnOf,
  REQUESTER,
  readable,
  START,
  TASK_TOKEN,
  viewsOfEveryState,
} from './views.ts';

/** Text that would mention, link, make up lines, or blow up when it is escaped. */
const HOSTILE = '<!channel> <@U0STRANGER> <https://evil.example|ok> & `code` @here #general "\\ \n✅ *Approved*\u0000';
const KNOWN_PEOPLE = [REQUESTER, APPROVER, 'U0PAPPROVE2'];

const messagesOf = (view: ExecutionView): Message[] => drawingsOf(view).map((drawing) => drawing.message);

/** Fails unless Slack would take the message as it is, and nothing in it has a meaning but what we put there. */
function expectSendable(message: Message): void {
  expect(message.text.trim()).not.toBe('');
  expect(message.text.length).toBeLessThanOrEqual(LIMITS.updatedText);
  expect(JSON.stringify(message.blocks).length).toBeLessThanOrEqual(OURS.messageCharacters);
  messageBlocks(message.blocks);
  for (const mrkdwn of mrkdwnOf(message)) {
    const ours = mrkdwn
      .replace(/<!date\^\d+\^(\{date_short_pretty\} at )?\{time\}( \(\{ago\}\))?\|([-\d]+ )?\d\d:\d\d UTC>/g, '')
      .replaceAll(`<!subteam^${ON_CALL_GROUP}>`, '')
      .replace(/<@(U[A-Z0-9]+)>/g, (mention, userId: string) => (KNOWN_PEOPLE.includes(userId) ? '' : mention));
    expect(ours).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
  }
  expect(JSON.stringify(message)).not.toContain(TASK_TOKEN);
}

interface Fleet {
  servers: number;
  accounts: number;
  /** For everything that has a name or a sentence. */
  text: string;
}

/** The view of an execution of a fleet, with as much to say of each server as there can be. */
function largeView(
  { servers, accounts, text }: Fleet,
  execution: Partial<ExecutionView['execution']>,
  gate: Partial<GateRecord> = {},
): ExecutionView {
  const states = ['launched', 'failed', 'skipped', 'launching', 'planned'] as const;
  const accountIds = Array.from({ length: accounts }, (_, index) => String(900_000_000_000 + index));
  const perAccount = Math.ceil(servers / accounts);
  const waves = execution.waves?.length ? execution.waves : [1];
  const batches = accountIds.map((accountId, account) =>
    aBatchRecord({
      accountId,
      wave: waves[account % waves.length],
      batchId: `r1-w1-${accountId}-01`,
      servers: Array.from({ length: perAccount }, (_, index) => ({
        ...aBatchServer(account * perAccount + index, { state: states[index % states.length] }),
        hostname: text,
        errorMessage: text,
        isDrill: false,
        recoveryInstanceId: 'i-0123456789abcdef0',
      })),
    }),
  );
  const each = <T>(make: (index: number) => T) => Array.from({ length: servers }, (_, index) => make(index));
  const plan = aPlan({
    totalServers: servers,
    batchIds: batches.map((batch) => batch.batchId),
    accounts: accountIds.map((accountId) => ({
      accountId,
      region: REGION,
      servers: perAccount,
      healthy: perAccount - 5,
      lagging: 5,
      cleanups: perAccount,
    })),
    skipped: each(() => ({
      sourceServerId: aBatchServer(1).sourceServerId,
      sourceServerHostname: text,
      stagingAccountId: '900000000000',
      wave: 1,
      reason: text,
    })),
    findings: each(() => ({
      severity: 'warning',
      kind: 'replication',
      sourceServerId: aBatchServer(1).sourceServerId,
      hostname: text,
      accountId: '900000000000',
      message: text,
    })),
    cleanups: each(() => 'i-0123456789abcdef0'),
    failed: each(() => ({
      sourceServerId: aBatchServer(1).sourceServerId,
      sourceServerHostname: text,
      stagingAccountId: '900000000000',
      region: REGION,
      wave: 1,
      errorCode: 'LiveInstance',
      errorMessage: text,
    })),
    replaced: each(() => 'i-0123456789abcdef0'),
    missingAccounts: each(() => ({ accountId: '900000000000', region: REGION, reason: text })),
    warnings: each(() => text),
    verb: plannedVerb(execution.verb ?? 'drill'),
    stops: execution.problem === undefined ? [] : each(() => text),
    changes: each(() => text),
  });
  return {
    execution: anExecution({ application: text, reason: text, planRevision: 1, ...execution }),
    plan,
    earlierPlans: [],
    gates: [aGate(gate)],
    batches,
    waves: [],
  };
}

const TWENTY = Array.from({ length: 20 }, (_, index) => index + 1);
const THOUSAND = { servers: 1_000, accounts: 40 };
const TEXTS: [string, string][] = [
  ['long names', `${'hrp-database-server-with-a-long-name'.repeat(7)}.example`],
  ['names of nothing but ampersands', '&'.repeat(400)],
  ['names of nothing but quotation marks', '"'.repeat(400)],
  ['hostile names', HOSTILE],
  ['names of astral characters, cut in half', `${'😀'.repeat(200)}\uD83D`],
];

describe('a thousand servers in forty accounts, with hundreds of warnings and failures', () => {
  describe.each(TEXTS)('%s', (_, text) => {
    const over = { endTime: START + minutes(90) };
    const problem = { code: 'X', message: text.repeat(3) };
    const asks = { userId: REQUESTER, teamId: 'T0PRACTICE1', at: START };
    const summary = { totalServers: 1_000, succeeded: 200, failed: 600, skipped: 200 };
    test.each<[string, Partial<ExecutionView['execution']>]>([
      ['planning', {}],
      ['awaiting approval', { status: 'awaiting approval' }],
      ['stopped at preflight', { status: 'failed', problem, ...over }],
      ['executing', LAUNCHING],
      ['executing the second of twenty waves', { ...LAUNCHING, waves: TWENTY, currentWave: 2 }],
      ['cancelling it', { ...LAUNCHING, waves: TWENTY, currentWave: 2, cancelRequested: { ...asks, reason: text } }],
      ['paused', { ...LAUNCHING, status: 'paused', waves: TWENTY, currentWave: 2, pauseRequested: asks }],
      [
        'partly launched, three waves',
        { ...LAUNCHING, ...over, waves: [1, 2, 3], status: 'partial', summary, problem },
      ],
      ['partly launched', { ...LAUNCHING, ...over, status: 'partial', outcome: 'partial', summary, problem }],
      ['rejected', { status: 'rejected', ...over }],
      ['expired', { status: 'expired', ...over }],
      ['cancelled', { status: 'cancelled', ...over }],
    ])('every message fits while it is %s', (_state, execution) => {
      for (const message of messagesOf(largeView({ ...THOUSAND, text }, execution))) expectSendable(message);
    });

    test.each(['failover', 'failback', 'terminate'] as const)('every message of a %s by a machine fits', (verb) => {
      const asks = { verb, selection: text, service: { initiatedBy: text } };
      for (const state of [{ status: 'awaiting approval' } as const, LAUNCHING]) {
        const view = largeView({ ...THOUSAND, text }, { ...state, ...asks });
        for (const message of messagesOf(view)) expectSendable(message);
      }
    });

    test('the record of a decision fits', () => {
      for (const choice of ['approve', 'reject'] as const) {
        const votes = choice === 'reject' ? [aRejection(text)] : aDecidedGate(choice).votes;
        const status = choice === 'reject' ? 'rejected' : 'awaiting approval';
        const view = largeView({ ...THOUSAND, text }, { status }, aDecidedGate(choice, { votes }));
        for (const message of messagesOf(view)) expectSendable(message);
      }
    });
  });

  test('all forty accounts have their bar', () => {
    const card = JSON.stringify(executionCard(largeView({ ...THOUSAND, text: 'hrp' }, LAUNCHING)).blocks);
    expect(card.match(/[█░]{10} /g)).toHaveLength(40);
  });
});

/** Two hundred servers in forty accounts by a recovery plan of twenty waves with an action before and one after each, all with this text. */
function byPlan(
  text: string,
  execution: Partial<ExecutionView['execution']>,
  { gate = {}, at = 12 }: { gate?: Partial<GateRecord>; at?: number } = {},
): ExecutionView {
  const planName = text;
  const waveName = text;
  const run = TWENTY.map((wave) => ({
    wave,
    waveName,
    selectors: [],
    rtoTargetMinutes: 10,
    successThresholdPercent: 95,
    maxWaitMinutes: 7,
    pauseBefore: true as const,
    pauseAfter: true as const,
    preWaveActions: [{ ...SWITCH_DNS, actionName: text, accountId: text, region: text }],
    postWaveActions: [{ ...SMOKE_TEST, actionName: text, url: text }],
  }));
  const view = largeView(
    { servers: 200, accounts: 40, text },
    {
      ...{ waves: TWENTY, currentWave: at, pauseBefore: TWENTY },
      recoveryPlan: { planId: 'p', planName, version: 3, rtoTargetMinutes: 60, waves: settingsOf(run) },
      ...execution,
    },
    gate,
  );
  const actions = run
    .filter(({ wave }) => wave <= at)
    .flatMap(({ wave, preWaveActions: [pre], postWaveActions: [post] }) => [
      ...(pre === undefined
        ? []
        : [anAction(pre, { wave }, { to: 11, status: 'failed', detail: text, references: [text] })]),
      ...(post === undefined || wave === at
        ? []
        : [anAction(post, { wave, phase: 'post' }, { to: 12, detail: text, references: [text, text, text, text] })]),
    ]);
  const waves = TWENTY.filter((wave) => wave < at).map((wave) => aWave(wave, 'success', [wave * 10, wave * 10 + 9]));
  const recoveryPlan = { executionId: view.execution.executionId, version: 3, applications: [text], waves: run };
  const toCome = ({ wave }: { wave: number }) => wave > at;
  const batches = view.batches.map((batch) => ({
    ...batch,
    servers: batch.servers.map((server) => (toCome(batch) ? { ...server, state: 'planned' as const } : server)),
  }));
  return { ...view, batches, actions, waves, recoveryPlan };
}

describe('a recovery plan of twenty waves and forty actions', () => {
  const by = { userId: REQUESTER, teamId: 'T0PRACTICE1', at: START + minutes(90) };
  const stopped = { code: 'X', message: 'x'.repeat(600), at: START + minutes(80) };
  const over = { ...LAUNCHING, status: 'partial', outcome: 'partial', endTime: START + minutes(210) } as const;
  const summary = { totalServers: 1_000, succeeded: 200, failed: 600, skipped: 200 };
  const unpriced = Array.from({ length: 30 }, (_, index) => ({ instanceType: `x2gd.${index}`, instances: 2 }));
  const runningCost = { usdPerDay: 12_345.678, instances: 200, unpriced, pricedAt: START };
  const cleanUp = { afterHours: 4, at: START + minutes(450) };
  const action = { phase: 'pre', index: 1, attempt: 1 } as const;
  const STATES: [string, Partial<ExecutionView['execution']>, Partial<GateRecord>?][] = [
    ['awaiting approval', { status: 'awaiting approval', cleanUp: { afterHours: 4 } }],
    ['executing', LAUNCHING],
    ['standing still', { ...LAUNCHING, machineStopped: stopped }],
    ['resumed', { ...LAUNCHING, resumeRequested: by }],
    [
      'asked about an action',
      { ...LAUNCHING, status: 'paused' },
      { kind: 'decision', gateId: 'action-12-pre-1-1', wave: 12, action },
    ],
    ['paused after the last wave', { ...LAUNCHING, status: 'paused' }, { kind: 'pause', wave: 20, afterWave: true }],
    ['over', { ...over, summary, runningCost, cleanUp }],
    ['over, kept', { ...over, summary, runningCost, cleanUp: { ...cleanUp, kept: by } }],
  ];

  describe.each(TEXTS.filter(([name]) => !name.includes('quotation')))('%s', (_, text) => {
    test.each(STATES)('every message fits while it is %s', (_state, execution, gate) => {
      const view = byPlan(text, execution, { gate });
      for (const message of messagesOf(view)) expectSendable(message);
    });
  });

  test.each(['awaiting approval', 'failover'])('what is approved is told of every wave: %s', (which) => {
    const view = byPlan('layer', { status: 'awaiting approval', verb: which === 'failover' ? which : 'drill' });
    const question = messagesOf(view).find(({ text }) => text.startsWith('Approve?'));
    const text = question === undefined ? '' : readable(question);
    for (const wave of TWENTY) expect(text).toMatch(new RegExp(`\\*Wave ${wave}\\*.*waits before it.*before it layer`));
  });

  test.each(TEXTS)('fits with all forty accounts in the wave that runs, and everything gone wrong: %s', (_, text) => {
    const problem = { code: 'X', message: text.repeat(3) };
    const view = byPlan(text, {
      ...LAUNCHING,
      problem,
      machineStopped: stopped,
      cancelRequested: { ...by, reason: text },
    });
    const batches = view.batches.map((batch) => ({
      ...batch,
      wave: 12,
      servers: batch.servers.map((server, index) => ({ ...server, errorMessage: `${index} ${text}` })),
    }));
    for (const message of messagesOf({ ...view, batches })) expectSendable(message);
  });

  test('a card shows what runs, what failed and what is next, whatever has to be left out', () => {
    const view = byPlan('name '.repeat(40), LAUNCHING);
    const failed = {
      ...view,
      waves: view.waves.map((wave) => (wave.wave === 3 ? { ...wave, outcome: 'partial' as const } : wave)),
      actions: view.actions?.map((record) =>
        record.wave === 5 ? record : { ...record, status: 'succeeded' as const },
      ),
    };
    const text = readable(executionCard(failed));
    expect(headline(executionCard(failed))).toContain('wave 12 (12 of 20)');
    for (const wave of [3, 5, 12, 13]) expect(text).toContain(`*Wave ${wave} · name name`);
    expect(text).toContain('*Waves 14–20*');
    expect(text).toContain('*Failed actions*');
  });
});

describe('text from outside', () => {
  test('makes no line of its own: nobody approves in a hostname', () => {
    for (const execution of [{ status: 'awaiting approval' } as const, LAUNCHING]) {
      const view = largeView({ servers: 5, accounts: 1, text: HOSTILE }, execution);
      const ownLines = messagesOf(view).flatMap((message) => mrkdwnOf(message).flatMap((text) => text.split('\n')));
      expect(ownLines.filter((line) => line.startsWith('✅ *Approved'))).toEqual([]);
    }
  });

  test('never comes without the state in the first line', () => {
    const view = largeView({ servers: 5, accounts: 1, text: 'x'.repeat(500) }, LAUNCHING);
    expect(headline(executionCard(view))).toContain('launching');
  });
});

test('no task token is in any card, in any state', () => {
  for (const view of Object.values(viewsOfEveryState())) {
    const withBell = { ...view, gates: [...view.gates, aGate()] };
    expect(JSON.stringify(messagesOf(withBell))).not.toContain('AQDRTASK');
  }
});

test('any execution, at any moment and with any text, can be shown', () => {
  const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.constant(HOSTILE));
  const anyTime = fc.option(fc.integer({ min: START, max: START + minutes(600) }), { nil: undefined });
  const anyExecution = fc.record({
    status: fc.constantFrom(...EXECUTION_STATUSES),
    outcome: fc.option(fc.constantFrom(...OUTCOMES), { nil: undefined }),
    reason: fc.option(anyText, { nil: undefined }),
    waves: fc.array(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), { minLength: 1, maxLength: 100 }),
    machineStopped: fc.option(fc.record({ code: anyText, message: anyText, at: fc.constant(START) }), {
      nil: undefined,
    }),
    cleanUp: fc.option(fc.record({ afterHours: fc.integer({ min: 1, max: 168 }), at: anyTime }), { nil: undefined }),
    launchStartedAt: anyTime,
    endTime: anyTime,
    planRevision: fc.integer({ min: 0, max: 3 }),
    problem: fc.option(fc.record({ code: anyText, message: anyText }), { nil: undefined }),
  });
  const anyGate = fc.record({
    kind: fc.constantFrom(...GATE_KINDS),
    afterWave: fc.constantFrom(undefined, true as const),
    action: fc.constantFrom<GateRecord['action'][]>(undefined, { phase: 'post', index: 1, attempt: 1 }),
    wave: fc.integer({ min: 1, max: 4 }),
    status: fc.constantFrom(...GATE_STATUSES),
    settledAt: anyTime,
    votes: fc
      .record({ reason: anyText, breakGlass: fc.constantFrom(undefined, true as const) })
      .map((differs) => [{ ...aRejection(differs.reason), ...differs }]),
    typedName: fc.option(anyText, { nil: undefined }),
    reminders: fc.array(fc.constant(START + minutes(15)), { maxLength: 3 }),
    escalatedAt: anyTime,
    escalation: fc.constantFrom<GateRecord['escalation'][]>(undefined, {
      at: START,
      users: [APPROVER],
      userGroups: [ON_CALL_GROUP],
    }),
    breakGlass: fc.constantFrom<GateRecord['breakGlass'][]>(undefined, {
      roles: [],
      userIds: [APPROVER],
      byRequester: false,
    }),
  });
  const fleet = fc.record({
    servers: fc.integer({ min: 1, max: 60 }),
    accounts: fc.integer({ min: 1, max: 45 }),
    text: anyText,
  });
  fc.assert(
    fc.property(fleet, anyExecution, anyGate, fc.boolean(), (size, execution, gate, isPlanned) => {
      const view = largeView(size, execution, gate);
      const shown = isPlanned ? view : { ...view, plan: undefined, batches: [] };
      for (const message of messagesOf(shown)) expectSendable(message);
    }),
    { numRuns: 200 },
  );
});
