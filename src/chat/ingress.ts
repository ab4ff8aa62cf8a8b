import { App, AwsLambdaReceiver } from '@slack/bolt';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { messageOf } from '../domain/errors.ts';
import { configuration } from '../platform/configuration.ts';
import { directory } from '../platform/directory.ts';
import { executionStore } from '../platform/execution-store.ts';
import { type CreateHandler, onLambda } from '../platform/platform.ts';
import { slackClientOptions, slackLogger, slackSecrets } from '../platform/slack.ts';
import { gateButtons } from './actions/gate-buttons.ts';
import { anyOtherButton } from './actions/other-buttons.ts';
import { rejectForm } from './actions/reject-form.ts';
import { drCommand } from './commands/dr.ts';
import { verifyRequest } from './receiver.ts';
import type { ChatTools } from './tools.ts';

/**
 * In real milliseconds, for a call to Slack from inside a request of Slack's (opening a form): it leaves time to say
 * within Slack's 3 s that it failed.
 */
const CALL_TIMEOUT_MS = 1_500;

/**
 * Slack's requests, behind the HTTP API. Everything is done inside Slack's 3 seconds: verify, authorise, one conditional
 * write, answer. What follows from it follows from the stored state, elsewhere.
 */
export const create: CreateHandler<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> = (platform) => {
  const secrets = slackSecrets(platform);
  const config = configuration(platform);
  const tools: ChatTools = {
    store: executionStore(platform),
    configuration: config,
    directory: directory(platform, config),
    now: platform.now,
    log: platform.log,
  };
  const apps = new Map<string, BoltHandler>();

  return async (event) => {
    try {
      const { signingSecret, botToken } = await secrets.read();
      const request = verifyRequest(event, signingSecret, Date.now());
      if ('answer' in request) {
        platform.log.warn('A request was turned away', { why: request.why, status: request.answer.statusCode });
        return request.answer;
      }
      const handle = apps.get(signingSecret) ?? boltApp(signingSecret, botToken, tools);
      apps.clear();
      apps.set(signingSecret, handle);
      return await handle(request.event, {});
    } catch (error) {
      platform.log.error('A request from Slack failed', { error: messageOf(error) });
      return { statusCode: 500, body: '' };
    }
  };
};

type BoltHandler = (event: unknown, context: unknown) => Promise<APIGatewayProxyStructuredResultV2>;

function boltApp(signingSecret: string, botToken: string, tools: ChatTools): BoltHandler {
  const logger = slackLogger(tools.log);
  const receiver = new AwsLambdaReceiver({ signingSecret, logger });
  const app = new App({
    receiver,
    logger,
    // No auth.test at the start: the token is known, and whose it is does not matter for commands and buttons.
    authorize: async () => ({ botToken }),
    convoStore: false,
    clientOptions: { ...slackClientOptions(tools.log), timeout: CALL_TIMEOUT_MS },
  });
  drCommand(app, tools);
  gateButtons(app, tools);
  rejectForm(app, tools);
  anyOtherButton(app);
  return receiver.toHandler() as unknown as BoltHandler;
}

export const handler = onLambda(create);
