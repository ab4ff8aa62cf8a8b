import { RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Names } from '../names.ts';

/**
 * The one key of the central account: tables, buckets, secret, topic, dead letters, logs, state machines and the settings of the
 * functions are encrypted with it. Roles get what they need of it in their own policies; its own policy is for AWS's services,
 * each for our resources only. Without it nothing works, and nothing can be read again: it is kept when the stack is deleted.
 */
export function productKey(scope: Construct, names: Names): Key {
  const key = new Key(scope, 'Key', {
    alias: `alias/${names.named('dr-chatops')}`,
    description: 'dr-chatops: tables, results, audit, secret, logs, state machines, settings',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  const { centralAccount, region } = names;
  const used = (
    sid: string,
    service: string,
    actions: string[],
    conditions?: Record<string, Record<string, string | string[]>>,
  ): void => {
    key.addToResourcePolicy(
      new PolicyStatement({
        ...{ sid, principals: [new ServicePrincipal(service)], actions, resources: ['*'] },
        ...(conditions === undefined ? {} : { conditions }),
      }),
    );
  };

  // CloudWatch Logs user guide, "Encrypt log data", Step 2: its own actions have to be these.
  used(
    'OurLogGroups',
    `logs.${region}.amazonaws.com`,
    ['kms:Decrypt*', 'kms:Describe*', 'kms:Encrypt*', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
    { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': names.logGroupArns } },
  );
  // Step Functions developer guide, "Data at rest encryption", Step 3: what an encrypted machine logs is delivered by this
  // service. It knows no condition there; it can decrypt only what it was given, which is encrypted with the data key that
  // the machine's role has made for log groups of this account.
  used('LogsOfStateMachines', 'delivery.logs.amazonaws.com', ['kms:Decrypt']);
  // EventBridge user guide, "Using dead-letter queues": for a queue with a key of ours.
  used('DeadLettersOfRules', 'events.amazonaws.com', ['kms:Decrypt', 'kms:GenerateDataKey'], {
    StringEquals: { 'aws:SourceAccount': centralAccount },
    ArnLike: { 'aws:SourceArn': names.arn('events', centralAccount, 'rule/*') },
  });
  return key;
}
