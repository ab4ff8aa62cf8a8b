import { DrError, messageOf, nameOf } from '../domain/errors.ts';
import type { ActionRecord, ExecutionRecord } from '../domain/records.ts';
import { redact } from '../observability/redact.ts';

/** What one step of an action came to. */
export type Step =
  | { status: 'succeeded' | 'failed'; detail: string }
  /** `hindrance`: why it is not done yet, as a part of a sentence; told when the time runs out. */
  | { status: 'running'; hindrance?: string };

/** What a step is taken with. */
export interface StepContext {
  execution: ExecutionRecord;
  record: ActionRecord;
  /** False when the time is over or somebody has cancelled the execution: nothing new is started, what runs is looked at. */
  mayStart: boolean;
  /** When its time is over, in milliseconds since the epoch. */
  deadline: number;
  /**
   * Writes down what has become of the action, before or after something is called; the answer is the record as it is now.
   * @throws {NotKeptError} when somebody else has taken it further
   */
  keep(changes: Partial<Pick<ActionRecord, 'references' | 'sendingSince' | 'hindrance'>>): Promise<ActionRecord>;
}

/** One kind of action. */
export interface ActionKind {
  /** Takes it one step further. @throws what AWS says: {@link refusalOf} tells what is final */
  step(context: StepContext): Promise<Step>;
  /** Ends what still runs when the time is over, as well as it can; the answer says what became of it, as a sentence. */
  abandon?(context: StepContext): Promise<string | undefined>;
}

/** The record could not be written: the step is taken again, from what is stored. */
export class NotKeptError extends Error {
  override readonly name = 'NotKeptError';
}

/** Most characters of what AWS or a document says that are shown to people. */
const MOST_CHARACTERS = 300;

/** What somebody else says, without secrets and no longer than people read. */
export function quoted(text: string): string {
  const clean = redact(text).replaceAll(/\s+/g, ' ').trim();
  return clean.length > MOST_CHARACTERS ? `${clean.slice(0, MOST_CHARACTERS - 1)}…` : clean;
}

/** Answers of AWS that name the caller as the one to blame, and all the same pass: load, quotas, credentials that are renewed. */
const PASSING = [
  /Throttl/,
  /LimitExceeded/,
  /TooManyRequests/,
  /^ExpiredToken/,
  /^RequestExpired/,
  /^RequestTimeout/,
  /^RequestTimeTooSkewed/,
  /^SlowDown/,
  // The instance's agent has come and gone.
  /^InvalidInstanceId$/,
];

const ACCESS_DENIED = /^(AccessDenied|UnauthorizedOperation|UnrecognizedClient|CrossAccountAccessDenied)/;
const NO_DOCUMENT = /^(AutomationDefinition(Version)?NotFound|InvalidDocument)/;
const WRONG_PARAMETERS = /^(InvalidAutomationExecutionParameters|InvalidParameters|Validation)/;

/** What a step speaks to: for the sentence about a refusal. */
export interface Asked {
  documentName?: string;
  /** E.g. `account 555555555555, us-east-1`. */
  place: string;
}

/**
 * Why a step will never succeed, as a sentence that says what to do; undefined for an error that may pass, with which the
 * step is taken again.
 */
export function refusalOf(error: unknown, { documentName = 'the document', place }: Asked): string | undefined {
  const name = nameOf(error);
  if (!isRefusal(error)) return undefined;
  const said = quoted(messageOf(error));
  if (ACCESS_DENIED.test(name)) {
    return `Access denied in ${place}: list ${documentName} for it under targetAccounts of the deployment's file, deploy its stack, and retry. AWS said: ${said}`;
  }
  if (error instanceof DrError) return said;
  if (NO_DOCUMENT.test(name)) {
    return `There is no document ${documentName}, or not this version of it, in ${place}: create it there, and retry. AWS said: ${said}`;
  }
  if (WRONG_PARAMETERS.test(name)) {
    return `${documentName} does not take these parameters: correct them in the recovery plan. AWS said: ${said}`;
  }
  return `${documentName} was refused in ${place} (${name}): ${said}`;
}

/** True for an error of ours or of AWS that is the same however often it is asked. */
function isRefusal(error: unknown): boolean {
  if (error instanceof DrError) return true;
  return isAnswered(error) && !PASSING.some((pattern) => pattern.test(nameOf(error)));
}

/** True when AWS has answered that it did not take a call; of a failure on the way nobody knows. */
export function isAnswered(error: unknown): boolean {
  return error instanceof Error && '$fault' in error && error.$fault === 'client';
}

/** `1 instance`, `2 instances`. */
export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Three of them, and how many more there are. */
export function some(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
