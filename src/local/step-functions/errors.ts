/**
 * An error inside an execution that has a name in the States Language, so that Retry and Catch can match it.
 * `error` is undefined when a task was failed by SendTaskFailure without an error name.
 */
export class StatesError extends Error {
  override readonly name = 'StatesError';
  readonly error: string | undefined;
  readonly causeText: string | undefined;
  /** Further names under which Retry and Catch know this error, e.g. `States.HeartbeatTimeout`. */
  readonly alsoKnownAs: readonly string[];

  constructor(error: string | undefined, causeText?: string, alsoKnownAs: readonly string[] = []) {
    super(`${error ?? 'an error without a name'}: ${causeText ?? 'no cause given'}`);
    this.error = error;
    this.causeText = causeText;
    this.alsoKnownAs = alsoKnownAs;
  }
}

/** Thrown by {@link Integrations.invokeLambda} when the function failed, as the Lambda runtime reports it. */
export class LambdaError extends Error {
  override readonly name = 'LambdaError';
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[] | undefined;

  constructor(failure: { errorType: string; errorMessage: string; trace?: readonly string[] }) {
    super(`${failure.errorType}: ${failure.errorMessage}`);
    this.errorType = failure.errorType;
    this.errorMessage = failure.errorMessage;
    this.trace = failure.trace;
  }
}

/** Thrown by an integration when the service refused the call, e.g. `{error: 'Drs.ThrottlingException', cause: '…'}`. */
export class IntegrationError extends Error {
  override readonly name = 'IntegrationError';
  readonly error: string;
  readonly causeText: string;

  constructor(failure: { error: string; cause: string }) {
    super(`${failure.error}: ${failure.cause}`);
    this.error = failure.error;
    this.causeText = failure.cause;
  }
}

/** One thing that is wrong in a definition. */
export interface DefinitionProblem {
  /** Where, as a JSON pointer, e.g. `/States/Wait for approval/Next`. */
  path: string;
  message: string;
}

/** Thrown by createStateMachine; names everything that is wrong in the definition, or that the engine does not implement. */
export class DefinitionError extends Error {
  override readonly name = 'DefinitionError';
  readonly problems: readonly DefinitionProblem[];

  constructor(machine: string, problems: readonly DefinitionProblem[]) {
    const lines = problems.map((problem) => `  ${problem.path}: ${problem.message}`);
    super(`state machine ${machine} cannot be loaded:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

/** An error of the Step Functions API: `code` is the exception's name in the API reference. Messages never hold a task token. */
export class StepFunctionsError extends Error {
  override readonly name = 'StepFunctionsError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The text of anything thrown. */
export function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
