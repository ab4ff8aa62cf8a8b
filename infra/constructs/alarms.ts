import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { FunctionName } from '../../src/functions.ts';
import type { MetricName } from '../../src/observability/metrics.ts';
import type { MachineName, Names } from '../names.ts';

export interface AlarmsProps {
  readonly names: Names;
  readonly key: Key;
  readonly deadLetters: IQueue;
  /**
   * Who is told besides those who subscribe to the topic.
   *
   * @default - nobody
   */
  readonly emails?: readonly string[];
}

/** Slack waits 3 s for an answer. */
const SLACK_WAITS_MS = 3_000;

/** Longer than this means that the stream did not ring, and only the look of each minute did. In seconds. */
const SETTLES_WITHIN_SECONDS = 60;
/** A card is drawn within some seconds; after a minute people decide by what is no longer so. */
const SHOWN_WITHIN_SECONDS = 60;

/** What goes wrong where nobody looks: each alarm tells its topic, and says what is to be done. */
export class Alarms extends Construct {
  readonly topic: Topic;
  readonly #names: Names;

  constructor(scope: Construct, id: string, { names, key, deadLetters, emails = [] }: AlarmsProps) {
    super(scope, id);
    this.#names = names;
    /** A metric without dimensions: CloudWatch adds nothing up over those of one with. */
    const ours = (metricName: MetricName, statistic: string, minutes = 1): Metric =>
      new Metric({ namespace: names.metricNamespace, metricName, statistic, period: Duration.minutes(minutes) });
    this.topic = new Topic(this, 'Topic', {
      topicName: names.named('dr-chatops-alarms'),
      displayName: 'dr-chatops alarms',
      masterKey: key,
      enforceSSL: true,
    });
    for (const email of emails) this.topic.addSubscription(new EmailSubscription(email));
    // CloudWatch encrypts what it tells a topic with a key of ours.
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': names.centralAccount } },
      }),
    );

    this.#alarm('LateBells', 'late-bells', {
      alarmDescription:
        'A decision has not reached its state machine for a minute; the card says so, too. It is rung again each minute; if it stays, look at the log of watch-gates.',
      metric: ours('LateBells', 'Maximum'),
      threshold: 1,
    });
    this.#alarm('SettleDelay', 'settle-delay', {
      alarmDescription: `A decision took ${SETTLES_WITHIN_SECONDS} s or longer to reach its state machine. Look at the logs of effects and watch-gates.`,
      metric: ours('SettleDelaySeconds', 'Maximum'),
      threshold: SETTLES_WITHIN_SECONDS,
    });
    this.#alarm('GatesAboutToExpire', 'gates-about-to-expire', {
      alarmDescription:
        'A question that nobody has answered expires within ten minutes; the metric GateMinutesLeft says when. Expired it is a no: find somebody who answers it on its card.',
      metric: ours('GatesAboutToExpire', 'Maximum'),
      threshold: 1,
    });
    this.#alarm('SlackDelivery', 'slack-delivery', {
      alarmDescription: `Cards are ${SHOWN_WITHIN_SECONDS} s or longer behind what is stored. Look at the log of projector and at status.slack.com; people can decide by ${names.named('/dr')} approve meanwhile.`,
      metric: ours('SlackDeliverySeconds', 'p90', 5),
      threshold: SHOWN_WITHIN_SECONDS,
    });
    this.#alarm('Undelivered', 'undelivered', {
      alarmDescription:
        'Slack does not take a message for minutes, or has refused one for good. The log of projector, sweep-messages or send-digest names channel and error; not_in_channel means: invite the bot.',
      metric: this.#sum([ours('UndeliveredMessages', 'Maximum', 5), ours('UndeliverableMessages', 'Sum', 5)]),
      threshold: 1,
    });
    this.#alarm('ExecutorFailures', 'executor-failures', {
      alarmDescription:
        'The executor of a staging account failed, was stopped, ran out of time or could not be started. The dashboard names the account; its run drs-staging-account-executor says why. The wave asks people on its card.',
      metric: ours('ExecutorFailures', 'Sum', 5),
      threshold: 1,
    });
    this.#alarm('DeadLetters', 'dead-letters', {
      alarmDescription:
        'Something could not be handled and is kept in the queue dr-chatops-dead-letters: read the message, it names the function and the item.',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({
        statistic: 'Maximum',
        period: Duration.minutes(1),
      }),
      threshold: 1,
    });
    const behind = { effects: 60, projector: 300, audit: 300 } as const satisfies Partial<Record<FunctionName, number>>;
    for (const [name, seconds] of Object.entries(behind) as [keyof typeof behind, number][]) {
      this.#alarm(`Behind-${name}`, `${name}-behind`, {
        alarmDescription: `${name} has not handled a change of the table for ${seconds} s: ${WHAT_WAITS[name]}. Look at its log.`,
        metric: this.#ofFunction(name, 'IteratorAge', 'Maximum'),
        threshold: seconds * 1_000,
      });
    }
    const machines = {
      'dr-execution': 'its execution can be resumed or closed on its card',
      'drs-orchestration-main': 'people decide about the wave on the card',
    } as const satisfies Record<MachineName, string>;
    for (const [name, what] of Object.entries(machines) as [MachineName, string][]) {
      this.#alarm(`Failed-${name}`, `${name}-failed`, {
        alarmDescription: `A run of ${name} has failed, was stopped or ran out of time: ${what}.`,
        metric: this.#endsOf(name),
        threshold: 1,
      });
    }
    const settling: FunctionName[] = ['open-gate', 'read-decision', 'watch-gates', 'begin-wave'];
    this.#alarm('Settling', 'settling', {
      alarmDescription:
        'Questions cannot be opened, read or settled: functions of the gates fail. Look at their logs: open-gate, read-decision, watch-gates, begin-wave.',
      metric: this.#sum(settling.map((name) => this.#ofFunction(name, 'Errors', 'Sum'))),
      threshold: 3,
    });
    this.#alarm('SlackRequests', 'slack-requests', {
      alarmDescription:
        'Requests of Slack fail or are throttled: people see that the app did not answer. Look at the log of slack-ingress.',
      metric: this.#sum(
        ['Errors', 'Throttles'].map((metricName) => this.#ofFunction('slack-ingress', metricName, 'Sum')),
      ),
      threshold: 1,
    });
    this.#alarm('SlackAnswers', 'slack-answers', {
      alarmDescription:
        'Answers to Slack come close to the 3 s that it waits. Look at the log and the traces of slack-ingress.',
      metric: this.#ofFunction('slack-ingress', 'Duration', 'p99'),
      threshold: SLACK_WAITS_MS * 0.8,
    });
    this.#alarm('FailedRuns', 'failed-runs', {
      alarmDescription:
        'A run of the recovery component ended with failed: no server of it was recovered. Its card or its result says why, server by server.',
      metric: this.#sum(
        ['drill', 'failover', 'failback', 'terminate'].map(
          (Action) =>
            new Metric({
              namespace: names.metricNamespace,
              metricName: 'ExecutionCount',
              dimensionsMap: { Action, Status: 'failed' },
              statistic: 'Sum',
              period: Duration.minutes(5),
            }),
        ),
      ),
      threshold: 1,
    });
  }

  #alarm(id: string, name: string, props: Pick<AlarmProps, 'alarmDescription' | 'metric' | 'threshold'>): void {
    const alarm = new Alarm(this, id, {
      ...props,
      alarmName: this.#names.named(`dr-chatops-${name}`),
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
  }

  #ofFunction(name: FunctionName, metricName: string, statistic: string): Metric {
    return new Metric({
      namespace: 'AWS/Lambda',
      metricName,
      dimensionsMap: { FunctionName: this.#names.centralName(name) },
      statistic,
      period: Duration.minutes(5),
    });
  }

  #endsOf(name: MachineName): IMetric {
    return this.#sum(
      ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsAborted'].map(
        (metricName) =>
          new Metric({
            namespace: 'AWS/States',
            metricName,
            dimensionsMap: { StateMachineArn: this.#names.machineArn(name) },
            statistic: 'Sum',
            period: Duration.minutes(5),
          }),
      ),
    );
  }

  #sum(metrics: readonly Metric[]): MathExpression {
    const named = metrics.map((metric, at) => [`m${at}`, metric] as const);
    return new MathExpression({
      expression: named.map(([id]) => `FILL(${id}, 0)`).join(' + '),
      usingMetrics: Object.fromEntries(named),
      period: Duration.minutes(5),
    });
  }
}

const WHAT_WAITS = {
  effects: 'requests are not begun and decisions do not reach their machines',
  projector: 'cards show an earlier state',
  audit: 'the audit is not up to date',
} as const;
