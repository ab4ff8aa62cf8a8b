import { z } from 'zod';
import { type ComponentInput, componentOptionsSchema, parseComponentInput } from '../domain/contract.ts';
import { DrError } from '../domain/errors.ts';
import { isApproved, isPassedWith } from '../domain/gate.ts';
import { optionsOfWave, runsOf, tagsOfWave, waveNumberOf } from '../domain/request.ts';
import { decisionGateIdOf } from '../gates/gate-timing.ts';
import { configuration } from '../platform/configuration.ts';
import { type ExecutionStore, executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import type { Run } from './run.ts';

const eventSchema = z.strictObject({
  input: z.unknown(),
  runName: z.string(),
  /** ARN of the Step Functions execution. */
  runArn: z.string(),
  startTime: z.string(),
});

/** How an execution names its approved plan in the component's metadata, and the attempt of a wave that is retried. */
const approvalSchema = z.object({
  executionId: z.string(),
  gateId: z.string(),
  planHash: z.string(),
  attempt: z.int().min(2).optional(),
  /** Of a recovery plan, whose waves have no tags of their own. */
  wave: z.int().min(1).optional(),
});

/** Characters that a DRS tag value may have (API model: TagValue), and its length. */
const CORRELATION_ID = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u;

/**
 * State "Validate the input" of the recovery component.
 * @throws {DrError} ValidationError that names every wrong field, or a topic that is not on the deployment's list;
 *   NotApproved when a direct call may not run the action, when the metadata name an execution whose approved plan this
 *   is not, or an attempt of a wave that nobody decided to make.
 */
export const create: CreateHandler<unknown, Run> = (platform) => {
  const store = executionStore(platform);
  const config = configuration(platform);

  return async (event) => {
    const { input, runName, runArn, startTime } = eventSchema.parse(event);
    const asked = parseComponentInput(input);
    const { action, tags, options, metadata } = asked;
    const settings = await config.component();
    const { notificationArn } = options;
    if (notificationArn !== undefined && !settings.notificationTopicArns.includes(notificationArn)) {
      throw new DrError(
        'ValidationError',
        `options.notificationArn: ${notificationArn} is not on this deployment's list of topics. Nothing was started.`,
      );
    }
    const common = {
      action,
      tags,
      options,
      metadata,
      startedAt: Date.parse(startTime),
      correlationId: correlationIdOf(metadata, runName),
      monitoringUrl: consoleUrlOf(runArn),
    };
    if (metadata.executionId !== undefined) {
      return { ...common, ...(await approvedPlan(store, asked)), direct: false };
    }
    if (!settings.directActions.includes(action)) {
      throw new DrError(
        'NotApproved',
        `A direct call may not run ${action}: make a request, which people approve. Nothing was started.`,
      );
    }
    return {
      ...common,
      executionId: `run-${runName}`,
      direct: true,
      planRevision: 1,
      wave: waveNumberOf(tags),
    };
  };
};

/** The approved plan that the metadata name, and its wave that the tags select, with the options that were approved: what the call says of them is not used. */
async function approvedPlan(
  store: ExecutionStore,
  asked: ComponentInput,
): Promise<Pick<Run, 'executionId' | 'planRevision' | 'wave' | 'attempt' | 'options'>> {
  const refuse = (why: string) => new DrError('NotApproved', `${why} Nothing was started.`);
  const named = approvalSchema.safeParse(asked.metadata);
  if (!named.success) {
    throw refuse(
      'metadata.executionId needs metadata.gateId and metadata.planHash beside it; metadata.attempt, where it is given, is a number from 2, and metadata.wave one from 1.',
    );
  }
  const { executionId, gateId, planHash, attempt } = named.data;
  const [execution, gate] = await Promise.all([store.getExecution(executionId), store.getGate(executionId, gateId)]);
  const plan = execution && (await store.getPlan(executionId, execution.planRevision));
  if (!execution || !gate || !plan)
    throw refuse(`There is no execution ${executionId} with a plan and the gate ${gateId}.`);
  if (plan.hash !== planHash || !isApproved(gate, plan))
    throw refuse(`The plan of ${executionId} is not the approved one.`);
  if (execution.status !== 'executing') throw refuse(`The execution ${executionId} is ${execution.status}.`);
  const { wave: namedWave } = named.data;
  const wave = runsOf(plan.waves).find(
    (candidate) =>
      sameTags(asked.tags, tagsOfWave(execution, candidate)) &&
      (execution.recoveryPlan === undefined || candidate === namedWave),
  );
  if (asked.action !== execution.verb || wave === undefined) {
    throw refuse('The action or the tags are not those of the approved plan.');
  }
  const options = componentOptionsSchema.parse(optionsOfWave(execution, wave));
  const common = { executionId, planRevision: plan.revision, wave, options };
  if (attempt === undefined) return common;
  const decision = await store.getGate(executionId, decisionGateIdOf(wave, attempt - 1));
  const isDecided = decision?.planHash === planHash && isPassedWith(decision, 'retry');
  if (!isDecided) throw refuse(`Nobody has decided that wave ${wave} of ${executionId} is tried again.`);
  return { ...common, attempt };
}

function sameTags(a: Record<string, string>, b: Record<string, string>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** The caller's correlation id where it can stand in a tag; otherwise the run's name. */
function correlationIdOf(metadata: Record<string, unknown>, runName: string): string {
  const given = metadata.correlationId;
  return typeof given === 'string' && CORRELATION_ID.test(given) ? given : runName;
}

/** The run's page in the console of its partition (AWS General Reference, console URLs); undefined for no ARN. */
function consoleUrlOf(runArn: string): string | undefined {
  const [, partition = '', , region] = runArn.split(':');
  const domain = {
    aws: 'console.aws.amazon.com',
    'aws-us-gov': 'console.amazonaws-us-gov.com',
    'aws-cn': 'console.amazonaws.cn',
  }[partition];
  if (domain === undefined || region === undefined) return undefined;
  return `https://${region}.${domain}/states/home?region=${region}#/v2/executions/details/${runArn}`;
}

export const handler = onLambda(create);
