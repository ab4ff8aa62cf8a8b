import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnDashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { FUNCTIONS, type FunctionName, STREAM_ITEMS } from '../src/functions.ts';
import { LAUNCH_RESULT_EVENT, PROGRESS_EVENT } from '../src/observability/progress-event.ts';
import { CLOSE_EVENT } from '../src/orchestration/close-event.ts';
import { SWEEP_EVENT } from '../src/orchestration/sweep-event.ts';
import { QUERY_EVENT } from '../src/queries/query-event.ts';
import { Alarms } from './constructs/alarms.ts';
import { AuditBucket } from './constructs/audit-bucket.ts';
import { CentralBus } from './constructs/central-bus.ts';
import { centralGrants } from './constructs/central-grants.ts';
import { CentralStateMachines } from './constructs/central-state-machines.ts';
import { DeploymentParameters } from './constructs/deployment-parameters.ts';
import { ExecutionHistory } from './constructs/execution-history.ts';
import { functionNeeds } from './constructs/function-needs.ts';
import { PlanTables } from './constructs/plan-tables.ts';
import { ProductFunction, type ProductFunctionProps } from './constructs/product-function.ts';
import { productKey } from './constructs/product-key.ts';
import { ReadinessAlarms } from './constructs/readiness-alarms.ts';
import { RecoveryRunbook } from './constructs/recovery-runbook.ts';
import { RequestSchedules } from './constructs/request-schedules.ts';
import { ResultBucket } from './constructs/result-bucket.ts';
import { SlackApi } from './constructs/slack-api.ts';
import { StreamConsumer } from './constructs/stream-consumer.ts';
import { dashboardOf } from './dashboard.ts';
import type { Deployment } from './deployment.ts';
import { namesOf } from './names.ts';

export interface CentralStackProps extends StackProps {
  readonly deployment: Deployment;
  /** Directory of the bundled functions. */
  readonly functionsDirectory: string;
}

/**
 * The central account: everything that decides and remembers. It stands in the DR Region. It is deployed before the
 * staging accounts, whose roles trust roles of this stack by name.
 */
