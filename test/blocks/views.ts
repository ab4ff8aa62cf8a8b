import type { Message } from '../../blocks/message.ts';
import type { BatchRecord, ExecutionRecord, ExecutionView, GateRecord, PlanRecord } from '../../src/domain/records.ts';
import { ACCOUNT, aBatch, aBatchServer, aServer, DEFAULT_OPTIONS, REGION } from '../domain/fleet.ts';

export const EXECUTION_ID = 'abcdef01-2345-8678-8abc-def012345678';
export const REQUESTER = 'U0PREQUEST1';
export const APPROVER = 'U0PAPPROVE1';
export const TASK_TOKEN = `AQDRTASK${'x'.repeat(256)}`;
/** 02:00 UTC; the drill of these views begins then. */
export const START = Date.parse('2026-03-02T02:00:00Z');
const TEAM = 'T0PRACTICE1';

export const minutes = (n: number): number => n * 60_000;

/** HRP wave 1, asked for and not yet planned. */
export function anExecution(differs: Partial<ExecutionRecord> = {}): ExecutionRecord {
  return {
    executionId: EXECUTION_ID,
    status: 'planning',
    startTime: START,
    verb: 'drill',
    application: 'HRP',
    waves: [1],
    tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' },
    options: DEFAULT_OPTIONS,
    requester: { userId: REQUESTER, teamId: TEAM },
    channelId: 'C0INCIDENT1',
    correlationId: EXECUTION_ID,
    planRevision: 0,
    ...differs,
  };
}

/** Three healthy servers in one account, nothing in the way. */
export function aPlan(differs: Partial<PlanRecord> = {}): PlanRecord {
  return {
    executionId: EXECUTION_ID,
    revision: 1,
    hash: 'a1b2c3d4e5f6'.padEnd(64, '0'),
    verb: 'drill',
    waves: [1],
    totalServers: 3,
    accounts: [{ accountId: ACCOUNT, region: REGION, servers: 3, healthy: 3, lagging: 0, cleanups: 0 }],
    batchIds: [aBatch().batchId],
    skipped: [],
    failed: [],
    missingAccounts: [],
    cleanups: [],
    replaced: [],
    findings: [],
    warnings: [],
    stops: [],
    changes: [],
    frozenAt: START,
    ...differs,
  };
}

export function aGate(differs: Partial<GateRecord> = {}): GateRecord {
  return {
    executionId: EXECUTION_ID,
    gateId: 'approval-1',
    kind: 'approval',
    status: 'pending',
    version: 1,
    planRevision: 1,
    planHash: aPlan().hash,
    application: 'HRP',
    requester: { userId: REQUESTER, teamId: TEAM },
    requestedAt: START,
    permissions: ['drs:ManageExecution'],
    quorum: 1,
    openedAt: START,
    expiresAt: START + minutes(30),
    votes: [],
    approvers: [APPROVER, 'U0PAPPROVE2'],
    bell: { taskToken: TASK_TOKEN, enteredTime: '2026-03-02T02:00:00Z', retryCount: 0, redriveCount: 0 },
    ...differs,
  };
}

/** Why the approver rejects. */
export const REASON = 'too many people work at this hour';

/** The approver's vote to reject for this reason. */
export function aRejection(reason: string): GateRecord['votes'][number] {
  return { userId: APPROVER, teamId: TEAM, choice: 'reject', reason, at: START + minutes(5) };
}

/** The gate as it is when the approver has chosen, five minutes after the start. */
export function aDecidedGate(choice: 'approve' | 'reject', differs: Partial<GateRecord> = {}): GateRecord {
  const at = START + minutes(5);
  return aGate({
    status: choice === 'approve' ? 'approved' : 'rejected',
    votes: [choice === 'reject' ? aRejection(REASON) : { userId: APPROVER, teamId: TEAM, choice, at }],
    settledAt: at,
    ...differs,
  });
}

export function aBatchRecord(differs: Partial<BatchRecord> = {}): BatchRecord {
  return {
    ...aBatch(),
    verb: 'drill',
    executionId: EXECUTION_ID,
    planRevision: 1,
    planHash: aPlan().hash,
    wave: 1,
    version: 1,
    ...differs,
  };
}

export function aView(
  execution: Partial<ExecutionRecord> = {},
  { plan, earlierPlans = [], gates = [], batches = [], waves = [] }: Partial<Omit<ExecutionView, 'execution'>> = {},
): ExecutionView {
  return { execution: anExecution(execution), plan, earlierPlans, gates, batches, waves };
}

