import type { ProtectionGroup } from '../protection-group.ts';
import type { PlanWave } from '../recovery-plan.ts';
import { TAG } from '../vocabulary.ts';
import { type Fields, Import, type ImportContext, type Imported, idOf, isRecord, type Path } from './import.ts';

/**
 * The waves of seed 3 (Wave Configuration Schema): technologies side by side in each wave. Only `drs` is run; a wave
 * without it is left out, and who waited for it waits for what it waited for.
 */

/** True for such a document. */
export function isEnterpriseWaves(document: unknown): boolean {
  return (
    isRecord(document) &&
    Array.isArray(document.waves) &&
    document.waves.some((wave) => isRecord(wave) && 'technologies' in wave)
  );
}

/** Reads such a document. */
export function importEnterpriseWaves(document: unknown, context: ImportContext): Imported {
  const into = new Import();
  const root = into.fields(document, []);
  const read = (root?.list('waves') ?? []).map(wave);
  root?.end();
  const leftOut = new Map(
    read.flatMap(({ wave: { waveNumber, dependsOn }, runs }) => (runs ? [] : [[waveNumber, dependsOn]])),
  );
  const kept = read.filter(({ runs }) => runs);
  into.plan(
    {
      planId: idOf(context.name),
      planName: context.name,
      waves: kept.map(({ wave: taken }) => ({ ...taken, dependsOn: through(taken.dependsOn, leftOut) })),
    },
    [],
    kept.map(({ where }) => where),
  );
  return into.result;
}

type Read = Pick<PlanWave, 'waveNumber' | 'waveName' | 'dependsOn' | 'protectionGroupIds'> &
  Partial<Pick<PlanWave, 'recoveryPlanId' | 'tagCriteria' | 'pauseAfterWave'>>;

function wave(fields: Fields): { wave: Read; runs: boolean; where: Path } {
  const waveNumber = fields.neededNumber('waveNumber', 0);
  const technologies = fields.list('technologies');
  const drs = technologies.filter(isDrs);
  const taken: Read = {
    waveNumber,
    waveName: fields.text('name') ?? `Wave ${waveNumber}`,
    dependsOn: fields.numbers('dependencies') ?? [],
    protectionGroupIds: [],
    pauseAfterWave: fields.flag('pauseAfterWave'),
  };
  for (const technology of drs) drsOf(technology, taken);
  fields.end();
  // A wave that says nothing at all stays, so that it is refused as an empty one.
  const runs = drs.length > 0 || technologies.length === 0;
  if (!runs) fields.leaveAll('None of its technologies can be run yet: the wave, and its pause, are left out.');
  return { wave: taken, runs, where: fields.where };
}

function isDrs(technology: Fields): boolean {
  const type = technology.text('type');
  if (type === 'drs' && technology.text('operation') === 'recovery') return true;
  technology.leaveAll(
    type === 'drs'
      ? 'Of DRS only the operation recovery is run by a wave.'
      : `The technology ${type ?? 'that is not named'} cannot be run yet: run it by hand, or by a pre- or post-wave automation.`,
  );
  return false;
}

function drsOf(technology: Fields, wave: Read): void {
  const resources = technology.inner('resources');
  technology.end();
  if (resources === undefined) return;
  wave.protectionGroupIds.push(...(resources.texts('protectionGroups') ?? []));
  const tags = resources.tags('tags');
  if (tags !== undefined && wave.tagCriteria === undefined) wave.tagCriteria = roleOf(tags);
  else resources.leaveRead('tags', 'A wave has one set of tags: make a protection group of each.');
  const planId = resources.text('recoveryPlanId');
  const namesServers = wave.protectionGroupIds.length > 0 || wave.tagCriteria !== undefined;
  if (planId !== undefined && (namesServers || wave.recoveryPlanId !== undefined)) {
    resources.leaveRead(
      'recoveryPlanId',
      'A wave runs servers or one other plan: the servers are taken. Give the plan a wave of its own if it is meant.',
    );
  } else if (planId !== undefined) wave.recoveryPlanId = planId;
  resources.end();
}

/** Seed 3's DR-Tier is the layer, which is DR-Role here: DR-Tier is criticality (design §7). */
const ROLE_OF_TIER = new Map([
  ['database', 'DBServer'],
  ['application', 'AppServer'],
  ['web', 'WebServer'],
]);

/** Tags of seed 3 as ours. */
export function roleOf(tags: Record<string, string>): NonNullable<ProtectionGroup['tagCriteria']> {
  const { [TAG.tier]: tier, ...others } = tags;
  const role = ROLE_OF_TIER.get(tier ?? '');
  return role === undefined ? tags : { ...others, [TAG.role]: role };
}

/** Dependencies with those that are left out replaced by theirs. */
function through(
  numbers: readonly number[],
  leftOut: ReadonlyMap<number, readonly number[]>,
  seen = new Set<number>(),
): number[] {
  const found = numbers.flatMap((number) => {
    const theirs = leftOut.get(number);
    if (theirs === undefined) return [number];
    if (seen.has(number)) return [];
    seen.add(number);
    return through(theirs, leftOut, seen);
  });
  return [...new Set(found)];
}
