import type { LocalResponse } from '../../src/local/http.ts';
import type { Carry, Parcel } from './carrier.ts';
import type { Rule } from './checks.ts';
import { PLANTED_FAILBACKS } from './planted-failback.ts';
import type { Plant } from './world.ts';

/** A bug that is put into the product from outside, to see that it is found. */
export interface PlantedBug {
  name: string;
  /** The rule that it breaks. */
  breaks: Rule;
  /** It is found within so many seeds, from 1. */
  within: number;
  /** Made anew for each run: it may count. */
  plant: () => Plant;
}

type Deliver = Carry;

/** Requests that a bug is about, by service and action. */
export function on(
  service: string,
  action: string,
  change: (parcel: Parcel, deliver: Deliver) => Promise<LocalResponse>,
): Plant {
  return {
    carry: (deliver) => (parcel) =>
      parcel.service === service && parcel.action === action ? change(parcel, deliver) : deliver(parcel),
  };
}

/** The parcel with another body; whoever sent it does not notice. */
export function withBody(parcel: Parcel, body: unknown): Parcel {
  parcel.request.body = Buffer.from(JSON.stringify(body));
  return parcel;
}

/** What a request says, as JSON. */
export function bodyOf<T>(parcel: Parcel): T {
  return JSON.parse(parcel.request.body.toString('utf8')) as T;
}

/** What an answer says, as JSON. */
export function answerOf<T>(response: LocalResponse): T {
  return JSON.parse(String(response.body ?? '{}')) as T;
}

