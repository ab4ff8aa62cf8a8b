import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { z } from 'zod';
import type { MachineName, Names } from '../../infra/names.ts';
import { type ComponentOutput, outputSchema } from '../../src/domain/contract.ts';

/** A run of a state machine as it stands now. `output` is absent while it runs, and when it failed: then `cause` says why. */
export interface Run {
  arn: string;
  isOver: boolean;
  input: unknown;
  output?: ComponentOutput;
  cause?: string;
}

/** What a request was answered: an execution that people approve, or why there is none. */
export type RequestAnswer = { executionId: string; status: string } | { refused: string };

/** What a smoke test calls, with the credentials of whoever runs it, as the SDK finds them. */
export type DeploymentCalls = ReturnType<typeof deploymentCalls>;

export function deploymentCalls(names: Names) {
  const { region } = names;
  const states = new SFNClient({ region });
  const lambda = new LambdaClient({ region });
  const s3 = new S3Client({ region, forcePathStyle: true });
  const runArn = (machine: MachineName, name: string) => names.machineExecutionsArn(machine).replace(/\*$/, name);

  async function describe(executionArn: string): Promise<DescribeExecutionOutput | undefined> {
    try {
      return await states.send(new DescribeExecutionCommand({ executionArn }));
    } catch (error) {
      if (error instanceof ExecutionDoesNotExist) return undefined;
      throw error;
    }
  }

  /** A result that is too large to be answered is in the bucket of the results. */
  async function whole(output: ComponentOutput): Promise<ComponentOutput> {
    const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(output.resultLocation) ?? [];
    if (!output.truncated || Bucket === undefined || Key === undefined) return output;
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return outputSchema.parse(JSON.parse((await Body?.transformToString()) ?? ''));
  }

  return {
    /** Starts a run of the component. One of this name is taken as it is: nothing is started twice. */
    async start(name: string, input: object): Promise<void> {
      const stateMachineArn = names.machineArn('drs-orchestration-main');
      try {
        await states.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
      } catch (error) {
        if (!(error instanceof ExecutionAlreadyExists)) throw error;
      }
    },

    /** A run of the component by its name; undefined where there is none. */
    async run(name: string): Promise<Run | undefined> {
      const arn = runArn('drs-orchestration-main', name);
      const found = await describe(arn);
      if (found === undefined) return undefined;
      const { status, input = '{}', output, cause } = found;
      return {
        arn,
        isOver: status !== 'RUNNING' && status !== 'PENDING_REDRIVE',
        input: JSON.parse(input),
        ...(output === undefined ? {} : { output: await whole(outputSchema.parse(JSON.parse(output))) }),
        ...(cause === undefined ? {} : { cause }),
      };
    },

    /** How the machine of an execution stands. It begins some seconds after the request. */
    async machineOf(executionId: string): Promise<'not begun' | 'running' | 'over'> {
      const found = await describe(runArn('dr-execution', executionId));
      if (found === undefined) return 'not begun';
      return found.status === 'RUNNING' ? 'running' : 'over';
    },

    /** Makes a request that people approve. The same correlation id again is the same request. */
    async request(request: object): Promise<RequestAnswer> {
      const FunctionName = names.centralName('request-recovery');
      const { Payload, FunctionError } = await lambda.send(
        new InvokeCommand({ FunctionName, Payload: JSON.stringify(request) }),
      );
      const answer: unknown = JSON.parse(Payload?.transformToString() ?? 'null');
      if (FunctionError !== undefined) {
        const failure = z.object({ errorMessage: z.string() }).safeParse(answer);
        return { refused: failure.success ? failure.data.errorMessage : FunctionError };
      }
      return z.object({ executionId: z.string(), status: z.string() }).parse(answer);
    },
  };
}
