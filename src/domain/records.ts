import type { Person } from './access.ts';
import type { ComponentOptions, ComponentOutput } from './contract.ts';
import type { Gate } from './gate.ts';
import type { Plan } from './plan.ts';
import type { Batch } from './result.ts';
import type { ExecutionStatus } from './status.ts';
import type { Outcome, PlannedVerb, Verb } from './vocabulary.ts';

/** The items of the execution-history table, as they are stored under one executionId. */

/** Why an execution ended without doing what was asked, in words for the card. */
export interface Problem {
  code: string;
  message: string;
}

/** `EXECUTION`: one request and where it stands. */
export interface ExecutionRecord {
  executionId: string;
  status: ExecutionStatus;
  /** Milliseconds since the epoch; sort key of StatusIndex. */
  startTime: number;
  verb: Verb;
  /** Empty when the tags name none. */
  application: string;
  /**
   * The waves that run one after the other, in ascending order; empty when the request names none. One wave is selected
   * by `tags`; of several, `tags` name only what they have in common.
   */
  waves: number[];
  /** Waves before which the request itself wants somebody to release it. */
  pauseBefore?: number[];
  /** What follows a wave that failed, where the request says so: see {@link onWaveFailureOf}. */
  onWaveFailure?: OnWaveFailure;
  /** How the selection is called in texts; left out where application and wave say it all. */
  selection?: string;
  /** Tags that select the servers. */
  tags: Record<string, string>;
  options: ComponentOptions;
  /** The caller's own metadata, passed on to the component; a command of the chat has none. */
  metadata?: Record<string, unknown>;
  reason?: string;
  /** Who asked, and so may not approve. Nobody of Slack when a machine asked. */
  requester: Person;
  /** Set when a machine asked, with the name that it gives itself: shown, never an identity. */
  service?: { initiatedBy?: string };
  /** Where the cards are shown. */
  channelId: string;
  correlationId: string;
  /** Revision of the plan that is asked about or runs; 0 before there is one. */
  planRevision: number;
  /** Who wants it to end: no wave begins any more, what runs is followed to its end. `at`: milliseconds since the epoch. */
  cancelRequested?: Person & { at: number; reason?: string };
  /** Who wants it to wait before the next wave. `at`: milliseconds since the epoch. */
  pauseRequested?: Person & { at: number };
  /** The wave that was begun last; absent before the first, 0 where the request names none. */
  currentWave?: number;
  /** Milliseconds since the epoch, each set when it happens. */
  launchStartedAt?: number;
  endTime?: number;
  outcome?: Outcome;
  summary?: ComponentOutput['summary'];
  resultLocation?: string;
  problem?: Problem;
}

/** What follows a wave that did not go as it should: people are asked, or nothing more is begun. */
export const ON_WAVE_FAILURE = ['ask', 'stop'] as const;
export type OnWaveFailure = (typeof ON_WAVE_FAILURE)[number];

/** `PLAN#n`: what was frozen, without its batches, which are items of their own. Those of retries are added to `batchIds`. */
export type PlanRecord = Omit<Plan, 'batches'> & { executionId: string; batchIds: string[]; frozenAt: number };

/**
 * `WAVE#nn`, and `WAVE#nn#an` after a retry: how a wave stood when an attempt of it had ended. Each is written once, when
 * every server of the wave is accounted for; the last one is the wave's.
 */
export interface WaveRecord {
  executionId: string;
  /** 0 where the request names none. */
  wave: number;
  /** From 2; absent for the first. */
  attempt?: number;
  /** How many servers another attempt would take up; absent for none. */
  retryable?: number;
  planRevision: number;
  /** Set when the wave was not begun: why. Its servers are skipped, and its outcome is `failed`. */
  notBegun?: Problem;
  outcome: Outcome;
  summary: ComponentOutput['summary'];
  nextPhaseReady: boolean;
  resultLocation: string;
  /** Milliseconds since the epoch; of a retried wave the start of its first attempt. */
  startedAt: number;
  endedAt: number;
}

