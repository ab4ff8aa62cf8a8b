import { DescribeSourceServersCommand, DrsClient } from '@aws-sdk/client-drs';
import { AssumeRoleCommand, GetCallerIdentityCommand, GetSessionTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CENTRAL_ACCOUNT, REGION } from '../../../src/local/accounts.ts';
import { type LocalSts, startSts } from '../../../src/local/aws/sts.ts';
import { ACCOUNT, awsWorld, OTHER_ACCOUNT } from './aws-world.ts';

const READER = `arn:aws:iam::${ACCOUNT}:role/DRS-Orchestration-Role`;
const CALLER = `arn:aws:iam::${CENTRAL_ACCOUNT}:role/dr-chatops-prepare`;
const EXTERNAL_ID = 'practice-external-id';

async function stsWorld() {
  const world = await awsWorld();
  const { clock, identities, calls } = world;
  const sts = await startSts({ clock, identities, onCall: (call) => void calls.push(call) });
  onTestFinished(() => sts.close());
  sts.addRole({ roleArn: READER, trustedPrincipals: [CALLER], externalId: EXTERNAL_ID });
  const clientOf = (roleArn: string) =>
    new STSClient({ endpoint: sts.url, region: REGION, maxAttempts: 1, credentials: identities.forRole(roleArn) });
  return { ...world, sts, clientOf };
}

const assume = (changes: {
  RoleArn?: string;
  ExternalId?: string;
  DurationSeconds?: number;
  RoleSessionName?: string;
}) => new AssumeRoleCommand({ RoleArn: READER, RoleSessionName: 'prepare', ExternalId: EXTERNAL_ID, ...changes });

