import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleFunctions } from '../../scripts/bundle.ts';
import type { FunctionName } from '../../src/functions.ts';
import type { VirtualClock } from '../../src/local/clock.ts';
import type { Practice } from '../../src/local/practice.ts';
import type { Answered, Told } from './function-process.ts';

/** The functions of drs-orchestration-main, whose memory grows with the servers. */
export const MEASURED_FUNCTIONS: readonly FunctionName[] = [
  'validate-input',
  'discover-servers',
  'load-account-work',
  'record-account-result',
  'aggregate-results',
];

const PROCESS = fileURLToPath(new URL('function-process.ts', import.meta.url));
/** Of a function's memory, what Node.js takes for its heap before it collects in earnest: as on Lambda, the rest is the runtime's. */
const HEAP_SHARE = 0.9;

/** The most memory that a function had, in MB. */
export interface FunctionMemory {
  name: FunctionName;
  peakMb: number;
  /** What it is deployed with. */
  memoryMb: number;
}

/** A function instance in a process of its own. */
interface Instance {
  child: ChildProcess;
  /** The call before: an instance takes one event at a time. */
  last: Promise<unknown>;
  peakKb: number;
}

/** Bundles of all functions in a temporary folder, to be closed. */
export async function bundledFunctions() {
  const folder = mkdtempSync(path.join(tmpdir(), 'dr-chatops-functions-'));
  await bundleFunctions(folder);
  return {
    fileOf: (name: FunctionName) => path.join(folder, name, 'index.js'),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * Lets functions of a practice run as they are deployed: their bundles, each in a process with its function's memory.
 * `memoryOf`: MB by the deployed name.
 */
export async function inProcesses(
  { clock, practice }: { clock: VirtualClock; practice: Practice },
  fileOf: (name: FunctionName) => string,
  memoryOf: ReadonlyMap<string, number>,
) {
  const instances = new Map<FunctionName, Instance>();
  const memoryMbOf = (name: FunctionName) => memoryOf.get(`dr-chatops-${name}`) ?? 0;

  const start = (name: FunctionName): Instance => {
    const child = fork(PROCESS, {
      execArgv: [`--max-old-space-size=${Math.round(memoryMbOf(name) * HEAP_SHARE)}`],
      // Dates and undefined of an event are JSON's on Lambda, too.
      serialization: 'json',
    });
    const { environment, credentials } = practice.platformOf(name);
    tell(child, {
      settings: { file: fileOf(name), environment, ...(credentials === undefined ? {} : { credentials }) },
    });
    const instance = { child, last: Promise.resolve(), peakKb: 0 };
    instances.set(name, instance);
    return instance;
  };

  const invoke = async (name: FunctionName, event: unknown): Promise<unknown> => {
    const instance = instances.get(name) ?? start(name);
    const answered = instance.last.then(() => ask(instance.child, { event, now: clock.now() }));
    instance.last = answered.catch(() => {});
    const { peakKb, ...outcome } = await answered;
    instance.peakKb = Math.max(instance.peakKb, peakKb);
    if ('answer' in outcome) return outcome.answer;
    throw Object.assign(new Error(outcome.error.message), { name: outcome.error.name });
  };

  await practice.deploy({
    handler: (name, handler) => (MEASURED_FUNCTIONS.includes(name) ? (event) => invoke(name, event) : handler),
  });
  return {
    /** The most memory that each function had so far. */
    peaks: (): FunctionMemory[] =>
      [...instances].map(([name, { peakKb }]) => ({ name, peakMb: peakKb / 1_024, memoryMb: memoryMbOf(name) })),
    close(): void {
      for (const { child } of instances.values()) child.kill();
    },
  };
}

function tell(child: ChildProcess, told: Told): void {
  child.send(told);
}

/** Sends an event and waits for its answer. @throws {Error} when the process ends instead */
async function ask(child: ChildProcess, told: Told): Promise<Answered> {
  tell(child, told);
  const answering = new AbortController();
  const ended = once(child, 'exit', { signal: answering.signal }).then(([code]) => {
    throw new Error(`the function instance ended with ${code}`);
  });
  try {
    const [answered] = (await Promise.race([once(child, 'message', { signal: answering.signal }), ended])) as [
      Answered,
    ];
    return answered;
  } finally {
    // Thousands of events go to one process: each takes its listeners away again.
    ended.catch(() => {});
    answering.abort();
  }
}
