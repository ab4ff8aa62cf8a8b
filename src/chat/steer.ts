import {
  cancelledText,
  machineNotResumedText,
  machineResumedText,
  mayNotText,
  noFurtherWaveText,
  notMemberText,
  notSteeredText,
  pausedText,
} from '../../blocks/answers.ts';
import { name } from '../../blocks/message.ts';
import { APPROVE_PERMISSION, grantees, isSamePerson, may, type Person } from '../domain/access.ts';
import type { ExecutionRecord } from '../domain/records.ts';
import { isTerminal } from '../domain/status.ts';
import { cancelGates } from '../gates/vote.ts';
import { cardOf } from './executions.ts';
import { checked, refused } from './refusal.ts';
import type { ChatTools } from './tools.ts';

/** Somebody wants an execution to end, or to wait, before its next wave. */
export interface Steering {
  person: Person;
  execution: ExecutionRecord;
  reason?: string;
}

/**
 * Cancels an execution: no further wave begins, and what is asked is asked no more. Who has asked for it may do it, and
 * who may decide about its application, of several about each. The answer says what goes on.
 */
export async function cancel(tools: ChatTools, { person, execution, reason }: Steering): Promise<string> {
  const { executionId } = execution;
  const refusal = await refusalOf(tools, 'cancel', { person, execution });
  if (refusal !== undefined) return refusal;
  const by = { userId: person.userId, teamId: person.teamId, at: tools.now() };
  const recorded = await tools.store.requestCancel(executionId, { ...by, ...(reason === undefined ? {} : { reason }) });
  // Whoever pressed before may have been cut off between the two: open questions are closed again.
  await cancelGates(tools, executionId, person);
  // What was stored a moment before decides what goes on.
  const [now, card] = await Promise.all([tools.store.getExecution(executionId), cardOf(tools, executionId)]);
  tools.log.info('A cancel was asked for', { executionId, userId: person.userId, recorded });
  return recorded ? cancelledText(now ?? execution, card) : notSteeredText(now ?? execution, 'cancel', card);
}

/** Makes an execution wait before its next wave, until somebody resumes it. The same people may as for a cancel. */
export async function pause(tools: ChatTools, { person, execution }: Steering): Promise<string> {
  const { executionId } = execution;
  const refusal = await refusalOf(tools, 'pause', { person, execution });
  if (refusal !== undefined) return refusal;
  if (isInLastWave(execution)) return noFurtherWaveText(execution, await cardOf(tools, executionId));
  const by = { userId: person.userId, teamId: person.teamId, at: tools.now() };
  const [recorded, card] = await Promise.all([tools.store.requestPause(executionId, by), cardOf(tools, executionId)]);
  tools.log.info('A pause was asked for', { executionId, userId: person.userId, recorded });
  return recorded ? pausedText(execution, card) : notSteeredText(execution, 'pause', card);
}

/** Sets an execution going again whose machine has died, where it ended. The same people may as for a cancel. */
export async function resumeMachine(tools: ChatTools, { person, execution }: Steering): Promise<string> {
  const { executionId } = execution;
  const refusal = await refusalOf(tools, 'resume', { person, execution });
  if (refusal !== undefined) return refusal;
  const by = { userId: person.userId, teamId: person.teamId, at: tools.now() };
  const [recorded, card] = await Promise.all([tools.store.requestResume(executionId, by), cardOf(tools, executionId)]);
  tools.log.info('A resume was asked for', { executionId, userId: person.userId, recorded });
  return recorded ? machineResumedText(execution, card) : machineNotResumedText(execution, card);
}

function isInLastWave({ waves, currentWave }: ExecutionRecord): boolean {
  return currentWave !== undefined && currentWave === (waves.at(-1) ?? currentWave);
}

/** What is said to somebody who may not, or comes too late; undefined when they may. */
async function refusalOf(
  tools: ChatTools,
  word: 'cancel' | 'pause' | 'resume',
  { person, execution }: Steering,
): Promise<string | undefined> {
  const { executionId, application, otherApplications = [], requester, startTime } = execution;
  const wanted = { person, executionId, what: `/dr ${word}` };
  const refuse = (why: string, text: string) => refused(tools, { ...wanted, why }, text);
  const [standing, access] = await checked(tools, wanted, () =>
    Promise.all([tools.directory.standingOf(person), tools.directory.access({ requester, startTime })]),
  );
  if (standing !== 'member') return await refuse(standing, notMemberText(standing));
  const notTheirs = [application, ...otherApplications].find((one) => !may(access, person, APPROVE_PERMISSION, one));
  if (notTheirs !== undefined && !isSamePerson(person, requester)) {
    const others = grantees(access, APPROVE_PERMISSION, notTheirs);
    return await refuse('no permission', mayNotText(`${word} executions of ${name(notTheirs)}`, others));
  }
  if (!isTerminal(execution.status)) return undefined;
  return await refuse('over', notSteeredText(execution, word, await cardOf(tools, executionId)));
}
