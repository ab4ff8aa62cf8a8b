import type { Template } from './expressions.ts';

/** A state machine, or the inner machine of a Map or of a branch of a Parallel, as loaded and checked. */
export interface Workflow {
  startAt: string;
  states: ReadonlyMap<string, State>;
}

/** A whole state machine. */
export interface Definition extends Workflow {
  /** Seconds after which an execution times out. */
  timeoutSeconds: number | undefined;
}

interface Named {
  name: string;
}

/** A state after which the machine goes on; `next` is undefined where the definition says `"End": true`. */
interface Continuing extends Named {
  next: string | undefined;
  output: Template | undefined;
  assign: Template | undefined;
}

/** What to do when an error is retried. Numbers have their defaults filled in. */
export interface Retrier {
  errorEquals: readonly string[];
  intervalSeconds: number;
  maxAttempts: number;
  backoffRate: number;
  maxDelaySeconds: number | undefined;
  fullJitter: boolean;
}

/** Where to go when an error is caught. */
export interface Catcher {
  errorEquals: readonly string[];
  next: string;
  output: Template | undefined;
  assign: Template | undefined;
}

interface Guarded extends Continuing {
  retry: readonly Retrier[];
  catch: readonly Catcher[];
}

/** What a Task calls, from its Resource. */
export type Resource =
  | { kind: 'lambda'; waitForTaskToken: boolean }
  | { kind: 'startExecution' }
  | { kind: 'putEvents' }
  | { kind: 'sdk'; service: string; action: string };

export interface PassState extends Continuing {
  type: 'Pass';
}

export interface TaskState extends Guarded {
  type: 'Task';
  resource: Resource;
  arguments: Template | undefined;
  timeoutSeconds: Template | undefined;
  heartbeatSeconds: Template | undefined;
  /** The RoleArn of Credentials. */
  credentialsRole: Template | undefined;
}

export interface ChoiceRule {
  condition: Template;
  next: string;
  output: Template | undefined;
  assign: Template | undefined;
}

export interface ChoiceState extends Named {
  type: 'Choice';
  choices: readonly ChoiceRule[];
  default: string | undefined;
  output: Template | undefined;
  assign: Template | undefined;
}

export interface WaitState extends Continuing {
  type: 'Wait';
  until: { field: 'Seconds' | 'Timestamp'; template: Template };
}

export interface SucceedState extends Named {
  type: 'Succeed';
  output: Template | undefined;
}

export interface FailState extends Named {
  type: 'Fail';
  error: Template | undefined;
  cause: Template | undefined;
}

export interface ParallelState extends Guarded {
  type: 'Parallel';
  branches: readonly Workflow[];
  arguments: Template | undefined;
}

export interface MapState extends Guarded {
  type: 'Map';
  items: Template | undefined;
  itemSelector: Template | undefined;
  maxConcurrency: Template | undefined;
  itemProcessor: Workflow;
}

export type State =
  | PassState
  | TaskState
  | ChoiceState
  | WaitState
  | SucceedState
  | FailState
  | ParallelState
  | MapState;

/** States with Retry and Catch. */
export type GuardedState = TaskState | ParallelState | MapState;
