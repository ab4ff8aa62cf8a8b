import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { CENTRAL_ACCOUNT, REGION } from '../../../src/local/accounts.ts';
import { startLambda } from '../../../src/local/services/lambda.ts';
import { closing, hostFunction, simulatedAws } from './simulated-aws.ts';

async function started() {
  const aws = simulatedAws();
  hostFunction(aws.host, 'echo', (event) => ({ event }));
  hostFunction(aws.host, 'broken', () => {
    throw new TypeError('no');
  });
  const lambda = closing(
    await startLambda({
      ...aws.options,
      host: aws.host,
      arnOf: (name) => `arn:aws:lambda:${REGION}:${CENTRAL_ACCOUNT}:function:${name}`,
      environment: () => ({ TABLE: 'things' }),
    }),
  );
  return { ...aws, lambda, api: new LambdaClient(aws.client(lambda.url)) };
}

describe('Lambda', () => {
  it('invokes a function and answers what it does, or how it failed', async () => {
    const { api } = await started();
    const well = await api.send(new InvokeCommand({ FunctionName: 'echo', Payload: '{"a":1}' }));
    expect(JSON.parse(well.Payload?.transformToString() ?? '')).toEqual({ event: { a: 1 } });
    const failed = await api.send(new InvokeCommand({ FunctionName: 'broken' }));
    expect(failed.FunctionError).toBe('Unhandled');
    expect(JSON.parse(failed.Payload?.transformToString() ?? '')).toMatchObject({
      errorType: 'TypeError',
      errorMessage: 'no',
    });
    const later = await api.send(new InvokeCommand({ FunctionName: 'echo', InvocationType: 'Event' }));
    expect(later.StatusCode).toBe(202);
  });

  it('tells what a function was deployed with, to its own account', async () => {
    const { api, stagingClient, lambda, calls } = await started();
    const question = new GetFunctionConfigurationCommand({ FunctionName: 'echo' });
    expect(await api.send(question)).toMatchObject({
      State: 'Active',
      Environment: { Variables: { TABLE: 'things' } },
    });
    await expect(api.send(new GetFunctionConfigurationCommand({ FunctionName: 'none' }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(new LambdaClient(stagingClient(lambda.url)).send(question)).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    expect(calls.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'GetFunctionConfiguration ok',
      'GetFunctionConfiguration ResourceNotFoundException',
      'GetFunctionConfiguration AccessDeniedException',
    ]);
  });
});
