import type { Access, Person } from '../domain/access.ts';
import { DrError } from '../domain/errors.ts';
import { breakGlassRefusalOf, cancelled, castVote, type Decision, type Refusal, refusalOf } from '../domain/gate.ts';
import type { GateRecord } from '../domain/records.ts';
import type { Directory } from '../platform/directory.ts';
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

export interface VoteTools {
  store: ExecutionStore;
  directory: Directory;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** More lost races than this in a row means that something is wrong; ten people at most vote on a gate. */
const MAX_ATTEMPTS = 20;

/**
 * Looks whether this person's vote would count at this moment, and records nothing: who is asked for a reason hears
 * first that it would be in vain.
 * @throws {DrError} NotFound when the gate does not exist; ConfigurationError or DirectoryUnavailable when rights cannot
 *   be checked.
 */
export async function mayVote(
  tools: VoteTools,
  press: Press,
  how: { breakGlass: boolean } = { breakGlass: false },
): Promise<{ kind: 'open'; gate: GateRecord } | Refused> {
  const gate = await storedGate(tools, press);
  const { access, refusal } = await rightsNow(tools, gate, press.person);
  const reason = refusal ?? (how.breakGlass ? breakGlassRefusalOf : refusalOf)(gate, press, access, tools.now());
  return reason === undefined ? { kind: 'open', gate } : { kind: 'refused', reason, gate };
}

/**
 * Records one person's vote by one conditional write. Of two presses at the same moment one is written first; the other
 * is judged again against what is stored then. Rights, and whether people are members at all, are looked up at this
 * moment: of who votes, and of everybody whose vote counts with it.
 * @throws {DrError} NotFound when the gate does not exist; ConfigurationError or DirectoryUnavailable when rights cannot
 *   be checked.
 */
export async function vote(tools: VoteTools, press: Press & { decision: Decision }): Promise<VoteResult> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const gate = await storedGate(tools, press);
    const { access, refusal } = await rightsNow(tools, gate, press.person);
    if (refusal !== undefined) return { kind: 'refused', reason: refusal, gate };
    const now = tools.now();
    const result = castVote(gate, press, access, now);
    if (result.kind === 'refused') return { ...result, gate };
    const next: GateRecord = { ...gate, ...result.gate };
    if (await tools.store.decideGate(next, { version: gate.version, before: now }))
      return { kind: 'recorded', gate: next };
  }
  throw new DrError('Conflict', 'Too many people pressed at the same moment. Nothing was recorded: press again.');
}

/** Cancels every open gate of an execution. Whoever settled one a moment before keeps the decision. */
export async function cancelGates(
  { store, now }: Pick<VoteTools, 'store' | 'now'>,
  executionId: string,
  by?: Person,
): Promise<void> {
  for (const gate of await store.getGates(executionId)) {
    const next = cancelled(gate, now(), by);
    if (next === gate) continue;
    if (!(await store.decideGate({ ...gate, ...next }, { version: gate.version })))
      await cancelGates({ store, now }, executionId, by);
  }
}

/** The roles of this moment, without those who are no members any more; `refusal` when the voter is none. */
async function rightsNow(
  { directory }: VoteTools,
  gate: GateRecord,
  person: Person,
): Promise<{ access: Access; refusal?: Refusal }> {
  const request = { requester: gate.requester, startTime: gate.requestedAt };
  const voters = [person, ...gate.votes];
  const access = await directory.access(request);
  const standings = await Promise.all(voters.map((voter) => directory.standingOf(voter, access)));
  const [own] = standings;
  if (own !== undefined && own !== 'member') return { access, refusal: own };
  const gone = voters.filter((_, index) => standings[index] !== 'member').map(({ userId }) => userId);
  return { access: without(access, gone) };
}

function without(access: Access, userIds: readonly string[]): Access {
  if (userIds.length === 0) return access;
  const stays = (userId: string) => !userIds.includes(userId);
  return { ...access, grants: access.grants.map((grant) => ({ ...grant, users: grant.users.filter(stays) })) };
}

async function storedGate(tools: VoteTools, { executionId, gateId }: Press): Promise<GateRecord> {
  const gate = await tools.store.getGate(executionId, gateId);
  if (gate === undefined) throw new DrError('NotFound', 'This question no longer exists.');
  return gate;
}
