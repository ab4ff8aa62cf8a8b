/** A refusal by Slack: `code` is the `error` of the answer, `details` say where the fault is (`… [json-pointer:/blocks/0]`). */
export class SlackRefusal extends Error {
  override readonly name = 'SlackRefusal';
  readonly code: string;
  readonly details: readonly string[];

  constructor(code: string, details: readonly string[] = []) {
    super(details.length === 0 ? code : `${code}: ${details.join('; ')}`);
    this.code = code;
    this.details = details;
  }
}

/** The message or view that somebody wants to use has no such button, or no such menu (any more). */
export class NoSuchButtonError extends Error {
  override readonly name = 'NoSuchButtonError';
}
