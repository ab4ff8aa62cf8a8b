import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import { startSecretsManager } from '../../../src/local/services/secrets-manager.ts';
import { closing, simulatedAws } from './simulated-aws.ts';

async function world() {
  const aws = simulatedAws();
  const secrets = closing(await startSecretsManager(aws.options));
  return { ...aws, secrets, client: new SecretsManagerClient(aws.client(secrets.url)) };
}

describe('the secrets manager', () => {
  it('gives the current value by name, ARN and ARN without its suffix', async () => {
    const { secrets, client, calls } = await world();
    secrets.put('chat/signing', 'old');
    const arn = secrets.put('chat/signing', 'new');
    expect(arn).toMatch(/^arn:aws:secretsmanager:us-east-2:900000000000:secret:chat\/signing-\w{6}$/);
    for (const SecretId of ['chat/signing', arn, arn.slice(0, -7)]) {
      const answer = await client.send(new GetSecretValueCommand({ SecretId }));
      expect(answer).toMatchObject({ SecretString: 'new', Name: 'chat/signing', ARN: arn });
    }
    expect(calls.map(({ action, resource }) => [action, resource])).toEqual(Array(3).fill(['GetSecretValue', arn]));
  });

  it('does not find what is not there, what is older, or what another account owns', async () => {
    const { secrets, client, stagingClient } = await world();
    secrets.put('one', 'value');
    const notFound = { name: 'ResourceNotFoundException' };
    await expect(client.send(new GetSecretValueCommand({ SecretId: 'two' }))).rejects.toMatchObject(notFound);
    const previous = new GetSecretValueCommand({ SecretId: 'one', VersionStage: 'AWSPREVIOUS' });
    await expect(client.send(previous)).rejects.toMatchObject(notFound);
    const other = new SecretsManagerClient(stagingClient(secrets.url));
    await expect(other.send(new GetSecretValueCommand({ SecretId: 'one' }))).rejects.toMatchObject(notFound);
  });
});
