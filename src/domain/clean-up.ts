import { isSamePerson, type Person } from './access.ts';
import { instancesOf } from './batches.ts';
import { parseComponentInput } from './contract.ts';
import { type Gate, isApproved } from './gate.ts';
import type { ApprovalPolicy } from './policy.ts';
import type { BatchRecord, CleanUp, ExecutionRecord, GateRecord, PlanRecord, RecoveryPlanRecord } from './records.ts';
import { executionIdOf } from './request.ts';
import type { BatchServer } from './result.ts';
import { isTerminal } from './status.ts';
import { TAG } from './vocabulary.ts';

/** What becomes of a drill's instances after it: somebody ends them, somebody keeps them, or their time is over. */

/** Whole hours after a drill's end at which its instances can be ended: a week at most, as in a recovery plan. */
export const CLEAN_UP_HOURS = { min: 1, max: 168 } as const;
const HOUR_MS = 3_600_000;
/** By which the servers of a drill are one wave, whatever waves it had. */
const ONLY_WAVE = 1;

/** A server of a drill's batch with where it is. */
export type DrillServer = BatchServer & Pick<BatchRecord, 'accountId' | 'region'>;

/** Servers of which a drill has launched an instance; `batches` are those of every attempt. */
export function launchedServers(
  batches: readonly Pick<BatchRecord, 'accountId' | 'region' | 'servers'>[],
): DrillServer[] {
  return batches.flatMap(({ accountId, region, servers }) =>
    servers
      .filter(({ recoveryInstanceId }) => recoveryInstanceId !== undefined)
      .map((server) => ({ ...server, accountId, region })),
  );
}

/** A drill's clean-up with its time, once the drill has ended; undefined for a drill of which nothing is to be ended. */
export function cleanUpAfter(
  { verb, cleanUp }: Pick<ExecutionRecord, 'verb' | 'cleanUp'>,
  batches: readonly BatchRecord[],
  endTime: number,
): CleanUp | undefined {
  if (verb !== 'drill' || cleanUp === undefined || launchedServers(batches).length === 0) return undefined;
  return { ...cleanUp, at: endTime + cleanUp.afterHours * HOUR_MS };
}

/** Who wants a drill's instances ended, and as which execution. */
export interface TerminationRequest {
  executionId: string;
  requester: Person;
  /** Milliseconds since the epoch. */
  now: number;
  reason: string;
  /** Set where the drill's own approval said that they are ended. */
  cleansUp?: ExecutionRecord['cleansUp'];
}

/** An execution with what says which servers it is about. */
export interface TerminationOfDrill {
  execution: ExecutionRecord;
  recoveryPlan: RecoveryPlanRecord;
}

/**
 * The termination of exactly the instances that a drill has launched, in one wave of exactly their servers, whatever
 * their tags say by now; undefined when it has launched none.
 */
export function terminationOf(
  drill: ExecutionRecord,
  batches: readonly BatchRecord[],
  { executionId, requester, now, reason, cleansUp }: TerminationRequest,
): TerminationOfDrill | undefined {
  const servers = launchedServers(batches);
  if (servers.length === 0) return undefined;
  const { application, otherApplications, channelId, metadata, service } = drill;
  const { ticketId } = metadata ?? {};
  const { notificationArn } = drill.options;
  const tags = application === '' ? drill.tags : { [TAG.application]: application };
  const { options } = parseComponentInput({
    action: 'terminate',
    tags,
    options: {
      minServers: 1,
      continueOnFailure: true,
      instanceIds: [...new Set(servers.flatMap(({ recoveryInstanceId }) => recoveryInstanceId ?? []))],
      ...(notificationArn === undefined ? {} : { notificationArn }),
    },
  });
  const planName = `instances of ${drillName(drill)}`;
  return {
    execution: {
      executionId,
      status: 'planning',
      startTime: now,
      verb: 'terminate',
      application,
      ...(otherApplications === undefined ? {} : { otherApplications }),
      waves: [ONLY_WAVE],
      recoveryPlan: {
        planId: drill.executionId,
        planName,
        version: 0,
        waves: [{ wave: ONLY_WAVE, waveName: planName }],
      },
      selection: application === '' ? planName : `${application}, ${planName}`,
      tags,
      options,
      ...(ticketId === undefined ? {} : { metadata: { ticketId } }),
      reason,
      requester: { userId: requester.userId, teamId: requester.teamId },
      ...(service === undefined || cleansUp === undefined ? {} : { service }),
      channelId,
      correlationId: executionId,
      planRevision: 0,
      endsDrill: drill.executionId,
      ...(cleansUp === undefined ? {} : { cleansUp }),
    },
    recoveryPlan: {
      executionId,
      version: 0,
      applications: [...new Set([application, ...servers.flatMap(({ tags: own }) => own[TAG.application] ?? [])])],
      waves: [
        {
          wave: ONLY_WAVE,
          waveName: planName,
          selectors: selectorsOf(servers),
          preWaveActions: [],
          postWaveActions: [],
        },
      ],
    },
  };
}

