import { sendToApp, VERIFICATION_TOKEN } from './app-request.ts';
import { type ButtonPlace, buttonsOf } from './blocks.ts';
import { NoSuchButtonError, SlackRefusal } from './errors.ts';
import { type AppEvent, deliverEvent, type EventDelivery } from './events.ts';
import { mimeType } from './files.ts';
import { slackId } from './ids.ts';
import type { ResponseTarget } from './interactions.ts';
import { isObject, type JsonObject, parseJson } from './json.ts';
import { LIMITS } from './limits.ts';
import { SLACKBOT_USER_ID, type SlackBlock, type SlackFile, type SlackMessage, type SlackView } from './model.ts';
import { type Person, WORKSPACE } from './people.ts';
import { respond } from './responses.ts';
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
  error?:
    | 'operation_timeout'
    | 'dispatch_failed'
    | 'invalid_command_response'
    | 'invalid_view_response'
    | 'invalid_options_response';
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

/** What the app offers for a menu whose options it is asked for. */
export interface Suggestions extends AppAnswer {
  /** Empty when the app has none, and after an error. */
  options: readonly JsonObject[];
}

type SubmissionOutcome = Pick<Submission, 'errors'> & { error?: AppAnswer['error'] };

const NOT_UNDERSTOOD: SubmissionOutcome = { errors: {}, error: 'invalid_view_response' };

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
   * @param threadTs the thread it is typed in, where Slack refuses every command of an app
   */
  async command(command: string, text: string, channelId: string, threadTs?: string): Promise<AppAnswer> {
    const workspace = this.#workspace;
    const channel = this.#channel(channelId);
    if (threadTs !== undefined) {
      this.#slackbotSays(channel.id, `${command} is not supported in threads. Sorry!`, threadTs);
      return { status: 0, body: '', elapsedMs: 0, error: 'dispatch_failed' };
    }
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
    const place = findButton(message.blocks ?? [], button, `message ${message.ts}`);
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
      actions: [this.#actionOf(place)],
    });
    if (answer.error !== undefined) {
      this.#slackbotSays(channel.id, `That button failed with the error "${answer.error}"`, message.thread_ts);
    }
    return { status: answer.status, body: answer.body, elapsedMs: answer.elapsedMs, error: answer.error };
  }

  /**
   * Clicks a button of a modal or of App Home ("block_actions payload": the container is the view, without a channel).
   * @param values what the person has filled in so far
   * @throws {NoSuchButtonError} when the view has no such button
   */
  async clickView(view: SlackView, button: string | ButtonRef, values: ViewValues = {}): Promise<AppAnswer> {
    const place = findButton(view.blocks, button, `view ${view.id}`);
    const { status, body, elapsedMs, error } = await this.#interact({
      type: 'block_actions',
      container: { type: 'view', view_id: view.id },
      trigger_id: this.#workspace.triggers.issue(this.person.userId),
      view: { ...view, state: { values } },
      actions: [this.#actionOf(place)],
    });
    return { status, body, elapsedMs, error };
  }

  /**
   * Tells the app what was just chosen in an input whose block says `dispatch_action` ("block_actions payload").
   * @param values what the person has filled in so far, the new choice among it
   * @throws {NoSuchButtonError} when the view has no such input
   */
  async chooseInView(view: SlackView, { actionId, blockId }: Required<ButtonRef>, values: ViewValues) {
    const { element } = inputIn(view, blockId, actionId, ({ dispatch_action }) => dispatch_action === true);
    const { status, body, elapsedMs, error } = await this.#interact({
      type: 'block_actions',
      container: { type: 'view', view_id: view.id },
      trigger_id: this.#workspace.triggers.issue(this.person.userId),
      view: { ...view, state: { values } },
      actions: [
        {
          ...values[blockId]?.[actionId],
          action_id: actionId,
          block_id: blockId,
          ...(element.placeholder === undefined ? {} : { placeholder: element.placeholder }),
          action_ts: this.#workspace.timestamp(),
        },
      ],
    });
    return { status, body, elapsedMs, error };
  }

  /**
   * Asks the app for the options of an `external_select` of a view ("block_suggestion payload"). What it answers may be
   * chosen from then on.
   * @param typed what the person has typed into the menu
   * @param values what the person has filled in so far
   * @throws {NoSuchButtonError} when the view has no such menu
   */
  async suggestInView(
    view: SlackView,
    { actionId, blockId }: Required<ButtonRef>,
    typed: string,
    values: ViewValues = {},
  ): Promise<Suggestions> {
    inputIn(view, blockId, actionId, ({ element }) => isObject(element) && element.type === 'external_select');
    const answer = await this.#interact({
      type: 'block_suggestion',
      action_id: actionId,
      block_id: blockId,
      value: typed,
      container: { type: 'view', view_id: view.id },
      view: { ...view, state: { values } },
    });
    const { status, body, elapsedMs } = answer;
    const options = answer.error === undefined ? optionsIn(body) : undefined;
    if (options === undefined) {
      return { status, body, elapsedMs, error: answer.error ?? 'invalid_options_response', options: [] };
    }
    this.#workspace.stored.views.offer(view.id, blockId, options);
    return { status, body, elapsedMs, options };
  }

  /**
   * Uses a global shortcut of the app ("Shortcuts interaction payloads": it has no channel).
   * @throws {NoSuchButtonError} when the app has no such shortcut
   */
  async pickShortcut(callbackId: string): Promise<AppAnswer> {
    if (!this.#workspace.shortcuts.some((shortcut) => shortcut.callbackId === callbackId)) {
      throw new NoSuchButtonError(`the app has no shortcut ${callbackId}`);
    }
    const { status, body, elapsedMs, error } = await this.#interact({
      type: 'shortcut',
      callback_id: callbackId,
      trigger_id: this.#workspace.triggers.issue(this.person.userId),
      action_ts: this.#workspace.timestamp(),
    });
    return { status, body, elapsedMs, error };
  }

  /**
   * Submits a modal. An empty answer closes it; `response_action` may keep it open with errors, change it, add one or
   * clear them all ("View interaction payloads"). What is none of these leaves it open, with the error
   * `invalid_view_response`, which is our name for Slack's "We had some trouble connecting".
   */
  async submitView(view: SlackView, values: ViewValues): Promise<Submission> {
    const answer = await this.#interact({
      type: 'view_submission',
      trigger_id: this.#workspace.triggers.issue(this.person.userId),
      view: { ...view, state: { values } },
      response_urls: [],
    });
    const outcome = answer.error === undefined ? this.#followSubmission(view, answer.body) : { errors: {} };
    return {
      status: answer.status,
      body: answer.body,
      elapsedMs: answer.elapsedMs,
      error: answer.error,
      ...outcome,
    };
  }

  /**
   * Closes a modal without submitting it: Cancel closes the view itself, the cross every view of the modal, and so does
   * Cancel where the view says `clear_on_close`. The app is told of each view that says `notify_on_close`.
   * @returns the app's answers, the topmost view's first
   */
  async closeView(view: SlackView, how: 'cancel' | 'cross' = 'cancel'): Promise<AppAnswer[]> {
    const isCleared = how === 'cross' || view.clear_on_close === true;
    const open = this.#workspace.modals(this.person.userId);
    const closed = isCleared ? open.toReversed() : open.filter(({ id }) => id === view.id);
    this.#remove(closed);
    const told = closed.filter((gone) => gone.notify_on_close === true);
    return Promise.all(
      told.map(async (gone) => {
        const payload = { type: 'view_closed', view: gone, is_cleared: isCleared };
        const { status, body, elapsedMs, error } = await this.#interact(payload);
        return { status, body, elapsedMs, error };
      }),
    );
  }

  /** Uploads a file for a `file_input` of a form, as Slack does while the form is open. */
  upload(filename: string, content: Buffer): SlackFile {
    const workspace = this.#workspace;
    const id = slackId('F');
    const url = `${workspace.url}/files/${id}/${encodeURIComponent(filename)}`;
    const file: SlackFile = {
      id,
      name: filename,
      title: filename,
      mimetype: mimeType(filename),
      size: content.length,
      user: this.person.userId,
      created: Math.floor(Number(workspace.messageTimestamp())),
      url_private: url,
      permalink: url,
      channels: [],
    };
    workspace.stored.files.put({ file, content });
    return file;
  }

  /**
   * Posts a message as this person. `@name` of somebody or of the bot becomes a mention, as a composer makes it; a message
   * that mentions the bot reaches it as `app_mention` in a channel that it is in.
   */
  say(text: string, channelId: string, threadTs?: string): SlackMessage {
    const workspace = this.#workspace;
    const channel = this.#channel(channelId);
    const message = workspace.post({
      channel: channel.id,
      user: this.person.userId,
      text: withMentions(workspace, text),
      threadTs,
    });
    const isMention = message.text.includes(`<@${WORKSPACE.botUserId}>`);
    if (isMention && channel.memberIds.includes(WORKSPACE.botUserId)) {
      const { type: _type, bot_id: _bot, app_id: _app, ...shown } = wireMessage(message);
      void this.#tell({ ...shown, type: 'app_mention', channel: channel.id, event_ts: message.ts });
    }
    return message;
  }

  /**
   * Opens the app's Home tab: `app_home_opened`, with the view when the app has published one.
   * @returns what became of the event, after the last retry; undefined when the app has not subscribed to it
   */
  openHome(): Promise<EventDelivery | undefined> {
    const { userId } = this.person;
    const view = this.#workspace.home(userId);
    return this.#tell({
      type: 'app_home_opened',
      user: userId,
      // The direct conversation of this person and the bot.
      channel: `D${userId.slice(1)}`,
      tab: 'home',
      ...(view === undefined ? {} : { view }),
      event_ts: this.#workspace.timestamp(),
    });
  }

  #tell(event: AppEvent): Promise<EventDelivery | undefined> {
    return deliverEvent(this.#workspace, this.#app, event);
  }

  #actionOf({ block, button }: ButtonPlace): JsonObject {
    return {
      type: 'button',
      action_id: button.action_id,
      block_id: block.block_id,
      text: button.text,
      ...(button.value === undefined ? {} : { value: button.value }),
      ...(button.style === undefined ? {} : { style: button.style }),
      action_ts: this.#workspace.timestamp(),
    };
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

  #followSubmission(view: SlackView, body: string): SubmissionOutcome {
    if (body.trim() === '') {
      this.#remove([view]);
      return { errors: {} };
    }
    const answer = parseJson(body);
    try {
      if (isObject(answer)) return this.#followAction(view, answer);
    } catch (error) {
      if (!(error instanceof SlackRefusal)) throw error;
    }
    return NOT_UNDERSTOOD;
  }

  #followAction(view: SlackView, answer: JsonObject): SubmissionOutcome {
    const { views } = this.#workspace.stored;
    const { userId } = this.person;
    switch (answer.response_action) {
      case 'errors':
        return errorsFor(view, answer.errors);
      case 'update': {
        const shown = views.put(answer.view, 'modal', userId, view);
        this.#workspace.emit({ type: 'view_updated', userId, view: shown.view });
        return { errors: {} };
      }
      case 'push': {
        if (views.modalsOf(userId).length >= LIMITS.viewStack) return NOT_UNDERSTOOD;
        const shown = views.put(answer.view, 'modal', userId, undefined, view);
        this.#workspace.emit({ type: 'view_opened', userId, view: shown.view });
        return { errors: {} };
      }
      case 'clear':
        this.#remove(views.modalsOf(userId).toReversed());
        return { errors: {} };
      case undefined:
        this.#remove([view]);
        return { errors: {} };
      default:
        return NOT_UNDERSTOOD;
    }
  }

  #remove(closed: readonly SlackView[]): void {
    for (const view of closed) {
      this.#workspace.stored.views.remove(view.id);
      this.#workspace.emit({ type: 'view_closed', userId: this.person.userId, view });
    }
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
    const { status, headers, body, elapsedMs, failure } = await sendToApp(this.#workspace, this.#app, {
      contentType: 'application/x-www-form-urlencoded',
      body: new URLSearchParams(fields).toString(),
    });
    const contentType = headers.get('content-type') ?? '';
    if (failure === 'timeout') return { status, body, elapsedMs, contentType, error: 'operation_timeout' };
    return { status, body, elapsedMs, contentType, error: status === 200 ? undefined : 'dispatch_failed' };
  }
}

