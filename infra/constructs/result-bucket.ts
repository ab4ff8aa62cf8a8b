import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Bucket, StorageClass } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { privateBucket } from './private-bucket.ts';

export interface ResultBucketProps {
  readonly key: IKey;
  /** How long a result is kept, in days: more than 120. */
  readonly expiresAfterDays: number;
}

/** Holds the whole result of each run: the evidence of a drill. The audit, which is kept longer, has what was decided. */
export class ResultBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { key, expiresAfterDays }: ResultBucketProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      ...privateBucket(key),
      lifecycleRules: [
        {
          // A result is read in the days after its drill, and then by auditors.
          transitions: [{ storageClass: StorageClass.INFREQUENT_ACCESS, transitionAfter: Duration.days(90) }],
          expiration: Duration.days(expiresAfterDays),
          noncurrentVersionExpiration: Duration.days(90),
          abortIncompleteMultipartUploadAfter: Duration.days(7),
        },
        // What is left of an object whose versions are all gone; it cannot stand in a rule with days.
        { expiredObjectDeleteMarker: true },
      ],
    });
  }
}
