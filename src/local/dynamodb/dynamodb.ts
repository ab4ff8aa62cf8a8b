import { randomUUID } from 'node:crypto';
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { CENTRAL_ACCOUNT, REGION } from '../accounts.ts';
import { type LocalRequest, type LocalResponse, serve } from '../http.ts';
import { unknownSigner } from '../services/json-service.ts';
import { ServiceError, type ServiceOptions } from '../services/service.ts';
import { type Backend, type BackendAnswer, startBackend } from './backend.ts';
import type { ChangeFeed, WireItem } from './change-feed.ts';
import { KeyLocks } from './key-locks.ts';
import { indexOf, leadingKeys } from './leading-keys.ts';
import { Tables } from './tables.ts';
import { type ItemKey, itemsWritten, tablesNamed } from './writes.ts';

/** A DynamoDB on a loopback port, with its tables in memory. */
export interface LocalDynamoDB {
  /** For `AWS_ENDPOINT_URL_DYNAMODB`. */
  url: string;
  /** Creates a table, as CreateTable does, and waits until it is active. Throws what CreateTable would answer. */
  createTable(input: CreateTableCommandInput): Promise<void>;
  /** The stream of a table that was created with one. @throws {Error} for any other table */
  stream(tableName: string): ChangeFeed;
  close(): Promise<void>;
}

/** What an operation has consumed of a table and of the index that it read, in request units. */
export interface ConsumedCapacity {
  table: string;
  /** Of 4 KB, consistent; half of one where the read is not. */
  readUnits: number;
  /** Of 1 KB: those of the table alone, without its indexes. Refused by a condition: 1, which is the least. */
  writeUnits: number;
}

export interface DynamoDBOptions extends ServiceOptions {
  accountId?: string;
  region?: string;
  /** Takes what each operation has consumed, as `ReturnConsumedCapacity` tells it. @default - nobody asks */
  onCapacity?: (consumed: ConsumedCapacity) => void;
  /** What keeps the tables. @default - dynalite, in this process */
  backend?: Backend;
}

/** Operations that the database behind the proxy has. Everything else is refused rather than half done. */
const OPERATIONS = new Set([
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'DescribeTimeToLive',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateItem',
  'UpdateTable',
]);

/**
 * Starts a DynamoDB: dynalite behind a proxy that adds what dynalite lacks and the product needs. That is the stream of
 * a table (each item is read before and after a write, under a lock on its key), the old item on a failed condition,
 * and ARNs with the account and Region. Transactions, PartiQL, time to live and backups are refused with
 * UnknownOperationException; an unknown signer with UnrecognizedClientException.
 */
export async function startDynamoDB(options: DynamoDBOptions): Promise<LocalDynamoDB> {
  const { clock, accountId = CENTRAL_ACCOUNT, region = REGION } = options;
  const tables = new Tables({ accountId, region, clock });
  const proxy = new StreamingProxy(options.backend ?? startBackend(), tables);

  const server = await serve(async (request) => {
    const release = clock.hold();
    try {
      return await respond(request, proxy, tables, options);
    } finally {
      release();
    }
  });

  return {
    url: server.url,
    async createTable(input) {
      const answer = await proxy.perform('CreateTable', JSON.stringify(input), input);
      if (answer.status !== 200) throw new Error(`CreateTable ${input.TableName}: ${JSON.stringify(answer.body)}`);
    },
    stream(tableName) {
      const feed = tables.feed(tableName);
      if (feed === undefined) throw new Error(`table ${tableName} was not created with a stream`);
      return feed;
    },
    close: () => server.close(),
  };
}

async function respond(
  request: LocalRequest,
  proxy: StreamingProxy,
  tables: Tables,
  options: DynamoDBOptions,
): Promise<LocalResponse> {
  const identity = options.identities.signer(request.headers.authorization);
  if (identity === undefined) return toResponse(errorAnswer(unknownSigner()));

  const action = String(request.headers['x-amz-target'] ?? '').replace('DynamoDB_20120810.', '');
  const input = parse(request.body);
  const metered = options.onCapacity === undefined ? undefined : meteredInput(action, input);
  const raw = metered === undefined ? request.body : JSON.stringify(metered);
  const answer = await proxy.perform(action, raw, input).catch((error: unknown) => {
    if (error instanceof ServiceError) return errorAnswer(error);
    throw error;
  });
  const keys = leadingKeys(action, input, (table) => tables.schema(table));
  if (metered !== undefined) options.onCapacity?.(consumedBy(action, metered.TableName, answer));
  for (const resource of resources(input, tables)) {
    const asked = { action: `dynamodb:${action}`, resource, context: { 'dynamodb:LeadingKeys': keys } };
    const authorizations = keys.length === 0 ? {} : { authorizations: [asked] };
    options.onCall?.({
      service: 'dynamodb',
      action,
      identity,
      resource,
      outcome: outcomeOf(answer),
      ...authorizations,
    });
  }
  return toResponse(answer);
}

/** Forwards requests to the database and does beside them what the database cannot. */
class StreamingProxy {
  readonly #backend: Backend;
  readonly #tables: Tables;
  readonly #locks = new KeyLocks();

  constructor(backend: Backend, tables: Tables) {
    this.#backend = backend;
    this.#tables = tables;
  }

  /** Performs one operation; `raw` is its input as received, `input` the same parsed. */
  async perform(operation: string, raw: string | Buffer, input: unknown): Promise<BackendAnswer> {
    if (!OPERATIONS.has(operation)) {
      throw new ServiceError(
        'UnknownOperationException',
        `dynamodb:${operation} is not simulated: use single-item writes`,
      );
    }
    const items = this.#itemsToWatch(operation, input);
    if (items.length > 0) return this.#write(operation, raw, input, items);
    this.#tables.check(operation, input);
    const answer = await this.#backend.send(operation, raw);
    return answer.status === 200 ? this.#afterTableOperation(operation, input, answer) : answer;
  }

