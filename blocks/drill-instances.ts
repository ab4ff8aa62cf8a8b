import type { Button, KnownBlock } from '@slack/types';
import type { ExecutionRecord, ExecutionView, RunningCost } from '../src/domain/records.ts';
import { KEEP_INSTANCES, TERMINATE_DRILL } from './action-ids.ts';
import { actions, button, confirmation, count, dayAndMoment, moment, name } from './message.ts';
import { isDone, waveProgress } from './waves.ts';
import { shortId } from './words.ts';

/** What becomes of a drill's instances after it: what they cost, when they end, and who keeps them. */

const MOST_TYPES_NAMED = 5;

/** How many instances a drill that is over has left; 0 for anything else. */
function leftRunning(view: ExecutionView): number {
  const { verb, endTime } = view.execution;
  if (verb !== 'drill' || endTime === undefined) return 0;
  return waveProgress(view)
    .flatMap(({ servers }) => servers)
    .filter(isDone).length;
}

/** What is said of a drill's instances when it is over; undefined where nothing but the verb's own words is known. */
export function instancesLines(view: ExecutionView): string[] | undefined {
  const { cleanUp, runningCost } = view.execution;
  if (leftRunning(view) === 0 || (cleanUp === undefined && runningCost === undefined)) return undefined;
  if (cleanUp?.executionId !== undefined) {
    return [`🧹 *Their termination has begun:* \`${name(shortId(cleanUp.executionId))}\`. Its card says how it goes.`];
  }
  return [costText(runningCost), ...endText(cleanUp)];
}

function costText(cost: RunningCost | undefined): string {
  if (cost === undefined || cost.instances === 0)
    return 'The drill instances run, and cost, until they are terminated.';
  const { usdPerDay, instances, unpriced, pricedAt } = cost;
  const missing = unpriced.reduce((sum, one) => sum + one.instances, 0);
  const named = unpriced
    .slice(0, MOST_TYPES_NAMED)
    .map(({ instanceType, instances: number }) => `${number} × ${name(instanceType)}`)
    .join(', ');
  const more = unpriced.length - MOST_TYPES_NAMED;
  const unknown =
    missing === 0
      ? ''
      : ` *Not in it*, because their price is not known: ${named}${more > 0 ? ` and ${count(more, 'other type')}` : ''}.`;
  const run = `${count(instances, 'drill instance')} ${instances === 1 ? 'runs' : 'run'}`;
  if (missing >= instances) return `💵 *${run}*, and what they cost is not known: ${named}.`;
  return `💵 *${run} and ${instances === 1 ? 'costs' : 'cost'} about ${dollars(usdPerDay)} a day* (list prices of ${moment(pricedAt)}; disks and traffic come on top).${unknown}`;
}

function dollars(usd: number): string {
  return `$${usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

function endText(cleanUp: ExecutionRecord['cleanUp']): string[] {
  if (cleanUp?.kept !== undefined) {
    const { userId, at } = cleanUp.kept;
    return [`📌 *Kept by <@${userId}>* at ${moment(at)}: they run until somebody terminates them.`];
  }
  return cleanUp?.at === undefined
    ? []
    : [`🧹 They are *terminated ${dayAndMoment(cleanUp.at)}* unless somebody keeps them.`];
}

/** The buttons of a drill that is over: to end its instances, and to keep them where they would be ended. */
export function instanceButtons(view: ExecutionView): KnownBlock[] {
  const { executionId, cleanUp } = view.execution;
  const left = leftRunning(view);
  if (left === 0 || cleanUp?.executionId !== undefined) return [];
  const mayKeep = cleanUp?.at !== undefined && cleanUp.kept === undefined;
  const shown: Button[] = [
    ...(mayKeep ? [button(KEEP_INSTANCES, 'Keep Instances', executionId)] : []),
    button(TERMINATE_DRILL, 'Terminate Drill Instances', executionId, {
      style: 'danger',
      confirm: confirmation({
        title: 'Terminate the instances of this drill?',
        text: `A termination of what this drill launched (${count(left, 'instance')}), and of nothing else, is asked for. Nothing ends before it is approved as such terminations are.`,
        yes: 'Ask for Termination',
        no: 'Leave Them',
      }),
    }),
  ];
  return [actions(`instances:${executionId}`, shown)];
}