export class CentralStack extends Stack {
  constructor(scope: Construct, id: string, props: CentralStackProps) {
    const { deployment, functionsDirectory, ...stackProps } = props;
    const { accountId, region } = deployment.central;
    super(scope, id, {
      description: 'dr-chatops: disaster recovery by Slack, central account',
      env: { account: accountId, region },
      terminationProtection: true,
      ...stackProps,
    });
    const names = namesOf(deployment);
    const stagingAccountIds = deployment.stagingAccounts.map((account) => account.accountId);

    const key = productKey(this, names);
    const { streamArn } = new ExecutionHistory(this, 'ExecutionHistory', { tableName: names.tableName, key });
    new PlanTables(this, 'PlanTables', {
      planTableName: names.planTableName,
      groupTableName: names.groupTableName,
      key,
    });
    const { bucket: results } = new ResultBucket(this, 'Results', {
      key,
      expiresAfterDays: deployment.retention.resultDays,
    });
    const { bucket: audit } = new AuditBucket(this, 'Audit', {
      key,
      names,
      retentionYears: deployment.audit.retentionYears,
    });
    const slackSecretName = names.named('dr-chatops/slack');
    const slackSecret = new Secret(this, 'SlackSecret', {
      secretName: slackSecretName,
      description: "Slack's {botToken, signingSecret}: replace the placeholders by hand after the first deployment",
      encryptionKey: key,
      // Placeholders: nothing that Slack sends passes, until somebody puts the real ones here. Deploying again keeps them.
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ botToken: 'to be replaced' }),
        generateStringKey: 'signingSecret',
      },
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const deadLetters = new Queue(this, 'DeadLetters', {
      queueName: names.named('dr-chatops-dead-letters'),
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const { bus } = new CentralBus(this, 'CentralBus', { names, stagingAccountIds });
    new DeploymentParameters(this, 'Parameters', { deployment, names });

    const needs = functionNeeds(
      centralGrants({
        names,
        stagingAccountIds,
        origins: deployment.origins,
        targetAccountIds: deployment.targetAccounts.map((account) => account.accountId),
        key,
        streamArn,
        results,
        audit,
        slackSecret,
        notificationTopicArns: deployment.component.notificationTopicArns,
        deadLetters,
      }),
    );
    const functions = mapFunctions(
      (name) =>
        new ProductFunction(this, name, {
          functionName: name,
          names,
          functionsDirectory,
          needs: needs[name],
          key,
          logDays: deployment.retention.logDays,
          ...networkOf(deployment, name),
          ...concurrencyOf(deployment, name),
        }),
    );
    new CentralStateMachines(this, 'StateMachines', {
      ...{ names, functions, stagingAccountIds, key },
      logDays: deployment.retention.logDays,
    });

    new StreamConsumer(this, 'EffectsConsumer', {
      streamArn,
      consumer: functions.effects.lambda,
      items: STREAM_ITEMS.effects,
      deadLetters,
      batchSize: 10,
    });
    new StreamConsumer(this, 'ProjectorConsumer', {
      streamArn,
      consumer: functions.projector.lambda,
      items: STREAM_ITEMS.projector,
      deadLetters,
      // Slack takes a change of a message every 3 s: what happens meanwhile is drawn together.
      window: Duration.seconds(3),
      batchSize: 500,
    });

    new StreamConsumer(this, 'AuditConsumer', {
      streamArn,
      consumer: functions.audit.lambda,
      items: STREAM_ITEMS.audit,
      deadLetters,
      // What happens meanwhile to an execution is chained together.
      window: Duration.seconds(3),
      batchSize: 100,
    });

    /** An event that cannot be delivered, or that the function fails on, is kept among the dead letters. */
    const keepingFailures = ({ lambda }: ProductFunction): LambdaFunction => {
      lambda.configureAsyncInvoke({
        retryAttempts: 2,
        onFailure: { bind: () => ({ destination: deadLetters.queueArn }) },
      });
      return new LambdaFunction(lambda, { deadLetterQueue: deadLetters });
    };
    // The staging accounts may put events on this bus, too: what only the product itself says has to come from here.
    const own = { account: [this.account] };
    const recordProgress = keepingFailures(functions['record-progress']);
    new Rule(this, 'Progress', {
      description: 'What executors report',
      eventBus: bus,
      eventPattern: { source: [PROGRESS_EVENT.source], detailType: [PROGRESS_EVENT.detailType] },
      targets: [recordProgress],
    });
    new Rule(this, 'LaunchResults', {
      description: "DRS's own word of each launch, which is there before the executor looks again",
      eventBus: bus,
      eventPattern: { source: [LAUNCH_RESULT_EVENT.source], detailType: [LAUNCH_RESULT_EVENT.detailType] },
      targets: [recordProgress],
    });
    new Rule(this, 'Queries', {
      description: 'What people want to look at',
      eventBus: bus,
      eventPattern: { ...own, source: [QUERY_EVENT.source], detailType: [QUERY_EVENT.detailType] },
      targets: [keepingFailures(functions['answer-query'])],
    });
    const closeExecution = keepingFailures(functions['close-execution']);
    new Rule(this, 'CloseAsked', {
      description: 'Executions whose machine has died, that somebody wants closed',
      eventBus: bus,
      eventPattern: { ...own, source: [CLOSE_EVENT.source], detailType: [CLOSE_EVENT.detailType] },
      targets: [closeExecution],
    });
    new Rule(this, 'RunFailed', {
      description: 'A run of the recovery component that ended without a result',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [names.machineArn('drs-orchestration-main')],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      targets: [keepingFailures(functions['announce-failure'])],
    });
    new Rule(this, 'MachineEnded', {
      description: 'A dr-execution that ended without finishing its execution',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [names.machineArn('dr-execution')],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      targets: [closeExecution],
    });
    new Rule(this, 'CloseEnded', {
      description: 'Executions whose dr-execution has ended and that nobody has been told of',
      schedule: Schedule.rate(Duration.minutes(5)),
      targets: [
        new LambdaFunction(functions['close-execution'].lambda, { event: RuleTargetInput.fromObject(SWEEP_EVENT) }),
      ],
    });
    // Schedules, rules and others invoke it without waiting for the answer.
    keepingFailures(functions['request-recovery']);
    new RequestSchedules(this, 'Schedules', { names, schedules: deployment.schedules, deadLetters, key });
    new RecoveryRunbook(this, 'Runbook', { names, key });
    const every = (id: string, interval: Duration, { lambda }: ProductFunction): void => {
      // The next run does what a failed one did not: nothing is retried or kept.
      lambda.configureAsyncInvoke({ retryAttempts: 0 });
      new Rule(this, id, { schedule: Schedule.rate(interval), targets: [new LambdaFunction(lambda)] });
    };
    every('RefreshCatalogue', Duration.minutes(5), functions['refresh-catalogue']);
    every('AnswerParents', Duration.minutes(5), functions['answer-parents']);
    every('CleanUpDrills', Duration.minutes(5), functions['clean-up-drills']);
    every('RunSchedules', Duration.minutes(1), functions['run-schedules']);
    every('CheckReadiness', Duration.minutes(30), functions['check-readiness']);
    every('SendDigest', Duration.minutes(5), functions['send-digest']);
    every('SweepMessages', Duration.minutes(1), functions['sweep-messages']);
    every('WatchGates', Duration.minutes(1), functions['watch-gates']);
    const { topic: alarmTopic } = new Alarms(this, 'Alarms', {
      names,
      key,
      deadLetters,
      emails: deployment.alarms.emails,
    });
    new ReadinessAlarms(this, 'ReadinessAlarms', { names, topic: alarmTopic });
    new CfnDashboard(this, 'Dashboard', {
      dashboardName: names.named('dr-chatops'),
      dashboardBody: JSON.stringify(dashboardOf(deployment)),
    });

    const { requestUrl } = new SlackApi(this, 'SlackApi', {
      apiName: names.named('dr-chatops'),
      ingress: functions['slack-ingress'].lambda,
      key,
      logDays: deployment.retention.logDays,
      ...deployment.limits.slackRequests,
    });
    new CfnOutput(this, 'SlackRequestUrl', {
      value: requestUrl,
      description: 'Request URL of the Slack app: slash command and interactivity',
    });
    new CfnOutput(this, 'AuditBucketName', {
      value: audit.bucketName,
      description: 'Bucket of the audit: nobody can change or delete what is in it',
    });
    new CfnOutput(this, 'AlarmTopicArn', {
      value: alarmTopic.topicArn,
      description: 'Topic that is told of alarms: subscribe whoever is on call',
    });
    new CfnOutput(this, 'SlackSecretName', {
      value: slackSecretName,
      description: 'Secret in which to put the bot token and the signing secret of the Slack app',
    });
  }
}

/** Where a function stands: take-action reaches what was recovered, where that is another network than everybody's. */
function networkOf({ network, healthChecks }: Deployment, name: FunctionName): Pick<ProductFunctionProps, 'network'> {
  const own = name === 'take-action' ? (healthChecks ?? network) : network;
  return own === undefined ? {} : { network: own };
}

function concurrencyOf({ limits }: Deployment, name: FunctionName): Pick<ProductFunctionProps, 'reservedConcurrency'> {
  const reserved: Partial<Record<FunctionName, number | undefined>> = limits.reservedConcurrency;
  const reservedConcurrency = reserved[name];
  return reservedConcurrency === undefined ? {} : { reservedConcurrency };
}

function mapFunctions<T>(create: (name: FunctionName) => T): Record<FunctionName, T> {
  const names = Object.keys(FUNCTIONS) as FunctionName[];
  return Object.fromEntries(names.map((name) => [name, create(name)])) as Record<FunctionName, T>;
}
