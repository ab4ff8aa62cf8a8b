import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CENTRAL_ACCOUNT, REGION } from '../accounts.ts';
import { operation, serveJson } from './json-service.ts';
import { ServiceError, type ServiceOptions } from './service.ts';

/** A Secrets Manager on a loopback port. */
export interface LocalSecretsManager {
  /** For `AWS_ENDPOINT_URL_SECRETS_MANAGER`. */
  url: string;
  /** Sets the current value of a secret and answers its ARN. */
  put(name: string, value: string): string;
  close(): Promise<void>;
}

interface Secret {
  name: string;
  arn: string;
  value: string;
  versionId: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
}

/** Starts a Secrets Manager with GetSecretValue (of the current version), by name, ARN, or ARN without its suffix. */
export async function startSecretsManager(
  options: ServiceOptions & { accountId?: string; region?: string },
): Promise<LocalSecretsManager> {
  const { clock, accountId = CENTRAL_ACCOUNT, region = REGION } = options;
  const secrets = new Map<string, Secret>();
  const partialArn = (name: string): string => `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}`;
  const find = (id: string): Secret | undefined =>
    [...secrets.values()].find(({ name, arn }) => id === arn || id === partialArn(name) || id === name);

  const getSecretValue = operation(
    z.object({ SecretId: z.string(), VersionId: z.string().nullish(), VersionStage: z.string().nullish() }),
    ({ SecretId }) => find(SecretId)?.arn ?? (SecretId.startsWith('arn:') ? SecretId : partialArn(SecretId)),
    ({ SecretId, VersionId, VersionStage }, caller) => {
      const secret = caller.accountId === accountId ? find(SecretId) : undefined;
      if (secret === undefined) {
        throw new ServiceError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
      }
      if ((VersionStage ?? 'AWSCURRENT') !== 'AWSCURRENT' || (VersionId ?? secret.versionId) !== secret.versionId) {
        throw new ServiceError(
          'ResourceNotFoundException',
          `Secrets Manager can't find the specified secret value for ${VersionStage ?? VersionId}.`,
        );
      }
      return {
        ARN: secret.arn,
        CreatedDate: secret.createdAt / 1000,
        Name: secret.name,
        SecretString: secret.value,
        VersionId: secret.versionId,
        VersionStages: ['AWSCURRENT'],
      };
    },
  );

  const server = await serveJson(
    { service: 'secretsmanager', targetPrefix: 'secretsmanager', operations: { GetSecretValue: getSecretValue } },
    options,
  );
  return {
    url: server.url,
    put(name, value) {
      const arn = `${partialArn(name)}-${secretSuffix(name)}`;
      secrets.set(name, { name, arn, value, versionId: crypto.randomUUID(), createdAt: clock.now() });
      return arn;
    },
    close: () => server.close(),
  };
}

/** Secrets Manager ends ARNs with six characters of its own; ours follow from the name, so that they stay the same. */
export function secretSuffix(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 6);
}
