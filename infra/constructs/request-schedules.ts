import { Stack } from 'aws-cdk-lib';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import type { Names } from '../names.ts';
import { allow } from './grant.ts';

export interface RequestSchedulesProps {
  readonly names: Names;
  readonly schedules: Deployment['schedules'];
  /** Keeps an invocation that could not be delivered. */
  readonly deadLetters: IQueue;
  /** Encrypts what is kept. */
  readonly key: IKey;
}

/**
 * The event of a schedule: its input, with a correlation id that differs each time. The execution id is Scheduler's own
 * (user guide, "Adding context attributes"); Lambda tries a failed function again with the very same event.
 */
export function scheduledEvent({ name, input }: Deployment['schedules'][number]): string {
  const { metadata, ...request } = input;
  return JSON.stringify({
    ...request,
    metadata: { initiatedBy: `schedule ${name}`, ...metadata, correlationId: `${name}-<aws.scheduler.execution-id>` },
  });
}

/** Schedules that make requests, e.g. a weekly drill of one wave. Nothing runs that people have not approved. */
export class RequestSchedules extends Construct {
  constructor(scope: Construct, id: string, { names, schedules, deadLetters, key }: RequestSchedulesProps) {
    super(scope, id);
    if (schedules.length === 0) return;
    const { account } = Stack.of(this);
    const group = new CfnScheduleGroup(this, 'Group', { name: names.scheduleGroup });
    const role = new Role(this, 'Role', {
      roleName: names.schedulerRoleName,
      description: 'EventBridge Scheduler: makes the configured requests',
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
      inlinePolicies: {
        Needs: new PolicyDocument({
          statements: [
            allow(['lambda:InvokeFunction'], [names.functionArn('request-recovery')]),
            allow(['sqs:SendMessage'], [deadLetters.queueArn]),
            allow(['kms:Decrypt', 'kms:GenerateDataKey'], [key.keyArn], {
              StringEquals: { 'kms:ViaService': `sqs.${names.region}.amazonaws.com` },
            }),
          ],
        }),
      },
    });
    for (const schedule of schedules) {
      const { name, expression, timezone } = schedule;
      const made = new CfnSchedule(this, name, {
        name,
        groupName: names.scheduleGroup,
        description: 'Asks for a recovery, which people approve',
        scheduleExpression: expression,
        scheduleExpressionTimezone: timezone,
        flexibleTimeWindow: { mode: 'OFF' },
        target: {
          arn: names.functionArn('request-recovery'),
          roleArn: role.roleArn,
          input: scheduledEvent(schedule),
          // A drill that is an hour late is not the one that people were told of.
          retryPolicy: { maximumEventAgeInSeconds: 3_600, maximumRetryAttempts: 10 },
          deadLetterConfig: { arn: deadLetters.queueArn },
        },
      });
      made.addDependency(group);
    }
  }
}