describe('AssumeRole', () => {
  it('gives a trusted role credentials of the other account', async () => {
    const { clientOf, identities, calls } = await stsWorld();
    const { Credentials, AssumedRoleUser } = await clientOf(CALLER).send(assume({ DurationSeconds: 900 }));
    expect(AssumedRoleUser?.Arn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/DRS-Orchestration-Role/prepare`);
    expect(identities.signer(`Credential=${Credentials?.AccessKeyId}/x`)).toEqual({
      accountId: ACCOUNT,
      roleArn: READER,
    });
    const secondsLeft = ((Credentials?.Expiration?.getTime() ?? 0) - Date.now()) / 1000;
    expect(secondsLeft).toBeGreaterThan(890);
    expect(secondsLeft).toBeLessThanOrEqual(900);
    expect(Credentials?.SessionToken).toBeTruthy();
    expect(calls).toEqual([
      {
        service: 'sts',
        action: 'AssumeRole',
        identity: { accountId: CENTRAL_ACCOUNT, roleArn: CALLER },
        resource: READER,
        outcome: 'ok',
        // What trust policies ask for.
        authorizations: [
          {
            action: 'sts:AssumeRole',
            resource: READER,
            context: { 'sts:ExternalId': ['practice-external-id'], 'sts:RoleSessionName': ['prepare'] },
          },
        ],
      },
    ]);
  });

  it.each([
    ['another ExternalId', CALLER, { ExternalId: 'other' }],
    ['no ExternalId', CALLER, { ExternalId: undefined }],
    ['another caller', `arn:aws:iam::${CENTRAL_ACCOUNT}:role/dr-chatops-vote`, {}],
    ['a role that does not exist', CALLER, { RoleArn: `arn:aws:iam::${OTHER_ACCOUNT}:role/nothing` }],
  ])('is denied with %s', async (_what, caller, changes) => {
    const { clientOf } = await stsWorld();
    await expect(clientOf(caller).send(assume(changes))).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining(`${caller} is not authorized to perform: sts:AssumeRole`),
      $metadata: { httpStatusCode: 403 },
    });
  });

  it.each([
    ['a duration under 15 minutes', { DurationSeconds: 60 }],
    ['more than an hour for a role that assumes a role', { DurationSeconds: 7200 }],
    ['a session name with a space', { RoleSessionName: 'a b' }],
    ['an ExternalId of one character', { ExternalId: 'x' }],
  ])('refuses %s', async (_what, changes) => {
    const { clientOf } = await stsWorld();
    await expect(clientOf(CALLER).send(assume(changes))).rejects.toMatchObject({
      name: 'ValidationError',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('asks rules for who may come and with which ExternalId', async () => {
    const { sts, clientOf } = await stsWorld();
    const machine = 'arn:aws:states:us-east-2:900000000000:stateMachine:drs-orchestration-main';
    sts.addRole({
      roleArn: READER,
      trustedPrincipals: (arn) => arn.startsWith(`arn:aws:iam::${CENTRAL_ACCOUNT}:`),
      externalId: (sent, caller) => sent === machine && caller === CALLER,
    });
    await clientOf(CALLER).send(assume({ ExternalId: machine }));
    await expect(clientOf(CALLER).send(assume({}))).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(clientOf(READER).send(assume({ ExternalId: machine }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });

  it('is denied once the role is gone', async () => {
    const { sts, clientOf } = await stsWorld();
    sts.removeRole(READER);
    await expect(clientOf(CALLER).send(assume({}))).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

describe('GetCallerIdentity', () => {
  it('says which role signed', async () => {
    const { clientOf } = await stsWorld();
    expect(await clientOf(CALLER).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: CENTRAL_ACCOUNT,
      Arn: `arn:aws:sts::${CENTRAL_ACCOUNT}:assumed-role/dr-chatops-prepare/session`,
    });
  });
});

describe('STS', () => {
  it('does not know other operations', async () => {
    const { clientOf } = await stsWorld();
    const call = clientOf(CALLER).send(new GetSessionTokenCommand({}));
    await expect(call).rejects.toMatchObject({ name: 'InvalidAction' });
  });

  it('refuses a caller that nobody has given keys', async () => {
    const { sts } = await stsWorld();
    const credentials = { accessKeyId: 'AKIASTRANGER', secretAccessKey: 'x' };
    const client = new STSClient({ endpoint: sts.url, region: REGION, maxAttempts: 1, credentials });
    await expect(client.send(assume({}))).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
  });
});

describe('fromTemporaryCredentials', () => {
  const throughReader = (sts: LocalSts, drsUrl: string, master: { accessKeyId: string; secretAccessKey: string }) =>
    new DrsClient({
      endpoint: drsUrl,
      region: REGION,
      maxAttempts: 1,
      credentials: fromTemporaryCredentials({
        masterCredentials: master,
        params: { RoleArn: READER, ExternalId: EXTERNAL_ID, RoleSessionName: 'prepare', DurationSeconds: 900 },
        clientConfig: { region: REGION, endpoint: sts.url },
      }),
    });

  it('reads DRS of another account, and asks STS once for several calls', async () => {
    const { sts, drs, identities, addServers, calls } = await stsWorld();
    addServers(3);
    const client = throughReader(sts, drs.url, identities.forRole(CALLER));
    for (let call = 0; call < 3; call += 1) {
      expect((await client.send(new DescribeSourceServersCommand({}))).items).toHaveLength(3);
    }
    expect(calls.map(({ action, identity }) => [action, identity.roleArn])).toEqual([
      ['AssumeRole', CALLER],
      ...Array(3).fill(['DescribeSourceServers', READER]),
    ]);
  });

  it('fails with AccessDenied where the role does not trust the caller', async () => {
    const { sts, drs, identities } = await stsWorld();
    const client = throughReader(sts, drs.url, identities.forRole(`arn:aws:iam::${CENTRAL_ACCOUNT}:role/other`));
    await expect(client.send(new DescribeSourceServersCommand({}))).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('finds STS and DRS by the environment', async () => {
    const { sts, drs, identities, addServers } = await stsWorld();
    addServers(1);
    vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.url);
    vi.stubEnv('AWS_ENDPOINT_URL_DRS', drs.url);
    onTestFinished(() => void vi.unstubAllEnvs());
    const client = new DrsClient({
      region: REGION,
      credentials: fromTemporaryCredentials({
        masterCredentials: identities.forRole(CALLER),
        params: { RoleArn: READER, ExternalId: EXTERNAL_ID },
        clientConfig: { region: REGION },
      }),
    });
    expect((await client.send(new DescribeSourceServersCommand({}))).items).toHaveLength(1);
  });
});
