import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import type { CancelTimer, Clock } from '../clock.ts';
import { LambdaError, thrownByHandler } from './lambda-error.ts';

/** The context that a handler is called with: Lambda's, without the callbacks that Node 24 no longer has. */
export type FunctionContext = Omit<Context, 'done' | 'fail' | 'succeed'>;

/** A function of the simulated AWS. */
export interface HostedFunction {
  name: string;
  /** Without a version or alias. */
  arn: string;
  // A method, not a property: methods are compared leniently, so that a handler may name the type of its event.
  handler(event: unknown, context: FunctionContext): Promise<unknown>;
  /** Real seconds, as a handler's own work takes real time on every clock. */
  timeoutSeconds: number;
}

/** One ended invocation. It carries no payload: payloads may hold secrets. */
export interface Invocation {
  functionName: string;
  /** A published version's number, or `$LATEST`. */
  functionVersion: string;
  requestId: string;
  /** Time of the simulation's clock, milliseconds since the epoch. */
  startedAt: number;
  /** Real milliseconds. */
  durationMs: number;
  /** `ok`, or the error's type. */
  outcome: string;
}

/** Lambda's limit for the event and for the answer of a synchronous invocation: 6 MB. */
export const PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024;

/** Lambda lets an answer be 100 bytes longer than an event. */
const ANSWER_LIMIT_BYTES = PAYLOAD_LIMIT_BYTES + 100;

/** What a function is now, published or not: what is invoked without a qualifier. */
const LATEST = '$LATEST';

/** Lambda tries an asynchronous invocation twice more: one minute after the first failure, two after the second. */
const ASYNC_RETRY_DELAYS_MS = [60_000, 120_000];

/** Runs functions in this process as Lambda would: events and answers travel as JSON, failures as {@link LambdaError}. */
export class FunctionHost {
  readonly #clock: Clock;
  readonly #functions = new Map<string, HostedFunction>();
  /** What was published of each function, version 1 first. */
  readonly #published = new Map<string, HostedFunction[]>();
  readonly #crashes = new Map<string, ('before' | 'after')[]>();
  readonly #listeners = new Set<(invocation: Invocation) => void>();
  readonly #running = new Set<Promise<unknown>>();

  /** `clock` is held while a function runs, and times the retries of asynchronous invocations. */
  constructor(options: { clock: Clock }) {
    this.#clock = options.clock;
  }

