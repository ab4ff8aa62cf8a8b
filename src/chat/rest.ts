import { mayNotText, notMemberText } from '../../blocks/answers.ts';
import { name } from '../../blocks/message.ts';
import { nothingLeftText, restAskedText, restRunsText } from '../../blocks/rest-answers.ts';
import { mayAll, type Person } from '../domain/access.ts';
import { DrError } from '../domain/errors.ts';
import { plannedVerb } from '../domain/plan.ts';
import { policyOfRequest } from '../domain/policy.ts';
import type { ExecutionRecord } from '../domain/records.ts';
import { runsOf } from '../domain/request.ts';
import { restIdOf, restOf } from '../domain/rest.ts';
import { isTerminal } from '../domain/status.ts';
import { cardOf } from './executions.ts';
import { checked, refused } from './refusal.ts';
import { brokenPolicy } from './request.ts';
import { granteesOfAll, NEEDS } from './rights.ts';
import { storeRequest } from './store-request.ts';
import type { ChatTools } from './tools.ts';

/** More requests for one rest that all came to nothing mean that something is wrong. */
const MOST_ATTEMPTS = 50;

/**
 * Asks for what an execution that is over has left undone: a request like any other, with its own approval. Pressed twice it
 * is one execution; after one that has ended another may be asked for. The answer says what follows, or why nothing does.
 */
export async function runRest(
  tools: ChatTools,
  { person, execution: ended }: { person: Person; execution: ExecutionRecord },
): Promise<string> {
  const { executionId: from, application, otherApplications = [] } = ended;
  const verb = plannedVerb(ended.verb);
  const what = { person, executionId: from, what: 'run what is left' };
  const refuse = (why: string, text: string) => refused(tools, { ...what, why }, text);
  const [standing, access] = await checked(tools, what, () =>
    Promise.all([tools.directory.standingOf(person), tools.directory.access()]),
  );
  if (standing !== 'member') return await refuse(standing, notMemberText(standing));
  const notTheirs = [application, ...otherApplications].find((one) => !mayAll(access, person, NEEDS[verb], one));
  if (notTheirs !== undefined) {
    const others = granteesOfAll(access, NEEDS[verb], notTheirs);
    return await refuse('no permission', mayNotText(`ask for a ${verb} of ${name(notTheirs)}`, others));
  }
  const { running, next: executionId } = await earlierRests(tools, from);
  if (running !== undefined) return restRunsText(running, await cardOf(tools, running.executionId));

  const plan = await tools.store.getPlan(from, ended.planRevision);
  const rest =
    plan &&
    restOf(
      ended,
      {
        plan,
        batches: await tools.store.getBatches(plan),
        waves: await tools.store.getWaves(from, runsOf(plan.waves)),
        ...(ended.recoveryPlan === undefined ? {} : { recovery: await tools.store.getRecoveryPlan(from) }),
      },
      { executionId, requester: person, now: tools.now() },
    );
  if (rest === undefined) return await refuse('nothing left', nothingLeftText(ended, await cardOf(tools, from)));
  const { execution, recoveryPlan } = rest;

  const policy = policyOfRequest(await tools.configuration.policies(), { ...execution, verb });
  const { reason, metadata } = execution;
  const ticket = metadata?.ticketId === undefined ? {} : { ticket: String(metadata.ticketId) };
  const broken = brokenPolicy(policy, { verb, application, ...(reason === undefined ? {} : { reason }), ...ticket });
  if (broken !== undefined) return await refuse(broken.why, broken.text);
  const busy = await storeRequest(tools, { execution, recoveryPlan });
  if (busy !== undefined) return await refuse('busy', busy);
  const { quorum, selfApproval } = policy;
  return restAskedText(execution, recoveryPlan, { quorum, selfApproval });
}

/** A rest that still runs, and the id that another one has. @throws {DrError} Conflict when there were too many. */
async function earlierRests({ store }: ChatTools, from: string): Promise<{ running?: ExecutionRecord; next: string }> {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const next = restIdOf(from, attempt);
    const earlier = await store.getExecution(next);
    if (earlier === undefined) return { next };
    if (!isTerminal(earlier.status)) return { running: earlier, next };
  }
  throw new DrError('Conflict', `What ${from} left was asked for ${MOST_ATTEMPTS} times already.`);
}
