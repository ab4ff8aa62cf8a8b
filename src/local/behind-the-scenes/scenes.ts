import type { DescribeExecutionOutput, ExecutionListItem } from '@aws-sdk/client-sfn';
import type { Job, LogItem } from '../aws/drs/jobs.ts';
import type { Clock } from '../clock.ts';
import type { StepFunctionsEngine } from '../step-functions/engine.ts';
import { StepFunctionsError } from '../step-functions/errors.ts';
import type { CallsView, ExecutionLine, JobLine, JobView, RunView, Scene } from './protocol.ts';
import { type CallRecorder, grouped } from './recorder.ts';
import { RunStory } from './run-story.ts';

/** Newest executions that the page offers. */
const MOST_EXECUTIONS = 50;
/** Runs of one execution that are shown: 20 waves in 5 accounts are 121. */
const MOST_RUNS = 150;
/** Groups of calls of one execution that are shown. */
const MOST_GROUPS = 400;
/** DRS jobs of one execution that are shown: 20,000 servers. */
const MOST_JOBS = 200;

/** What the page is made from: the simulated AWS, never the bot. */
export interface Backstage {
  clock: Clock;
  engine: StepFunctionsEngine;
  jobs: {
    /** The jobs of an account, oldest first. */
    list(accountId: string): readonly Job[];
    get(jobId: string): Job | undefined;
  };
  fleet: { sourceServer(sourceServerId: string, accountId: string): { hostname: string } | undefined };
  recorder: CallRecorder;
}

/** What happened in the simulated AWS, told for one execution at a time. */
export class Scenes {
  readonly #backstage: Backstage;
  readonly #stories = new Map<string, RunStory>();

  constructor(backstage: Backstage) {
    this.#backstage = backstage;
  }

  /** Executions that no other one started, the newest first. */
  executions(): ExecutionLine[] {
    const { engine } = this.#backstage;
    const all = engine
      .listStateMachines()
      .flatMap(({ stateMachineArn = '' }) => engine.listExecutions({ stateMachineArn }));
    const kept = new Set(all.map(({ executionArn }) => executionArn));
    for (const arn of this.#stories.keys()) if (!kept.has(arn)) this.#stories.delete(arn);
    return all
      .filter(({ executionArn = '' }) => engine.parentOf(executionArn) === undefined)
      .map(lineOf)
      .sort((one, other) => other.startedAt - one.startedAt)
      .slice(0, MOST_EXECUTIONS);
  }

  /** Everything of one execution; undefined when the engine has none of that ARN. */
  scene(arn: string): Scene | undefined {
    const first = this.#describe(arn);
    if (first === undefined) return undefined;
    const { runs, runsLeftOut } = this.#tree(arn);
    const line = lineOf(first);
    const until = line.stoppedAt ?? this.#backstage.clock.now();
    const jobs = this.#jobsOf(runs);
    return {
      arn,
      runs,
      runsLeftOut,
      calls: this.#callsOf(line, until),
      jobs: jobs.slice(-MOST_JOBS).map(jobLine),
      jobsLeftOut: Math.max(0, jobs.length - MOST_JOBS),
    };
  }

  /** A job with its servers and its log. */
  job(jobId: string): JobView | undefined {
    const job = this.#backstage.jobs.get(jobId);
    if (job === undefined) return undefined;
    const hostname = (sourceServerId: string) =>
      this.#backstage.fleet.sourceServer(sourceServerId, job.accountId)?.hostname ?? '';
    return {
      ...jobLine(job),
      participants: job.participants.map((participant) => {
        return { ...participant, hostname: hostname(participant.sourceServerId) };
      }),
      log: job.log.map((item) => ({ ...logLine(item), server: serverOf(item, hostname) })),
    };
  }

  #describe(arn: string): DescribeExecutionOutput | undefined {
    try {
      return this.#backstage.engine.describeExecution(arn);
    } catch (error) {
      if (!(error instanceof StepFunctionsError)) throw error;
      return undefined;
    }
  }

