import { HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export interface SlackApiProps {
  readonly apiName: string;
  /** Answers Slack's requests; checks their signature first. */
  readonly ingress: IFunction;
}

/** The address that Slack sends commands and button presses to: one route, nothing else is answered. */
export class SlackApi extends Construct {
  /** To be entered in the Slack app as request URL. */
  readonly requestUrl: string;

  constructor(scope: Construct, id: string, { apiName, ingress }: SlackApiProps) {
    super(scope, id);
    const path = '/slack/events';
    const api = new HttpApi(this, 'Api', { apiName, description: "Slack's commands and buttons" });
    api.addRoutes({ path, methods: [HttpMethod.POST], integration: new HttpLambdaIntegration('Ingress', ingress) });
    this.requestUrl = `${api.apiEndpoint}${path}`;
  }
}