  /** The written items that must be read before the write: those of a table with a stream, or asked for on a failure. */
  #itemsToWatch(operation: string, input: unknown): ItemKey[] {
    const items = itemsWritten(operation, input, (table) => this.#tables.schema(table));
    return wantsOldItem(input) ? items : items.filter(({ table }) => this.#tables.feed(table) !== undefined);
  }

  #write(operation: string, raw: string | Buffer, input: unknown, items: ItemKey[]): Promise<BackendAnswer> {
    return this.#locks.withLocks(items.map(lockName), async () => {
      const before = await Promise.all(items.map((item) => this.#read(item)));
      const answer = await this.#backend.send(operation, raw);
      if (answer.status !== 200) return wantsOldItem(input) ? withOldItem(answer, before[0]) : answer;
      const after = await Promise.all(items.map((item) => this.#read(item)));
      for (const [index, { table, keys }] of items.entries()) {
        this.#tables.feed(table)?.publish({ keys, before: before[index], after: after[index] });
      }
      return answer;
    });
  }

  async #read({ table, keys }: ItemKey): Promise<WireItem | undefined> {
    const answer = await this.#backend.send(
      'GetItem',
      JSON.stringify({ TableName: table, Key: keys, ConsistentRead: true }),
    );
    // A key of the wrong type cannot be read; the write that comes next is refused for the same reason.
    return answer.status === 200 ? (answer.body.Item as WireItem | undefined) : undefined;
  }

  async #afterTableOperation(operation: string, input: unknown, answer: BackendAnswer): Promise<BackendAnswer> {
    if (operation === 'CreateTable') {
      this.#tables.created(input);
      for (const table of tablesNamed(input)) await this.#untilActive(table);
    }
    const described = this.#withDescriptions(answer);
    if (operation === 'DeleteTable') for (const table of tablesNamed(input)) this.#tables.deleted(table);
    return described;
  }

  #withDescriptions(answer: BackendAnswer): BackendAnswer {
    const body = { ...answer.body };
    for (const name of ['Table', 'TableDescription']) {
      const description = body[name];
      if (typeof description === 'object' && description !== null) body[name] = this.#tables.describe(description);
    }
    return { ...answer, body };
  }

  /** dynalite makes a table active in a later turn of the event loop, never sooner, even with a creation time of 0. */
  async #untilActive(table: string): Promise<void> {
    for (;;) {
      const { body } = await this.#backend.send('DescribeTable', JSON.stringify({ TableName: table }));
      if ((body.Table as { TableStatus?: string } | undefined)?.TableStatus !== 'CREATING') return;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}

const READS = ['GetItem', 'Query', 'Scan'];
const WRITES = ['DeleteItem', 'PutItem', 'UpdateItem'];
const oneTable = z.looseObject({ TableName: z.string(), ReturnConsumedCapacity: z.undefined().optional() });

/** The input with the wish to hear what it consumes; undefined for what reads or writes no table, or several. */
function meteredInput(operation: string, input: unknown) {
  if (![...READS, ...WRITES].includes(operation)) return undefined;
  const { data } = oneTable.safeParse(input);
  return data === undefined ? undefined : { ...data, ReturnConsumedCapacity: 'TOTAL' };
}

/** Takes what was consumed out of an answer that was not asked for it. */
function consumedBy(operation: string, table: string, answer: BackendAnswer): ConsumedCapacity {
  const { ConsumedCapacity: told, ...body } = answer.body;
  const units = Number((told as { CapacityUnits?: number } | undefined)?.CapacityUnits ?? 0);
  answer.body = body;
  if (WRITES.includes(operation)) return { table, readUnits: 0, writeUnits: Math.max(1, units) };
  // What finds nothing costs as much as what finds little.
  return { table, readUnits: Math.max(0.5, units), writeUnits: 0 };
}

function lockName({ table, keys }: ItemKey): string {
  return JSON.stringify([table, Object.values(keys)]);
}

function wantsOldItem(input: unknown): boolean {
  return (
    typeof input === 'object' &&
    input !== null &&
    'ReturnValuesOnConditionCheckFailure' in input &&
    input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD'
  );
}

function withOldItem(answer: BackendAnswer, item: WireItem | undefined): BackendAnswer {
  const failed = outcomeOf(answer) === 'ConditionalCheckFailedException';
  return failed && item !== undefined ? { ...answer, body: { ...answer.body, Item: item } } : answer;
}

function resources(input: unknown, tables: Tables): string[] {
  const named = tablesNamed(input).map((table) => tables.arn(table) + indexSuffix(input));
  return named.length > 0 ? named : ['*'];
}

function indexSuffix(input: unknown): string {
  const index = indexOf(input);
  return index === undefined ? '' : `/index/${index}`;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // The database answers a body that is not JSON with its own error.
    return undefined;
  }
}

/** `ok`, or the error's code without its namespace (`com.amazonaws.dynamodb.v20120810#…`). */
function outcomeOf(answer: BackendAnswer): string {
  return answer.status === 200 ? 'ok' : String(answer.body.__type ?? answer.status).replace(/^.*#/, '');
}

function errorAnswer(error: ServiceError): BackendAnswer {
  return {
    status: error.status,
    body: { __type: `com.amazonaws.dynamodb.v20120810#${error.code}`, message: error.message },
  };
}

function toResponse(answer: BackendAnswer): LocalResponse {
  return {
    status: answer.status,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() },
    body: JSON.stringify(answer.body),
  };
}
