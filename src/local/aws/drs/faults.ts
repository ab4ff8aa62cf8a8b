import { QUOTA_CODES } from './errors.ts';
import type { OperationName } from './model.ts';

/** Which calls a fault is for. */
export interface FaultScope {
  /** @default - any account */
  accountId?: string;
  /** @default - any Region */
  region?: string;
  /** @default - any operation */
  operation?: OperationName;
}

/** One call, as faults look at it. */
export type FaultyCall = Required<FaultScope>;

type FaultKind = 'throttle' | 'internal error' | 'unavailable' | 'quota' | 'drop';

interface Fault extends FaultScope {
  readonly kind: FaultKind;
  remaining: number;
  readonly retryAfterSeconds?: number;
  readonly quotaCode?: string;
}

/** What goes wrong with the calls of the simulated DRS, on request of a test or a rehearsal. */
export class DrsFaults {
  readonly #faults: Fault[] = [];
  readonly #denied = new Set<string>();
  readonly #deniedOperations: FaultScope[] = [];

  /**
   * Refuses the next `times` calls with ThrottlingException. `retryAfterSeconds` is real time: the SDK waits it out; null
   * gives none, as DRS does not have to.
   * @default retryAfterSeconds 1
   */
  throttleNext(times: number, scope: FaultScope & { retryAfterSeconds?: number | null } = {}): void {
    const { retryAfterSeconds = 1, ...rest } = scope;
    this.#faults.push({
      kind: 'throttle',
      remaining: times,
      retryAfterSeconds: retryAfterSeconds ?? undefined,
      ...rest,
    });
  }

  /**
   * Refuses the next `times` calls with ServiceQuotaExceededException, whatever the quotas say.
   * @default quotaCode - that of concurrent jobs
   */
  exceedQuotaNext(times: number, scope: FaultScope & { quotaCode?: string } = {}): void {
    this.#faults.push({ kind: 'quota', remaining: times, quotaCode: QUOTA_CODES.concurrentJobs, ...scope });
  }

  /** Answers the next `times` calls with InternalServerException, without doing anything. */
  failNext(times: number, scope: FaultScope = {}): void {
    this.#faults.push({ kind: 'internal error', remaining: times, ...scope });
  }

  /** Answers the next `times` calls with ServiceUnavailable, an error of every AWS service, without doing anything. */
  unavailableNext(times: number, scope: FaultScope = {}): void {
    this.#faults.push({ kind: 'unavailable', remaining: times, ...scope });
  }

  /** Carries the next `times` calls out and closes the connection instead of answering. */
  dropNextAnswer(times: number, scope: FaultScope = {}): void {
    this.#faults.push({ kind: 'drop', remaining: times, ...scope });
  }

  /** Ends what is left of the faults of one kind. */
  end(kind: FaultKind): void {
    for (const fault of this.#faults) if (fault.kind === kind) fault.remaining = 0;
  }

  /** Refuses every call in an account with AccessDeniedException, until {@link allowAccount}. */
  denyAccount(accountId: string): void {
    this.#denied.add(accountId);
  }

  /** Ends {@link denyAccount}. */
  allowAccount(accountId: string): void {
    this.#denied.delete(accountId);
  }

  /** Refuses the calls of one operation with AccessDeniedException, until {@link allowOperation}. */
  denyOperation(operation: OperationName, scope: Omit<FaultScope, 'operation'> = {}): void {
    this.#deniedOperations.push({ ...scope, operation });
  }

  /** Ends {@link denyOperation}, in every account. */
  allowOperation(operation: OperationName): void {
    const others = this.#deniedOperations.filter((one) => one.operation !== operation);
    this.#deniedOperations.splice(0, this.#deniedOperations.length, ...others);
  }

  /** True while the call is denied. */
  isDenied(call: FaultyCall): boolean {
    return this.#denied.has(call.accountId) || this.#deniedOperations.some((one) => isFor(one, call));
  }

  /** Uses up one of the faults of this kind that are for the call; undefined when there is none. */
  take(kind: FaultKind, call: FaultyCall): { retryAfterSeconds?: number; quotaCode?: string } | undefined {
    const fault = this.#faults.find((one) => one.kind === kind && one.remaining > 0 && isFor(one, call));
    if (fault === undefined) return undefined;
    fault.remaining -= 1;
    return fault;
  }
}

function isFor(scope: FaultScope, call: FaultyCall): boolean {
  return (
    (scope.accountId === undefined || scope.accountId === call.accountId) &&
    (scope.region === undefined || scope.region === call.region) &&
    (scope.operation === undefined || scope.operation === call.operation)
  );
}
