import type { ComponentOutput } from '../domain/contract.ts';
import type { Gate, GateKind } from '../domain/gate.ts';
import type { ExecutionRecord, Problem } from '../domain/records.ts';
import { type Batch, timing } from '../domain/result.ts';
import { TAG, type Verb } from '../domain/vocabulary.ts';
import type { ExecutionEnding } from '../domain/waves.ts';
import { type CountedOutput, type MetricFacts, metricsOf } from '../observability/metrics.ts';
import { metricsWriter } from '../observability/metrics-writer.ts';
import { type About, KIND_OF_OUTCOME } from '../observability/notifications.ts';
import { notifier } from '../observability/notifier.ts';
import { type Platform, printerOf } from '../platform/platform.ts';
import type { Run } from './run.ts';

/** What is told of a run. */
export type AnnouncedRun = Pick<
  Run,
  'executionId' | 'direct' | 'action' | 'tags' | 'wave' | 'correlationId' | 'startedAt' | 'monitoringUrl'
> & { options: Pick<Run['options'], 'notificationArn'> };

/** What is told of an execution. */
export type AnnouncedExecution = Pick<ExecutionRecord, 'executionId' | 'tags' | 'correlationId'> & {
  verb: Verb;
  options: Pick<ExecutionRecord['options'], 'notificationArn'>;
};

/** Tells of runs: metrics always, SNS where the caller has named a topic. Nothing of it ever stops a recovery. */
export function announcer(platform: Platform) {
  const notify = notifier(platform);
  const writeMetrics = metricsWriter({ ...platform, printLine: printerOf(platform) });

  return {
    /** A run is about to begin; a run of an execution is a wave of it. */
    async started(run: AnnouncedRun, totalServers: number): Promise<void> {
      const { notificationArn } = run.options;
      if (notificationArn === undefined) return;
      const facts = { ...aboutOf(run), startedAt: run.startedAt, totalServers };
      await notify(notificationArn, run.direct ? 'executionStarted' : 'waveStarted', facts);
    },

    /**
     * A run has its result. Give it the whole output, not the truncated one. `counted`: what of it is new, where an
     * earlier run has been counted already.
     */
    async ended(
      run: AnnouncedRun,
      output: ComponentOutput,
      facts: MetricFacts,
      counted: CountedOutput = output,
    ): Promise<void> {
      const { notificationArn } = run.options;
      if (notificationArn !== undefined) {
        const kind = run.direct ? KIND_OF_OUTCOME[output.status] : 'waveCompleted';
        await notify(notificationArn, kind, { ...aboutOf(run), output });
      }
      writeMetrics(metricsOf(counted, facts), contextOf(run));
    },

    /** People are asked; between waves the execution is paused for it. */
    async gateOpened(execution: AnnouncedExecution, gate: Omit<Gate, 'gateId'>): Promise<void> {
      const { notificationArn } = execution.options;
      if (notificationArn === undefined) return;
      const { kind, wave = 0, openedAt, expiresAt, quorum, approvers } = gate;
      const facts = { ...aboutOf(execution), openedAt, expiresAt, quorum, asked: approvers.length };
      await notify(notificationArn, 'gateOpened', { ...facts, question: QUESTIONS[kind](wave) });
      if (kind === 'approval') return;
      const pause = { ...aboutOf(execution), pausedAt: openedAt, reason: `it waits for ${QUESTIONS[kind](wave)}.` };
      await notify(notificationArn, 'paused', pause);
    },

    /** An approved execution begins; its waves tell of themselves. */
    async executionStarted(execution: AnnouncedExecution, totalServers: number): Promise<void> {
      const { notificationArn } = execution.options;
      if (notificationArn === undefined) return;
      await notify(notificationArn, 'executionStarted', {
        ...aboutOf(execution),
        startedAt: platform.now(),
        totalServers,
      });
    },

    /** An execution has ended with what its waves came to; each wave's own message has named the servers. */
    async executionEnded(
      execution: AnnouncedExecution,
      ending: ExecutionEnding & { resultLocation: string },
    ): Promise<void> {
      const { notificationArn } = execution.options;
      if (notificationArn === undefined) return;
      const { outcome: status, summary, nextPhaseReady, resultLocation, startedAt, endedAt, problem } = ending;
      const output = {
        status,
        summary,
        nextPhaseReady,
        resultLocation,
        timing: timing(startedAt, endedAt),
        failedServers: [],
        missingAccounts: [],
        warnings: [],
        ...(problem === undefined ? {} : { message: problem.message }),
      };
      await notify(notificationArn, KIND_OF_OUTCOME[status], { ...aboutOf(execution), output });
    },

    /** An execution has failed, or was ended from outside. */
    async executionFailed(execution: AnnouncedExecution, problem: Problem): Promise<void> {
      const { notificationArn } = execution.options;
      if (notificationArn !== undefined) {
        await notify(notificationArn, 'executionFailed', { ...aboutOf(execution), problem });
      }
    },

    /** A run has failed before there was a result. `seconds`: how long it ran. */
    async failed(run: AnnouncedRun, problem: Problem, seconds: number): Promise<void> {
      const { notificationArn } = run.options;
      if (notificationArn !== undefined) await notify(notificationArn, 'executionFailed', { ...aboutOf(run), problem });
      const output = {
        status: 'failed' as const,
        action: run.action,
        timing: { startTime: '', endTime: '', durationSeconds: seconds, durationFormatted: '' },
        stagingAccountResults: [],
      };
      writeMetrics(metricsOf(output, { launches: [], dataAges: [] }), contextOf(run));
    },
  };
}

