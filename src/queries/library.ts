import { groupCard, groupsList, type ListedPlan, planCard, plansList, type ShownWave } from '../../blocks/library.ts';
import { type Message, message, section } from '../../blocks/message.ts';
import { findByName } from '../chat/library-names.ts';
import { lackingRight, mayPlanSomewhere, visibleGroups, visiblePlans } from '../chat/library-rights.ts';
import { DrError } from '../domain/errors.ts';
import { type Library, planSetOf, type StoredGroup, type StoredPlan } from '../domain/plan-library.ts';
import type { QueryArgs } from '../domain/query.ts';
import type { ExecutionRecord } from '../domain/records.ts';
import { orderOf, type RecoveryPlan } from '../domain/recovery-plan.ts';
import { EXECUTION_STATUSES, isTerminal } from '../domain/status.ts';
import { serversOf } from '../domain/validate-plan.ts';
import { type Fleet, readFleet, shownMatches, shownServers } from './fleet.ts';
import type { Looker } from './looker.ts';
import { verifications } from './readiness.ts';
import type { QueryTools } from './tools.ts';

const OVER = EXECUTION_STATUSES.filter(isTerminal);
/** Executions among which the last drill of each plan is looked for. */
const MOST_LOOKED_AT = 200;

/** The recovery plans that somebody may see. */
export async function plansAnswer(tools: QueryTools, looker: Looker): Promise<Message> {
  const { plans, mayPlan } = await plansFor(tools, looker);
  return plansList(plans, mayPlan);
}

/** The recovery plans that somebody may see, with their last drills, and whether they may make one. */
export async function plansFor(
  tools: QueryTools,
  { access, person }: Looker,
): Promise<{ plans: ListedPlan[]; mayPlan: boolean }> {
  const [library, executions, verificationOf] = await Promise.all([
    tools.library.read(),
    tools.store.newestExecutions({ statuses: OVER, limit: MOST_LOOKED_AT }),
    readVerifications(tools),
  ]);
  const verification = verificationOf(library);
  const plans = visiblePlans(access, person, library).map(
    (stored): ListedPlan => ({
      ...stored,
      ...lastDrillOf(stored.plan, executions),
      verification: verification(stored),
    }),
  );
  return { plans, mayPlan: mayPlanSomewhere(access, person) };
}

async function readVerifications(tools: QueryTools) {
  const [proofs, report] = await Promise.all([tools.readiness.proofs(), tools.readiness.report()]);
  const of = { proofs, applications: report?.applications ?? [], now: tools.now() };
  return (library: Library) => verifications(library, of);
}

function lastDrillOf({ planId }: RecoveryPlan, executions: readonly ExecutionRecord[]): Pick<ListedPlan, 'lastDrill'> {
  const last = executions.find(({ verb, recoveryPlan }) => verb === 'drill' && recoveryPlan?.planId === planId);
  if (last === undefined) return {};
  const { status, endTime } = last;
  return { lastDrill: { status, ...(endTime === undefined ? {} : { endTime }) } };
}

/** A recovery plan, as it is or as it was in a version. @throws {DrError} NotFound for a version that never was */
export async function planCardAnswer(
  tools: QueryTools,
  looker: Looker,
  { plan: typed, version }: QueryArgs['recovery plan'],
): Promise<Message> {
  const library = await tools.library.read();
  const found = findPlan(looker, library, typed);
  if ('problem' in found) return told(found.problem);
  const [shown, fleet, verificationOf] = await Promise.all([
    versionOf(tools, found.found, version),
    readFleet(tools),
    readVerifications(tools),
  ]);
  const isCurrent = shown.version === found.found.version;
  const { plan } = shown;
  const { ordered, stuck } = orderOf(plan.waves);
  const { access, person } = looker;
  return planCard({
    ...shown,
    waves: [...ordered, ...stuck].map((wave) => shownWave({ tools, looker, library, fleet, plan }, wave)),
    ...(isCurrent ? { verification: verificationOf(library)(shown) } : { current: found.found.version }),
    isStuck: stuck.length > 0,
    unread: fleet.unread,
    mayEdit: lackingRight(access, person, [{ kind: 'put plan', plan: found.found.plan }], library) === undefined,
    now: tools.now(),
  });
}

