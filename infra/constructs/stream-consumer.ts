import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping, FilterCriteria, type IFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface StreamConsumerProps {
  readonly streamArn: string;
  readonly consumer: IFunction;
  /** Beginnings of the sort keys of the items whose changes it is given. */
  readonly items: readonly string[];
  /** Where the place of a batch is noted that could not be handled. */
  readonly deadLetters: IQueue;
  /** Most changes handled together. */
  readonly batchSize: number;
  /**
   * How long changes are collected before they are handled together.
   *
   * @default - not at all
   */
  readonly window?: Duration;
}

/**
 * Hands the changes of the table to a function, in order. What fails is tried again, alone when it came with others; a
 * change that fails for good is noted and the next ones go on: it must not hold up every execution after it.
 */
export class StreamConsumer extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { streamArn, consumer, items, deadLetters, batchSize, window }: StreamConsumerProps,
  ) {
    super(scope, id);
    new EventSourceMapping(this, 'Mapping', {
      target: consumer,
      eventSourceArn: streamArn,
      // From the oldest change on, so that none is lost between the table's creation and this one's.
      startingPosition: StartingPosition.TRIM_HORIZON,
      filters: [FilterCriteria.filter({ dynamodb: { Keys: { item: { S: items.map((prefix) => ({ prefix })) } } } })],
      batchSize,
      maxBatchingWindow: window,
      bisectBatchOnError: true,
      reportBatchItemFailures: true,
      retryAttempts: 10,
      maxRecordAge: Duration.hours(1),
      // The function's role holds the right to send there.
      onFailure: { bind: () => ({ destination: deadLetters.queueArn }) },
    });
  }
}
