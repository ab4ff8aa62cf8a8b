import { type GroupServer, membersOf, type ProtectionGroup } from './protection-group.ts';
import { orderOf, type PlanSet, type PlanWave, type RecoveryPlan, type WaveAction } from './recovery-plan.ts';
import { matchesTags } from './server.ts';

/** What a plan is checked against. What is left out is not known, and is not checked. */
export interface PlanContext {
  /** Every group there is, those of other plans, too: a server is in one group only. */
  groups: readonly ProtectionGroup[];
  /** Every plan there is. */
  plans?: readonly RecoveryPlan[];
  /** Names of the SSM documents there are. */
  documents?: readonly string[];
  /** The Regions that the central stack recovers into: its own (SDK integrations are same-Region). */
  regions: readonly string[];
  /** The Regions that actions may run in. @default - `regions` */
  actionRegions?: readonly string[] | 'unknown';
  /** Every source server that was discovered. */
  servers?: readonly GroupServer[];
}

/** One thing that is wrong. */
export interface PlanProblem {
  /** The plan it was found in; absent for a group that no plan names. */
  planId?: string;
  /** The group that is wrong by itself. */
  groupId?: string;
  /** The wave; absent for the plan as a whole. */
  wave?: number;
  /** E.g. `dependsOn`, `preWaveActions[0].documentName`. */
  field: string;
  /** What is wrong, as a sentence. */
  message: string;
}

type Found = Pick<PlanProblem, 'field' | 'message' | 'groupId'>;

/** Everything that is wrong with a plan, by wave and field; empty when it can be stored. */
export function validatePlan(plan: RecoveryPlan, context: PlanContext): PlanProblem[] {
  const { planId } = plan;
  const others = (context.plans ?? []).filter((other) => other !== plan);
  const called = (field: 'planId' | 'planName', value: string) => ({
    planId,
    field,
    message: `Another plan is called ${value}, too.`,
  });
  return [
    ...(plan.waves.length === 0 ? [{ planId, field: 'waves', message: 'The plan has no waves.' }] : []),
    ...others.flatMap((other) => {
      if (sameName(other.planId, planId)) return [called('planId', planId)];
      return sameName(other.planName, plan.planName) ? [called('planName', plan.planName)] : [];
    }),
    ...others.flatMap((other) => {
      const { application } = plan;
      if (application === undefined || !sameName(other.application ?? '', application)) return [];
      const message = `${application} has the plan ${other.planName} already: an application has one recovery plan.`;
      return [{ planId, field: 'application', message }];
    }),
    ...plan.waves.flatMap((wave, at) =>
      [
        ...numbering(plan, wave, at),
        ...content(wave),
        ...dependencies(plan, wave),
        ...nested(plan, wave, context.plans),
        ...groupsOf(plan, at, context),
        ...sharedServers(plan, at, context),
        ...actions(wave, context),
      ].map((found) => ({ planId, wave: wave.waveNumber, ...found })),
    ),
    ...circles(plan.waves).map((problem) => ({ planId, ...problem })),
  ];
}

/** Everything that is wrong with plans and groups together. A group that plans name is reported where they name it. */
export function validatePlanSet(
  { plans, groups }: PlanSet,
  context: Omit<PlanContext, 'groups' | 'plans'>,
): PlanProblem[] {
  const whole = { ...context, plans, groups };
  const named = new Set(plans.flatMap(({ waves }) => waves.flatMap(({ protectionGroupIds }) => protectionGroupIds)));
  return [
    ...plans.flatMap((plan) => validatePlan(plan, whole)),
    ...groups.filter(({ groupId }) => !named.has(groupId)).flatMap((group) => validateGroup(group, whole)),
  ];
}

