import { accountReader, type SettleTools } from '../orchestration/settle-account.ts';
import { launchedInstances } from './launched-instances.ts';
import { type ActionKind, countOf, some } from './step.ts';

/** EC2's status checks of every instance that the wave has launched: both have to be passed. */
export function statusChecks(tools: SettleTools): ActionKind {
  return {
    async step({ execution, record }) {
      const places = await launchedInstances(tools.store, execution, record.wave);
      const total = places.reduce((sum, { instanceIds }) => sum + instanceIds.length, 0);
      if (total === 0) return { status: 'failed', detail: `Wave ${record.wave} has launched no instance to look at.` };
      const looked = await Promise.all(
        places.map(async ({ instanceIds, ...account }) => {
          const checks = await (await accountReader(tools, account)).statusChecks(instanceIds);
          return instanceIds.map((id) => ({ id, check: checks.get(id) ?? 'unknown' }));
        }),
      );
      const left = looked.flat().filter(({ check }) => check !== 'ok');
      if (left.length === 0) {
        return { status: 'succeeded', detail: `${countOf(total, 'instance')} passed EC2's status checks.` };
      }
      const shown = some(left.map(({ id, check }) => `${id}: ${check}`));
      return {
        status: 'running',
        hindrance: `${left.length} of ${countOf(total, 'instance')} did not pass EC2's status checks (${shown})`,
      };
    },
  };
}
