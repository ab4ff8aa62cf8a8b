import {
  DescribeParametersCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { STAGING_ACCOUNTS } from '../../../src/local/accounts.ts';
import { startSsm } from '../../../src/local/services/ssm.ts';
import { closing, simulatedAws } from './simulated-aws.ts';

async function world() {
  const aws = simulatedAws();
  const ssm = closing(await startSsm(aws.options));
  return { ...aws, ssm, client: new SSMClient(aws.client(ssm.url)) };
}

describe('the parameter store', () => {
  it('gives a parameter by name and by ARN, in its newest version', async () => {
    const { ssm, client, clock, calls } = await world();
    ssm.put('/app/access', 'old');
    ssm.put('/app/access', 'new');
    const { Parameter } = await client.send(new GetParameterCommand({ Name: '/app/access', WithDecryption: true }));
    const arn = 'arn:aws:ssm:us-east-2:900000000000:parameter/app/access';
    expect(Parameter).toMatchObject({ Name: '/app/access', Value: 'new', Version: 2, Type: 'String', ARN: arn });
    expect(Parameter?.LastModifiedDate?.getTime()).toBe(clock.now());
    expect((await client.send(new GetParameterCommand({ Name: arn }))).Parameter?.Value).toBe('new');
    expect(calls[0]).toMatchObject({ service: 'ssm', action: 'GetParameter', resource: arn, outcome: 'ok' });
  });

  it('keeps the parameters of each account apart', async () => {
    const { ssm, client, stagingClient } = await world();
    ssm.put('/app/servers', 'staged', STAGING_ACCOUNTS[0]);
    const get = new GetParameterCommand({ Name: '/app/servers' });
    await expect(client.send(get)).rejects.toMatchObject({ name: 'ParameterNotFound' });
    const { Parameter } = await new SSMClient(stagingClient(ssm.url)).send(get);
    expect(Parameter?.Value).toBe('staged');
  });

  it('says which of several parameters do not exist', async () => {
    const { ssm, client } = await world();
    ssm.put('a', '1');
    const answer = await client.send(new GetParametersCommand({ Names: ['a', 'b'] }));
    expect(answer.Parameters?.map(({ Name }) => Name)).toEqual(['a']);
    expect(answer.InvalidParameters).toEqual(['b']);
  });

  it('lists a path in pages, with what lies deeper only on request', async () => {
    const { ssm, client } = await world();
    for (const name of ['/p/c', '/p/a', '/p/b', '/p/d/deep', '/q/x']) ssm.put(name, 'v');
    const names = async (input: { Recursive?: boolean; NextToken?: string }) => {
      const page = await client.send(new GetParametersByPathCommand({ Path: '/p', MaxResults: 2, ...input }));
      return [page.Parameters?.map(({ Name }) => Name), page.NextToken];
    };
    const [first, token] = await names({});
    expect(first).toEqual(['/p/a', '/p/b']);
    expect(await names({ NextToken: String(token) })).toEqual([['/p/c'], undefined]);
    expect(await names({ Recursive: true, NextToken: '2' })).toEqual([['/p/c', '/p/d/deep'], undefined]);
  });

  it('overwrites only when asked to, and refuses what no standard parameter holds', async () => {
    const { ssm, client } = await world();
    const put = (input: { Value: string; Overwrite?: boolean; Type?: 'String' }) =>
      client.send(new PutParameterCommand({ Name: 'n', ...input }));
    await expect(put({ Value: '1' })).rejects.toMatchObject({ name: 'ValidationException' });
    expect((await put({ Value: '1', Type: 'String' })).Version).toBe(1);
    await expect(put({ Value: '2', Type: 'String' })).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
    expect((await put({ Value: '2', Overwrite: true })).Version).toBe(2);
    await expect(put({ Value: 'x'.repeat(4097), Overwrite: true })).rejects.toThrow('4096');
    expect(ssm.get('n')).toBe('2');
  });

  it('refuses an unknown signer and an operation that it does not have', async () => {
    const { ssm, client, strangerClient } = await world();
    const stranger = new SSMClient(strangerClient(ssm.url));
    await expect(stranger.send(new GetParameterCommand({ Name: 'n' }))).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
    await expect(client.send(new DescribeParametersCommand({}))).rejects.toThrow('DescribeParameters is not simulated');
  });
});
