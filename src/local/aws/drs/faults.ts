import type { OperationName } from './model.ts';

/** Which calls a fault is for. */
export interface FaultScope {
  /** @default - any account */
  accountId?: string;
  /** @default - any operation */
  operation?: OperationName;
}

type FaultKind = 'throttle' | 'internal error' | 'drop';

interface Fault extends FaultScope {
  readonly kind: FaultKind;
  remaining: number;
  readonly retryAfterSeconds: number;
}

/** What goes wrong with the calls of the simulated DRS, on request of a test or a rehearsal. */
export class DrsFaults {
  readonly #faults: Fault[] = [];
  readonly #denied = new Set<string>();

  /**
   * Refuses the next `times` calls with ThrottlingException. `retryAfterSeconds` is real time: the SDK waits it out.
   * @default retryAfterSeconds 1
   */
  throttleNext(times: number, scope: FaultScope & { retryAfterSeconds?: number } = {}): void {
    const { retryAfterSeconds = 1, ...rest } = scope;
    this.#faults.push({ kind: 'throttle', remaining: times, retryAfterSeconds, ...rest });
  }

  /** Answers the next `times` calls with InternalServerException, without doing anything. */
  failNext(times: number, scope: FaultScope = {}): void {
    this.#faults.push({ kind: 'internal error', remaining: times, retryAfterSeconds: 0, ...scope });
  }

  /** Carries the next `times` calls out and closes the connection instead of answering. */
  dropNextAnswer(times: number, scope: FaultScope = {}): void {
    this.#faults.push({ kind: 'drop', remaining: times, retryAfterSeconds: 0, ...scope });
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

  /** True while the account is denied. */
  isDenied(accountId: string): boolean {
    return this.#denied.has(accountId);
  }

  /** Uses up one of the faults of this kind that are for the call; undefined when there is none. */
  take(kind: FaultKind, accountId: string, operation: OperationName): { retryAfterSeconds: number } | undefined {
    const fault = this.#faults.find(
      (one) =>
        one.kind === kind &&
        one.remaining > 0 &&
        (one.accountId === undefined || one.accountId === accountId) &&
        (one.operation === undefined || one.operation === operation),
    );
    if (fault === undefined) return undefined;
    fault.remaining -= 1;
    return fault;
  }
}
