import type { PlannedVerb } from './vocabulary.ts';

/** Status of an execution (seed 3), in the order in which it can move. */
export const EXECUTION_STATUSES = [
  'planning',
  'awaiting approval',
  'executing',
  'paused',
  'completed',
  'partial',
  'failed',
  'rejected',
  'expired',
  'cancelled',
] as const;
export type ExecutionStatus = (typeof EXECUTION_STATUSES)[number];

const NEXT: Record<ExecutionStatus, readonly ExecutionStatus[]> = {
  planning: ['awaiting approval', 'failed', 'cancelled'],
  'awaiting approval': ['awaiting approval', 'executing', 'paused', 'rejected', 'expired', 'failed', 'cancelled'],
  // From one wave to the next.
  executing: ['executing', 'paused', 'completed', 'partial', 'failed', 'cancelled'],
  paused: ['executing', 'completed', 'partial', 'failed', 'cancelled'],
  completed: [],
  partial: [],
  failed: [],
  rejected: [],
  expired: [],
  cancelled: [],
};

/** True when nothing can follow: the execution is over. A status of a later release, after a rollback, is none of those. */
export function isTerminal(status: ExecutionStatus): boolean {
  return NEXT[status]?.length === 0;
}

/** The statuses from which an execution may become `next`: what a conditional write asks for. */
export function statusesBefore(next: ExecutionStatus): ExecutionStatus[] {
  return EXECUTION_STATUSES.filter((status) => NEXT[status].includes(next));
}

/**
 * Where a server of a batch stands. `copying`: its failback to AWS runs, and its data are still on their way; a later
 * call goes on with it.
 */
export const SERVER_STATES = [
  'planned',
  'launching',
  'terminating',
  'copying',
  'launched',
  'terminated',
  'failed',
  'skipped',
] as const;
export type ServerState = (typeof SERVER_STATES)[number];

const SERVER_RANK: Record<ServerState, number> = {
  planned: 0,
  launching: 1,
  terminating: 1,
  copying: 1,
  launched: 2,
  terminated: 2,
  failed: 2,
  skipped: 2,
};

/** The later of two states of a server; a terminal one is never replaced. */
export function laterServerState(stored: ServerState, reported: ServerState): ServerState {
  return SERVER_RANK[reported] > SERVER_RANK[stored] ? reported : stored;
}

/** True when what was asked for has been done with the server. */
export function isDone(state: ServerState): boolean {
  return state === 'launched' || state === 'terminated';
}

/** True for a server that was left out before its batch was started: nothing that the batch's job says is about it. */
export function isLeftOut(server: { state: ServerState; errorMessage?: string }): boolean {
  return (server.state === 'failed' || server.state === 'skipped') && server.errorMessage !== undefined;
}

/** LaunchStatus of a job's participating server, as the state of a server here: what it means depends on the verb. */
export function serverStateOf(launchStatus: string, verb: PlannedVerb): ServerState {
  const terminates = verb === 'terminate';
  switch (launchStatus) {
    case 'LAUNCHED':
      return terminates ? 'planned' : 'launched';
    case 'TERMINATED':
      return terminates ? 'terminated' : 'failed';
    case 'FAILED':
      return 'failed';
    case 'IN_PROGRESS':
      return terminates ? 'terminating' : 'launching';
    default:
      return 'planned';
  }
}

/** Where a batch stands: one DRS job of at most 100 servers of one account. */
export const BATCH_STATUSES = ['planned', 'running', 'finished', 'refused', 'timeout', 'not started'] as const;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

/** True when nothing more will be known of the batch. */
export function isBatchTerminal(status: BatchStatus): boolean {
  return status !== 'planned' && status !== 'running';
}