function selectorsOf(servers: readonly DrillServer[]): RecoveryPlanRecord['waves'][number]['selectors'] {
  const places = new Map<string, { accountId: string; region: string; serverIds: string[] }>();
  for (const { accountId, region, sourceServerId } of servers) {
    const place = places.get(`${accountId}/${region}`) ?? { accountId, region, serverIds: [] };
    if (!place.serverIds.includes(sourceServerId)) place.serverIds.push(sourceServerId);
    places.set(`${accountId}/${region}`, place);
  }
  return [...places.values()];
}

/** `drill 1a2b3c4d`, as cards name it. */
export function drillName({ executionId }: Pick<ExecutionRecord, 'executionId'>): string {
  return `drill ${executionId.slice(0, 8)}`;
}

/** The clean-up of a drill is one execution, however often it is begun. */
export function cleanUpIdOf(drillId: string): string {
  return executionIdOf('clean-up', drillId);
}

/** A termination of a drill's instances that somebody asks for, from attempt 1: pressed twice it is one execution. */
export function terminationIdOf(drillId: string, attempt: number): string {
  return executionIdOf('terminate', drillId, String(attempt));
}

/** What is stored of a clean-up and of the drill that said there would be one. */
export interface CleanUpFacts {
  termination: ExecutionRecord;
  /** What the termination would end. */
  batches: readonly BatchRecord[];
  drill: ExecutionRecord;
  drillPlan: PlanRecord;
  drillBatches: readonly BatchRecord[];
  drillGate: GateRecord;
  /** What a termination needs now. */
  policy: ApprovalPolicy;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * The question about a clean-up, answered by the votes of the drill's approval, which said that its instances would be
 * ended. Undefined where it has to be asked like any other: the approval did not say so or did not pass, the instances
 * are kept or not due, something else would be ended, too, or those votes do not satisfy what a termination needs now,
 * of those who may vote now.
 * @param question as it would be put to people now
 */
export function carriedApproval(question: Gate, facts: CleanUpFacts): Gate | undefined {
  const { termination, batches, drillGate, now } = facts;
  const isPromised = isDueCleanUp(facts) && isSaidBy(facts) && needsNothingMore(question, facts);
  if (!isPromised || !endsOnlyWhatWasLaunched(batches, facts.drillBatches)) return undefined;
  const carried: Gate = {
    ...question,
    status: 'approved',
    answer: 'approve',
    votes: drillGate.votes.filter((vote) => hasCounted(drillGate, vote)),
    settledAt: now,
    from: { executionId: drillGate.executionId, gateId: drillGate.gateId },
  };
  const plan = { hash: question.planHash, revision: question.planRevision };
  return termination.verb === 'terminate' && isApproved(carried, plan) ? carried : undefined;
}

/** It is the one clean-up of that drill, which is over, whose time has come and whose instances nobody keeps. */
function isDueCleanUp({ termination, drill, now }: CleanUpFacts): boolean {
  const { cleanUp } = drill;
  return (
    drill.verb === 'drill' &&
    isTerminal(drill.status) &&
    termination.cleansUp?.executionId === drill.executionId &&
    termination.application === drill.application &&
    JSON.stringify(termination.otherApplications) === JSON.stringify(drill.otherApplications) &&
    isSamePerson(termination.requester, drill.requester) &&
    cleanUp?.at !== undefined &&
    cleanUp.at <= now &&
    cleanUp.kept === undefined &&
    cleanUp.executionId === termination.executionId
  );
}

/** The passed approval of the plan that the drill ran, with the clean-up in its question. */
function isSaidBy({ termination, drill, drillPlan, drillGate }: CleanUpFacts): boolean {
  return (
    drillGate.executionId === drill.executionId &&
    drillGate.gateId === termination.cleansUp?.gateId &&
    drillGate.cleanUpAfterHours === drill.cleanUp?.afterHours &&
    drillGate.permissions.includes('drs:TerminateInstances') &&
    isApproved(drillGate, drillPlan)
  );
}

/** What a termination asks for beyond votes. */
function needsNothingMore(question: Gate, { termination, drill, drillGate, policy }: CleanUpFacts): boolean {
  return (
    termination.options.terminateLive !== true &&
    policy.freeze === undefined &&
    (question.typedName === undefined || question.typedName === drillGate.typedName) &&
    (!policy.requireReason || drill.reason !== undefined) &&
    (!policy.requireTicket || termination.metadata?.ticketId !== undefined)
  );
}

function endsOnlyWhatWasLaunched(batches: readonly BatchRecord[], drillBatches: readonly BatchRecord[]): boolean {
  const launched = new Set(launchedServers(drillBatches).map(({ recoveryInstanceId }) => recoveryInstanceId));
  const ended = batches.flatMap(({ servers }) => servers.flatMap(instancesOf));
  return (
    ended.length > 0 && ended.every(({ isDrill, recoveryInstanceId }) => isDrill && launched.has(recoveryInstanceId))
  );
}

/** Of a gate that has passed, so that all its votes are for it: those by which it did, not one who broke the glass. */
function hasCounted(gate: Gate, vote: Gate['votes'][number]): boolean {
  return (
    vote.breakGlass !== true &&
    gate.approvers.includes(vote.userId) &&
    (gate.selfApproval === true || !isSamePerson(vote, gate.requester))
  );
}
