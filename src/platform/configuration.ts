import { GetParameterCommand, GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { z } from 'zod';
import { type Access, accessSchema } from '../domain/access.ts';
import { describeIssues } from '../domain/contract.ts';
import { DrError } from '../domain/errors.ts';
import { type Policies, policiesSchema } from '../domain/policy.ts';
import { accountIdSchema } from '../domain/vocabulary.ts';
import { readSettings } from './environment.ts';
import type { Platform } from './platform.ts';

const arn = (service: string) => z.string().regex(new RegExp(`^arn:aws[a-z-]*:${service}:`), `an ARN of ${service}`);

/** One staging account: an SSM parameter of its own, because a standard parameter holds 4 kB (seed 4 §6.1). */
export const stagingAccountSchema = z.strictObject({
  accountId: accountIdSchema,
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a Region such as us-east-2'),
  /** Role that central functions assume to read DRS and EC2. */
  roleArn: arn('iam'),
  /** Role that drs-orchestration-main assumes to start the executor. */
  invokeRoleArn: arn('iam'),
  executorArn: arn('states'),
  externalId: z.string().min(2).max(1_224),
  /** Most replicating servers in the account (DRS quota). */
  maxServers: z.int().min(1).max(300).default(300),
  priority: z.int().min(1).default(1),
});
export type StagingAccount = z.infer<typeof stagingAccountSchema>;

/** The deployment's configuration, read from SSM each time: a right that was withdrawn is gone at the next question. */
export interface Configuration {
  /** @throws {DrError} ConfigurationError when the document is missing or wrong. */
  access(): Promise<Access>;
  /** @throws {DrError} ConfigurationError when the document is missing or wrong. */
  policies(): Promise<Policies>;
  /** All staging accounts, by priority. @throws {DrError} ConfigurationError when there is none, or one is wrong. */
  stagingAccounts(): Promise<StagingAccount[]>;
}

export function configuration(platform: Platform): Configuration {
  const { CONFIG_PATH } = readSettings(platform.environment, 'CONFIG_PATH');
  const ssm = new SSMClient({ credentials: platform.credentials });

  async function document<T>(name: string, schema: z.ZodType<T>): Promise<T> {
    const path = `${CONFIG_PATH}/${name}`;
    const answer = await ssm.send(new GetParameterCommand({ Name: path }));
    return check(path, answer.Parameter?.Value, schema);
  }

  return {
    access: () => document('access', accessSchema),
    policies: () => document('policies', policiesSchema),
    async stagingAccounts() {
      const accounts: StagingAccount[] = [];
      let nextToken: string | undefined;
      do {
        const page = await ssm.send(
          new GetParametersByPathCommand({ Path: `${CONFIG_PATH}/staging-accounts`, NextToken: nextToken }),
        );
        for (const parameter of page.Parameters ?? []) {
          accounts.push(check(parameter.Name ?? '', parameter.Value, stagingAccountSchema));
        }
        nextToken = page.NextToken;
      } while (nextToken !== undefined);
      if (accounts.length === 0) {
        throw new DrError('ConfigurationError', `There is no staging account under ${CONFIG_PATH}/staging-accounts.`);
      }
      const places = accounts.map(({ accountId, region }) => `${accountId} in ${region}`);
      const twice = places.find((place, index) => places.indexOf(place) !== index);
      if (twice !== undefined) {
        throw new DrError('ConfigurationError', `The staging account ${twice} is configured twice.`);
      }
      return accounts.sort((a, b) => a.priority - b.priority || a.accountId.localeCompare(b.accountId));
    },
  };
}

function check<T>(path: string, value: string | undefined, schema: z.ZodType<T>): T {
  let content: unknown;
  try {
    content = JSON.parse(value ?? '');
  } catch (cause) {
    throw new DrError('ConfigurationError', `The SSM parameter ${path} is not valid JSON.`, { cause });
  }
  const parsed = schema.safeParse(content);
  if (!parsed.success) {
    throw new DrError('ConfigurationError', describeIssues(`The SSM parameter ${path}`, parsed.error), {
      cause: parsed.error,
    });
  }
  return parsed.data;
}
