import { randomBytes } from 'node:crypto';
import { StepFunctionsError } from './errors.ts';

/** Longest task token. Source: API reference, SendTaskSuccess, taskToken. */
export const LONGEST_TASK_TOKEN = 2048;
/** How every token begins, so that one can be recognised wherever it stands. */
const PREFIX = 'AQDRTASK';
const TOKEN_BYTES = 192;
const TOKEN_IN_TEXT = new RegExp(`${PREFIX}[A-Za-z0-9_-]{64,}`, 'g');

/** `text` with every task token in it replaced. */
export function redactTaskTokens(text: string): string {
  return text.includes(PREFIX) ? text.replace(TOKEN_IN_TEXT, '(task token)') : text;
}

/** What happens to the task that waits for a token. */
export interface TokenHolder {
  succeeded(output: string): void;
  failed(failure: { error?: string; cause?: string }): void;
  heartbeat(): void;
}

interface Entry {
  accountId: string;
  executionArn: string;
  /** Undefined once the task has been answered, has timed out or was given up. */
  holder: TokenHolder | undefined;
}

/** The task tokens that were given out, open and closed. */
export class TaskTokens {
  readonly #entries = new Map<string, Entry>();
  readonly #byExecution = new Map<string, Set<string>>();

  /** A new token for one attempt of a task. */
  issue(execution: { arn: string; accountId: string }): string {
    const token = PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
    this.#entries.set(token, { accountId: execution.accountId, executionArn: execution.arn, holder: undefined });
    const siblings = this.#byExecution.get(execution.arn) ?? new Set();
    this.#byExecution.set(execution.arn, siblings.add(token));
    return token;
  }

  /** From now on `token` can be answered; the answer to this call closes it. */
  open(token: string, holder: TokenHolder): () => void {
    const entry = this.#entries.get(token);
    if (entry === undefined) throw new Error('a task token was opened that was never issued');
    entry.holder = holder;
    return () => {
      entry.holder = undefined;
    };
  }

  /**
   * Who waits for `token`, on behalf of a caller in account `accountId`.
   * @throws {StepFunctionsError} InvalidToken for a text that is not a token or is one of another account; TaskDoesNotExist
   * for a token whose execution is forgotten; TaskTimedOut for one that is closed. Sources: API reference, SendTaskSuccess,
   * Errors; developer guide, Wait for a callback with task token ("principals within the same AWS account").
   */
  holder(token: string, accountId: string): TokenHolder {
    if (!token.startsWith(PREFIX) || redactTaskTokens(token) !== '(task token)') throw invalidToken();
    const entry = this.#entries.get(token);
    if (entry === undefined) {
      throw new StepFunctionsError('TaskDoesNotExist', "Task Does Not Exist: 'Provided task does not exist'");
    }
    if (entry.accountId !== accountId) throw invalidToken();
    if (entry.holder === undefined) {
      throw new StepFunctionsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    }
    return entry.holder;
  }

  /** The execution whose task waits, or waited, for `token`. */
  executionArn(token: string): string | undefined {
    return this.#entries.get(token)?.executionArn;
  }

  /** Forgets the tokens of an execution that is no longer kept. */
  forget(executionArn: string): void {
    for (const token of this.#byExecution.get(executionArn) ?? []) this.#entries.delete(token);
    this.#byExecution.delete(executionArn);
  }
}

function invalidToken(): StepFunctionsError {
  return new StepFunctionsError('InvalidToken', "Invalid Token: 'Invalid token'");
}
