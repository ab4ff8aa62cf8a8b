import type { Person } from '../domain/access.ts';
import { DrError } from '../domain/errors.ts';
import { type Choice, castVote, type Refusal } from '../domain/gate.ts';
import type { GateRecord } from '../domain/records.ts';
import type { Configuration } from '../platform/configuration.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';

/** A press of a button on a gate's card. */
export interface Press {
  executionId: string;
  gateId: string;
  planRevision: number;
  choice: Choice;
  person: Person;
}

export type PressResult =
  | { kind: 'recorded'; gate: GateRecord }
  /** `gate` is what is stored now: who decided, and when. */
  | { kind: 'refused'; reason: Refusal; gate: GateRecord };

/** More lost races than this in a row means that something is wrong; ten people at most vote on a gate. */
const MAX_ATTEMPTS = 20;

/**
 * Records one person's vote by one conditional write. Of two presses at the same moment one is written first; the other
 * is judged again against what is stored then. Rights are read at this moment.
 * @throws {DrError} NotFound when the gate does not exist; ConfigurationError when rights cannot be checked.
 */
export async function vote(
  tools: { store: ExecutionStore; configuration: Configuration; now: () => number },
  press: Press,
): Promise<PressResult> {
  const access = await tools.configuration.access();
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const gate = await tools.store.getGate(press.executionId, press.gateId);
    if (gate === undefined) throw new DrError('NotFound', 'This question no longer exists.');
    const now = tools.now();
    const result = castVote(gate, press, access, now);
    if (result.kind === 'refused') return { ...result, gate };
    const next: GateRecord = { ...gate, ...result.gate };
    if (await tools.store.decideGate(next, { version: gate.version, before: now }))
      return { kind: 'recorded', gate: next };
  }
  throw new DrError('Conflict', 'Too many people pressed at the same moment. Nothing was recorded: press again.');
}
