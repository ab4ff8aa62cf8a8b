/** What the server tells the page. Times are milliseconds since the epoch, in simulated time. */

/** How an execution or a run stands, in the words of Step Functions. */
export type RunStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'PENDING_REDRIVE';

/** An execution that no other execution started. */
export interface ExecutionLine {
  arn: string;
  machine: string;
  name: string;
  status: RunStatus;
  startedAt: number;
  stoppedAt?: number;
}

/** A state of a machine, all its visits together. */
export interface StepView {
  name: string;
  /** Task, Choice, Wait, Map, … */
  type: string;
  visits: number;
  enteredAt: number;
  /** When a visit ended last; `enteredAt` if none has. */
  leftAt: number;
  /** Present while it is in the state: since when. */
  openSince?: number;
  /** All visits that have ended, together. */
  durationMs: number;
  /** What it waits for now; a token is never told. */
  waitsFor?: 'time' | 'an answer' | 'a task token' | 'a nested execution' | 'its iterations';
  retries: number;
  /** Iterations of a Map, in order. */
  tracks: TrackView[];
  /** Iterations that are not told. */
  tracksLeftOut: number;
  /** ARNs of the executions that it started. */
  children: string[];
}

/** States in the order of their first visit; what is run again and again is one loop. */
export interface TrackView {
  label: string;
  items: ({ kind: 'step'; step: StepView } | { kind: 'loop'; rounds: number; steps: StepView[] })[];
}

/** An attempt at a state that failed, and what came of it. */
export interface TroubleView {
  at: number;
  state: string;
  error: string;
  /** Its beginning. */
  cause: string;
  outcome: 'retried' | 'caught' | 'failed' | 'open';
}

/** One run of a state machine. */
export interface RunView extends ExecutionLine {
  accountId: string;
  /** Absent for the first of the tree. */
  parentArn?: string;
  inputBytes: number;
  outputBytes?: number;
  error?: string;
  cause?: string;
  events: number;
  track: TrackView;
  /** The newest, oldest first. */
  troubles: TroubleView[];
  troubleCount: number;
}

/** Equal calls, none long after the one before. */
export interface CallGroup {
  firstAt: number;
  lastAt: number;
  count: number;
  accountId: string;
  /** The role's name. */
  role: string;
  service: string;
  action: string;
  /** `ok`, or the error's code. */
  outcome: string;
  /** Present when all were about the same. */
  resource?: string;
}

/** What was called while an execution ran. */
export interface CallsView {
  total: number;
  /** The newest first. */
  groups: CallGroup[];
  groupsLeftOut: number;
  /** True when older calls of this execution are no longer kept. */
  areSomeForgotten: boolean;
  /** True when another execution ran meanwhile: a call does not say which one it was for. */
  areSomeOfOthers: boolean;
}

/** A DRS job. */
export interface JobLine {
  jobId: string;
  accountId: string;
  /** e.g. `LAUNCH, drill`. */
  type: string;
  status: string;
  createdAt: number;
  endedAt?: number;
  /** Servers by launch status. */
  servers: Readonly<Record<string, number>>;
  logEvents: number;
  tags: Readonly<Record<string, string>>;
}

/** A DRS job with everything of it. */
export interface JobView extends JobLine {
  participants: { sourceServerId: string; hostname: string; launchStatus: string; recoveryInstanceId?: string }[];
  log: { at: number; event: string; server?: string; detail?: string }[];
}

/** Everything of one execution. */
export interface Scene {
  arn: string;
  /** A parent before its children. */
  runs: RunView[];
  runsLeftOut: number;
  calls: CallsView;
  jobs: JobLine[];
  jobsLeftOut: number;
}

/** What the page is told, as Server-Sent Events. */
export type SceneEvent =
  | { kind: 'executions'; executions: ExecutionLine[] }
  /** `null`: there is no such execution (any more). */
  | { kind: 'scene'; scene: Scene | null }
  | { kind: 'now'; now: number };

/** Most events in a history; shown beside how many there are. Source: Step Functions developer guide, Service quotas. */
export const MOST_EVENTS = 25_000;