const done: LocalResponse = { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' };

/** At least one for each rule. What they do is what a mistake in the product would do, seen from outside. */
export const PLANTED: readonly PlantedBug[] = [
  {
    name: 'a drill is started as a recovery',
    breaks: 'the verb decides',
    within: 5,
    plant: () =>
      on('drs', 'StartRecovery', (parcel, deliver) =>
        deliver(withBody(parcel, { ...bodyOf<object>(parcel), isDrill: false })),
      ),
  },
  {
    name: 'the executor does not find the job whose answer was lost',
    breaks: 'never twice',
    within: 100,
    plant: () =>
      on('drs', 'DescribeJobs', async (parcel, deliver) => {
        const response = await deliver(parcel);
        if (response.status !== 200) return response;
        const answer = answerOf<{ items?: Record<string, unknown>[] }>(response);
        const items = answer.items?.filter(({ status }) => status === 'COMPLETED').map((job) => ({ ...job, tags: {} }));
        return { ...response, body: JSON.stringify({ ...answer, items }) };
      }),
  },
  {
    name: 'a server that was skipped is left out of the result',
    breaks: 'nobody dropped',
    within: 30,
    plant: () =>
      onResult((result) => ({ ...result, skippedServers: [], failedServers: result.failedServers.slice(1) })),
  },
  {
    name: 'a failover is approved by one person',
    breaks: 'no gate below its policy',
    within: 15,
    plant: () =>
      on('dynamodb', 'PutItem', (parcel, deliver) => {
        const body = bodyOf<{ Item: Record<string, { S?: string; N?: string }> }>(parcel);
        if (body.Item.item?.S?.startsWith('GATE#') !== true) return deliver(parcel);
        return deliver(withBody(parcel, { ...body, Item: { ...body.Item, quorum: { N: '1' } } }));
      }),
  },
  {
    name: 'who asked may approve',
    breaks: 'no gate below its policy',
    within: 60,
    plant: () =>
      on('dynamodb', 'PutItem', (parcel, deliver) => {
        const body = bodyOf<{ Item: Record<string, unknown> & { item?: { S?: string } } }>(parcel);
        if (body.Item.item?.S?.startsWith('GATE#') !== true) return deliver(parcel);
        const approvers = { L: ['U0PAPPROVE1', 'U0PAPPROVE2', 'U0PDRLEAD01'].map((S) => ({ S })) };
        return deliver(withBody(parcel, { ...body, Item: { ...body.Item, approvers, selfApproval: { BOOL: true } } }));
      }),
  },
  {
    name: 'a vote is written without asking what was written meanwhile',
    breaks: 'settled once',
    within: 30,
    plant: () =>
      on('dynamodb', 'UpdateItem', (parcel, deliver) => {
        const { ConditionExpression, ...rest } = bodyOf<Record<string, unknown>>(parcel);
        const isVote = String(ConditionExpression).startsWith('#status = :pending AND #version = :read');
        return deliver(isVote ? withBody(parcel, rest) : parcel);
      }),
  },
  {
    name: 'a card is not drawn again',
    breaks: 'drawn from stored state',
    within: 5,
    plant: () => {
      let count = 0;
      return on('slack', 'chat.update', (parcel, deliver) => {
        count += 1;
        const answer = { ok: true, channel: 'C0INCIDENT1', ts: '1', text: '' };
        return count % 3 === 0 ? Promise.resolve({ ...done, body: JSON.stringify(answer) }) : deliver(parcel);
      });
    },
  },
  {
    name: 'a card shows how often it was drawn',
    breaks: 'drawn from stored state',
    within: 10,
    plant: () => {
      let count = 0;
      return on('slack', 'chat.update', (parcel, deliver) => {
        count += 1;
        const form = new URLSearchParams(parcel.request.body.toString('utf8'));
        form.set('text', `${form.get('text') ?? ''} ${count}`);
        parcel.request.body = Buffer.from(form.toString());
        return deliver(parcel);
      });
    },
  },
  {
    name: 'live instances are not seen',
    breaks: 'fail closed',
    within: 60,
    plant: () => ({
      carry: (deliver) => async (parcel) => {
        const response = await deliver(parcel);
        if (response.status !== 200) return response;
        if (parcel.action === 'DescribeRecoveryInstances') return { ...response, body: JSON.stringify({ items: [] }) };
        if (parcel.service !== 'ec2' || parcel.action !== 'DescribeInstances') return response;
        const body = String(response.body).replace(/<reservationSet>.*<\/reservationSet>/s, '<reservationSet/>');
        return { ...response, body };
      },
    }),
  },
  {
    name: 'an account that lets nobody in is taken for an empty one',
    breaks: 'fail closed',
    within: 150,
    plant: () =>
      on('drs', 'DescribeSourceServers', async (parcel, deliver) => {
        const response = await deliver(parcel);
        return response.status === 403 ? { ...done, body: JSON.stringify({ items: [] }) } : response;
      }),
  },
  {
    name: 'the projector runs with another function’s role',
    breaks: 'least privilege',
    within: 3,
    plant: () => {
      let borrowed: string | undefined;
      return {
        carry: (deliver) => (parcel) => {
          const { headers } = parcel.request;
          if (parcel.by === 'prepare' && parcel.service === 'dynamodb') borrowed = headers.authorization;
          if (parcel.by === 'projector' && parcel.service === 'dynamodb')
            headers.authorization = borrowed ?? headers.authorization;
          return deliver(parcel);
        },
      };
    },
  },
  {
    name: 'nobody closes what a dead machine left',
    breaks: 'every execution ends',
    within: 60,
    plant: () => ({ around: (name, create) => (name === 'close-execution' ? async () => ({}) : create()) }),
  },
  {
    name: 'a lock is not given back',
    breaks: 'every lock is free',
    within: 3,
    plant: () =>
      on('dynamodb', 'UpdateItem', (parcel, deliver) =>
        bodyOf<{ UpdateExpression?: string }>(parcel).UpdateExpression === 'REMOVE #owner'
          ? Promise.resolve(done)
          : deliver(parcel),
      ),
  },
  {
    name: 'a record of the audit is not kept',
    breaks: 'the audit tells the whole story',
    within: 5,
    plant: () => {
      let count = 0;
      return on('s3', 'PUT', (parcel, deliver) => {
        if (!parcel.request.path.includes('/audit/')) return deliver(parcel);
        count += 1;
        return count % 7 === 0 ? Promise.resolve({ status: 200, headers: { etag: '"0"' }, body: '' }) : deliver(parcel);
      });
    },
  },
  {
    name: 'a success is counted twice',
    breaks: 'sums agree',
    within: 10,
    plant: () =>
      onResult((result) => ({ ...result, summary: { ...result.summary, succeeded: result.summary.succeeded * 2 } })),
  },
  ...PLANTED_FAILBACKS,
];

interface ResultLists {
  skippedServers: unknown[];
  failedServers: unknown[];
  summary: { succeeded: number };
}

/** Changes the component's result on its way into the bucket. */
function onResult(change: (result: ResultLists) => object): Plant {
  return on('s3', 'PUT', (parcel, deliver) => {
    if (parcel.request.path.includes('/audit/')) return deliver(parcel);
    const result = bodyOf<Partial<ResultLists>>(parcel);
    if (result.skippedServers === undefined || result.summary === undefined) return deliver(parcel);
    const changed = withBody(parcel, change(result as ResultLists));
    for (const name of Object.keys(changed.request.headers)) {
      if (name.startsWith('x-amz-checksum-') || name === 'content-md5') delete changed.request.headers[name];
    }
    return deliver(changed);
  });
}