function findButton(blocks: readonly SlackBlock[], wanted: string | ButtonRef, where: string): ButtonPlace {
  const { actionId, blockId } = typeof wanted === 'string' ? { actionId: wanted, blockId: undefined } : wanted;
  const found = buttonsOf(blocks).find(
    ({ block, button }) => button.action_id === actionId && (blockId === undefined || block.block_id === blockId),
  );
  if (found === undefined) throw new NoSuchButtonError(`${where} has no button ${actionId}`);
  return found;
}

/** An `input` block of a view with its element, where `isWanted` says yes to the block. */
function inputIn(
  view: SlackView,
  blockId: string,
  actionId: string,
  isWanted: (block: SlackBlock) => boolean,
): { element: JsonObject } {
  const block = view.blocks.find(({ type, block_id }) => type === 'input' && block_id === blockId);
  const element = block?.element;
  if (block === undefined || !isObject(element) || element.action_id !== actionId || !isWanted(block)) {
    throw new NoSuchButtonError(`view ${view.id} has no such input ${actionId}`);
  }
  return { element };
}

/** The options of an answer to `block_suggestion`, of groups too; undefined for what Slack does not take for options. */
function optionsIn(body: string): JsonObject[] | undefined {
  const answer = body.trim() === '' ? { options: [] } : parseJson(body);
  if (!isObject(answer)) return undefined;
  const groups = Array.isArray(answer.option_groups) ? answer.option_groups : [answer];
  const lists: unknown[] = groups.map((group) => (isObject(group) ? group.options : undefined));
  if (!lists.every(Array.isArray)) return undefined;
  const options = lists.flat();
  const isOption = (option: unknown): option is JsonObject =>
    isObject(option) && isObject(option.text) && typeof option.value === 'string';
  return options.length <= LIMITS.selectOptions && options.every(isOption) ? options : undefined;
}

/** Errors belong to input blocks of the view: there is no place to show another one. */
function errorsFor(view: SlackView, errors: unknown): SubmissionOutcome {
  const inputs = view.blocks.filter(({ type }) => type === 'input').map(({ block_id }) => block_id);
  if (!isObject(errors)) return NOT_UNDERSTOOD;
  const entries = Object.entries(errors);
  if (entries.length === 0 || entries.some(([block]) => !inputs.includes(block))) return NOT_UNDERSTOOD;
  return { errors: Object.fromEntries(entries.map(([block, error]) => [block, String(error)])) };
}

/** `@name` as Slack stores it, `<@U…>`, where somebody has that name. */
function withMentions(workspace: SlackWorkspace, text: string): string {
  return text.replace(/(?<=^|\s)@([a-z0-9-]+)/g, (typed, name: string) => {
    const userId = name === WORKSPACE.botName ? WORKSPACE.botUserId : workspace.person(name)?.userId;
    return userId === undefined ? typed : `<@${userId}>`;
  });
}
