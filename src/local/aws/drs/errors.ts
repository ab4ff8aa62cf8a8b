import { ServiceError } from '../../services/service.ts';

/** Quota codes of DRS in Service Quotas. */
export const QUOTA_CODES = {
  serversInJob: 'L-B827C881',
  concurrentJobs: 'L-D88FAC3A',
  serversInAllJobs: 'L-05AFA8C6',
} as const;

/** An error of the DRS API model: its HTTP status, and the members its body and headers have besides the message. */
export class DrsError extends ServiceError {
  /** Members of the body. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: string,
    status: number,
    message: string,
    members: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message, status);
    this.members = members;
    this.headers = headers;
  }
}

/** One member of a request that is wrong. */
export interface InvalidField {
  /** e.g. `sourceServers.3.sourceServerID`. */
  name: string;
  message: string;
}

/** The request does not fit the API model. */
export function validation(
  reason: 'cannotParse' | 'fieldValidationFailed' | 'other',
  message: string,
  fieldList: readonly InvalidField[] = [],
): DrsError {
  return new DrsError('ValidationException', 400, message, { code: 'VALIDATION_EXCEPTION', reason, fieldList });
}

/** A quota that cannot be raised would be exceeded. */
export function quotaExceeded(quotaCode: string, message: string): DrsError {
  return new DrsError('ServiceQuotaExceededException', 402, message, {
    code: 'SERVICE_QUOTA_EXCEEDED',
    serviceCode: 'drs',
    quotaCode,
  });
}

/** Something else is being done with the resource. */
export function conflict(message: string, resourceType: string, resourceId: string): DrsError {
  return new DrsError('ConflictException', 409, message, { code: 'CONFLICT', resourceType, resourceId });
}

/** DRS does not know the resource in the caller's account. */
export function notFound(message: string, resourceType: string, resourceId: string): DrsError {
  return new DrsError('ResourceNotFoundException', 404, message, { code: 'NOT_FOUND', resourceType, resourceId });
}

/** Too many requests; the caller is told to wait this many real seconds, or nothing about it. */
export function throttled(retryAfterSeconds: number | undefined): DrsError {
  return new DrsError(
    'ThrottlingException',
    429,
    'Rate exceeded',
    // The model also has a quotaCode; DRS publishes no request quotas, so there is none to give.
    { serviceCode: 'drs' },
    retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
  );
}

/** DRS failed. */
export function internal(): DrsError {
  return new DrsError('InternalServerException', 500, 'An internal error has occurred.');
}

/** DRS cannot answer now (AWS common errors; the model of DRS does not have it). */
export function unavailable(): DrsError {
  return new DrsError('ServiceUnavailable', 503, 'The service is temporarily unable to handle the request.');
}

/** The caller has no permission. */
export function accessDenied(message: string): DrsError {
  return new DrsError('AccessDeniedException', 403, message, { code: 'ACCESS_DENIED' });
}

/** DRS has not been set up in the account and Region. */
export function uninitialized(): DrsError {
  return new DrsError('UninitializedAccountException', 400, 'The account is not initialized with service drs.', {
    code: 'UNINITIALIZED_ACCOUNT',
  });
}
