import { type ButtonPlace, buttonsOf } from './blocks.ts';
import { NoSuchButtonError, SlackRefusal } from './errors.ts';
import type { ResponseTarget } from './interactions.ts';
import { isObject, type JsonObject, parseJson } from './json.ts';
import { LIMITS } from './limits.ts';
import { SLACKBOT_USER_ID, type SlackMessage, type SlackView } from './model.ts';
import { type Person, WORKSPACE } from './people.ts';
import { respond } from './responses.ts';
import { slackSignature } from './signature.ts';
import { wireMessage } from './wire.ts';
import type { SlackWorkspace } from './workspace.ts';

/** The app as Slack knows it: where its requests go, and the secret they are signed with. */
export interface SlackApp {
  /** The app's request URL for commands and interactions; a function where the bot is started after the workspace. */
  requestUrl: string | (() => string);
  signingSecret: string;
  /**
   * How long Slack waits for an answer, in milliseconds of real time.
   * @default 3000
   */
  answerMs?: number;
}

export interface PersonClientOptions extends SlackApp {
  workspace: SlackWorkspace;
  person: Person;
}

/** What the app answered to a command, click or submission. */
export interface AppAnswer {
  /** HTTP status; 0 when there was no answer. */
  status: number;
  body: string;
  elapsedMs: number;
  /** What Slack showed the person as the error, when the answer was none, late, not a 200, or not understood. */
  error?: 'operation_timeout' | 'dispatch_failed' | 'invalid_command_response';
}

/** Which button: its `action_id`, and its block where several blocks have one with the same. */
export interface ButtonRef {
  actionId: string;
  blockId?: string;
}

/** What a person has filled in: per block and action, e.g. `{ why: { reason: { type: 'plain_text_input', value: 'x' } } }`. */
export type ViewValues = Record<string, Record<string, JsonObject>>;

/** What became of a submitted modal. */
export interface Submission extends AppAnswer {
  /** Messages beside the inputs, by block id; the modal stays open when there are any. */
  errors: Record<string, string>;
}

interface RawAnswer extends AppAnswer {
  contentType: string;
}

/**
 * A person of the workspace at their keyboard: what they do reaches the bot as HTTP requests in Slack's shapes, signed in
 * real time, and what the bot answers is shown to them as Slack shows it. Commands and clicks are never sent twice.
 */
export class PersonClient {
  readonly person: Person;
  readonly #workspace: SlackWorkspace;
  readonly #app: SlackApp;

  constructor(options: PersonClientOptions) {
    this.person = options.person;
    this.#workspace = options.workspace;
    this.#app = options;
  }

