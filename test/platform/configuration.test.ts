import { describe, expect, it } from 'vitest';
import {
  componentSettingsSchema,
  originSchema,
  stagingAccountSchema,
  targetAccountSchema,
} from '../../src/platform/configuration.ts';

const ACCOUNT = '111111111111';
const role = (name: string): string => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const STAGING = {
  accountId: ACCOUNT,
  region: 'us-east-2',
  roleArn: role('DRS-Orchestration-Role'),
  invokeRoleArn: role('dr-chatops-executor-invoke'),
  executorArn: `arn:aws:states:us-east-2:${ACCOUNT}:stateMachine:drs-staging-account-executor`,
  failbackRoleArn: role('dr-chatops-failback'),
  externalId: 'dr-chatops-practice',
};

/** The fields that a parameter is refused for. */
const refused = (change: object): string[] =>
  stagingAccountSchema.safeParse({ ...STAGING, ...change }).error?.issues.map(({ path }) => path.join('.')) ?? [];

describe('the parameter of a staging account, which somebody may have written by hand', () => {
  it('is taken as a deployment writes it, also of another partition and with a role below a path', () => {
    expect(refused({})).toEqual([]);
    expect(refused({ roleArn: `arn:aws-us-gov:iam::${ACCOUNT}:role/dr/reader` })).toEqual([]);
  });

  it.each([
    ['a role of an account that is none', { roleArn: 'arn:aws:iam::1111:role/reader' }, 'roleArn'],
    ['a user instead of a role', { invokeRoleArn: `arn:aws:iam::${ACCOUNT}:user/somebody` }, 'invokeRoleArn'],
    ['the beginning of a role', { failbackRoleArn: 'arn:aws:iam::' }, 'failbackRoleArn'],
    ['any role', { roleArn: role('*') }, 'roleArn'],
    ['a run instead of a machine', { executorArn: STAGING.executorArn.replace('Machine', 'Run') }, 'executorArn'],
    ['an account of 11 digits', { accountId: '11111111111' }, 'accountId'],
    ['a Region in other words', { region: 'Ohio' }, 'region'],
    ['no external id', { externalId: undefined }, 'externalId'],
    ['an external id of one character', { externalId: 'x' }, 'externalId'],
    ['an external id with a space', { externalId: 'a secret' }, 'externalId'],
  ])('is refused with %s', (_, change, field) => {
    expect(refused(change)).toEqual([field]);
  });
});

it('roles of origins and target accounts, and topics, are named in full, too', () => {
  const origin = { accountId: ACCOUNT, region: 'us-east-1', externalId: 'long-enough' };
  expect(originSchema.safeParse({ ...origin, roleArn: role('dr-chatops-origin-us-east-1') }).success).toBe(true);
  expect(originSchema.safeParse({ ...origin, roleArn: 'dr-chatops-origin-us-east-1' }).success).toBe(false);
  const target = { accountId: ACCOUNT, regions: ['us-east-1'], externalId: 'long-enough', roleArn: role('a') };
  expect(targetAccountSchema.safeParse({ ...target, documentsRoleArn: role('b') }).success).toBe(true);
  expect(targetAccountSchema.safeParse({ ...target, documentsRoleArn: role('') }).success).toBe(false);
  const topics = (arn: string) => componentSettingsSchema.safeParse({ notificationTopicArns: [arn] }).success;
  expect([`arn:aws:sns:us-east-2:${ACCOUNT}:pager.fifo`, `arn:aws:sns:us-east-2:${ACCOUNT}:*`].map(topics)).toEqual([
    true,
    false,
  ]);
});
