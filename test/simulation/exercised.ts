import { timelinesOf } from './timeline.ts';
import type { World } from './world.ts';

/** How often each thing was done in a run that recovery plans, schedules and servers that go home can do; empty where it has none of them. */
export function exercisedOf(world: World): Record<string, number> {
  if (world.plans === undefined && world.schedules === undefined && world.failback === undefined) return {};
  const counts = new Map<string, number>();
  const add = (what: string, times = 1) => {
    if (times > 0) counts.set(what, (counts.get(what) ?? 0) + times);
  };
  for (const { execution, begun, ended, settled, waves } of timelinesOf(world)) {
    if (execution.verb === 'failback') add(`failback from ${world.failback?.home ?? 'nowhere'} ${execution.status}`);
    if (execution.options.terminateLive === true) add(`termination of live instances ${execution.status}`);
    if (execution.recoveryPlan?.planName.startsWith('the rest of ') === true) add(`the rest ${execution.status}`);
    const isBroken = settled.some(({ record }) => record.votes.some(({ breakGlass }) => breakGlass === true));
    if (isBroken) add(`glass broken, ${execution.verb} ${execution.status}`);
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
  for (const { action, isTaken } of world.returns.all)
    if (isTaken) add(action === 'StartRecovery' ? 'launch at an origin' : action);
  for (const item of world.database.items('recovery-plans')) {
    if (item.item?.S?.startsWith('VERSION#') === true && item.item.S !== 'VERSION#00000001') add('plan changed');
  }
  return Object.fromEntries([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));
}
