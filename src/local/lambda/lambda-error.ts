/**
 * A failed invocation, as a caller of Lambda sees it. `errorType` is the name of what the function threw, a name of the
 * runtime (`Runtime.ExitError`, `Runtime.MarshalError`, `Sandbox.Timedout`, `Function.ResponseSizeTooLarge`), or, when
 * Lambda did not run the function, its API's error after `Lambda.`, as Step Functions names it.
 */
export class LambdaError extends Error {
  override readonly name = 'LambdaError';
  readonly errorType: string;
  readonly errorMessage: string;
  /** Lines of the stack, as in the function's answer. */
  readonly trace: readonly string[];

  constructor(errorType: string, errorMessage: string, trace: readonly string[] = []) {
    super(`${errorType}: ${errorMessage}`);
    this.errorType = errorType;
    this.errorMessage = errorMessage;
    this.trace = trace;
  }
}

/** What Node's Lambda runtime reports of anything that a handler threw. */
export function thrownByHandler(thrown: unknown): LambdaError {
  if (!(thrown instanceof Error)) return new LambdaError(typeof thrown, String(thrown));
  return new LambdaError(thrown.name, thrown.message, thrown.stack?.split('\n') ?? []);
}
