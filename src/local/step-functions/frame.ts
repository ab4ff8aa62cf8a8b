import type { HistoryEventType } from '@aws-sdk/client-sfn';
import type { Clock } from '../clock.ts';
import type { Random } from './aws-functions.ts';
import type { State, Workflow } from './definition.ts';
import { StatesError } from './errors.ts';
import type { Execution, MapItem, Progress } from './execution.ts';
import { type Evaluation, EvaluationError, evaluate, evaluateAs, type Template } from './expressions.ts';
import type { EventDetails } from './history.ts';
import { isTooLarge, type Json } from './json.ts';
import type { Scope, Track } from './track.ts';

/** What is known during one attempt at a state, beside the workflow itself. */
export interface Visit {
  state: State;
  retryCount: number;
  result?: Json;
  errorOutput?: Json;
  /** Task token of this attempt. */
  token?: string;
  /** The item an ItemSelector is evaluated for. */
  mapItem?: MapItem;
}

/** A type that a field must have, for {@link Frame.evaluateAs}. */
export interface Expected<T extends Json> {
  name: string;
  accepts: (value: Json) => value is T;
}

/** The types that fields ask for. */
export const expected = {
  array: { name: 'array', accepts: (value: Json): value is Json[] => Array.isArray(value) },
  boolean: { name: 'boolean', accepts: (value: Json): value is boolean => typeof value === 'boolean' },
  string: { name: 'string', accepts: (value: Json): value is string => typeof value === 'string' },
  seconds: {
    name: 'positive integer',
    accepts: (value: Json): value is number => typeof value === 'number' && Number.isInteger(value) && value > 0,
  },
  nonNegative: {
    name: 'non-negative integer',
    accepts: (value: Json): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0,
  },
};

/** A workflow that is being run: the whole machine, an iteration of a Map, or a branch of a Parallel. */
export class Frame {
  readonly execution: Execution;
  readonly workflow: Workflow;
  readonly progress: Progress;
  readonly track: Track;
  readonly clock: Clock;
  readonly random: Random;
  /** The event that led to the next one. */
  previousEventId: number;
  readonly #outer: Frame | undefined;
  readonly #mapItem: MapItem | undefined;
  /** The scope of the execution in the run that this frame belongs to; after a redrive there is another. */
  readonly #root: Scope;

  constructor(given: {
    execution: Execution;
    workflow: Workflow;
    progress: Progress;
    track: Track;
    clock: Clock;
    random: Random;
    previousEventId: number;
    outer?: Frame;
    mapItem?: MapItem;
  }) {
    this.execution = given.execution;
    this.workflow = given.workflow;
    this.progress = given.progress;
    this.track = given.track;
    this.clock = given.clock;
    this.random = given.random;
    this.previousEventId = given.previousEventId;
    this.#outer = given.outer;
    this.#mapItem = given.mapItem;
    this.#root = given.execution.scope;
  }

  /** Records an event that the next one follows from. Nothing is recorded once the execution has ended. */
  record(type: HistoryEventType, details?: EventDetails): number {
    if (this.#root.cancelled) return this.previousEventId;
    this.previousEventId = this.execution.history.record(type, this.previousEventId, details);
    return this.previousEventId;
  }

  /** Records an event beside the line of events, as AWS does with the ends of Maps and with what was aborted. */
  recordAside(type: HistoryEventType, details?: EventDetails): void {
    if (!this.#root.cancelled) this.execution.history.record(type, this.previousEventId, details);
  }

  /** @throws {EvaluationError} which is in the history then */
  async evaluate(template: Template, field: string, visit: Visit): Promise<Json> {
    return this.#evaluated(evaluate(template, field, this.#evaluation(visit)));
  }

  /** @throws {EvaluationError} also when the value is not what the field asks for */
  async evaluateAs<T extends Json>(type: Expected<T>, template: Template, field: string, visit: Visit): Promise<T> {
    return this.#evaluated(evaluateAs(type, template, field, this.#evaluation(visit)));
  }

  /** The error for a field whose value cannot be used, in the history already. */
  evaluationError(visit: Visit, field: string, message: string): EvaluationError {
    return this.#recorded(new EvaluationError(this.#evaluation(visit), field, message));
  }

  /** @throws {StatesError} States.DataLimitExceeded, naming `what`, when the value is over 256 KiB */
  checkSize(value: Json, what: string): void {
    if (!isTooLarge(value)) return;
    throw new StatesError(
      'States.DataLimitExceeded',
      `The state/task '${what}' returned a result with a size exceeding the maximum number of bytes service limit.`,
    );
  }

  async #evaluated<T>(evaluation: Promise<T>): Promise<T> {
    try {
      return await evaluation;
    } catch (error) {
      if (error instanceof EvaluationError) this.#recorded(error);
      throw error;
    } finally {
      this.track.check();
    }
  }

  #recorded(error: EvaluationError): EvaluationError {
    this.record('EvaluationFailed', {
      evaluationFailedEventDetails: {
        state: error.stateName,
        error: error.error,
        cause: error.causeText,
        ...(error.location === '' ? {} : { location: error.location }),
      },
    });
    return error;
  }

  #evaluation(visit: Visit): Evaluation {
    const states: Record<string, Json> = { input: this.progress.input, context: this.#context(visit) };
    if (visit.result !== undefined) states.result = visit.result;
    if (visit.errorOutput !== undefined) states.errorOutput = visit.errorOutput;
    return {
      stateName: visit.state.name,
      enteredEventId: this.progress.entered?.eventId ?? 0,
      states,
      variables: this.#visibleVariables(),
      now: this.clock.now(),
      random: this.random,
    };
  }

  #visibleVariables(): Record<string, Json> {
    const outer = this.#outer === undefined ? {} : this.#outer.#visibleVariables();
    return { ...outer, ...this.progress.variables };
  }

  /** The context object. Source: developer guide, Accessing execution data from the Context object. */
  #context(visit: Visit): Json {
    const { execution } = this;
    const mapItem = visit.mapItem ?? this.#currentMapItem();
    return {
      Execution: {
        Id: execution.arn,
        Input: execution.input,
        Name: execution.name,
        RoleArn: execution.machine.roleArn,
        StartTime: new Date(execution.startedAt).toISOString(),
        RedriveCount: execution.redriveCount,
        ...(execution.redrivenAt === undefined ? {} : { RedriveTime: new Date(execution.redrivenAt).toISOString() }),
      },
      State: {
        EnteredTime: new Date(this.progress.entered?.at ?? this.clock.now()).toISOString(),
        Name: visit.state.name,
        RetryCount: visit.retryCount,
      },
      StateMachine: { Id: execution.machine.arn, Name: execution.machine.name },
      ...(mapItem === undefined ? {} : { Map: { Item: { Index: mapItem.index, Value: mapItem.value } } }),
      ...(visit.token === undefined ? {} : { Task: { Token: visit.token } }),
    };
  }

  #currentMapItem(): MapItem | undefined {
    if (this.#mapItem !== undefined || this.#outer === undefined) return this.#mapItem;
    return this.#outer.#currentMapItem();
  }
}
