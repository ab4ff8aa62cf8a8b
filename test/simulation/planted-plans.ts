import type { Parcel } from './carrier.ts';
import { answerOf, bodyOf, on, type PlantedBug, withBody } from './planted.ts';

type Item = Record<string, { S?: string; M?: unknown } | undefined>;

/** Changes an item on its way into the table. */
function onPut(change: (item: Item) => Item | undefined) {
  return on('dynamodb', 'PutItem', (parcel: Parcel, deliver) => {
    const body = bodyOf<{ Item: Item }>(parcel);
    const changed = change(body.Item);
    return deliver(changed === undefined ? parcel : withBody(parcel, { ...body, Item: changed }));
  });
}

/** Bugs of recovery plans, of what is done before and after their waves, and of schedules. */
export const PLANTED_IN_PLANS: readonly PlantedBug[] = [
  {
    name: 'an automation whose answer was lost is started anew',
    breaks: 'never twice',
    within: 150,
    plant: () =>
      on('ssm', 'StartAutomationExecution', (parcel, deliver) => {
        const { ClientToken: _, ...body } = bodyOf<Record<string, unknown>>(parcel);
        return deliver(withBody(parcel, body));
      }),
  },
  {
    name: 'an automation that failed counts as done',
    breaks: 'sums agree',
    within: 60,
    plant: () =>
      on('ssm', 'GetAutomationExecution', async (parcel, deliver) => {
        const response = await deliver(parcel);
        if (response.status !== 200) return response;
        const { AutomationExecution: told } = answerOf<{ AutomationExecution: Record<string, unknown> }>(response);
        if (told.AutomationExecutionStatus !== 'Failed') return response;
        const AutomationExecution = { ...told, AutomationExecutionStatus: 'Success' };
        return { ...response, body: JSON.stringify({ AutomationExecution }) };
      }),
  },
  {
    name: 'a recovery plan’s pauses are passed over',
    breaks: 'the plan decides',
    within: 60,
    plant: () =>
      onPut(({ pauseBefore, ...item }) =>
        item.item?.S === 'EXECUTION' && pauseBefore !== undefined ? item : undefined,
      ),
  },
  {
    name: 'an action after a wave is begun before it',
    breaks: 'the plan decides',
    within: 60,
    plant: () =>
      onPut((item) => {
        if (item.item?.S !== 'RECOVERY-PLAN') return undefined;
        const waves = item.waves as { L: { M: Record<string, { L: unknown[] }> }[] };
        const swapped = waves.L.map(({ M }) => {
          const { preWaveActions = { L: [] }, postWaveActions = { L: [] }, ...rest } = M;
          return { M: { ...rest, preWaveActions: postWaveActions, postWaveActions: preWaveActions } };
        });
        return { ...item, waves: { L: swapped } } as Item;
      }),
  },
  {
    name: 'a schedule’s run is named by when it was asked for',
    breaks: 'never twice',
    within: 150,
    plant: () => {
      let count = 0;
      return onPut((item) => {
        if (item.item?.S !== 'EXECUTION' || item.schedule === undefined) return undefined;
        count += 1;
        const id = item.executionId?.S ?? '';
        return { ...item, executionId: { S: `${id.slice(0, -4)}${count.toString(16).padStart(4, '0')}` } };
      });
    },
  },
  {
    name: 'a schedule that was deleted runs on',
    breaks: 'schedules are kept',
    within: 150,
    plant: () =>
      on('dynamodb', 'Query', async (parcel, deliver) => {
        const response = await deliver(parcel);
        if (response.status !== 200 || parcel.by !== 'run-schedules') return response;
        const answer = answerOf<{ Items?: Item[] }>(response);
        const Items = answer.Items?.map(({ deleted: _, ...item }) => item);
        return { ...response, body: JSON.stringify({ ...answer, Items }) };
      }),
  },
];
