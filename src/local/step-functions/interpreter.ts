import type { Clock } from '../clock.ts';
import type { Random } from './aws-functions.ts';
import type {
  ChoiceState,
  FailState,
  GuardedState,
  MapState,
  ParallelState,
  PassState,
  State,
  SucceedState,
  WaitState,
  Workflow,
} from './definition.ts';
import { StatesError } from './errors.ts';
import { type Child, type Execution, startOf } from './execution.ts';
import type { Template } from './expressions.ts';
import { expected, Frame, type Visit } from './frame.ts';
import type { Json } from './json.ts';
import { isTimestamp } from './load-definition.ts';
import { matches, RetryCounter } from './retry.ts';
import { runTask, type TaskServices } from './task.ts';
import { Cancelled, type Scope, Track } from './track.ts';

/** Most iterations of an Inline Map at once. Source: developer guide, Using Map state in Inline mode. */
const MOST_INLINE_ITERATIONS = 40;

/** How a state was left. */
interface Step {
  output: Json;
  /** Undefined when the workflow has ended. */
  next: string | undefined;
}

/** What a state is left with: templates evaluated with the old variables, and the output where there is no template. */
interface Exit {
  output: Template | undefined;
  assign: Template | undefined;
  otherwise: Json;
  next: string | undefined;
}

/** What the interpreter works with. */
export interface InterpreterServices extends TaskServices {
  clock: Clock;
  random: Random;
}

/** Runs state machines: walks from state to state as the States Language says. */
export class Interpreter {
  readonly #services: InterpreterServices;

  constructor(services: InterpreterServices) {
    this.#services = services;
  }

  /**
   * Runs an execution from where its progress stands, to its end.
   * @throws {StatesError} when it fails, {@link Cancelled} when its scope was cancelled; anything else is a defect
   */
  async run(execution: Execution, previousEventId: number): Promise<Json> {
    const track = new Track(this.#services.clock, execution.scope);
    try {
      const workflow = execution.machine.definition;
      return await this.#walk(
        new Frame({ ...this.#services, execution, workflow, progress: execution.progress, track, previousEventId }),
      );
    } finally {
      track.end();
    }
  }

  async #walk(frame: Frame): Promise<Json> {
    for (;;) {
      frame.track.check();
      const state = frame.workflow.states.get(frame.progress.state);
      if (state === undefined) throw new Error(`there is no state "${frame.progress.state}"`);
      const step = await this.#visit(frame, state);
      if (step.next === undefined) return step.output;
      Object.assign(frame.progress, startOf(step.next, step.output), { variables: frame.progress.variables });
    }
  }

  async #visit(frame: Frame, state: State): Promise<Step> {
    this.#enter(frame, state);
    try {
      return await this.#runState(frame, state);
    } catch (error) {
      if (error instanceof Cancelled) recordAborted(frame, state);
      throw error;
    }
  }

  /** A state that a redrive goes on in has been entered already. */
  #enter(frame: Frame, state: State): void {
    if (frame.progress.entered !== undefined) return;
    const input = JSON.stringify(frame.progress.input);
    const eventId = frame.record(`${state.type}StateEntered`, {
      stateEnteredEventDetails: { name: state.name, input, inputDetails: { truncated: false } },
    });
    frame.progress.entered = { eventId, at: this.#services.clock.now() };
  }