/** Everything that is wrong with one of `context.groups`: its Region, what it matches, and what another one has, too. */
export function validateGroup(group: ProtectionGroup, context: Omit<PlanContext, 'plans'>): PlanProblem[] {
  const { groups, regions, servers } = context;
  const selector = group.serverIds === undefined ? 'tagCriteria' : 'serverIds';
  const found: Found[] = [];
  if (!regions.includes(group.region)) found.push({ field: 'region', message: notDriven(group.region, regions) });
  if (servers !== undefined) {
    const members = membersOf(group, servers);
    const missing = (group.serverIds ?? []).filter(
      (id) => !members.some(({ sourceServerId }) => sourceServerId === id),
    );
    if (missing.length > 0) {
      found.push({ field: selector, message: `It names servers that are not there: ${some(missing)}.` });
    } else if (members.length === 0) {
      found.push({ field: selector, message: 'It matches no server.' });
    }
  }
  for (const other of groups) {
    if (other === group) continue;
    if (sameName(other.groupId, group.groupId)) {
      found.push({ field: 'groupId', message: `Another group has the id ${group.groupId}, too.` });
    }
    if (sameName(other.groupName, group.groupName)) {
      found.push({ field: 'groupName', message: `Another group is called ${group.groupName}, too.` });
    }
    const shared = sharedNames(group, other, servers);
    if (shared.length > 0) {
      const message = `${some(shared)} ${shared.length === 1 ? 'is' : 'are'} also in the group ${other.groupName}: a server is in one group only.`;
      found.push({ field: selector, message });
    }
  }
  return found.map((problem) => ({ groupId: group.groupId, ...problem }));
}

function numbering({ waves }: RecoveryPlan, wave: PlanWave, at: number): Found[] {
  const before = waves.slice(0, at);
  const found: Found[] = [];
  if (before.some(({ waveNumber }) => waveNumber === wave.waveNumber)) {
    found.push({ field: 'waveNumber', message: `There is another wave ${wave.waveNumber}.` });
  }
  if (before.some(({ waveName }) => sameName(waveName, wave.waveName))) {
    found.push({ field: 'waveName', message: `Another wave is called ${wave.waveName}, too.` });
  }
  return found;
}

function content({ protectionGroupIds, tagCriteria, recoveryPlanId }: PlanWave): Found[] {
  const namesServers = protectionGroupIds.length > 0 || tagCriteria !== undefined;
  if (recoveryPlanId === undefined) {
    const message = 'The wave is empty: it names no group, no tags and no other plan.';
    return namesServers ? [] : [{ field: 'protectionGroupIds', message }];
  }
  const message = 'A wave runs servers or another plan, not both: give the other plan a wave of its own.';
  return namesServers ? [{ field: 'recoveryPlanId', message }] : [];
}

function dependencies({ waves }: RecoveryPlan, { waveNumber, dependsOn }: PlanWave): Found[] {
  return dependsOn.flatMap((number) => {
    if (number === waveNumber) return [{ field: 'dependsOn', message: 'It waits for itself.' }];
    if (waves.some((wave) => wave.waveNumber === number)) return [];
    return [{ field: 'dependsOn', message: `It waits for wave ${number}, which is not there.` }];
  });
}

/** Each circle of waves once, at its first wave by number. */
function circles(waves: readonly PlanWave[]): Pick<PlanProblem, 'wave' | 'field' | 'message'>[] {
  const { stuck } = orderOf(waves);
  const byNumber = new Map(stuck.map((wave) => [wave.waveNumber, wave]));
  const seen = new Set<number>();
  return stuck.flatMap(({ waveNumber }) => {
    const way: number[] = [];
    let at: number | undefined = waveNumber;
    while (at !== undefined && !seen.has(at)) {
      seen.add(at);
      way.push(at);
      at = byNumber.get(at)?.dependsOn.find((number) => byNumber.has(number));
    }
    const start = at === undefined ? -1 : way.indexOf(at);
    const circle = start === -1 ? [] : way.slice(start);
    // A wave that waits for itself has been named by its own field.
    if (circle.length < 2) return [];
    const first = Math.min(...circle);
    const turned = [...circle.slice(circle.indexOf(first)), ...circle.slice(0, circle.indexOf(first)), first];
    return [{ wave: first, field: 'dependsOn', message: `Waves wait for each other: ${turned.join(' → ')}.` }];
  });
}