  #tree(first: string): { runs: RunView[]; runsLeftOut: number } {
    const runs: RunView[] = [];
    let runsLeftOut = 0;
    const add = (arn: string, parentArn: string | undefined): void => {
      const described = this.#describe(arn);
      if (described === undefined) return;
      const story = this.#story(arn);
      if (runs.length < MOST_RUNS) runs.push(this.#run(described, story, parentArn));
      else runsLeftOut += 1;
      for (const child of story.children) add(child, arn);
    };
    add(first, undefined);
    return { runs, runsLeftOut };
  }

  #story(arn: string): RunStory {
    const story = this.#stories.get(arn) ?? new RunStory();
    this.#stories.set(arn, story);
    story.follow(this.#backstage.engine.getExecutionHistory(arn));
    return story;
  }

  #run(described: DescribeExecutionOutput, story: RunStory, parentArn: string | undefined): RunView {
    const line = lineOf(described);
    return {
      ...line,
      accountId: line.arn.split(':')[4] ?? '',
      parentArn,
      inputBytes: story.inputBytes,
      outputBytes: story.outputBytes,
      error: described.error,
      cause: described.cause?.slice(0, 600),
      events: story.events,
      track: story.view(),
      troubles: [...story.troubles],
      troubleCount: story.troubleCount,
    };
  }

  #callsOf(line: ExecutionLine, until: number): CallsView {
    const { calls, areSomeForgotten } = this.#backstage.recorder.between(line.startedAt, until);
    const groups = grouped(calls);
    const areSomeOfOthers = this.executions().some(
      (other) => other.arn !== line.arn && other.startedAt <= until && (other.stoppedAt ?? until) >= line.startedAt,
    );
    return {
      total: calls.length,
      groups: groups.slice(0, MOST_GROUPS),
      groupsLeftOut: Math.max(0, groups.length - MOST_GROUPS),
      areSomeForgotten,
      areSomeOfOthers,
    };
  }

  /** Jobs that began in an account while a run of the tree ran there: a job does not say who started it. */
  #jobsOf(runs: readonly RunView[]): Job[] {
    const accounts = new Set(runs.map(({ accountId }) => accountId));
    const belongs = (job: Job) =>
      runs.some(
        ({ accountId, startedAt, stoppedAt }) =>
          accountId === job.accountId &&
          startedAt <= job.createdAt &&
          job.createdAt <= (stoppedAt ?? Number.POSITIVE_INFINITY),
      );
    return [...accounts].flatMap((accountId) => this.#backstage.jobs.list(accountId).filter(belongs));
  }
}

function lineOf(item: ExecutionListItem | DescribeExecutionOutput): ExecutionLine {
  return {
    arn: item.executionArn ?? '',
    machine: item.stateMachineArn?.split(':').at(-1) ?? '',
    name: item.name ?? '',
    status: item.status ?? 'RUNNING',
    startedAt: item.startDate?.getTime() ?? 0,
    stoppedAt: item.stopDate?.getTime(),
  };
}

function jobLine(job: Job): JobLine {
  const servers: Record<string, number> = {};
  for (const { launchStatus } of job.participants) servers[launchStatus] = (servers[launchStatus] ?? 0) + 1;
  return {
    jobId: job.jobId,
    accountId: job.accountId,
    type: job.type === 'LAUNCH' ? `LAUNCH, ${job.isDrill ? 'drill' : 'recovery'}` : job.type,
    status: job.status,
    createdAt: job.createdAt,
    endedAt: job.endedAt,
    servers,
    logEvents: job.log.length,
    tags: job.tags,
  };
}

function logLine({ at, event, conversionServerId, targetInstanceId, rawError }: LogItem) {
  const conversion = conversionServerId === undefined ? undefined : `conversion server ${conversionServerId}`;
  const instance = targetInstanceId === undefined ? undefined : `instance ${targetInstanceId}`;
  const detail = [conversion, instance, rawError].filter((part) => part !== undefined).join(' · ');
  return { at, event, ...(detail === '' ? {} : { detail }) };
}

function serverOf({ sourceServerId }: LogItem, hostname: (id: string) => string): string | undefined {
  return sourceServerId === undefined ? undefined : hostname(sourceServerId) || sourceServerId;
}
