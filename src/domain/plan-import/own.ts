import { z } from 'zod';
import { planKeySchema, protectionGroupSchema } from '../protection-group.ts';
import { recoveryPlanSchema } from '../recovery-plan.ts';
import { Import, type Imported, inWords, isRecord, type Path } from './import.ts';

/** What our own file begins with; a later form has another number. */
export const OWN_FORMAT = 'dr-chatops-plans/1';

/** Reads our own file. Everything in it is either taken over or a problem with its place. */
export function importOwn(document: Record<string, unknown>): Imported {
  const into = new Import();
  const { format: _, protectionGroups, recoveryPlans, remove, ...others } = document;
  for (const name of Object.keys(others)) into.problem([name], `The file has no field ${name}.`);
  for (const { item, where } of itemsOf(into, protectionGroups, 'protectionGroups')) {
    const group = parsed(into, protectionGroupSchema, item, where);
    if (group === undefined) continue;
    into.result.groups.push(group);
    into.result.places.push({ groupId: group.groupId, where });
  }
  for (const { item, where } of itemsOf(into, recoveryPlans, 'recoveryPlans')) {
    const plan = parsed(into, recoveryPlanSchema, item, where);
    if (plan === undefined) continue;
    into.result.plans.push(plan);
    into.result.places.push(
      { planId: plan.planId, where },
      ...plan.waves.map(({ waveNumber }, at) => ({
        planId: plan.planId,
        wave: waveNumber,
        where: [...where, 'waves', at],
      })),
    );
  }
  const removed = remove === undefined ? undefined : parsed(into, removedSchema, remove, ['remove']);
  return removed === undefined ? into.result : { ...into.result, removed };
}

/** Ids of what is stored and shall be no more. */
const removedSchema = z.strictObject({
  recoveryPlans: z.array(planKeySchema).default([]),
  protectionGroups: z.array(planKeySchema).default([]),
});

function itemsOf(into: Import, list: unknown, name: string): { item: unknown; where: Path }[] {
  if (list === undefined) return [];
  if (Array.isArray(list)) return list.map((item, at) => ({ item, where: [name, at] }));
  into.problem([name], `${name} is to be a list.`);
  return [];
}

function parsed<T>(into: Import, schema: z.ZodType<T>, item: unknown, where: Path): T | undefined {
  const result = schema.safeParse(item);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const path = [...where, ...issue.path.filter((part) => typeof part !== 'symbol')];
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) into.problem([...path, key], `There is no field ${key} here.`);
    } else {
      into.problem(path, inWords({ ...issue, path: [] }));
    }
  }
  return undefined;
}

/** True for a document of our own. */
export function isOwn(document: unknown): document is Record<string, unknown> {
  return isRecord(document) && typeof document.format === 'string' && document.format.startsWith('dr-chatops-plans/');
}
