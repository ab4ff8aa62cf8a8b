import type { AwsCall, Identities, Identity } from '../aws/identities.ts';
import type { Clock } from '../clock.ts';

/** What every simulated AWS service is started with. */
export interface ServiceOptions {
  /** Held while a request is being answered. */
  clock: Clock;
  /** Tells who signed a request. */
  identities: Identities;
  /** Told of every call by a known signer, after it has been answered. */
  onCall?: (call: AwsCall) => void;
}

/** An error that a simulated service answers with, as AWS would: a code that the SDK makes the error's name. */
export class ServiceError extends Error {
  readonly code: string;
  /** HTTP status. */
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
  }
}

/** IAM's text of a refusal. On AWS it names the session of the caller's role; here there are no sessions, and it names the role. */
export function notAuthorized(caller: Identity, action: string, resource: string, because: string): string {
  return `User: ${caller.roleArn} is not authorized to perform: ${action} on resource: ${resource} because ${because}`;
}
