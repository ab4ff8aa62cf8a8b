import { z } from 'zod';
import { batchNameOf } from './batches.ts';
import { isoDuration } from './duration.ts';
import type { ActionRecord, ActionStatus, ExecutionView, WaveRecord } from './records.ts';
import type { WaveAction } from './recovery-plan.ts';
import { type RtoState, rtoOf, type WaveRto } from './rto.ts';
import { isDone, type ServerState } from './status.ts';

/**
 * An execution as other programs of the enterprise platform read it: the execution state schema of seed 3, field by field.
 * What differs is how little or how much of a value is known here; each field says so.
 */

/** Seed 3's state diagram and example. What was rejected or expired is `cancelled`; what is partial has `failed`. */
export const STATE_STATUSES = ['planning', 'in_progress', 'paused', 'completed', 'failed', 'cancelled'] as const;
/** Of a wave and of what is done in it. `cancelled`: it was not begun and will not be. */
export const PART_STATUSES = ['pending', 'in_progress', 'completed', 'failed', 'cancelled'] as const;

const instantSchema = z.iso.datetime();
const partStatusSchema = z.enum(PART_STATUSES);

const technologySchema = z.strictObject({
  type: z
    .enum(['drs', 'database', 'application', 'infrastructure'])
    .describe(
      'drs: servers that DRS recovers. application: a pre- or post-wave action. The other two are not done here.',
    ),
  status: partStatusSchema,
  subExecutionId: z
    .string()
    .optional()
    .describe(
      'drs: the run of the state machine drs-orchestration-main, one for each attempt. application: the automation execution or the command, once it is begun.',
    ),
  resources: z
    .array(z.string())
    .describe(
      'drs: source server ids, each in the attempt in which it was tried last. application: what it runs or looks at.',
    ),
  executionTime: z.string().optional().describe('ISO 8601 duration, once it is over.'),
});

const waveSchema = z.strictObject({
  waveNumber: z.int().describe('0 where the request names no wave.'),
  name: z.string(),
  status: partStatusSchema.describe('completed: every server of it was recovered.'),
  startedAt: instantSchema.optional().describe('Of its first attempt; left out before it begins.'),
  completedAt: instantSchema.optional().describe('When it ended, whatever came of it.'),
  technologies: z
    .array(technologySchema)
    .describe('In the order of their beginning; of an attempt the servers are one entry.'),
});

/** Seed 3's execution state schema. */
export const executionStateSchema = z
  .strictObject({
    executionId: z.string(),
    planId: z
      .string()
      .nullable()
      .describe('Of the stored recovery plan; null where there is none, e.g. where tags make the waves.'),
    status: z
      .enum(STATE_STATUSES)
      .describe('planning: until it is approved. completed: every server was recovered; failed: not all were.'),
    currentWave: z.int().nullable().describe('The wave that was begun last; null before the first.'),
    startedAt: instantSchema.describe('When it was asked for.'),
    waves: z.array(waveSchema).describe('In the order in which they run.'),
    enterpriseContext: z.strictObject({
      initiatedBy: z.string().describe('The Slack user id, or what a machine says of itself.'),
      parentExecutionId: z
        .string()
        .nullable()
        .describe('The correlation id by which a machine asked; null where a person did.'),
      tags: z.record(z.string(), z.string()).describe('The tags that all its servers have in common.'),
    }),
  })
  .meta({ title: 'DR Execution State', description: 'Where an execution stands, wave by wave.' });
export type ExecutionState = z.infer<typeof executionStateSchema>;
type WaveState = ExecutionState['waves'][number];
type Technology = WaveState['technologies'][number];
type PartStatus = Technology['status'];

/** Where an execution stands. `now` is in milliseconds since the epoch. */
export function executionStateOf(view: ExecutionView, now: number): ExecutionState {
  const { execution } = view;
  const { executionId, recoveryPlan, currentWave, startTime, service, requester, tags } = execution;
  return {
    executionId,
    // What is made of another execution, of version 0, is stored nowhere.
    planId: recoveryPlan === undefined || recoveryPlan.version === 0 ? null : recoveryPlan.planId,
    status: statusOf(view),
    currentWave: currentWave ?? null,
    startedAt: iso(startTime),
    waves: rtoOf(view, now).waves.map((rto) => waveOf(view, rto)),
    enterpriseContext: {
      initiatedBy: service === undefined ? requester.userId : (service.initiatedBy ?? 'a machine'),
      parentExecutionId: service === undefined ? null : execution.correlationId,
      tags,
    },
  };
}

function statusOf({ execution }: ExecutionView): ExecutionState['status'] {
  switch (execution.status) {
    case 'planning':
    case 'awaiting approval':
      return 'planning';
    case 'executing':
      return 'in_progress';
    case 'partial':
      return 'failed';
    case 'rejected':
    case 'expired':
      return 'cancelled';
    default:
      return execution.status;
  }
}

const STATUS_OF_WAVE: Record<RtoState, PartStatus> = {
  'to come': 'pending',
  running: 'in_progress',
  recovered: 'completed',
  incomplete: 'failed',
  'not begun': 'cancelled',
};

