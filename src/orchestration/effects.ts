import {
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  ExecutionNotRedrivable,
  RedriveExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { messageOf, nameOf } from '../domain/errors.ts';
import type { ExecutionRecord, GateRecord } from '../domain/records.ts';
import { isTerminal } from '../domain/status.ts';
import { bellRinger } from '../gates/ring.ts';
import { centralBus } from '../platform/central-bus.ts';
import { readSettings } from '../platform/environment.ts';
import { executionStore, ITEM, QUERY_ITEM, queryIdOf } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { QUERY_EVENT } from '../queries/query-event.ts';
import { parentAnswerer } from '../requests/answer-parent.ts';
import { CLOSE_EVENT } from './close-event.ts';

/**
 * What follows a stored decision, from the table's stream: a new execution starts its machine, a settled gate rings its
 * bell, the end of an execution answers the parent that waits for it, what somebody wants to look at goes to who answers it,
 * and an execution whose machine has died is set going again or closed. All may be repeated; what fails is delivered again,
 * in order.
 */
export const create: CreateHandler<DynamoDBStreamEvent, DynamoDBBatchResponse> = (platform) => {
  const { DR_EXECUTION_ARN } = readSettings(platform.environment, 'DR_EXECUTION_ARN');
  const sfn = new SFNClient({ credentials: platform.credentials });
  const ring = bellRinger(platform);
  const answerParent = parentAnswerer(platform);
  const tellQuery = centralBus(platform, QUERY_EVENT);
  const askToClose = centralBus(platform, CLOSE_EVENT);
  const store = executionStore(platform);

  return async (event) => {
    for (const record of event.Records) {
      try {
        await follow(record);
      } catch (error) {
        platform.log.error('An effect failed and will be tried again', {
          executionId: record.dynamodb?.Keys?.executionId?.S,
          error: nameOf(error),
          cause: messageOf(error),
        });
        return { batchItemFailures: [{ itemIdentifier: record.dynamodb?.SequenceNumber ?? '' }] };
      }
    }
    return { batchItemFailures: [] };
  };

  async function follow(record: DynamoDBRecord): Promise<void> {
    const image = record.dynamodb?.NewImage;
    if (image === undefined) return;
    const stored = unmarshall(image as Parameters<typeof unmarshall>[0]) as { executionId: string; item: string };
    if (record.eventName === 'INSERT' && stored.item === ITEM.execution) await start(stored.executionId);
    if (record.eventName === 'INSERT' && stored.item === QUERY_ITEM) await tell(queryIdOf(stored.executionId));
    if (stored.item === ITEM.execution && isTerminal((stored as unknown as ExecutionRecord).status)) {
      await answerParent(stored.executionId);
    }
    if (stored.item === ITEM.execution) await followDeadMachine(stored as unknown as ExecutionRecord);
    // A token that comes when the execution is over, e.g. of a parent that was redriven.
    if (stored.item === ITEM.parent) await answerParent(stored.executionId);
    if (stored.item.startsWith('GATE#')) await ring(stored as unknown as GateRecord);
  }

  /** What people want to look at holds up nothing that they decide: a query that cannot be passed on is only noted. */
  async function tell(queryId: string): Promise<void> {
    try {
      await tellQuery({ queryId });
    } catch (error) {
      platform.log.error('A query could not be passed on: whoever asked has to ask again', {
        queryId,
        error: messageOf(error),
      });
    }
  }

  /**
   * Somebody has decided what becomes of an execution whose machine has died. What is stored now decides: a change that is
   * delivered again may be about an earlier death, and a Close beside a Resume goes first.
   */
  async function followDeadMachine(changed: ExecutionRecord): Promise<void> {
    const { executionId } = changed;
    const execution = changed.machineStopped === undefined ? undefined : await store.getExecution(executionId);
    if (execution?.machineStopped === undefined || isTerminal(execution.status)) return;
    const { machineStopped, resumeRequested, cancelRequested } = execution;
    if (cancelRequested !== undefined) await askToClose({ executionId });
    else if (resumeRequested !== undefined && resumeRequested.at >= machineStopped.at)
      await redrive(executionId, machineStopped);
  }

  /**
   * Goes on where the machine ended; what is done is found done. A machine that cannot be set going again is closed by the
   * sweep: its card says so.
   */
  async function redrive(executionId: string, stopped: NonNullable<ExecutionRecord['machineStopped']>): Promise<void> {
    const executionArn = `${DR_EXECUTION_ARN.replace(':stateMachine:', ':execution:')}:${executionId}`;
    try {
      await sfn.send(new RedriveExecutionCommand({ executionArn, clientToken: `${executionId}-${stopped.at}` }));
    } catch (error) {
      if (!(error instanceof ExecutionNotRedrivable || error instanceof ExecutionDoesNotExist)) throw error;
      platform.log.error('A machine cannot be set going again', { executionId, error: messageOf(error) });
      await store.replaceMachineStopped(executionId, stopped, { ...stopped, notResumable: true });
      return;
    }
    await store.replaceMachineStopped(executionId, stopped);
  }

  /** The name is the execution's id: Step Functions takes it once. */
  async function start(executionId: string): Promise<void> {
    try {
      await sfn.send(
        new StartExecutionCommand({
          stateMachineArn: DR_EXECUTION_ARN,
          name: executionId,
          input: JSON.stringify({ executionId }),
        }),
      );
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  }
};

export const handler = onLambda(create);