  async #runState(frame: Frame, state: State): Promise<Step> {
    switch (state.type) {
      case 'Pass':
        return this.#pass(frame, state);
      case 'Task':
        return this.#guard(frame, state, (visit) => runTask(this.#services, frame, state, visit));
      case 'Choice':
        return this.#choice(frame, state);
      case 'Wait':
        return this.#wait(frame, state);
      case 'Succeed':
        return this.#succeed(frame, state);
      case 'Fail':
        return this.#fail(frame, state);
      case 'Parallel':
        return this.#guard(frame, state, (visit) => this.#parallel(frame, state, visit));
      case 'Map':
        return this.#guard(frame, state, (visit) => this.#map(frame, state, visit));
    }
  }

  #pass(frame: Frame, state: PassState): Promise<Step> {
    return this.#leave(frame, { state, retryCount: 0 }, { ...state, otherwise: frame.progress.input });
  }

  async #choice(frame: Frame, state: ChoiceState): Promise<Step> {
    const visit: Visit = { state, retryCount: 0 };
    const otherwise = frame.progress.input;
    for (const [index, rule] of state.choices.entries()) {
      const chosen = await frame.evaluateAs(expected.boolean, rule.condition, `Choices[${index}]/Condition`, visit);
      // A rule has its own Assign and Output; the state's belong to the Default.
      if (chosen) return this.#leave(frame, visit, { ...rule, otherwise });
    }
    if (state.default === undefined) {
      throw new StatesError(
        'States.NoChoiceMatched',
        `No rule of the state '${state.name}' matched, and it has no Default.`,
      );
    }
    return this.#leave(frame, visit, { ...state, next: state.default, otherwise });
  }

  async #wait(frame: Frame, state: WaitState): Promise<Step> {
    const visit: Visit = { state, retryCount: 0 };
    await frame.track.sleep(await this.#waitMilliseconds(frame, state, visit));
    return this.#leave(frame, visit, { ...state, otherwise: frame.progress.input });
  }

  async #waitMilliseconds(frame: Frame, state: WaitState, visit: Visit): Promise<number> {
    const { field, template } = state.until;
    if (field === 'Seconds') return (await frame.evaluateAs(expected.nonNegative, template, field, visit)) * 1000;
    const text = await frame.evaluateAs(expected.string, template, field, visit);
    if (isTimestamp(text)) return Date.parse(text) - this.#services.clock.now();
    const problem = `The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: ${text}`;
    throw frame.evaluationError(visit, field, problem);
  }

  #succeed(frame: Frame, state: SucceedState): Promise<Step> {
    const exit = { output: state.output, assign: undefined, otherwise: frame.progress.input, next: undefined };
    return this.#leave(frame, { state, retryCount: 0 }, exit);
  }

  async #fail(frame: Frame, state: FailState): Promise<never> {
    const visit: Visit = { state, retryCount: 0 };
    const error = state.error && (await frame.evaluateAs(expected.string, state.error, 'Error', visit));
    const cause = state.cause && (await frame.evaluateAs(expected.string, state.cause, 'Cause', visit));
    throw new StatesError(error, cause);
  }

  /**
   * Retries and catches. Output and Assign are part of what may fail; what a catcher itself does wrong is not caught.
   */
  async #guard(frame: Frame, state: GuardedState, attempt: (visit: Visit) => Promise<Json>): Promise<Step> {
    const retries = new RetryCounter(state.retry);
    for (;;) {
      const visit: Visit = { state, retryCount: retries.total };
      try {
        const result = await attempt(visit);
        return await this.#leave(frame, { ...visit, result }, { ...state, otherwise: result });
      } catch (error) {
        if (!(error instanceof StatesError)) throw error;
        const delay = retries.next(error, this.#services.random);
        if (delay === undefined) return await this.#catch(frame, state, visit, error);
        frame.progress.children = undefined;
        await frame.track.sleep(delay * 1000);
      }
    }
  }

  async #catch(frame: Frame, state: GuardedState, visit: Visit, error: StatesError): Promise<Step> {
    if (state.type !== 'Task') frame.record(`${state.type}StateFailed`);
    const catcher = state.catch.find((candidate) => matches(candidate.errorEquals, error));
    if (catcher === undefined) throw error;
    const errorOutput = errorOutputOf(error);
    return this.#leave(frame, { ...visit, errorOutput }, { ...catcher, otherwise: errorOutput });
  }

  /** Evaluates Output and Assign, both with the variables as they were on entry, and goes on. */
  async #leave(frame: Frame, visit: Visit, exit: Exit): Promise<Step> {
    const { name, type } = visit.state;
    const output = exit.output === undefined ? exit.otherwise : await frame.evaluate(exit.output, 'Output', visit);
    frame.checkSize(output, name);
    const assigned = exit.assign === undefined ? undefined : await frame.evaluate(exit.assign, 'Assign', visit);
    if (assigned !== undefined) frame.checkSize(assigned, name);
    const variables = (assigned ?? {}) as Record<string, Json>;
    Object.assign(frame.progress.variables, variables);
    if (type !== 'Fail') frame.record(`${type}StateExited`, exitedDetails(name, output, variables));
    return { output, next: exit.next };
  }

  async #parallel(frame: Frame, state: ParallelState, visit: Visit): Promise<Json> {
    frame.progress.children ??= await this.#startBranches(frame, state, visit);
    const outputs = await this.#runChildren(frame, frame.progress.children, {
      atOnce: state.branches.length,
      workflow: (index) => state.branches[index],
    });
    frame.recordAside('ParallelStateSucceeded');
    return outputs;
  }

  async #startBranches(frame: Frame, state: ParallelState, visit: Visit): Promise<Child[]> {
    const input =
      state.arguments === undefined ? frame.progress.input : await frame.evaluate(state.arguments, 'Arguments', visit);
    frame.checkSize(input, state.name);
    frame.record('ParallelStateStarted');
    return state.branches.map((branch) => ({
      progress: startOf(branch.startAt, input),
      done: undefined,
      mapItem: undefined,
    }));
  }

  async #map(frame: Frame, state: MapState, visit: Visit): Promise<Json> {
    const asked =
      state.maxConcurrency === undefined
        ? 0
        : await frame.evaluateAs(expected.nonNegative, state.maxConcurrency, 'MaxConcurrency', visit);
    frame.progress.children ??= await this.#startIterations(frame, state, visit);
    const outputs = await this.#runChildren(frame, frame.progress.children, {
      atOnce: Math.min(asked || MOST_INLINE_ITERATIONS, MOST_INLINE_ITERATIONS),
      workflow: () => state.itemProcessor,
      mapName: state.name,
    });
    frame.recordAside('MapStateSucceeded');
    return outputs;
  }

  async #startIterations(frame: Frame, state: MapState, visit: Visit): Promise<Child[]> {
    const values = await this.#items(frame, state, visit);
    const children: Child[] = [];
    for (const [index, value] of values.entries()) {
      const mapItem = { index, value };
      const input = await this.#iterationInput(frame, state, { ...visit, mapItem }, value);
      children.push({ progress: startOf(state.itemProcessor.startAt, input), done: undefined, mapItem });
    }
    frame.record('MapStateStarted', { mapStateStartedEventDetails: { length: values.length } });
    return children;
  }

  async #items(frame: Frame, state: MapState, visit: Visit): Promise<Json[]> {
    if (state.items !== undefined) return frame.evaluateAs(expected.array, state.items, 'Items', visit);
    const { input } = frame.progress;
    if (Array.isArray(input)) return input;
    throw frame.evaluationError(visit, '', `Map state input must be an array but was: ${JSON.stringify(input)}`);
  }

  async #iterationInput(frame: Frame, state: MapState, visit: Visit, value: Json): Promise<Json> {
    if (state.itemSelector === undefined) return value;
    const input = await frame.evaluate(state.itemSelector, 'ItemSelector', visit);
    frame.checkSize(input, state.name);
    return input;
  }

  /** Runs what is not done of `children`; the first failure gives up the others and is thrown. */
  async #runChildren(frame: Frame, children: Child[], how: ChildrenRun): Promise<Json[]> {
    const { scope, leave } = frame.track.scope.inner();
    try {
      await frame.track.wait<void>((settle) => {
        this.#runPool(frame, children, how, scope).then(settle.resolve, settle.reject);
        return undefined;
      });
    } finally {
      leave();
    }
    return children.map((child) => {
      if (child.done === undefined) throw new Error('an iteration or branch did not end');
      return child.done.output;
    });
  }

  async #runPool(frame: Frame, children: Child[], how: ChildrenRun, scope: Scope): Promise<void> {
    const waiting = [...children.entries()].filter(([, child]) => child.done === undefined);
    let failure: { error: unknown } | undefined;
    const work = async () => {
      for (let entry = waiting.shift(); entry !== undefined && !scope.cancelled; entry = waiting.shift()) {
        try {
          await this.#runChild(frame, entry[1], entry[0], how, scope);
        } catch (error) {
          failure ??= { error };
          scope.cancel();
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(how.atOnce, waiting.length) }, work));
    if (failure !== undefined) throw failure.error;
  }

  async #runChild(outer: Frame, child: Child, index: number, how: ChildrenRun, scope: Scope): Promise<void> {
    const workflow = how.workflow(index);
    if (workflow === undefined) throw new Error('a branch has no definition');
    const track = new Track(this.#services.clock, scope);
    const frame = new Frame({
      ...this.#services,
      execution: outer.execution,
      workflow,
      progress: child.progress,
      track,
      previousEventId: outer.previousEventId,
      outer,
      mapItem: child.mapItem,
    });
    const iteration = how.mapName === undefined ? undefined : { name: how.mapName, index };
    try {
      if (iteration) frame.record('MapIterationStarted', { mapIterationStartedEventDetails: iteration });
      child.done = { output: await this.#walk(frame) };
      if (iteration) frame.record('MapIterationSucceeded', { mapIterationSucceededEventDetails: iteration });
      outer.previousEventId = frame.previousEventId;
    } catch (error) {
      const aborted = error instanceof Cancelled;
      if (iteration && aborted)
        frame.recordAside('MapIterationAborted', { mapIterationAbortedEventDetails: iteration });
      if (iteration && !aborted) frame.recordAside('MapIterationFailed', { mapIterationFailedEventDetails: iteration });
      if (!aborted) outer.previousEventId = frame.previousEventId;
      throw error;
    } finally {
      track.end();
    }
  }
}

