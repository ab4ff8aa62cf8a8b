import type { Person } from './access.ts';
import type { ComponentOptions, ComponentOutput } from './contract.ts';
import type { Gate } from './gate.ts';
import type { Plan } from './plan.ts';
import type { WaveAction } from './recovery-plan.ts';
import type { RunWave } from './recovery-run.ts';
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
  /** Whose servers it touches besides: the applications of plans that its recovery plan runs. */
  otherApplications?: string[];
  /**
   * The waves that run one after the other, in ascending order; empty when the request names none. One wave is selected
   * by `tags`; of several, `tags` name only what they have in common.
   */
  waves: number[];
  /** Waves before which the request itself wants somebody to release it. */
  pauseBefore?: number[];
  /** What follows a wave that failed, where the request says so: see {@link onWaveFailureOf}. */
  onWaveFailure?: OnWaveFailure;
  /** The recovery plan whose waves these are; absent where the tags say which server is in which wave. */
  recoveryPlan?: RecoveryPlanOfExecution;
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
  /** Its machine has died on the way, and somebody may set it going again until it is closed. `at`: milliseconds since the epoch. */
  machineStopped?: Problem & { at: number; notResumable?: true };
  /** Who set a dead machine going again. `at`: milliseconds since the epoch. */
  resumeRequested?: Person & { at: number };
  /** A drill's: what becomes of its instances after it. */
  cleanUp?: CleanUp;
  /** A termination's: the drill whose instances it ends; those that are gone by then are no mistake. */
  endsDrill?: string;
  /** A termination's: the drill whose approval said that its instances are ended after it. */
  cleansUp?: { executionId: string; gateId: string };
  /** The schedule that has made it, and who made the schedule. */
  schedule?: { scheduleId: string; madeBy: Person };
  /** A drill's: what its instances cost while they run. */
  runningCost?: RunningCost;
  /** Set when it is no longer listed. `at`: milliseconds since the epoch. */
  archived?: Person & { at: number };
  /** Who had it listed again. `at`: milliseconds since the epoch. */
  unarchived?: Person & { at: number };
}

/** What becomes of a drill's instances after it, unless somebody keeps them. */
export interface CleanUp {
  /** Hours after its end, as it was asked for and approved. */
  afterHours: number;
  /** When that is, in milliseconds since the epoch; absent until the drill has ended. */
  at?: number;
  /** Who keeps them. `at`: milliseconds since the epoch. */
  kept?: Person & { at: number };
  /** The termination that was begun: nobody can keep the instances any more. */
  executionId?: string;
  /** When the termination was stored, in milliseconds since the epoch. */
  askedAt?: number;
}

/** What instances cost a day while they run, by list prices. */
export interface RunningCost {
  /** US dollars a day, of the instances whose price is known. */
  usdPerDay: number;
  instances: number;
  /** Instance types whose price is not known, and how many instances are of them. */
  unpriced: { instanceType: string; instances: number }[];
  /** Milliseconds since the epoch. */
  pricedAt: number;
}

/** The recovery plan that an execution runs, as it was when it was asked for: without servers and actions (see {@link RecoveryPlanRecord}). */
export interface RecoveryPlanOfExecution {
  planId: string;
  planName: string;
  /** Of the stored plan; 0 for what was made of an earlier execution's rest. */
  version: number;
  /** Minutes within which all of it is to be done. */
  rtoTargetMinutes?: number;
  /** The waves that are run, in their order. */
  waves: WaveSettings[];
}

/** How one wave of a recovery plan is run. */
export interface WaveSettings {
  wave: number;
  waveName: string;
  /** Somebody has to release what follows it. */
  pauseAfter?: true;
  maxWaitMinutes?: number;
  successThresholdPercent?: number;
  /** Minutes within which it is to be done. */
  rtoTargetMinutes?: number;
  /** What people think it takes, in seconds. */
  estimatedSeconds?: number;
  /** How many actions are done before and after it, of those that are for this verb. */
  preWaveActions?: number;
  postWaveActions?: number;
}

/** `RECOVERY-PLAN`: which servers and actions each wave of the execution has. Written with the request, never changed. */
export interface RecoveryPlanRecord {
  executionId: string;
  /** Of the stored plan, as in {@link RecoveryPlanOfExecution}. */
  version: number;
  /** Whose servers it may touch. */
  applications: string[];
  waves: RunWave[];
  /** What the execution says of it; absent in what earlier releases stored. */
  asked?: AskedOfPlan;
}

/** What an execution has from its recovery plan. */
export type AskedOfPlan = Pick<
  ExecutionRecord,
  'waves' | 'tags' | 'recoveryPlan' | 'otherApplications' | 'pauseBefore' | 'cleanUp'
>;

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

/** Where an action of a wave stands. It leaves `running` once. */
export const ACTION_STATUSES = ['running', 'succeeded', 'failed', 'timed out'] as const;
export type ActionStatus = (typeof ACTION_STATUSES)[number];

/** When an action is done: before its wave, or after it. */
export const ACTION_PHASES = ['pre', 'post'] as const;
export type ActionPhase = (typeof ACTION_PHASES)[number];

/** Which action of which wave; `index` from 1 in its list, `attempt` from 1. */
export interface ActionKey {
  wave: number;
  phase: ActionPhase;
  index: number;
  attempt: number;
}

/** `ACTION#w01-pre-01-a1`: one attempt of an action. `version` is the optimistic lock. */
export interface ActionRecord extends ActionKey {
  executionId: string;
  version: number;
  action: WaveAction;
  status: ActionStatus;
  /** Where it is done; absent for what central functions look at themselves. */
  accountId?: string;
  region?: string;
  /** Id of the automation execution, or of the commands that were sent. */
  references?: string[];
  /** Since when a command is being sent whose answer is not known; milliseconds since the epoch. */
  sendingSince?: number;
  /** What has kept it from being started so far; told when its time runs out. */
  hindrance?: string;
  /** What came out, or why it failed, as a sentence; absent while nothing is known. */
  detail?: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt?: number;
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
  /** Grows with every write, so that of two drawers the slower one notices the other; absent until the first. */
  version?: number;
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
  /** Since when it does not show what is stored, because Slack has not taken it yet. Milliseconds since the epoch. */
  waitingSince?: number;
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
  /** Every attempt of every action, in the order of waves, phases, actions and attempts; left out for none. */
  actions?: ActionRecord[];
  /** Which servers and actions each wave of the recovery plan has; left out for an execution of none. */
  recoveryPlan?: RecoveryPlanRecord;
}

/** `CATALOGUE`: applications and waves that exist, for suggestions inside Slack's 3 s. */
export interface Catalogue {
  /** Milliseconds since the epoch. */
  refreshedAt: number;
  applications: { name: string; waves: { wave: number; servers: number }[] }[];
}
