import type { WebClientOptions } from '@slack/web-api';

/** As every text has them: the command and the bot's name of a deployment without an environment. */
const WRITTEN = /(?<![\w/.:@-])(\/dr|@dr-chatops)(?![\w/-])/g;

/** Members of messages, forms and answers to Slack that people read. What is typed, carried or stored is under others. */
const READ_BY_PEOPLE = ['text', 'errors', 'initial_comment'];
/** Arguments of the Web API that are JSON with such members. */
const DRAWN = ['blocks', 'view', 'attachments'];

/**
 * The deployment's environment; undefined where it has none. Its command is `/dr-test` and its bot `@dr-chatops-test`: in a
 * workspace a command belongs to one app, and a hint that names another one's would be typed into the other deployment.
 */
export function ownEnvironment(): string | undefined {
  return process.env.DEPLOYMENT_ENVIRONMENT || undefined;
}

/** A text with the names that the command and the bot have in this environment. */
export function withOwnNames(text: string, environment: string | undefined): string {
  return environment === undefined ? text : text.replace(WRITTEN, (name) => `${name}-${environment}`);
}

/**
 * A message, form or answer in which everything that people read has the environment's names. Values, what a form is filled
 * with, metadata and files stay as they are: they come back, or are records.
 */
export function drawnWithOwnNames(drawn: unknown, environment: string | undefined, isRead = false): unknown {
  if (environment === undefined) return drawn;
  if (typeof drawn === 'string') return isRead ? withOwnNames(drawn, environment) : drawn;
  if (Array.isArray(drawn)) return drawn.map((member) => drawnWithOwnNames(member, environment, isRead));
  if (typeof drawn !== 'object' || drawn === null) return drawn;
  return Object.fromEntries(
    Object.entries(drawn).map(([key, member]) => [
      key,
      drawnWithOwnNames(member, environment, isRead || READ_BY_PEOPLE.includes(key)),
    ]),
  );
}

/** The body of an answer to a request of Slack's; one that is no JSON is nothing that people read. */
export function answerWithOwnNames(body: string, environment: string | undefined): string {
  return environment === undefined || !body.startsWith('{')
    ? body
    : JSON.stringify(drawnWithOwnNames(JSON.parse(body), environment));
}

type SlackFetch = NonNullable<WebClientOptions['fetch']>;

/**
 * Where everything leaves for Slack: the Web API's calls, and Bolt's answers to response URLs. It is looked at here rather
 * than where texts are made, so that no text can be forgotten and cards need not know where they are shown.
 *
 * @param send what sends it, `fetch`
 */
export function fetchWithOwnNames(environment: string, send: SlackFetch): SlackFetch {
  return (url, init) => {
    const { body } = init ?? {};
    if (typeof body !== 'string') return send(url, init);
    const named = body.startsWith('{') ? answerWithOwnNames(body, environment) : formWithOwnNames(body, environment);
    return send(url, { ...init, body: named });
  };
}

/** The arguments of a call of the Web API, as its client encodes them. */
function formWithOwnNames(body: string, environment: string): string {
  const form = new URLSearchParams(body);
  for (const key of READ_BY_PEOPLE) {
    const text = form.get(key);
    if (text !== null) form.set(key, withOwnNames(text, environment));
  }
  for (const key of DRAWN) {
    const drawn = form.get(key);
    if (drawn !== null) form.set(key, JSON.stringify(drawnWithOwnNames(JSON.parse(drawn), environment)));
  }
  return form.toString();
}
