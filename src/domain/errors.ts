/** What kind of thing went wrong. The code is stable: state machines and callers branch on it. */
export type ErrorCode =
  | 'ValidationError'
  | 'AccessDenied'
  | 'Conflict'
  | 'NotFound'
  | 'CrossAccountAccessDenied'
  | 'PlanChanged'
  | 'NotApproved'
  | 'ServersHeld'
  | 'LiveInstance'
  | 'DirectoryUnavailable'
  | 'ConfigurationError';

/**
 * An error whose message a person can act on: what happened, what was kept, what to do next. Its `name` is the code, so
 * that Step Functions reports it as `ErrorEquals` (a Lambda's errorType is the error's name).
 */
export class DrError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.name = code;
  }
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The name of anything thrown, e.g. an AWS error's code. */
export function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : 'Error';
}
