import { Duration } from 'aws-cdk-lib';
import { Alarm, type AlarmProps, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { LITTLE_HEADROOM_PERCENT } from '../../src/domain/readiness.ts';
import type { MetricName } from '../../src/observability/metrics.ts';
import type { Names } from '../names.ts';

export interface ReadinessAlarmsProps {
  readonly names: Names;
  /** Is told of each alarm, and when it is over. */
  readonly topic: ITopic;
}

/** How often check-readiness runs. */
const PERIOD = Duration.minutes(30);
/** A gauge that comes a little late leaves a period empty: it is not over before two of them are good. */
const LATELY = { evaluationPeriods: 2, datapointsToAlarm: 1 };

/** What speaks against a recovery while nobody asks for one. */
export class ReadinessAlarms extends Construct {
  constructor(scope: Construct, id: string, { names, topic }: ReadinessAlarmsProps) {
    super(scope, id);
    const gauge = (metricName: MetricName, statistic: string) =>
      new Metric({ namespace: names.metricNamespace, metricName, statistic, period: PERIOD });
    const alarm = (
      alarmId: string,
      name: string,
      props: Pick<AlarmProps, 'alarmDescription' | 'metric' | 'threshold'> & Partial<AlarmProps>,
    ): void => {
      const made = new Alarm(this, alarmId, {
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
        ...props,
        alarmName: names.named(`dr-chatops-${name}`),
      });
      made.addAlarmAction(new SnsAction(topic));
      made.addOkAction(new SnsAction(topic));
    };

    alarm('Lost', 'readiness-lost', {
      alarmDescription: `An application that could be recovered cannot be any more: ${names.named('/dr')} readiness says which and why.`,
      metric: gauge('ReadinessLost', 'Sum'),
      threshold: 1,
    });
    alarm('Stalled', 'replication-stalled', {
      alarmDescription: `The replication of a source server has stalled: its copy grows old. See ${names.named('/dr')} readiness.`,
      metric: gauge('StalledServers', 'Maximum'),
      threshold: 1,
      ...LATELY,
    });
    alarm('Unreachable', 'account-unreachable', {
      alarmDescription: `A staging account could not be read: its role, DRS itself, or its answers. See ${names.named('/dr')} readiness.`,
      metric: gauge('UnreachableAccounts', 'Maximum'),
      threshold: 1,
      ...LATELY,
    });
    alarm('Headroom', 'quota-headroom', {
      alarmDescription: `A quota of a staging account has less than ${LITTLE_HEADROOM_PERCENT} percent left: a recovery may not fit.`,
      metric: gauge('QuotaHeadroomPercent', 'Minimum'),
      threshold: LITTLE_HEADROOM_PERCENT,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      ...LATELY,
    });
    alarm('NotChecked', 'readiness-not-checked', {
      alarmDescription: 'No check of readiness has come to its end for 90 minutes: what is shown of it is not known.',
      metric: gauge('UnreadyApplications', 'SampleCount'),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 3,
      // Nothing written is exactly what it is about.
      treatMissingData: TreatMissingData.BREACHING,
    });
  }
}