function waveOf(view: ExecutionView, rto: WaveRto): WaveState {
  const { wave, waveName, state, startedAt, endedAt } = rto;
  return {
    waveNumber: wave,
    name: waveName ?? `Wave ${wave}`,
    status: STATUS_OF_WAVE[state],
    ...(startedAt === undefined ? {} : { startedAt: iso(startedAt) }),
    ...(endedAt === undefined ? {} : { completedAt: iso(endedAt) }),
    technologies: [...actionsOf(view, wave, 'pre'), ...attemptsOf(view, rto), ...actionsOf(view, wave, 'post')],
  };
}

/** What DRS does in a wave: an entry for each attempt; for one that has not begun its servers, as far as they are known. */
function attemptsOf(view: ExecutionView, rto: WaveRto): Technology[] {
  const attempts = Math.max(1, rto.attempts);
  return Array.from({ length: attempts }, (_, index) => attemptOf(view, rto, index + 1));
}

function attemptOf(view: ExecutionView, rto: WaveRto, attempt: number): Technology {
  const { wave, attempts } = rto;
  const { executionId } = view.execution;
  const servers = serversOf(view, wave, attempt);
  const record = recordsOf(view, wave).find((candidate) => (candidate.attempt ?? 1) === attempt);
  const from = attempt === 1 ? rto.startedAt : retriedAt(view, wave, attempt);
  const until = record?.endedAt ?? (attempt === attempts ? rto.endedAt : undefined);
  return {
    type: 'drs',
    status: attemptStatus(rto, servers, record),
    // As src/orchestration/run.ts names the runs.
    ...(attempts < attempt ? {} : { subExecutionId: `${executionId}-w${wave}${attempt > 1 ? `-a${attempt}` : ''}` }),
    resources: servers.map(({ sourceServerId }) => sourceServerId),
    ...(from === undefined || until === undefined ? {} : { executionTime: isoBetween(from, until) }),
  };
}

/** A server of an attempt; those that the plan itself found to fail have no state of their own. */
interface AttemptServer {
  sourceServerId: string;
  state: ServerState;
}

function serversOf({ execution, plan, batches }: ExecutionView, wave: number, attempt: number): AttemptServer[] {
  const isOnly = execution.waves.length < 2;
  const ofAttempt = batches.filter(
    (batch) => (isOnly || batch.wave === wave) && batchNameOf(batch.batchId).attempt === attempt,
  );
  const failed = attempt > 1 ? [] : (plan?.failed ?? []).filter((server) => isOnly || server.wave === wave);
  return [
    ...ofAttempt.flatMap(({ servers }) => servers),
    ...failed.map(({ sourceServerId }) => ({ sourceServerId, state: 'failed' as const })),
  ];
}

/** Of an attempt that was followed by another one only what came of the servers that it was the last for. */
function attemptStatus(
  { state, attempts }: WaveRto,
  servers: readonly AttemptServer[],
  record: WaveRecord | undefined,
): PartStatus {
  if (attempts === 0) return STATUS_OF_WAVE[state];
  if (record === undefined) return state === 'running' ? 'in_progress' : 'failed';
  if (servers.length === 0) return record.outcome === 'success' ? 'completed' : 'failed';
  return servers.every((server) => isDone(server.state)) ? 'completed' : 'failed';
}

/** How the attempts of a wave that have ended ended. */
function recordsOf({ waves, earlierAttempts = [] }: ExecutionView, wave: number): WaveRecord[] {
  return [...earlierAttempts, ...waves].filter((record) => record.wave === wave);
}

/** When it was decided that a wave is tried again; the time until then is nobody's. */
function retriedAt({ gates }: ExecutionView, wave: number, attempt: number): number | undefined {
  return gates.find(({ gateId }) => gateId === `decision-${wave}-${attempt - 1}`)?.settledAt;
}

const STATUS_OF_ACTION: Record<ActionStatus, PartStatus> = {
  running: 'in_progress',
  succeeded: 'completed',
  failed: 'failed',
  'timed out': 'failed',
};

function actionsOf({ actions = [] }: ExecutionView, wave: number, phase: ActionRecord['phase']): Technology[] {
  return actions
    .filter((action) => action.wave === wave && action.phase === phase)
    .map(({ action, status, references = [], startedAt, endedAt }) => ({
      type: 'application',
      status: STATUS_OF_ACTION[status],
      ...(references[0] === undefined ? {} : { subExecutionId: references.join(' ') }),
      resources: [resourceOf(action)],
      ...(endedAt === undefined ? {} : { executionTime: isoBetween(startedAt, endedAt) }),
    }));
}

/** What an action runs or looks at. */
function resourceOf(action: WaveAction): string {
  switch (action.actionType) {
    case 'automation':
    case 'command':
      return action.documentName;
    case 'http':
      return action.url;
    case 'tcp':
      return `${action.host}:${action.port}`;
    case 'ec2Status':
      return action.actionName;
  }
}

function isoBetween(from: number, until: number): string {
  return isoDuration(Math.max(0, Math.round((until - from) / 1_000)));
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
