import { isDeepStrictEqual } from 'node:util';
import { noRunText } from '../../blocks/answers.ts';
import { shortId } from '../../blocks/words.ts';
import { DrError } from '../domain/errors.ts';
import type { ExecutionRecord } from '../domain/records.ts';
import { applicationOf, executionIdOf, lockNameOf, selectionOf } from '../domain/request.ts';
import { type RequestedRun, recoveryRunOf, requestedRun } from '../domain/requested-run.ts';
import type { ExecutionStatus } from '../domain/status.ts';
import { TAG } from '../domain/vocabulary.ts';
import { configuration } from '../platform/configuration.ts';
import { executionStore } from '../platform/execution-store.ts';
import { planLibrary } from '../platform/plan-library.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { storeExecution } from '../platform/store-execution.ts';
import { NOBODY } from './nobody.ts';
import { type MachineRequest, readRequest } from './request.ts';

/** What a caller who does not wait for the end gets: the execution, and where it stands. */
export interface RequestAnswer {
  executionId: string;
  status: ExecutionStatus;
}

/**
 * The entrance for machines: a parent state machine, a schedule, a rule of EventBridge, a CI/CD job. It takes the
 * component's input and stores it as an execution, as a command of the chat does; people approve it, and everything
 * else follows from the stored item. A parent that gives its task token is answered once, at the end.
 * @throws {DrError} ValidationError for what is wrong with the request; Conflict when what it asks for is busy;
 *   ConfigurationError when no channel is known where people could be asked.
 */
export const create: CreateHandler<unknown, RequestAnswer> = (platform) => {
  const store = executionStore(platform);
  const config = configuration(platform);
  const library = planLibrary(platform);

  return async (event) => {
    const request = readRequest(event);
    const { correlationId } = request;
    const executionId = executionIdOf('request', correlationId);
    const stored = await store.getExecution(executionId);
    // By what it says itself: which recovery plan there is may have changed meanwhile.
    if (stored !== undefined) return await answerAgain(stored, await executionOf(request, undefined), request);

    const run = await runByPlan(request);
    const wanted = await executionOf(request, run);
    const lock = await store.lockApplication(lockNameOf(wanted), executionId);
    if (!lock.locked) throw await busy(wanted, lock.owner);
    // Before the execution: an answer is owed as soon as there is one.
    if (request.taskToken !== undefined) await store.setParent(executionId, request.taskToken);
    const isNew = await storeExecution(store, wanted, run?.record);
    platform.log.info('A machine asked for a recovery', { executionId, correlationId, verb: wanted.verb, isNew });
    return { executionId, status: wanted.status };
  };

  /** The recovery plan of an application is what a request for it runs, as it is for people; undefined where tags say it. */
  async function runByPlan({
    input: { action: verb, tags },
    waves,
  }: MachineRequest): Promise<RequestedRun | undefined> {
    const application = applicationOf(tags);
    const isOfApplication = Object.keys(tags).every((key) => key === TAG.application || key === TAG.wave);
    if (application === '' || !isOfApplication) return undefined;
    const plans = await library.read();
    if (recoveryRunOf(application, plans) === undefined) return undefined;
    const run = requestedRun({ verb, application, waves }, plans, []);
    if ('problem' in run) throw new DrError('ValidationError', noRunText(application, run));
    return run;
  }

  async function executionOf(request: MachineRequest, run: RequestedRun | undefined): Promise<ExecutionRecord> {
    const { input, pauseBefore, onWaveFailure, cleanUpAfterHours, correlationId, channelId } = request;
    const { action, options, metadata } = input;
    const { tags = input.tags, waves = request.waves, ofPlan = {} } = run ?? {};
    const { cleanUpAfterHours: planned, pauseBefore: plannedPauses = [], ...ofRecoveryPlan } = ofPlan;
    const afterHours = cleanUpAfterHours ?? planned;
    const pauses = [...new Set([...pauseBefore, ...plannedPauses])].sort((a, b) => a - b);
    const [settings, { notificationTopicArns }] = await Promise.all([config.requests(), config.component()]);
    if (options.notificationArn !== undefined && !notificationTopicArns.includes(options.notificationArn)) {
      throw new DrError(
        'ValidationError',
        `options.notificationArn: ${options.notificationArn} is not on this deployment's list of topics. Nothing was started.`,
      );
    }
    const channel = channelId ?? settings.channelId;
    if (channel === undefined) {
      throw new DrError(
        'ConfigurationError',
        'It is not known in which channel people are to be asked: give channelId, or configure requests.channelId. Nothing was started.',
      );
    }
    const { initiatedBy } = metadata;
    return {
      executionId: executionIdOf('request', correlationId),
      status: 'planning',
      startTime: platform.now(),
      verb: action,
      application: applicationOf(tags),
      waves,
      ...ofRecoveryPlan,
      ...(pauses.length === 0 ? {} : { pauseBefore: pauses }),
      ...(onWaveFailure === undefined ? {} : { onWaveFailure }),
      ...(afterHours === undefined ? {} : { cleanUp: { afterHours } }),
      ...(run === undefined ? { selection: selectionOf(tags, waves) } : {}),
      tags,
      options,
      metadata,
      requester: NOBODY,
      service: typeof initiatedBy === 'string' ? { initiatedBy } : {},
      channelId: channel,
      correlationId,
      planRevision: 0,
    };
  }

  /** The same request again, e.g. tried again by Lambda or by a parent whose task has a newer token. */
  async function answerAgain(
    stored: ExecutionRecord,
    wanted: ExecutionRecord,
    { taskToken }: MachineRequest,
  ): Promise<RequestAnswer> {
    // What a recovery plan says may have changed meanwhile: the execution keeps the one it was asked for with.
    const byPlan = stored.recoveryPlan !== undefined;
    const isOfAllWaves = byPlan && wanted.waves.length === 0;
    const what = ({ verb, tags, waves, pauseBefore, onWaveFailure, cleanUp, options }: ExecutionRecord) =>
      JSON.parse(
        JSON.stringify({
          ...{ verb, onWaveFailure, options, application: applicationOf(tags) },
          ...(isOfAllWaves ? {} : { waves }),
          ...(byPlan ? {} : { tags, pauseBefore, hours: cleanUp?.afterHours }),
        }),
      );
    if (!isDeepStrictEqual(what(stored), what(wanted))) {
      throw new DrError(
        'Conflict',
        `The correlation id ${wanted.correlationId} was used for another request (${shortId(stored.executionId)}). Nothing was started: give each request its own.`,
      );
    }
    if (taskToken !== undefined) await store.setParent(stored.executionId, taskToken);
    return { executionId: stored.executionId, status: stored.status };
  }

  async function busy(wanted: ExecutionRecord, owner: string): Promise<DrError> {
    const other = await store.getExecution(owner);
    const what = other === undefined ? 'another request' : `${other.verb} ${shortId(owner)} (${other.status})`;
    return new DrError(
      'Conflict',
      `${lockNameOf(wanted)} is busy with ${what}. Nothing was started: one execution at a time runs for it.`,
    );
  }
};

export const handler = onLambda(create);
