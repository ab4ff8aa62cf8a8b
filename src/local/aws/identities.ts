import { randomBytes } from 'node:crypto';

/** Who signs a call in the simulated AWS: a role of an account. */
export interface Identity {
  accountId: string;
  /** The role's ARN, e.g. `arn:aws:iam::999999999999:role/dr-chatops-prepare`. */
  roleArn: string;
}

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

/** Condition keys of a request and their values, e.g. `{'sts:ExternalId': ['…']}`. */
export type RequestContext = Readonly<Record<string, readonly string[]>>;

/** One question that AWS puts to IAM about a call: may its signer do `action` to `resource`? */
export interface Authorization {
  /** As in policies, e.g. `ec2:RunInstances`. */
  action: string;
  /** ARN, or `*` where the action has none. */
  resource: string;
  /** The keys that this request has; those that every request has, e.g. `aws:PrincipalArn`, follow from who signed it. */
  context: RequestContext;
}

/** One call that reached a simulated AWS service. */
export interface AwsCall {
  /** Lower-case service name as in IAM, e.g. `drs`, `sts`, `ec2`, `states`, `dynamodb`. */
  service: string;
  /** Operation name as in IAM, e.g. `StartRecovery`. */
  action: string;
  identity: Identity;
  /** ARN of the resource, or `*` where the action has none. */
  resource: string;
  /** `ok`, or the error's code. */
  outcome: string;
  /**
   * All that IAM is asked about the call: each resource, and what the service does elsewhere with the signer's rights.
   * @default - the action on the resource, under no condition keys: {@link authorizationsOf}
   */
  authorizations?: readonly Authorization[];
}

/** All that IAM is asked about a call. */
export function authorizationsOf({ service, action, resource, authorizations }: AwsCall): readonly Authorization[] {
  return authorizations ?? [{ action: `${service}:${action}`, resource, context: {} }];
}

/** The condition keys of tags that a request sets. */
export function requestTags(tags: Readonly<Record<string, string>>): RequestContext {
  const keys = Object.keys(tags);
  if (keys.length === 0) return {};
  return { 'aws:TagKeys': keys, ...keyed('aws:RequestTag/', tags) };
}

/** The condition keys of tags that a resource has. */
export function resourceTags(tags: Readonly<Record<string, string>>): RequestContext {
  return keyed('aws:ResourceTag/', tags);
}

function keyed(prefix: string, tags: Readonly<Record<string, string>>): RequestContext {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`${prefix}${key}`, [value]]));
}

/**
 * Sessions that are kept, the newest. A session of AssumeRole lasts an hour at most here (role chaining), in which a busy
 * practice begins some hundreds.
 */
export const MOST_SESSIONS = 10_000;

/**
 * The access keys of the simulated AWS. Each role gets keys of its own, so that every service can tell from a request's
 * Authorization header which account and role signed it. Signatures are not verified: nobody else can reach loopback.
 */
export class Identities {
  readonly #byAccessKey = new Map<string, Identity>();
  /** Access keys of sessions, the oldest in front. */
  readonly #sessions = new Set<string>();
  readonly #byRole = new Map<string, Credentials>();

  /** New temporary credentials for `identity`, as AssumeRole gives them. Those of the oldest session end. */
  issue(identity: Identity): Credentials {
    const credentials = this.#create(identity);
    this.#sessions.add(credentials.accessKeyId);
    for (const oldest of this.#sessions) {
      if (this.#sessions.size <= MOST_SESSIONS) break;
      this.#sessions.delete(oldest);
      this.#byAccessKey.delete(oldest);
    }
    return credentials;
  }

  #create(identity: Identity): Credentials {
    const credentials: Credentials = {
      accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(20).toString('hex'),
      sessionToken: randomBytes(32).toString('base64'),
    };
    this.#byAccessKey.set(credentials.accessKeyId, identity);
    return credentials;
  }

  /** The credentials that a function or state machine with the role `roleArn` runs with: always the same ones. */
  forRole(roleArn: string): Credentials {
    const known = this.#byRole.get(roleArn);
    if (known !== undefined) return known;
    const accountId = roleArn.split(':')[4] ?? '';
    const credentials = this.#create({ accountId, roleArn });
    this.#byRole.set(roleArn, credentials);
    return credentials;
  }

  /** Who signed a request with this Authorization header (`AWS4-HMAC-SHA256 Credential=AKID/…`), if anybody we know. */
  signer(authorization: string | undefined): Identity | undefined {
    const accessKeyId = /Credential=([^/]+)\//.exec(authorization ?? '')?.[1];
    return accessKeyId === undefined ? undefined : this.#byAccessKey.get(accessKeyId);
  }
}