/** Launch began ten minutes after the start. */
export const LAUNCHING: Partial<ExecutionRecord> = {
  status: 'executing',
  planRevision: 1,
  launchStartedAt: START + minutes(10),
};

/** Launched and over 34 minutes after the start. */
export function ended(
  outcome: NonNullable<ExecutionRecord['outcome']>,
  summary: { succeeded: number; failed: number; skipped?: number },
  differs: Partial<ExecutionRecord> = {},
): Partial<ExecutionRecord> {
  const { succeeded, failed, skipped = 0 } = summary;
  const statuses = { success: 'completed', partial: 'partial', failed: 'failed', timeout: 'failed' } as const;
  return {
    ...LAUNCHING,
    status: statuses[outcome],
    outcome,
    endTime: START + minutes(34),
    summary: { totalServers: succeeded + failed + skipped, succeeded, failed, skipped },
    resultLocation: 's3://results/wave-01.json',
    ...differs,
  };
}

/** A view for each state that an execution's card can be in, by name. */
export function viewsOfEveryState(): Record<string, ExecutionView> {
  const plan = aPlan();
  const approved = [aDecidedGate('approve')];
  const known = { plan, gates: approved };
  const batch = (...states: Parameters<typeof aBatchServer>[1][]) => [
    aBatchRecord({ servers: states.map((differs, index) => aBatchServer(index + 1, differs)) }),
  ];
  const launched = { state: 'launched' } as const;
  const failedServer = { state: 'failed', errorCode: 'LaunchFailed', errorMessage: 'conversion failed' } as const;
  const late = { state: 'failed', errorCode: 'JobTimeout', errorMessage: 'drsjob-1 was still running' } as const;
  const stops = [`${aServer(1).hostname} (${aServer(1).sourceServerId}): live instance i-00000001 (running).`];
  const over = { planRevision: 1, endTime: START + minutes(31) };
  return {
    planning: aView(),
    'preflight stopped': aView(
      {
        status: 'failed',
        ...over,
        outcome: 'failed',
        problem: { code: 'PreflightStopped', message: 'Preflight stopped the drill. Nothing was launched.' },
      },
      { plan: aPlan({ stops }) },
    ),
    'awaiting approval': aView({ status: 'awaiting approval', planRevision: 1 }, { plan, gates: [aGate()] }),
    executing: aView(LAUNCHING, { ...known, batches: batch(launched, { state: 'launching' }, {}) }),
    completed: aView(ended('success', { succeeded: 3, failed: 0 }), {
      ...known,
      batches: batch(launched, launched, launched),
    }),
    partial: aView(ended('partial', { succeeded: 2, failed: 1 }), {
      ...known,
      batches: batch(launched, launched, failedServer),
    }),
    failed: aView(ended('failed', { succeeded: 0, failed: 2, skipped: 1 }), {
      ...known,
      batches: batch(failedServer, failedServer, { state: 'skipped' }),
    }),
    timeout: aView(ended('timeout', { succeeded: 1, failed: 2 }), { ...known, batches: batch(launched, late, late) }),
    rejected: aView({ status: 'rejected', ...over }, { plan, gates: [aDecidedGate('reject')] }),
    expired: aView(
      { status: 'expired', ...over },
      { plan, gates: [aGate({ status: 'expired', settledAt: START + minutes(30) })] },
    ),
    cancelled: aView({ status: 'cancelled', ...over }, { plan, gates: [aGate({ status: 'cancelled' })] }),
    paused: aView({ ...LAUNCHING, status: 'paused' }, { ...known, batches: batch(launched, {}, {}) }),
  };
}

/** Everything that is read in the channel: the texts of all blocks, from top to bottom, as they are sent. */
export function readable(message: Message): string {
  return message.blocks.flatMap(textsOf).join('\n');
}

/** The texts of the blocks that Slack reads as mrkdwn, and the push text. */
export function mrkdwnOf(message: Message): string[] {
  return [message.text, ...message.blocks.filter((block) => block.type !== 'header').flatMap(textsOf)];
}

/** The first line, in large type. */
export function headline(message: Message): string {
  const [first] = message.blocks;
  return first === undefined ? '' : (textsOf(first)[0] ?? '');
}

function textsOf(block: Message['blocks'][number]): string[] {
  switch (block.type) {
    case 'header':
    case 'section':
      return block.text === undefined ? [] : [block.text.text];
    case 'context':
      return block.elements.map((element) => ('text' in element ? String(element.text) : ''));
    case 'actions':
      return block.elements.map((element) => (element.type === 'button' ? element.text.text : ''));
    default:
      return [];
  }
}