/** What the metrics need beyond the output: when jobs started, when machines ran, and how old their data were. */
export function metricFactsOf(batches: (Batch & { jobStartedAt?: number })[], verb: Verb): MetricFacts {
  if (verb !== 'drill' && verb !== 'failover') return { launches: [], dataAges: [] };
  const started = batches.flatMap(({ accountId, jobStartedAt, servers }) =>
    jobStartedAt === undefined ? [] : servers.map((server) => ({ accountId, jobStartedAt, server })),
  );
  return {
    launches: started.flatMap(({ accountId, jobStartedAt, server: { launchTime } }) =>
      launchTime === undefined
        ? []
        : [{ stagingAccountId: accountId, jobStartedAt, runningAt: Date.parse(launchTime) }],
    ),
    dataAges: started.flatMap(({ jobStartedAt, server: { pointInTime } }) =>
      pointInTime === undefined ? [] : [Math.max(0, (jobStartedAt - Date.parse(pointInTime)) / 1_000)],
    ),
  };
}

/** What each kind of gate waits for. */
const QUESTIONS: Record<GateKind, (wave: number) => string> = {
  approval: () => 'approval before anything is done',
  pause: (wave) => `somebody to resume it before wave ${wave}`,
  decision: (wave) => `a decision about ${wave === 0 ? 'what failed' : `wave ${wave}`}`,
};

function contextOf({ executionId, correlationId }: AnnouncedRun) {
  return { executionId, correlationId };
}

/** By application and wave where they are all that selects; else the tags say what is meant. */
function aboutOf(told: AnnouncedRun | AnnouncedExecution): About {
  const { executionId, correlationId, tags } = told;
  const { [TAG.application]: application, [TAG.wave]: wave, ...others } = tags;
  const byName = application !== undefined && Object.keys(others).length === 0;
  const number = Number(wave);
  return {
    action: 'verb' in told ? told.verb : told.action,
    executionId,
    correlationId,
    tags,
    ...('monitoringUrl' in told ? { monitoringUrl: told.monitoringUrl } : {}),
    ...(byName ? { application } : {}),
    ...(byName && Number.isInteger(number) ? { wave: number } : {}),
  };
}
