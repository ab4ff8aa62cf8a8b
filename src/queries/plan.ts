import { noRunText } from '../../blocks/answers.ts';
import type { Message } from '../../blocks/message.ts';
import { planAnswer } from '../../blocks/plan-answer.ts';
import { parseComponentInput } from '../domain/contract.ts';
import { DrError } from '../domain/errors.ts';
import { policyOfRequest } from '../domain/policy.ts';
import type { QueryOf } from '../domain/query.ts';
import type { ExecutionRecord } from '../domain/records.ts';
import { knownWavesIn, type RequestedRun, requestedRun } from '../domain/requested-run.ts';
import { newBatch } from '../platform/execution-store.ts';
import { applicationNamed } from './find.ts';
import { type Looker, refuseStranger } from './looker.ts';
import type { QueryTools } from './tools.ts';

const FIRST_REVISION = 1;

/**
 * What a request would do: found and checked as for one, and stored nowhere.
 * @throws {DrError} AccessDenied, ValidationError for options that contradict the verb, ConfigurationError.
 */
export async function planPreview(tools: QueryTools, looker: Looker, query: QueryOf<'plan'>): Promise<Message> {
  const application = applicationNamed(query.args.application, await tools.store.getCatalogue());
  refuseStranger(looker, application);
  const { verb, waves } = query.args;
  const [library, catalogue] = await Promise.all([tools.library.read(), tools.store.getCatalogue()]);
  const run = requestedRun({ verb, application, waves }, library, knownWavesIn(catalogue, application));
  if ('problem' in run) throw new DrError('ValidationError', noRunText(application, run));
  const execution = wouldBe(query, application, run);
  const [plan, policies] = await Promise.all([
    tools.discoverPlan(execution, FIRST_REVISION, run.record),
    tools.config.policies(),
  ]);
  const { batches, ...rest } = plan;
  const { executionId } = execution;
  const now = tools.now();
  const { quorum, typeName, freeze } = policyOfRequest(policies, { ...execution, verb });
  return planAnswer({
    view: {
      execution: { ...execution, planRevision: plan.revision },
      plan: { ...rest, executionId, batchIds: batches.map(({ batchId }) => batchId), frozenAt: now },
      earlierPlans: [],
      gates: [],
      waves: [],
      batches: batches.map((batch) => newBatch(executionId, plan, batch)),
    },
    approval: { quorum, typeName, ...(freeze === undefined ? {} : { freeze }) },
    now,
  });
}

/** The execution that a request would make. */
function wouldBe(
  { queryId, asker, channelId = '', askedAt, args }: QueryOf<'plan'>,
  application: string,
  run: RequestedRun,
): ExecutionRecord {
  const { verb } = args;
  const { cleanUpAfterHours: afterHours, ...ofPlan } = run.ofPlan;
  const { tags, options } = parseComponentInput({
    action: verb,
    tags: run.tags,
    // As for a request: nothing found is a mistake that must show.
    options: { minServers: 1, ...args.options },
  });
  return {
    executionId: queryId,
    status: 'planning',
    startTime: askedAt,
    verb,
    application,
    ...ofPlan,
    waves: run.waves,
    ...(afterHours === undefined ? {} : { cleanUp: { afterHours } }),
    tags,
    options,
    requester: asker,
    channelId,
    correlationId: queryId,
    planRevision: 0,
  };
}