function nested(plan: RecoveryPlan, { recoveryPlanId }: PlanWave, plans: readonly RecoveryPlan[] | undefined): Found[] {
  const field = 'recoveryPlanId';
  if (recoveryPlanId === undefined) return [];
  if (recoveryPlanId === plan.planId) return [{ field, message: 'The plan would run itself.' }];
  if (plans === undefined) return [];
  if (!plans.some(({ planId }) => planId === recoveryPlanId)) {
    return [{ field, message: `There is no plan ${recoveryPlanId}.` }];
  }
  const runsItself = plansBelow(recoveryPlanId, plans).some(({ planId }) => planId === plan.planId);
  return runsItself ? [{ field, message: `The plan would run itself: ${recoveryPlanId} runs it, too.` }] : [];
}

/** The plan with this id and all that it runs, each once. */
export function plansBelow(id: string, plans: readonly RecoveryPlan[], seen = new Set<string>()): RecoveryPlan[] {
  const plan = plans.find(({ planId }) => planId === id);
  if (plan === undefined || seen.has(id)) return [];
  seen.add(id);
  const ids = plan.waves.flatMap(({ recoveryPlanId }) => recoveryPlanId ?? []);
  return [plan, ...ids.flatMap((below) => plansBelow(below, plans, seen))];
}

/** What is wrong with the groups that a wave names, each at the first wave that names it. */
function groupsOf({ waves }: RecoveryPlan, at: number, context: PlanContext): Found[] {
  const field = 'protectionGroupIds';
  const ids = waves[at]?.protectionGroupIds ?? [];
  const earlier = waves.slice(0, at);
  return ids.flatMap((id, position): Found[] => {
    if (ids.indexOf(id) !== position) return [{ field, message: `The group ${id} is named twice.` }];
    const group = context.groups.find(({ groupId }) => groupId === id);
    if (group === undefined) return [{ field, message: `There is no group ${id}.` }];
    const first = earlier.find(({ protectionGroupIds }) => protectionGroupIds.includes(id));
    if (first !== undefined) {
      return [
        {
          field,
          message: `The group ${group.groupName} is also in wave ${first.waveNumber}: a server is in one wave only.`,
        },
      ];
    }
    return validateGroup(group, context).map(({ message }) => ({
      field,
      groupId: id,
      message: ofGroup(group, message),
    }));
  });
}

/** What is wrong with a group by itself, as it is said where a wave names it. */
export function ofGroup({ groupName }: ProtectionGroup, message: string): string {
  return `Group ${groupName}: ${message}`;
}

/** Servers that an earlier wave has, too; groups that two waves name have been named as groups. */
function sharedServers(plan: RecoveryPlan, at: number, context: PlanContext): Found[] {
  const wave = plan.waves[at];
  if (wave === undefined || context.servers === undefined) return [];
  const found: Found[] = [];
  if (wave.tagCriteria !== undefined && serversOf({ ...wave, protectionGroupIds: [] }, context).length === 0) {
    found.push({ field: 'tagCriteria', message: 'They match no server.' });
  }
  for (const earlier of plan.waves.slice(0, at)) {
    const own = wave.protectionGroupIds.filter((id) => !earlier.protectionGroupIds.includes(id));
    const theirs = new Set(serversOf(earlier, context).map(keyOf));
    const shared = serversOf({ ...wave, protectionGroupIds: own }, context).filter((server) =>
      theirs.has(keyOf(server)),
    );
    if (shared.length === 0) continue;
    const names = some(shared.map(({ hostname }) => hostname));
    found.push({
      field: selectorOf(wave),
      message: `${names} ${shared.length === 1 ? 'is' : 'are'} also in wave ${earlier.waveNumber}: a server is in one wave only.`,
    });
  }
  return found;
}