interface ChildrenRun {
  /** How many run at the same time. */
  atOnce: number;
  workflow: (index: number) => Workflow | undefined;
  /** Name of the Map, when these are iterations. */
  mapName?: string;
}

/** `$states.errorOutput`. AWS gives an empty Cause where there is none, and null for both when the error has no name. */
function errorOutputOf(error: StatesError): Json {
  if (error.error === undefined) return { Error: null, Cause: error.causeText ?? null };
  return { Error: error.error, Cause: error.causeText ?? '' };
}

function exitedDetails(name: string, output: Json, variables: Record<string, Json>) {
  const texts = Object.entries(variables).map(([key, value]) => [key, JSON.stringify(value)]);
  const assigned = {
    assignedVariables: Object.fromEntries(texts) as Record<string, string>,
    assignedVariablesDetails: { truncated: false },
  };
  return {
    stateExitedEventDetails: {
      name,
      output: JSON.stringify(output),
      outputDetails: { truncated: false },
      ...(texts.length === 0 ? {} : assigned),
    },
  };
}

function recordAborted(frame: Frame, state: State): void {
  if (state.type === 'Task' || state.type === 'Wait' || state.type === 'Map' || state.type === 'Parallel') {
    frame.recordAside(`${state.type}StateAborted`);
  }
}
