import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { ServiceError } from '../services/service.ts';
import { ChangeFeed } from './change-feed.ts';
import type { KeySchema } from './writes.ts';

/** What the proxy knows of a table. */
interface Table {
  schema: KeySchema;
  /** Present when the table was created with a stream. */
  feed: ChangeFeed | undefined;
}

const createInput = z.object({
  TableName: z.string(),
  KeySchema: z.array(z.object({ AttributeName: z.string() })),
});
const streamInput = z.object({
  StreamSpecification: z.object({ StreamEnabled: z.boolean(), StreamViewType: z.string().optional() }).nullish(),
});
type StreamInput = z.infer<typeof streamInput>['StreamSpecification'];

/** The tables that have been created, with their key schemas and streams. The database itself knows no streams. */
export class Tables {
  readonly #tables = new Map<string, Table>();
  readonly #place: { accountId: string; region: string; clock: Clock };

  constructor(place: { accountId: string; region: string; clock: Clock }) {
    this.#place = place;
  }

  /** ARN of the table with this name, whether it exists or not. */
  arn(table: string): string {
    return `arn:aws:dynamodb:${this.#place.region}:${this.#place.accountId}:table/${table}`;
  }

  schema(table: string): KeySchema | undefined {
    return this.#tables.get(table)?.schema;
  }

  feed(table: string): ChangeFeed | undefined {
    return this.#tables.get(table)?.feed;
  }

  /**
   * Refuses what is not simulated about streams: another view than both images, and a change after the creation.
   * @throws {ServiceError} ValidationException
   */
  check(operation: string, input: unknown): void {
    const stream = streamOf(input);
    if (stream == null) return;
    if (operation === 'UpdateTable') {
      throw new ServiceError(
        'ValidationException',
        'a stream can only be asked for when the table is created (not simulated)',
      );
    }
    if (stream.StreamEnabled && stream.StreamViewType !== 'NEW_AND_OLD_IMAGES') {
      throw new ServiceError('ValidationException', 'only the stream view type NEW_AND_OLD_IMAGES is simulated');
    }
  }

  /** Remembers a table after the database has accepted the CreateTable `input`. */
  created(input: unknown): void {
    const { TableName, KeySchema } = createInput.parse(input);
    this.#tables.set(TableName, {
      schema: KeySchema.map((key) => key.AttributeName),
      feed: streamOf(input)?.StreamEnabled ? this.#newFeed(TableName) : undefined,
    });
  }

  deleted(table: string): void {
    this.#tables.delete(table);
  }

  /** The database's description of a table, with the account, the Region and the stream that it knows nothing of. */
  describe(description: object): object {
    const placed = JSON.parse(
      JSON.stringify(description).replaceAll(/arn:aws:dynamodb:[^:"]*:\d*:table\//g, this.arn('')),
    ) as { TableName?: string };
    const feed = this.feed(placed.TableName ?? '');
    if (feed === undefined) return placed;
    return {
      ...placed,
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      LatestStreamArn: feed.arn,
      LatestStreamLabel: feed.arn.split('/stream/')[1],
    };
  }

  #newFeed(table: string): ChangeFeed {
    const { clock, region } = this.#place;
    const label = new Date(clock.now()).toISOString().slice(0, -1);
    return new ChangeFeed({ arn: `${this.arn(table)}/stream/${label}`, region, clock });
  }
}

function streamOf(input: unknown): StreamInput {
  const parsed = streamInput.safeParse(input);
  if (!parsed.success) throw new ServiceError('ValidationException', 'StreamSpecification is malformed');
  return parsed.data.StreamSpecification;
}