  /**
   * Types a slash command.
   * @param command with its slash, e.g. `/dr`
   * @param text what follows it, e.g. `drill HRP wave 1`
   */
  async command(command: string, text: string, channelId: string): Promise<AppAnswer> {
    const workspace = this.#workspace;
    const channel = this.#channel(channelId);
    if (!workspace.commands.includes(command)) {
      this.#slackbotSays(channel.id, `${command} is not a valid command. Valid here: ${workspace.commands.join(', ')}`);
      return { status: 0, body: '', elapsedMs: 0, error: 'dispatch_failed' };
    }
    const target: ResponseTarget = { channelId: channel.id, userId: this.person.userId };
    const answer = await this.#send({
      token: VERIFICATION_TOKEN,
      team_id: WORKSPACE.teamId,
      team_domain: WORKSPACE.teamDomain,
      channel_id: channel.id,
      channel_name: channel.name,
      user_id: this.person.userId,
      user_name: this.person.name,
      command,
      text: text.trim(),
      api_app_id: WORKSPACE.appId,
      is_enterprise_install: 'false',
      response_url: this.#responseUrl(target),
      trigger_id: workspace.triggers.issue(this.person.userId),
    });
    const error = answer.error ?? this.#showCommandAnswer(target, answer);
    if (error !== undefined) this.#slackbotSays(channel.id, `${command} failed with the error "${error}"`);
    return { status: answer.status, body: answer.body, elapsedMs: answer.elapsedMs, error };
  }

  /**
   * Clicks a button of a message, as it was when the caller read it: a click on a card that has been redrawn since is
   * sent with the old block and value.
   * @throws {NoSuchButtonError} when the message has no such button
   */
  async click(message: SlackMessage, button: string | ButtonRef): Promise<AppAnswer> {
    const { block, button: element } = findButton(message, button);
    const channel = this.#channel(message.channel);
    const isEphemeral = message.ephemeral_user !== undefined;
    const target: ResponseTarget = {
      channelId: channel.id,
      userId: this.person.userId,
      originalTs: message.ts,
      threadTs: message.thread_ts,
    };
    const answer = await this.#interact({
      type: 'block_actions',
      container: {
        type: 'message',
        message_ts: message.ts,
        channel_id: channel.id,
        is_ephemeral: isEphemeral,
        ...(message.thread_ts === undefined ? {} : { thread_ts: message.thread_ts }),
      },
      trigger_id: this.#workspace.triggers.issue(this.person.userId),
      channel: { id: channel.id, name: channel.name },
      // Slack does not send an ephemeral message back to the app.
      ...(isEphemeral ? {} : { message: wireMessage(message) }),
      state: { values: {} },
      response_url: this.#responseUrl(target),
      actions: [
        {
          type: 'button',
          action_id: element.action_id,
          block_id: block.block_id,
          text: element.text,
          ...(element.value === undefined ? {} : { value: element.value }),
          ...(element.style === undefined ? {} : { style: element.style }),
          action_ts: this.#workspace.timestamp(),
        },
      ],
    });
    if (answer.error !== undefined) {
      this.#slackbotSays(channel.id, `That button failed with the error "${answer.error}"`, message.thread_ts);
    }
    return { status: answer.status, body: answer.body, elapsedMs: answer.elapsedMs, error: answer.error };
  }

  /** Submits a modal. An empty answer closes it; `response_action` may keep it open with errors, change it or add one. */
  async submitView(view: SlackView, values: ViewValues): Promise<Submission> {
    const answer = await this.#interact({
      type: 'view_submission',
      trigger_id: this.#workspace.triggers.issue(this.person.userId),
      view: { ...view, state: { values } },
      response_urls: [],
    });
    const errors = answer.error === undefined ? this.#followSubmission(view, answer.body) : {};
    return { status: answer.status, body: answer.body, elapsedMs: answer.elapsedMs, error: answer.error, errors };
  }

  /** Posts a plain message as this person. */
  say(text: string, channelId: string, threadTs?: string): SlackMessage {
    return this.#workspace.post({ channel: this.#channel(channelId).id, user: this.person.userId, text, threadTs });
  }

  #channel(channelId: string) {
    const channel = this.#workspace.channel(channelId);
    if (channel === undefined) throw new Error(`no channel ${channelId} in the practice workspace`);
    return channel;
  }

  #responseUrl(target: ResponseTarget): string {
    return `${this.#workspace.url}/response/${this.#workspace.responseUrls.issue(target)}`;
  }

  #slackbotSays(channel: string, text: string, threadTs?: string): void {
    this.#workspace.post({ channel, user: SLACKBOT_USER_ID, text, visibleTo: this.person.userId, threadTs });
  }

  /** Shows a command's answer: JSON as a message, other text as it is; Slack goes by the content type. */
  #showCommandAnswer(target: ResponseTarget, answer: RawAnswer): AppAnswer['error'] {
    if (answer.body.trim() === '') return undefined;
    const isJson = answer.contentType.startsWith('application/json');
    const content = isJson ? parseJson(answer.body) : { text: answer.body };
    try {
      if (!isObject(content)) return 'invalid_command_response';
      if (content.text !== undefined || content.blocks !== undefined) respond(this.#workspace, target, content);
      return undefined;
    } catch (error) {
      if (error instanceof SlackRefusal) return 'invalid_command_response';
      throw error;
    }
  }

  #followSubmission(view: SlackView, body: string): Record<string, string> {
    const { views } = this.#workspace.stored;
    const { userId } = this.person;
    const answer = parseJson(body);
    const action = isObject(answer) ? answer.response_action : undefined;
    if (isObject(answer) && action === 'errors' && isObject(answer.errors)) {
      return Object.fromEntries(Object.entries(answer.errors).map(([block, error]) => [block, String(error)]));
    }
    if (isObject(answer) && (action === 'update' || action === 'push')) {
      const shown =
        action === 'update'
          ? views.put(answer.view, 'modal', userId, view)
          : views.put(answer.view, 'modal', userId, undefined, view);
      this.#workspace.emit({ type: action === 'update' ? 'view_updated' : 'view_opened', userId, view: shown.view });
      return {};
    }
    const closed = action === 'clear' ? views.modalsOf(userId) : [view];
    for (const gone of closed) {
      views.remove(gone.id);
      this.#workspace.emit({ type: 'view_closed', userId, view: gone });
    }
    return {};
  }

  #interact(payload: JsonObject): Promise<RawAnswer> {
    return this.#send({
      payload: JSON.stringify({
        team: { id: WORKSPACE.teamId, domain: WORKSPACE.teamDomain },
        user: {
          id: this.person.userId,
          username: this.person.name,
          name: this.person.name,
          team_id: WORKSPACE.teamId,
        },
        api_app_id: WORKSPACE.appId,
        token: VERIFICATION_TOKEN,
        enterprise: null,
        is_enterprise_install: false,
        ...payload,
      }),
    });
  }

  /** One signed request; whatever goes wrong becomes the error that Slack would show. */
  async #send(fields: Record<string, string>): Promise<RawAnswer> {
    const body = new URLSearchParams(fields).toString();
    const timestamp = Math.floor(this.#workspace.now() / 1000);
    const { requestUrl, signingSecret, answerMs = LIMITS.answerMs } = this.#app;
    const release = this.#workspace.clock?.hold();
    const started = performance.now();
    try {
      const response = await fetch(typeof requestUrl === 'string' ? requestUrl : requestUrl(), {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
          accept: 'application/json,*/*',
          'x-slack-request-timestamp': String(timestamp),
          'x-slack-signature': slackSignature(signingSecret, timestamp, body),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(answerMs),
      });
      return {
        status: response.status,
        body: await response.text(),
        elapsedMs: performance.now() - started,
        contentType: response.headers.get('content-type') ?? '',
        error: response.status === 200 ? undefined : 'dispatch_failed',
      };
    } catch (error) {
      const isLate = error instanceof Error && error.name === 'TimeoutError';
      return {
        status: 0,
        body: '',
        elapsedMs: performance.now() - started,
        contentType: '',
        error: isLate ? 'operation_timeout' : 'dispatch_failed',
      };
    } finally {
      release?.();
    }
  }
}

/** Slack still sends the deprecated verification token with every request. */
const VERIFICATION_TOKEN = 'practice-verification-token';

function findButton(message: SlackMessage, wanted: string | ButtonRef): ButtonPlace {
  const { actionId, blockId } = typeof wanted === 'string' ? { actionId: wanted, blockId: undefined } : wanted;
  const found = buttonsOf(message.blocks ?? []).find(
    ({ block, button }) => button.action_id === actionId && (blockId === undefined || block.block_id === blockId),
  );
  if (found === undefined) throw new NoSuchButtonError(`message ${message.ts} has no button ${actionId}`);
  return found;
}
