import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { DrError, messageOf, nameOf } from '../domain/errors.ts';
import type { Platform } from './platform.ts';

/** Errors that mean the role or the account does not let us in. */
const ACCESS_ERRORS = ['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'UnrecognizedClientException'];

type CredentialProvider = ReturnType<typeof fromTemporaryCredentials>;

/** A role of another account. */
export interface AssumedRole {
  roleArn: string;
  externalId: string;
}

/** Of a session less than this is left when the SDK wants another one (its own number, five minutes). */
const REFRESH_BEFORE_MS = 300_000;

/**
 * What makes SDK clients speak with a role's rights. All clients that are given one answer of it share its session, which is
 * begun anew before it ends.
 */
export function asRole(platform: Platform, { roleArn, externalId }: AssumedRole): CredentialProvider {
  return shared(
    fromTemporaryCredentials({
      ...(platform.credentials === undefined ? {} : { masterCredentials: platform.credentials }),
      params: { RoleArn: roleArn, ExternalId: externalId, RoleSessionName: 'dr-chatops', DurationSeconds: 900 },
      // STS of the Region where this runs: the other Region may be the one that is down.
      clientConfig: { region: platform.environment.AWS_REGION },
    }),
  );
}

/** The SDK remembers what a provider gives in each client by itself: three clients of an account would begin three sessions. */
function shared(assume: CredentialProvider): CredentialProvider {
  let session: { credentials: ReturnType<CredentialProvider>; until: number } | undefined;
  return async (properties) => {
    if (session === undefined || session.until <= Date.now()) {
      const begun = { credentials: assume(properties), until: Number.POSITIVE_INFINITY };
      session = begun;
      begun.credentials.then(
        ({ expiration }) => {
          begun.until = (expiration?.getTime() ?? 0) - REFRESH_BEFORE_MS;
        },
        () => {
          begun.until = 0;
        },
      );
    }
    return await session.credentials;
  };
}

/**
 * Does `work` with a role's rights.
 * @throws {DrError} CrossAccountAccessDenied, naming the role, when its account does not let us in.
 */
export async function explainingAccess<T>(roleArn: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isAccessError(cause)) throw cause;
    throw new DrError('CrossAccountAccessDenied', `access denied for ${roleArn}: ${messageOf(cause)}`, { cause });
  }
}

/** True for what AWS answers to somebody who may not do it, or may not come in. */
export function isAccessError(error: unknown): boolean {
  return ACCESS_ERRORS.includes(nameOf(error));
}

/** Something that is made once for each of its keys. */
export function madeOnce<Key, Made>(make: (key: Key) => Made): (key: Key) => Made {
  const made = new Map<string, Made>();
  return (key) => {
    const name = JSON.stringify(key);
    const known = made.get(name) ?? make(key);
    made.set(name, known);
    return known;
  };
}
