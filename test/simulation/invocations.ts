import { AsyncLocalStorage } from 'node:async_hooks';
import type { FunctionName } from '../../src/functions.ts';
import type { Handler } from '../../src/local/practice.ts';

/** One run of a function. */
export interface Invocation {
  readonly name: FunctionName;
  /** Its process is gone: nothing of it goes on. */
  isDead: boolean;
  /** Ends its process at once. Its caller sees Runtime.ExitError. */
  die(): void;
}

/** What goes wrong with invocations. */
export interface InvocationFaults {
  /** Milliseconds before an invocation that nobody waits for begins. */
  lateBy(name: FunctionName): number;
  /** True when it has done its work and its answer is lost. */
  losesAnswer(name: FunctionName): boolean;
  /** Milliseconds after which the same event is delivered again; undefined: it is not. */
  againAfter(name: FunctionName): number | undefined;
}

/** Lambda's time for every function here. */
const TIMEOUT_MS = 60_000;

/** Nobody waits for the answers of these: their events are delivered at least once, and at times late. */
export const ASYNCHRONOUS: readonly FunctionName[] = [
  'answer-query',
  'record-progress',
  'close-execution',
  'announce-failure',
  'sweep-messages',
  'watch-gates',
  'refresh-catalogue',
  'answer-parents',
  'clean-up-drills',
  'run-schedules',
];

const running = new AsyncLocalStorage<Invocation | undefined>();

/** The invocation in which this is called, if any. */
export function currentInvocation(): Invocation | undefined {
  return running.getStore();
}

/** Does `work` as nobody's: what a service does for a function goes on when the function has died. */
export function apart<T>(work: () => T): T {
  return running.run(undefined, work);
}

/** What never ends. */
export function never<T>(): Promise<T> {
  return new Promise(() => {});
}

function exit(): Error {
  return Object.assign(new Error('Runtime exited with error: exit status 1'), { name: 'Runtime.ExitError' });
}

/** Puts what can go wrong with an invocation around a handler. A process that died is followed by a new one. */
export function around(faults: InvocationFaults): (name: FunctionName, create: () => Handler) => Handler {
  return (name, create) => {
    // Made when it is called for the first time, as Lambda does.
    let handler: Handler | undefined;

    function invoke(event: unknown): Promise<unknown> {
      handler ??= create();
      const handle = handler;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const invocation: Invocation = {
        name,
        isDead: false,
        die() {
          if (invocation.isDead) return;
          invocation.isDead = true;
          if (handler === handle) handler = undefined;
          reject(exit());
        },
      };
      // Lambda ends the process, too; who waits is told by the host at the same moment.
      const timer = setTimeout(() => invocation.die(), TIMEOUT_MS);
      running.run(invocation, () => handle(event)).then(resolve, reject);
      return promise.finally(() => clearTimeout(timer));
    }

    return async (event) => {
      const lateBy = faults.lateBy(name);
      if (lateBy > 0) await new Promise((resolve) => setTimeout(resolve, lateBy));
      const answer = await invoke(event);
      const againAfter = faults.againAfter(name);
      if (againAfter !== undefined) setTimeout(() => void invoke(event).catch(() => {}), againAfter);
      if (faults.losesAnswer(name)) throw exit();
      return answer;
    };
  };
}
