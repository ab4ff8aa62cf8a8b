import { timelinesOf } from './timeline.ts';
import type { World } from './world.ts';

/** How often each thing that recovery plans and schedules can do was done in a run; empty where it has none of them. */
export function exercisedOf(world: World): Record<string, number> {
  if (world.plans === undefined && world.schedules === undefined) return {};
  const counts = new Map<string, number>();
  const add = (what: string, times = 1) => {
    if (times > 0) counts.set(what, (counts.get(what) ?? 0) + times);
  };
  for (const { execution, begun, ended, settled, waves } of timelinesOf(world)) {
    if (execution.recoveryPlan !== undefined) add(`${execution.verb} by recovery plan`);
    for (const { record } of begun) add(`${record.action.actionType} action`);
    for (const { record } of ended) add(`action ${record.status}`);
    for (const { record } of settled) {
      if (record.gateId.startsWith('action-')) add(`decision about an action: ${record.answer ?? record.status}`);
      if (record.gateId.startsWith('pause-')) add(`pause ${record.status}`);
    }
    if (execution.recoveryPlan !== undefined) add('wave of a recovery plan', waves.length);
    if (execution.cleanUp?.executionId !== undefined) add('drill cleaned up');
    if (execution.schedule !== undefined) add(`scheduled drill ${execution.problem?.code ?? execution.status}`);
  }
  for (const { item, deleted } of world.items()) {
    if (!String(item).startsWith('SCHEDULE#')) continue;
    add('schedule made');
    if (deleted !== undefined) add('schedule deleted');
  }
  for (const item of world.database.items('recovery-plans')) {
    if (item.item?.S?.startsWith('VERSION#') === true && item.item.S !== 'VERSION#00000001') add('plan changed');
  }
  return Object.fromEntries([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));
}
