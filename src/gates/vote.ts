import type { Person } from '../domain/access.ts';
import { DrError } from '../domain/errors.ts';
import { castVote, type Decision, type Refusal, refusalOf } from '../domain/gate.ts';
import type { GateRecord } from '../domain/records.ts';
import type { Configuration } from '../platform/configuration.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';

/** A press of a button on a gate's card: who, and on which revision of which question. */
export interface Press {
  executionId: string;
  gateId: string;
  planRevision: number;
  person: Person;
}

/** A vote that does not count, and why. `gate` is what is stored now: who decided, and when. */
export interface Refused {
  kind: 'refused';
  reason: Refusal;
  gate: GateRecord;
}

export type VoteResult = { kind: 'recorded'; gate: GateRecord } | Refused;

interface VoteTools {
  store: ExecutionStore;
  configuration: Configuration;
  now: () => number;
}

/** More lost races than this in a row means that something is wrong; ten people at most vote on a gate. */
const MAX_ATTEMPTS = 20;

/**
 * Looks whether this person's vote would count at this moment, and records nothing: who is asked for a reason hears
 * first that it would be in vain.
 * @throws {DrError} NotFound when the gate does not exist; ConfigurationError when rights cannot be checked.
 */
export async function mayVote(tools: VoteTools, press: Press): Promise<{ kind: 'open'; gate: GateRecord } | Refused> {
  const [access, gate] = await Promise.all([tools.configuration.access(), storedGate(tools, press)]);
  const reason = refusalOf(gate, press, access, tools.now());
  return reason === undefined ? { kind: 'open', gate } : { kind: 'refused', reason, gate };
}

/**
 * Records one person's vote by one conditional write. Of two presses at the same moment one is written first; the other
 * is judged again against what is stored then. Rights are read at this moment.
 * @throws {DrError} NotFound when the gate does not exist; ConfigurationError when rights cannot be checked.
 */
export async function vote(tools: VoteTools, press: Press & { decision: Decision }): Promise<VoteResult> {
  const access = await tools.configuration.access();
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const gate = await storedGate(tools, press);
    const now = tools.now();
    const result = castVote(gate, press, access, now);
    if (result.kind === 'refused') return { ...result, gate };
    const next: GateRecord = { ...gate, ...result.gate };
    if (await tools.store.decideGate(next, { version: gate.version, before: now }))
      return { kind: 'recorded', gate: next };
  }
  throw new DrError('Conflict', 'Too many people pressed at the same moment. Nothing was recorded: press again.');
}

async function storedGate(tools: VoteTools, { executionId, gateId }: Press): Promise<GateRecord> {
  const gate = await tools.store.getGate(executionId, gateId);
  if (gate === undefined) throw new DrError('NotFound', 'This question no longer exists.');
  return gate;
}