/** `BATCH#id`: a batch with its servers. `version` is the optimistic lock. */
export type BatchRecord = Batch & {
  executionId: string;
  planRevision: number;
  /** Hash of the plan that the batch was frozen with: another plan's batch is never launched. */
  planHash: string;
  verb: PlannedVerb;
  wave: number;
  version: number;
  /** When DRS took the batch's job; absent until it is over. Milliseconds since the epoch. */
  jobStartedAt?: number;
};

/** The bell of a gate: the newest task token and whether it was rung. */
export interface Bell {
  taskToken: string;
  /** When the waiting state was entered, ISO 8601; with the two counts it tells which of two tokens is newer. */
  enteredTime: string;
  retryCount: number;
  redriveCount: number;
  /** Set when Step Functions has taken the bell, or says that the wait is over. Milliseconds since the epoch. */
  rungAt?: number;
  /** Set when it has not been rung a minute after the decision: the card says so. Milliseconds since the epoch. */
  lateSince?: number;
}

/** `GATE#id`: a gate, its votes and its bell. */
export type GateRecord = Gate & { bell?: Bell };

/**
 * `PARENT`: the waiting task of the state machine that asked. It is answered once, at the end. The token is secret, as a
 * gate's is.
 */
export interface ParentRecord {
  executionId: string;
  /** `gone`: nobody waited any more when it was to be answered. */
  status: 'waiting' | 'answered' | 'gone';
  /** When it was asked for, in milliseconds since the epoch; sort key of StatusIndex. */
  startTime: number;
  taskToken: string;
  answeredAt?: number;
}

/** `MESSAGE#key`: where a message of Slack shows a projection, and what was drawn last. */
export interface MessageRecord {
  executionId: string;
  key: string;
  channelId: string;
  /** Slack's timestamp of the message; absent while only the intent to post is known. */
  ts?: string;
  /** Until when somebody is about to post it: nobody else does. Milliseconds since the epoch. */
  claimedUntil?: number;
  /** Hash of what was drawn last. */
  drawn?: string;
  /** `dirty`: Slack could not be reached, the sweep draws it again. `undeliverable`: Slack refused it for good. */
  status: 'intent' | 'shown' | 'dirty' | 'undeliverable';
  /** Milliseconds since the epoch; sort key of StatusIndex. */
  startTime: number;
  error?: string;
  /** Slack's address of the message, of those that others link to. */
  permalink?: string;
  /** The channel that it was meant for and that is closed to us: it stands in the fallback channel instead. */
  movedFrom?: string;
  /** When Slack last took it, and before when Slack wants no other call for it; milliseconds of Slack's own time. */
  shownAt?: number;
  notBefore?: number;
}

/** `DURATION#nn` under the key of a verb and an application: how long the wave took when it last succeeded. */
export interface DurationRecord {
  wave: number;
  version: number;
  /** Newest first. `ms`: how long the wave ran; `endedAt`: milliseconds since the epoch. */
  runs: { executionId: string; endedAt: number; ms: number }[];
}

/** Everything that is stored of one execution. */
export interface ExecutionView {
  execution: ExecutionRecord;
  plan?: PlanRecord;
  /** Revisions that were asked about before, oldest first. */
  earlierPlans: PlanRecord[];
  gates: GateRecord[];
  /** Each server in one of them only: where it was tried last. */
  batches: BatchRecord[];
  /** Waves that have ended, or were not begun, in ascending order; of a retried one how its last attempt ended. */
  waves: WaveRecord[];
  /** How the attempts before ended, oldest first; left out for none. */
  earlierAttempts?: WaveRecord[];
}

/** `CATALOGUE`: applications and waves that exist, for suggestions inside Slack's 3 s. */
export interface Catalogue {
  /** Milliseconds since the epoch. */
  refreshedAt: number;
  applications: { name: string; waves: { wave: number; servers: number }[] }[];
}
