import { Duration, Stack } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Bucket, ObjectLockRetention } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Names } from '../names.ts';
import { privateBucket } from './private-bucket.ts';

export interface AuditBucketProps {
  readonly key: IKey;
  readonly names: Names;
  /** For how many years nobody can delete an object. */
  readonly retentionYears: number;
}

/**
 * Holds the audit: objects that are written once and that nobody can change or delete before their time is over. Object
 * Lock in compliance mode binds the account's root user, too; the policy keeps out whatever a mistake in a role may
 * allow, and keeps anybody but the audit function from adding to it.
 */
export class AuditBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { key, names, retentionYears }: AuditBucketProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      ...privateBucket(key),
      // Nothing expires: that evidence is to go after its time is somebody's decision. Its objects are small, and would cost more
      // in a colder class. Uploads in parts are refused below; what is left of one all the same goes.
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(7) }],
      objectLockEnabled: true,
      // CloudFormation knows days here; a year of 366 keeps nothing too short.
      objectLockDefaultRetention: ObjectLockRetention.compliance(Duration.days(retentionYears * 366)),
    });
    const objects = this.bucket.arnForObjects('*');
    const { partition, account } = Stack.of(this);
    const denied = (
      sid: string,
      what: { actions: string[] } | { notActions: string[] },
      conditions?: Record<string, Record<string, unknown>>,
    ): void => {
      const resources = [this.bucket.bucketArn, objects];
      const statement = { sid, effect: Effect.DENY, principals: [new AnyPrincipal()], resources, conditions };
      this.bucket.addToResourcePolicy(new PolicyStatement({ ...statement, ...what }));
    };

    denied('NobodyDeletes', {
      actions: ['s3:DeleteObject*', 's3:BypassGovernanceRetention', 's3:DeleteBucket'],
    });
    // In compliance mode nobody can shorten; an object that is put with a retention of its own needs this right, too.
    denied(
      'NobodyRetainsShorter',
      { actions: ['s3:PutObjectRetention'] },
      { NumericLessThan: { 's3:object-lock-remaining-retention-days': String(retentionYears * 365) } },
    );
    // Every part of an upload counts as PutObject, too, and has no such condition: whole objects only, each written once.
    denied('NobodyOverwrites', { actions: ['s3:PutObject'] }, { Null: { 's3:if-none-match': 'true' } });
    denied(
      'OnlyTheAuditWrites',
      { actions: ['s3:PutObject', 's3:ReplicateObject'] },
      { ArnNotEquals: { 'aws:PrincipalArn': names.centralRoleArn('audit') } },
    );
    denied(
      'NoRoleOfTheProductDoesMore',
      { notActions: ['s3:PutObject'] },
      { ArnLike: { 'aws:PrincipalArn': `arn:${partition}:iam::${account}:role/dr-chatops-*` } },
    );
  }
}
