import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Bucket, StorageClass } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { privateBucket } from './private-bucket.ts';

export interface ResultBucketProps {
  readonly key: IKey;
}

/** Holds the whole result of each run: the evidence of a drill, kept until somebody deletes it. */
export class ResultBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { key }: ResultBucketProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      ...privateBucket(key),
      lifecycleRules: [
        {
          // A result is read in the days after its drill, and then by auditors.
          transitions: [{ storageClass: StorageClass.INFREQUENT_ACCESS, transitionAfter: Duration.days(90) }],
          noncurrentVersionExpiration: Duration.days(90),
          abortIncompleteMultipartUploadAfter: Duration.days(7),
        },
      ],
    });
  }
}