  /** Makes a function known. @throws {Error} when the name is taken */
  register(hosted: HostedFunction): void {
    if (this.#functions.has(hosted.name)) throw new Error(`function ${hosted.name} is registered twice`);
    this.#functions.set(hosted.name, hosted);
  }

  /**
   * Puts other code in the place of a function's, as UpdateFunctionCode does: its published versions stay what they were.
   * @throws {Error} when there is no such function
   */
  update(hosted: HostedFunction): void {
    if (!this.#functions.has(hosted.name)) throw new Error(`function ${hosted.name} is not registered`);
    this.#functions.set(hosted.name, hosted);
  }

  /**
   * Publishes what a function is now and answers the version's ARN. What was published already, and has not changed since,
   * keeps its version (API reference, PublishVersion).
   * @throws {Error} when there is no such function
   */
  publishVersion(name: string): string {
    const hosted = this.#functions.get(name);
    if (hosted === undefined) throw new Error(`function ${name} is not registered`);
    const published = this.#published.get(name) ?? [];
    const versions = published.at(-1) === hosted ? published : [...published, hosted];
    this.#published.set(name, versions);
    return `${hosted.arn}:${versions.length}`;
  }

  /** Names of the registered functions, in the order of registration. */
  get functionNames(): string[] {
    return [...this.#functions.keys()];
  }

  /** Calls `listener` at the end of each invocation; it must not throw. The answer stops that. */
  onInvoke(listener: (invocation: Invocation) => void): CancelTimer {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Lets the next invocation of a function end in Runtime.ExitError, as when its process dies: `before` its handler was
   * called, or `after` it had ended and only the answer is lost. Calls add up.
   */
  crashNext(functionName: string, when: 'before' | 'after'): void {
    const planned = this.#crashes.get(functionName) ?? [];
    this.#crashes.set(functionName, [...planned, when]);
  }

  /** Ends what is left of {@link crashNext} for a function. */
  endCrashes(functionName: string): void {
    this.#crashes.delete(functionName);
  }

  /**
   * Invokes a function by name or ARN, with or without a version, and answers what its caller would get: a copy made by
   * JSON, `null` for undefined.
   * @throws {LambdaError} whatever goes wrong
   */
  async invoke(nameOrArn: string, event: unknown): Promise<unknown> {
    const { hosted, invokedArn, functionVersion } = this.#resolve(nameOrArn);
    const payload = encodeEvent(event);
    const requestId = randomUUID();
    const startedAt = this.#clock.now();
    const realStart = performance.now();
    const release = this.#clock.hold();
    let outcome = 'ok';
    try {
      const context = contextOf(hosted, { invokedArn, functionVersion, requestId });
      const run = this.#run(hosted, JSON.parse(payload), context);
      this.#running.add(run);
      return await run.finally(() => this.#running.delete(run));
    } catch (error) {
      outcome = error instanceof LambdaError ? error.errorType : 'Error';
      throw error;
    } finally {
      const durationMs = performance.now() - realStart;
      for (const listener of [...this.#listeners]) {
        listener({ functionName: hosted.name, functionVersion, requestId, startedAt, durationMs, outcome });
      }
      release();
    }
  }

  /** Resolves when no function is running, those included that start meanwhile: what they call can then be closed. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled([...this.#running]);
  }

  /**
   * Invokes a function without waiting for it, with Lambda's two retries on the simulation's clock. An event that still
   * fails is given to `onFailure`, the on-failure destination, if there is one.
   */
  invokeAsync(
    nameOrArn: string,
    event: unknown,
    onFailure: (error: LambdaError, event: unknown) => void = () => {},
  ): void {
    const payload = encodeEvent(event);
    const attempt = async (retries: number): Promise<void> => {
      const release = this.#clock.hold();
      try {
        await this.invoke(nameOrArn, JSON.parse(payload));
      } catch (error) {
        if (!(error instanceof LambdaError)) throw error;
        const delay = ASYNC_RETRY_DELAYS_MS[retries];
        if (delay === undefined) onFailure(error, JSON.parse(payload));
        else this.#clock.after(delay, () => void attempt(retries + 1));
      } finally {
        release();
      }
    };
    void attempt(0);
  }

  async #run(hosted: HostedFunction, event: unknown, context: FunctionContext): Promise<unknown> {
    const crash = this.#crashes.get(hosted.name)?.shift();
    if (crash === 'before') throw exitError(context.awsRequestId);
    try {
      const answer = await withTimeout(hosted, event, context);
      if (crash === undefined) return decodeAnswer(answer);
    } catch (error) {
      if (crash === undefined) throw error;
    }
    throw exitError(context.awsRequestId);
  }

  #resolve(nameOrArn: string): { hosted: HostedFunction; invokedArn: string; functionVersion: string } {
    const [, name = '', qualifier] = /^(?:.*:function:)?([^:]+)(?::([^:]+))?$/.exec(nameOrArn) ?? [];
    const hosted = this.#version(name, qualifier ?? LATEST);
    const isArn = nameOrArn.startsWith('arn:');
    const arn = qualifier === undefined ? hosted?.arn : `${hosted?.arn}:${qualifier}`;
    if (hosted === undefined || arn === undefined || (isArn && arn !== nameOrArn)) {
      throw new LambdaError('Lambda.ResourceNotFoundException', `Function not found: ${nameOrArn}`);
    }
    return { hosted, invokedArn: arn, functionVersion: qualifier ?? LATEST };
  }

  #version(name: string, version: string): HostedFunction | undefined {
    return version === LATEST ? this.#functions.get(name) : this.#published.get(name)?.[Number(version) - 1];
  }
}

function contextOf(
  hosted: HostedFunction,
  invocation: { invokedArn: string; functionVersion: string; requestId: string },
): FunctionContext {
  const deadline = performance.now() + hosted.timeoutSeconds * 1000;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: hosted.name,
    functionVersion: invocation.functionVersion,
    invokedFunctionArn: invocation.invokedArn,
    memoryLimitInMB: '512',
    awsRequestId: invocation.requestId,
    logGroupName: `/aws/lambda/${hosted.name}`,
    logStreamName: invocation.requestId,
    getRemainingTimeInMillis: () => Math.max(0, Math.ceil(deadline - performance.now())),
  };
}

/** The handler's answer, or Sandbox.Timedout. A handler that is late goes on in the background: nothing can stop it. */
async function withTimeout(hosted: HostedFunction, event: unknown, context: FunctionContext): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const text = `RequestId: ${context.awsRequestId} Error: Task timed out after ${hosted.timeoutSeconds.toFixed(2)} seconds`;
    timer = setTimeout(() => reject(new LambdaError('Sandbox.Timedout', text)), hosted.timeoutSeconds * 1000);
  });
  const answer = callHandler(hosted, event, context);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function callHandler(hosted: HostedFunction, event: unknown, context: FunctionContext): Promise<unknown> {
  try {
    return await hosted.handler(event, context);
  } catch (error) {
    throw thrownByHandler(error);
  }
}

function encodeEvent(event: unknown): string {
  const payload = toJson(event, 'Lambda.InvalidRequestContentException', 'Could not turn the event into JSON');
  if (Buffer.byteLength(payload) > PAYLOAD_LIMIT_BYTES) {
    throw new LambdaError(
      'Lambda.RequestTooLargeException',
      `Request must be smaller than ${PAYLOAD_LIMIT_BYTES} bytes for the InvokeFunction operation`,
    );
  }
  return payload;
}

function decodeAnswer(answer: unknown): unknown {
  const payload = toJson(answer, 'Runtime.MarshalError', 'Unable to stringify response body');
  const bytes = Buffer.byteLength(payload);
  if (bytes > ANSWER_LIMIT_BYTES) {
    throw new LambdaError(
      'Function.ResponseSizeTooLarge',
      `Response payload size (${bytes} bytes) exceeded maximum allowed payload size (${ANSWER_LIMIT_BYTES} bytes).`,
    );
  }
  return JSON.parse(payload);
}

function toJson(value: unknown, errorType: string, message: string): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    throw new LambdaError(errorType, `${message}: ${String(error)}`);
  }
}

function exitError(requestId: string): LambdaError {
  return new LambdaError(
    'Runtime.ExitError',
    `RequestId: ${requestId} Error: Runtime exited with error: exit status 1`,
  );
}
