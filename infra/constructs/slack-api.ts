import { RemovalPolicy } from 'aws-cdk-lib';
import { type CfnStage, HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { apiLogName } from '../names.ts';

export interface SlackApiProps {
  readonly apiName: string;
  /** Answers Slack's requests; checks their signature first. */
  readonly ingress: IFunction;
  /** Requests that are let in a second, on average. */
  readonly rate: number;
  /** Requests that are let in at once. */
  readonly burst: number;
  /** Encrypts the log. */
  readonly key: IKey;
  /** How long the log is kept, in days. */
  readonly logDays: number;
}

/** Who asked when for what, and what was answered: nothing of the request itself, which may name people and secrets. */
const LOGGED = {
  requestId: '$context.requestId',
  time: '$context.requestTime',
  sourceIp: '$context.identity.sourceIp',
  userAgent: '$context.identity.userAgent',
  route: '$context.routeKey',
  status: '$context.status',
  answeredAfterMs: '$context.responseLatency',
  error: '$context.error.message',
};

/**
 * The address that Slack sends commands and button presses to: one route, nothing else is answered. What comes faster than
 * `rate` and `burst` is answered with 429 before it costs a function. AWS WAF cannot stand before an HTTP API
 * (docs/operations.md, Keys, networks and limits, has what stands instead).
 */
export class SlackApi extends Construct {
  /** To be entered in the Slack app as request URL. */
  readonly requestUrl: string;

  constructor(scope: Construct, id: string, { apiName, ingress, rate, burst, key, logDays }: SlackApiProps) {
    super(scope, id);
    const path = '/slack/events';
    const api = new HttpApi(this, 'Api', { apiName, description: "Slack's commands and buttons" });
    api.addRoutes({ path, methods: [HttpMethod.POST], integration: new HttpLambdaIntegration('Ingress', ingress) });
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: apiLogName(apiName),
      retention: logDays,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    // The stage that an HTTP API has of itself: by its properties, because the CDK takes none for it.
    const stage = api.defaultStage?.node.defaultChild as CfnStage;
    stage.defaultRouteSettings = { throttlingRateLimit: rate, throttlingBurstLimit: burst };
    stage.accessLogSettings = { destinationArn: logGroup.logGroupArn, format: JSON.stringify(LOGGED) };
    this.requestUrl = `${api.apiEndpoint}${path}`;
  }
}
