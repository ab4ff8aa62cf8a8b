import { mayNotText, notMemberText } from '../../blocks/answers.ts';
import {
  drillEndAskedText,
  drillEndedText,
  END_DRILL,
  KEEP_DRILL,
  keptText,
  nothingLaunchedText,
  notKeptText,
} from '../../blocks/drill-answers.ts';
import { name } from '../../blocks/message.ts';
import { type Access, ASK_PERMISSION, mayAll, type Permission, type Person } from '../domain/access.ts';
import { drillName, terminationOf } from '../domain/clean-up.ts';
import { policyOfAll } from '../domain/policy.ts';
import type { ExecutionRecord } from '../domain/records.ts';
import { isTerminal } from '../domain/status.ts';
import { earlierTerminations } from '../requests/drill-terminations.ts';
import { cardOf } from './executions.ts';
import { checked, refused } from './refusal.ts';
import { brokenPolicy } from './request.ts';
import { granteesOfAll, NEEDS } from './rights.ts';
import { storeRequest } from './store-request.ts';
import type { ChatTools } from './tools.ts';

/** Somebody has pressed a button on the card of a drill that is over. */
export interface DrillPress {
  person: Person;
  drill: ExecutionRecord;
}

/**
 * Asks for the termination of exactly the instances that a drill has launched: a request like `/dr terminate`, with its
 * own approval. Pressed twice it is one execution. The answer says what follows, or why nothing does.
 */
export async function endDrill(tools: ChatTools, { person, drill }: DrillPress): Promise<string> {
  const { executionId: drillId, application, channelId } = drill;
  const what = { person, executionId: drillId, what: 'end drill instances' };
  const refuse = (why: string, text: string) => refused(tools, { ...what, why }, text);
  const mayNot = await whyNot(tools, what, drill, NEEDS.terminate, END_DRILL);
  if (mayNot !== undefined) return mayNot;
  if (drill.verb !== 'drill' || !isTerminal(drill.status)) {
    return await refuse('nothing launched', nothingLaunchedText(drillName(drill)));
  }
  const { earlier, next: executionId } = await earlierTerminations(tools.store, drill);
  if (earlier !== undefined) {
    return drillEndedText(drillName(drill), earlier, await cardOf(tools, earlier.executionId));
  }
  const plan = await tools.store.getPlan(drillId, drill.planRevision);
  const termination = terminationOf(drill, plan === undefined ? [] : await tools.store.getBatches(plan), {
    executionId,
    requester: person,
    now: tools.now(),
    reason: `The instances of ${drillName(drill)} are needed no more`,
  });
  if (termination === undefined) return await refuse('nothing launched', nothingLaunchedText(drillName(drill)));
  const { execution, recoveryPlan } = termination;

  const policy = policyOfAll(await tools.configuration.policies(), 'terminate', drill);
  const { reason = '', metadata } = execution;
  const ticket = metadata?.ticketId === undefined ? {} : { ticket: String(metadata.ticketId) };
  const broken = brokenPolicy(policy, { verb: 'terminate', application, reason, ...ticket });
  if (broken !== undefined) return await refuse(broken.why, broken.text);
  const busy = await storeRequest(tools, { execution, recoveryPlan });
  if (busy !== undefined) return await refuse('busy', busy);
  const instances = execution.options.instanceIds?.length ?? 0;
  const { quorum, selfApproval } = policy;
  return drillEndAskedText({ executionId, channelId }, { instances, drill: drillName(drill), quorum, selfApproval });
}

/** Keeps a drill's instances beyond their time. Who may ask for such a drill may. */
export async function keepInstances(tools: ChatTools, { person, drill }: DrillPress): Promise<string> {
  const { executionId } = drill;
  const what = { person, executionId, what: 'keep drill instances' };
  const mayNot = await whyNot(tools, what, drill, [ASK_PERMISSION], KEEP_DRILL);
  if (mayNot !== undefined) return mayNot;
  const by = { userId: person.userId, teamId: person.teamId, at: tools.now() };
  if (await tools.store.keepInstances(executionId, by)) return keptText(drillName(drill));
  const now = (await tools.store.getExecution(executionId)) ?? drill;
  const termination = now.cleanUp?.executionId;
  const card = termination === undefined ? undefined : await cardOf(tools, termination);
  return await refused(tools, { ...what, why: 'too late' }, notKeptText(drillName(drill), now, card));
}

/** What is said to somebody who may not; undefined when they may. */
async function whyNot(
  tools: ChatTools,
  what: { person: Person; executionId: string; what: string },
  { application, otherApplications = [] }: ExecutionRecord,
  permissions: readonly Permission[],
  words: string,
): Promise<string | undefined> {
  const { person } = what;
  const [standing, access]: [Awaited<ReturnType<ChatTools['directory']['standingOf']>>, Access] = await checked(
    tools,
    what,
    () => Promise.all([tools.directory.standingOf(person), tools.directory.access()]),
  );
  if (standing !== 'member') return await refused(tools, { ...what, why: standing }, notMemberText(standing));
  const missing = [application, ...otherApplications].find((one) => !mayAll(access, person, permissions, one));
  if (missing === undefined) return undefined;
  const others = granteesOfAll(access, permissions, missing);
  return await refused(tools, { ...what, why: 'no permission' }, mayNotText(`${words} ${name(missing)}`, others));
}
