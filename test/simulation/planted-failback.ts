import { signedRegion } from '../../src/local/aws/signed-region.ts';
import type { LocalResponse } from '../../src/local/http.ts';
import type { Parcel } from './carrier.ts';
import { ORIGIN } from './failback.ts';
import type { PlantedBug } from './planted.ts';
import type { Plant } from './world.ts';

const nothing: LocalResponse = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ items: [] }),
};

function isAtOrigin({ request }: Parcel): boolean {
  return signedRegion(request.headers.authorization) === ORIGIN.region;
}

/** Changes each entry of what DRS lists. */
function onItems(
  action: string,
  isMeant: (parcel: Parcel) => boolean,
  change: (item: Record<string, unknown>) => object,
): Plant {
  return {
    carry: (deliver) => async (parcel) => {
      const response = await deliver(parcel);
      if (parcel.service !== 'drs' || parcel.action !== action || response.status !== 200 || !isMeant(parcel)) {
        return response;
      }
      const answer = JSON.parse(String(response.body ?? '{}')) as { items?: Record<string, unknown>[] };
      return { ...response, body: JSON.stringify({ ...answer, items: answer.items?.map(change) }) };
    },
  };
}

/** Bugs of servers that go back, and of what is done to live instances. */
export const PLANTED_FAILBACKS: readonly PlantedBug[] = [
  {
    name: 'a failback does not find the job at the origin, nor what it launched',
    breaks: 'never twice',
    within: 300,
    plant: () => ({
      carry: (deliver) => async (parcel) => {
        const isLook = ['DescribeJobs', 'DescribeRecoveryInstances', 'DescribeInstances'].includes(parcel.action);
        if (!isLook || !isAtOrigin(parcel)) return await deliver(parcel);
        if (parcel.service === 'drs') return nothing;
        const response = await deliver(parcel);
        const body = String(response.body).replace(/<reservationSet>.*<\/reservationSet>/s, '<reservationSet/>');
        return { ...response, body };
      },
    }),
  },
  {
    name: 'a drill’s instance is taken for a live one',
    breaks: 'fail closed',
    within: 30,
    plant: () =>
      onItems(
        'DescribeRecoveryInstances',
        () => true,
        (item) => ({ ...item, isDrill: false }),
      ),
  },
  {
    name: 'a copy that is not complete is taken for a complete one',
    breaks: 'fail closed',
    within: 60,
    plant: () =>
      onItems('DescribeSourceServers', isAtOrigin, (item) => ({
        ...item,
        dataReplicationInfo: { dataReplicationState: 'CONTINUOUS', lagDuration: 'PT0S' },
      })),
  },
  {
    name: 'nobody has to type the name of what changes production',
    breaks: 'no gate below its policy',
    within: 10,
    plant: () => ({
      carry: (deliver) => async (parcel) => {
        if (parcel.service !== 'dynamodb' || parcel.action !== 'PutItem') return await deliver(parcel);
        const body = JSON.parse(parcel.request.body.toString('utf8')) as { Item: Record<string, { S?: string }> };
        if (body.Item.item?.S?.startsWith('GATE#') !== true) return await deliver(parcel);
        const { typedName: _, ...Item } = body.Item;
        parcel.request.body = Buffer.from(JSON.stringify({ ...body, Item }));
        return await deliver(parcel);
      },
    }),
  },
  {
    name: 'what has failed to go back is told as done',
    breaks: 'sums agree',
    within: 60,
    plant: () =>
      onItems(
        'DescribeRecoveryInstances',
        (parcel) => !isAtOrigin(parcel),
        (item) => {
          const failback = item.failback as { state?: string } | undefined;
          const isOver = failback?.state === 'FAILBACK_ERROR';
          return isOver ? { ...item, failback: { ...failback, state: 'FAILBACK_COMPLETED' } } : item;
        },
      ),
  },
];
