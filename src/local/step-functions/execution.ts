import type { ExecutionStatus } from '@aws-sdk/client-sfn';
import type { Definition } from './definition.ts';
import type { History } from './history.ts';
import type { MachineIdentity } from './integrations.ts';
import type { Json } from './json.ts';
import type { Scope } from './track.ts';

/** One revision of a state machine of the simulated AWS. It never changes: an update makes another one. */
export interface StateMachine extends MachineIdentity {
  name: string;
  /** The text as given, placeholders filled in. */
  definitionText: string;
  definition: Definition;
  creationDate: Date;
  /** ARN of the customer-managed key that encrypts it and its executions; absent with a key of AWS's. */
  kmsKeyId?: string;
  /** Which of the machine's revisions this is; `INITIAL` until it is updated. */
  revisionId: string;
}

/**
 * How far a workflow has come. It is kept when an execution fails, and is where a redrive goes on.
 */
export interface Progress {
  /** The state that runs now, or in which the workflow failed. */
  state: string;
  /** Input of that state. */
  input: Json;
  /** Variables of this scope; inner scopes have their own. */
  variables: Record<string, Json>;
  /** Set once the state was entered; a redrive does not enter it again. */
  entered: { eventId: number; at: number } | undefined;
  /** Iterations of a Map or branches of a Parallel that has begun, in order. */
  children: Child[] | undefined;
}

/** One iteration of a Map or one branch of a Parallel. */
export interface Child {
  progress: Progress;
  /** Set when it has succeeded: it never runs again. */
  done: { output: Json } | undefined;
  mapItem: MapItem | undefined;
}

/** `$states.context.Map.Item`. */
export interface MapItem {
  index: number;
  value: Json;
}

/** Where a workflow begins. */
export function startOf(startAt: string, input: Json): Progress {
  return { state: startAt, input, variables: {}, entered: undefined, children: undefined };
}

/** One run of a state machine. */
export interface Execution {
  arn: string;
  name: string;
  /** The revision that it began with, and keeps. */
  machine: StateMachine;
  /** The version by whose ARN it was started, if it was. */
  versionArn: string | undefined;
  /** The execution whose Task started this one, if one did. */
  parent: Execution | undefined;
  /** The executions that its Tasks started, in order. */
  nested: Execution[];
  /** The input as text, exactly as it was given. */
  inputText: string;
  input: Json;
  status: ExecutionStatus;
  startedAt: number;
  stoppedAt: number | undefined;
  outputText: string | undefined;
  failure: { error?: string; cause?: string } | undefined;
  redriveCount: number;
  redrivenAt: number | undefined;
  history: History;
  progress: Progress;
  /** Everything that runs for this execution since its start or its last redrive. */
  scope: Scope;
  /** Called once each when the execution has ended. */
  onEnd: Set<() => void>;
}