/** The plan that somebody means, among those that they may see. */
export function findPlan({ access, person }: Looker, library: Library, typed: string) {
  return findByName(typed, visiblePlans(access, person, library), {
    what: 'recovery plan',
    idOf: ({ plan }) => plan.planId,
    nameOf: ({ plan }) => plan.planName,
  });
}

async function versionOf(tools: QueryTools, stored: StoredPlan, version: number | undefined): Promise<StoredPlan> {
  if (version === undefined || version === stored.version) return stored;
  const { planId, planName } = stored.plan;
  const [plan, versions] = await Promise.all([
    tools.library.planVersion(planId, version),
    tools.library.versionsOf(planId),
  ]);
  const note = versions.find((one) => one.version === version);
  if (plan === undefined || note === undefined) {
    throw new DrError(
      'NotFound',
      `The recovery plan ${planName} has no version ${version}; the newest is ${stored.version}.`,
    );
  }
  return { plan, version, changedBy: note.changedBy, changedAt: note.changedAt };
}

interface Scene {
  tools: Pick<QueryTools, 'region'>;
  looker: Looker;
  library: Library;
  fleet: Fleet;
  plan: RecoveryPlan;
}

function shownWave({ tools, looker, library, fleet }: Scene, wave: RecoveryPlan['waves'][number]): ShownWave {
  const { plans, groups } = planSetOf(library);
  const runs = plans.find(({ planId }) => planId === wave.recoveryPlanId)?.planName ?? wave.recoveryPlanId;
  return {
    wave,
    groups: wave.protectionGroupIds.map((id) => groups.find(({ groupId }) => groupId === id)?.groupName ?? id),
    ...(runs === undefined ? {} : { runs }),
    ...(fleet.isUnknown
      ? {}
      : shownServers(
          looker,
          fleet,
          serversOf(wave, { plans, groups, regions: [tools.region], servers: fleet.servers }),
        )),
  };
}

/** The protection groups that somebody may see. */
export async function groupsAnswer(tools: QueryTools, { access, person }: Looker): Promise<Message> {
  const library = await tools.library.read();
  return groupsList(
    visibleGroups(access, person, library).map((stored) => withUses({ access, person }, library, stored)),
  );
}

/** A group with the names of the plans that use it, as far as somebody may see them. */
function withUses({ access, person }: Pick<Looker, 'access' | 'person'>, library: Library, stored: StoredGroup) {
  const usedBy = visiblePlans(access, person, library)
    .filter(({ plan }) => plan.waves.some((wave) => wave.protectionGroupIds.includes(stored.group.groupId)))
    .map(({ plan }) => plan.planName);
  return { ...stored, usedBy };
}

/** A protection group with the servers that it matches now. */
export async function groupCardAnswer(
  tools: QueryTools,
  looker: Looker,
  { group: typed }: QueryArgs['protection group'],
): Promise<Message> {
  const library = await tools.library.read();
  const { access, person } = looker;
  const found = findByName(typed, visibleGroups(access, person, library), {
    what: 'protection group',
    idOf: ({ group }) => group.groupId,
    nameOf: ({ group }) => group.groupName,
  });
  if ('problem' in found) return told(found.problem);
  const { group } = found.found;
  const fleet = await readFleet(tools);
  return groupCard({
    ...withUses(looker, library, found.found),
    ...shownMatches(looker, fleet, group),
    unread: fleet.unread,
    mayEdit: lackingRight(access, person, [{ kind: 'put group', group }], library) === undefined,
    now: tools.now(),
  });
}

/** An answer of nothing but a text in mrkdwn. */
export function told(text: string): Message {
  return message(text, [section(text)]);
}
