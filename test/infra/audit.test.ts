import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { AuditBucket } from '../../infra/constructs/audit-bucket.ts';
import { parseDeployment } from '../../infra/deployment.ts';
import { namesOf } from '../../infra/names.ts';
import { at, exampleDeployment, type Resource, type Statement, synthesize, type View } from './synthesized.ts';

const { central, staging, origins } = synthesize(exampleDeployment());
const STACKS: View[] = [central, ...staging, ...origins];
const AUDIT_ROLE = 'arn:aws:iam::900000000000:role/dr-chatops-audit';

const [auditId, audit] = bucketWithLock(central);
const bucketPolicy = central
  .all('AWS::S3::BucketPolicy')
  .find(({ Properties }) => at(Properties, 'Bucket', 'Ref') === auditId);
const policy = at(bucketPolicy?.Properties, 'PolicyDocument', 'Statement') as Record<string, unknown>[];
const denied = (sid: string) => policy.find(({ Sid }) => Sid === sid);

function bucketWithLock(view: View): [string, Resource] {
  const all = Object.entries(view.template.toJSON().Resources as Record<string, Resource>);
  const found = all.find(([, { Type, Properties }]) => Type === 'AWS::S3::Bucket' && Properties.ObjectLockEnabled);
  if (found === undefined) throw new Error('there is no bucket with Object Lock');
  return found;
}

/** Every right of every role of every stack, with the role's name. */
function allRights(): (Statement & { role: string })[] {
  return STACKS.flatMap((view) =>
    view.roleNames.flatMap((role) => view.rightsOf(role).map((statement) => ({ ...statement, role }))),
  );
}

/** True for what names the audit's bucket, or anything whatever. */
function mayMeanAudit(resource: unknown): boolean {
  const text = JSON.stringify(resource);
  return text.includes(`"${auditId}"`) || /^"(\*|arn:[^:"]*:s3:::[^"/]*\*[^"]*)"$/.test(text);
}

const isS3 = (action: string): boolean => action === '*' || action.startsWith('s3');

describe('the audit cannot be changed by any role that the product deploys', () => {
  it('none may do anything with the bucket, but the audit put objects into it', () => {
    const rights = allRights().filter(
      ({ effect, actions, resources }) => effect === 'Allow' && actions.some(isS3) && resources.some(mayMeanAudit),
    );
    expect(rights).toEqual([
      expect.objectContaining({
        role: 'dr-chatops-audit',
        actions: ['s3:PutObject'],
        resources: [{ 'Fn::Join': ['', [{ 'Fn::GetAtt': [auditId, 'Arn'] }, '/audit/*']] }],
      }),
    ]);
  });

  it('none has rights that are not looked at here: of policies of AWS, of managed policies, or by leaving actions out', () => {
    for (const view of STACKS) {
      const roles = view.all('AWS::IAM::Role');
      expect(view.roleNames).toHaveLength(roles.length);
      for (const { Properties } of roles) expect(Properties).not.toHaveProperty('ManagedPolicyArns');
      for (const type of ['ManagedPolicy', 'User', 'Group']) expect(view.all(`AWS::IAM::${type}`)).toEqual([]);
    }
    for (const { actions } of allRights()) expect(actions).not.toEqual([]);
  });

  it('none may take away the key by which the objects are read', () => {
    const allowed = allRights().flatMap(({ actions }) => actions.filter((action) => /^(\*|kms:)/.test(action)));
    expect([...new Set(allowed)].sort()).toEqual(['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey']);
  });

  it('none may change or remove what the table shows of it', () => {
    const allowed = allRights().flatMap(({ actions }) => actions.filter((action) => /Delete|\*$/.test(action)));
    expect(allowed.filter((action) => /^(\*|dynamodb:|s3:)/.test(action))).toEqual([]);
  });
});

it('the audit reads the stream and its chains, adds to them, and does nothing else', () => {
  const everywhere = /^(kms|logs|xray):/;
  const actions = central.rightsOf('dr-chatops-audit').flatMap((statement) => statement.actions);
  expect(actions.filter((action) => !everywhere.test(action)).sort()).toEqual([
    'dynamodb:DescribeStream',
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:ListStreams',
    'dynamodb:PutItem',
    'dynamodb:Query',
    's3:PutObject',
    'sqs:SendMessage',
  ]);
});

describe("the audit's bucket", () => {
  it('locks each object in compliance mode from its first moment, in versions, and outlives the stack', () => {
    expect(audit).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        ObjectLockEnabled: true,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 7 * 366 } },
        },
        PublicAccessBlockConfiguration: {
          ...{ BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
        },
      },
    });
    // Nothing expires by itself.
    const rules = [{ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 }, Status: 'Enabled' }];
    expect(audit.Properties.LifecycleConfiguration).toEqual({ Rules: rules });
    expect(at(audit.Properties, 'BucketEncryption', 'ServerSideEncryptionConfiguration', 0)).toMatchObject({
      ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' },
    });
  });

  it('is kept for as long as the deployment says', () => {
    const stack = new Stack(new App(), 'Stack');
    const key = new Key(stack, 'Key');
    new AuditBucket(stack, 'Audit', { key, names: namesOf(exampleDeployment()), retentionYears: 10 });
    Template.fromStack(stack).hasResourceProperties('AWS::S3::Bucket', {
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 3_660 } } },
    });
    for (const retentionYears of [0, 1.5, 100]) {
      expect(() => parseDeployment({ ...exampleDeployment(), audit: { retentionYears } }, 'test')).toThrow('audit');
    }
  });

  it.each([
    ['NobodyDeletes', ['s3:BypassGovernanceRetention', 's3:DeleteBucket', 's3:DeleteObject*'], undefined],
    [
      'NobodyRetainsShorter',
      's3:PutObjectRetention',
      { NumericLessThan: { 's3:object-lock-remaining-retention-days': '2555' } },
    ],
    ['NobodyOverwrites', 's3:PutObject', { Null: { 's3:if-none-match': 'true' } }],
    [
      'OnlyTheAuditWrites',
      ['s3:PutObject', 's3:ReplicateObject'],
      { ArnNotEquals: { 'aws:PrincipalArn': AUDIT_ROLE } },
    ],
  ])('has a policy against everybody: %s', (sid, Action, Condition) => {
    expect(denied(sid)).toMatchObject({ Effect: 'Deny', Principal: { AWS: '*' }, Action });
    expect(denied(sid)?.Condition).toEqual(Condition);
    expect(JSON.stringify(denied(sid)?.Resource)).toContain('/*');
  });

  it('has a policy against roles of the product that were given more by mistake', () => {
    expect(denied('NoRoleOfTheProductDoesMore')).toMatchObject({
      Effect: 'Deny',
      Principal: { AWS: '*' },
      NotAction: 's3:PutObject',
      Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::900000000000:role/dr-chatops-*' } },
    });
    const outside = central.roleNames.filter((name) => !name.startsWith('dr-chatops-'));
    expect(outside).toEqual([]);
  });

  it('is reached by TLS only', () => {
    expect(policy).toContainEqual(
      expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    );
  });
});