function selectorOf({ protectionGroupIds, recoveryPlanId }: PlanWave): string {
  if (recoveryPlanId !== undefined) return 'recoveryPlanId';
  return protectionGroupIds.length > 0 ? 'protectionGroupIds' : 'tagCriteria';
}

/** The servers of a wave, each once: of its groups, by its tags, and of the plan that it runs. */
export function serversOf(
  wave: PlanWave,
  { groups, plans = [], regions, servers = [] }: Pick<PlanContext, 'groups' | 'plans' | 'regions' | 'servers'>,
): GroupServer[] {
  const below = wave.recoveryPlanId === undefined ? [] : plansBelow(wave.recoveryPlanId, plans);
  const waves = [wave, ...below.flatMap((plan) => plan.waves)];
  const found = waves.flatMap(({ protectionGroupIds, tagCriteria }) => [
    ...groups
      .filter(({ groupId }) => protectionGroupIds.includes(groupId))
      .flatMap((group) => membersOf(group, servers)),
    ...(tagCriteria === undefined
      ? []
      : servers.filter(({ region, tags }) => regions.includes(region) && matchesTags(tags, tagCriteria))),
  ]);
  return [...new Map(found.map((server) => [keyOf(server), server])).values()];
}

function actions({ preWaveActions, postWaveActions }: PlanWave, context: PlanContext): Found[] {
  return [
    ...preWaveActions.flatMap((action, at) => [
      ...ofAction(action, `preWaveActions[${at}]`, context),
      ...(action.actionType === 'ec2Status' || action.actionType === 'command'
        ? [
            {
              field: `preWaveActions[${at}].actionType`,
              message: 'It needs the instances that the wave launches: make it a post-wave action.',
            },
          ]
        : []),
    ]),
    ...postWaveActions.flatMap((action, at) => ofAction(action, `postWaveActions[${at}]`, context)),
    ...namesOf(preWaveActions, 'preWaveActions'),
    ...namesOf(postWaveActions, 'postWaveActions'),
  ];
}

function ofAction(action: WaveAction, field: string, context: PlanContext): Found[] {
  const { documents, regions, actionRegions = regions } = context;
  const found: Found[] = [];
  if ('documentName' in action && documents !== undefined && !documents.includes(action.documentName)) {
    found.push({ field: `${field}.documentName`, message: `There is no document ${action.documentName}.` });
  }
  const region = action.actionType === 'automation' ? action.region : undefined;
  if (region !== undefined && actionRegions !== 'unknown' && !actionRegions.includes(region)) {
    found.push({ field: `${field}.region`, message: notDriven(region, actionRegions) });
  }
  return found;
}

function namesOf(list: readonly WaveAction[], field: string): Found[] {
  return list.flatMap(({ actionName }, at) =>
    list.slice(0, at).some((earlier) => sameName(earlier.actionName, actionName))
      ? [{ field: `${field}[${at}].actionName`, message: `Another action is called ${actionName}, too.` }]
      : [],
  );
}

/** Host names, or ids where no servers are known, that two groups have in common. */
function sharedNames(group: ProtectionGroup, other: ProtectionGroup, servers: readonly GroupServer[] | undefined) {
  if (servers !== undefined) return membersOf(other, membersOf(group, servers)).map(({ hostname }) => hostname);
  const apart =
    group.region !== other.region ||
    (group.accountId !== undefined && other.accountId !== undefined && group.accountId !== other.accountId);
  return apart ? [] : (group.serverIds ?? []).filter((id) => other.serverIds?.includes(id));
}

function keyOf({ accountId, region, sourceServerId }: GroupServer): string {
  return `${accountId}/${region}/${sourceServerId}`;
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function notDriven(region: string, regions: readonly string[]): string {
  return `The central stack cannot drive ${region}, only ${regions.join(', ')}.`;
}

/** Three of them, and how many more there are. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
