import { App, AwsLambdaReceiver, type Receiver } from '@slack/bolt';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { auditNotes } from '../audit/notes.ts';
import { messageOf } from '../domain/errors.ts';
import { configuration } from '../platform/configuration.ts';
import { directory } from '../platform/directory.ts';
import { readSettings } from '../platform/environment.ts';
import { executionStore } from '../platform/execution-store.ts';
import { answerWithOwnNames, ownEnvironment } from '../platform/own-names.ts';
import { planLibrary } from '../platform/plan-library.ts';
import { type CreateHandler, onLambda, type Platform } from '../platform/platform.ts';
import { slackClientOptions, slackLogger, slackSecrets } from '../platform/slack.ts';
import { draftButtons } from './actions/draft-buttons.ts';
import { drillButtons } from './actions/drill-buttons.ts';
import { executionButtons } from './actions/execution-buttons.ts';
import { gateButtons } from './actions/gate-buttons.ts';
import { libraryForms } from './actions/library-forms.ts';
import { anyOtherButton } from './actions/other-buttons.ts';
import { requestForm } from './actions/request-form.ts';
import { voteForms } from './actions/vote-forms.ts';
import { drCommand } from './commands/dr.ts';
import { mention } from './events/mention.ts';
import { homeTab } from './home.ts';
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
  const tools = chatTools(platform);
  const apps = new Map<string, BoltHandler>();

  return async (event) => {
    try {
      let { signingSecret, botToken } = await secrets.read();
      let request = verifyRequest(event, signingSecret, Date.now());
      if ('answer' in request && request.answer.statusCode === 401) {
        // Slack signs with a new secret from the moment on that somebody has rotated it there.
        ({ signingSecret, botToken } = await secrets.readAgain());
        request = verifyRequest(event, signingSecret, Date.now());
      }
      if ('answer' in request) {
        platform.log.warn('A request was turned away', { why: request.why, status: request.answer.statusCode });
        return request.answer;
      }
      const key = `${signingSecret} ${botToken}`;
      const handle = apps.get(key) ?? boltApp(signingSecret, botToken, tools);
      apps.clear();
      apps.set(key, handle);
      const answer = await handle(request.event, {});
      return { ...answer, body: answerWithOwnNames(answer.body ?? '', ownEnvironment()) };
    } catch (error) {
      platform.log.error('A request from Slack failed', { error: messageOf(error) });
      return { statusCode: 500, body: '' };
    }
  };
};

/** What the listeners work with where the bot runs. */
export function chatTools(platform: Platform): ChatTools {
  const config = configuration(platform);
  const store = executionStore(platform);
  return {
    store,
    configuration: config,
    directory: directory(platform, config),
    library: planLibrary(platform),
    audit: auditNotes(store, platform.now),
    configPath: readSettings(platform.environment, 'CONFIG_PATH').CONFIG_PATH,
    now: platform.now,
    log: platform.log,
  };
}

type BoltHandler = (event: unknown, context: unknown) => Promise<APIGatewayProxyStructuredResultV2>;

function boltApp(signingSecret: string, botToken: string, tools: ChatTools): BoltHandler {
  const receiver = new AwsLambdaReceiver({ signingSecret, logger: slackLogger(tools.log) });
  createApp(receiver, botToken, tools);
  return receiver.toHandler() as unknown as BoltHandler;
}

/**
 * The bot behind a receiver: how Slack's requests come in (HTTP when deployed, Socket Mode for trying it in a real
 * workspace) makes no difference to what is done with them.
 */
export function createApp(receiver: Receiver, botToken: string, tools: ChatTools): App {
  const app = new App({
    receiver,
    logger: slackLogger(tools.log),
    // No auth.test at the start: the token is known, and whose it is does not matter for commands and buttons.
    authorize: async () => ({ botToken }),
    convoStore: false,
    clientOptions: { ...slackClientOptions(tools.log), timeout: CALL_TIMEOUT_MS },
  });
  registerListeners(app, tools);
  return app;
}

/** Everything that the bot answers to. */
export function registerListeners(app: App, tools: ChatTools): void {
  drCommand(app, tools);
  mention(app, tools);
  gateButtons(app, tools);
  voteForms(app, tools);
  executionButtons(app, tools);
  drillButtons(app, tools);
  requestForm(app, tools);
  draftButtons(app, tools);
  libraryForms(app, tools);
  homeTab(app, tools);
  anyOtherButton(app, tools);
}

export const handler = onLambda(create);
