import type { Log } from '../platform/platform.ts';

/**
 * Keeps secrets out of the log, wherever they stand: errors of the AWS SDK and of Slack's clients may quote a request.
 * The last line of defence, not the first: nobody is to log a secret.
 */

const REDACTED = '(redacted)';

/** Names whose values are secret: of fields, headers and query parameters, in any case, with or without `-` and `_`. */
const SECRET_NAMES = [
  '(?:task|bot|app|session|access|refresh)[-_]?token',
  'x[-_]?amz[-_]?security[-_]?token',
  '(?:x[-_]?amz[-_]?|x[-_]?slack[-_]?)?signature',
  '(?:signing|client)[-_]?secret',
  'secret[-_]?access[-_]?key',
  'secret[-_]?(?:string|binary)',
  'response[-_]?url',
  'authorization',
  'password',
  'token',
  'secret',
].join('|');
const SECRET_NAME = new RegExp(`^(?:${SECRET_NAMES})$`, 'i');

/** What is secret by its look. */
const SECRET_TEXTS = [
  // Slack's tokens: bot, user, app, workspace, configuration and their refresh tokens.
  /\bx(?:ox[a-z](?:\.xox[a-z])?|app)-[A-Za-z0-9-]+/g,
  // Whoever has one of these may write into a channel.
  /https:\/\/hooks\.slack(?:-gov)?\.com\/[^\s"'<>\\]+/g,
  // Task tokens and session tokens: nothing else is that long without a break (a SHA-512 in hexadecimal has 128).
  /[A-Za-z0-9+/=_-]{129,}/g,
];

/** `name=value`, `name: value`, `"name":"value"`, also when it is JSON in JSON, or in a query, up to the value's end. */
const NAMED_VALUE = new RegExp(
  `(?<![A-Za-z0-9_-])(?<named>(?:${SECRET_NAMES})\\\\*["']?\\s*[:=]\\s*\\\\*["']?(?:(?:Bearer|Basic)\\s+)?)(?!\\(|Bearer\\s|Basic\\s)[^\\s"'\\\\,;&}<>)]+`,
  'gi',
);

/** `text` without what is secret in it. */
export function redact(text: string): string {
  const unnamed = text.replaceAll(NAMED_VALUE, `$<named>${REDACTED}`);
  return SECRET_TEXTS.reduce((rest, pattern) => rest.replaceAll(pattern, REDACTED), unnamed);
}

/** A value of JSON without what is secret in it: in every text, and under every name of a secret. */
export function redactDeep<T>(value: T): T {
  return redactValue(value, []) as T;
}

/** A log that redacts its messages and every text in its fields, however deep. Errors keep name, message and stack. */
export function redactingLog(log: Log): Log {
  const write = (level: keyof Log) => (message: string, fields?: Record<string, unknown>) =>
    log[level](redact(message), fields === undefined ? undefined : redactFields(fields, []));
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

/** A log whose every line carries `context`: what is known of whom it is about. A line's own fields win. */
export function logAbout(
  log: Log,
  context: { executionId?: string; correlationId?: string; accountId?: string; region?: string },
): Log {
  const write = (level: keyof Log) => (message: string, fields?: Record<string, unknown>) =>
    log[level](message, { ...context, ...fields });
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

function redactFields(fields: object, above: readonly object[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, content]) => [
      name,
      SECRET_NAME.test(name) ? REDACTED : redactValue(content, [...above, fields]),
    ]),
  );
}

function redactValue(content: unknown, above: readonly object[]): unknown {
  if (typeof content === 'string') return redact(content);
  if (typeof content !== 'object' || content === null) return content;
  if (above.includes(content)) return '(circular)';
  if (content instanceof Date) return content;
  if (content instanceof Error) {
    return { name: content.name, message: redact(content.message), stack: redact(content.stack ?? '') };
  }
  if (ArrayBuffer.isView(content)) return '(binary)';
  if (Array.isArray(content)) return content.map((part) => redactValue(part, [...above, content]));
  return redactFields(content, above);
}
