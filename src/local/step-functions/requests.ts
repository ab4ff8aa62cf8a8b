import { StepFunctionsError } from './errors.ts';
import { isJsonObject } from './json.ts';

/** What a member of a request must be. Lengths and ranges are those of the API reference. */
export type Member =
  | { kind: 'text'; required?: boolean; shortest?: number; longest: number; secret?: boolean }
  | { kind: 'integer'; least: number; most: number }
  | { kind: 'boolean' }
  | { kind: 'choice'; values: readonly string[] };

/** The members that an operation takes. */
export type Shape = Record<string, Member>;

/** A checked request. */
export class RequestMembers {
  readonly #given: Record<string, unknown>;

  constructor(given: Record<string, unknown>) {
    this.#given = given;
  }

  /** A text that is required. */
  text(name: string): string {
    const value = this.#given[name];
    if (typeof value !== 'string') throw new Error(`the member ${name} was not checked`);
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.#given[name] === undefined ? undefined : this.text(name);
  }

  integer(name: string): number | undefined {
    const value = this.#given[name];
    return typeof value === 'number' ? value : undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.#given[name];
    return typeof value === 'boolean' ? value : undefined;
  }

  /** A member with a fixed set of values, which the shape has checked already. */
  choice<T extends string>(name: string, values: readonly T[]): T | undefined {
    return values.find((value) => value === this.#given[name]);
  }
}

/**
 * Checks the body of a request against a shape.
 * @throws {StepFunctionsError} SerializationException for a body that is not a JSON object, ValidationException naming every
 * member that is wrong, also those that this simulator does not implement
 */
export function readRequest(body: Buffer, shape: Shape): RequestMembers {
  const given = parseBody(body);
  const problems = Object.entries(shape).flatMap(([name, member]) => problemOf(name, member, given[name]) ?? []);
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(shape, name)) problems.push(`the member '${name}' is not implemented by this simulator`);
  }
  if (problems.length > 0) {
    const count = `${problems.length} validation error${problems.length === 1 ? '' : 's'} detected`;
    throw new StepFunctionsError('ValidationException', `${count}: ${problems.join('; ')}`);
  }
  return new RequestMembers(given);
}

function parseBody(body: Buffer): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8') || '{}');
    if (isJsonObject(parsed)) return parsed;
  } catch {
    // Answered below, as for any other body that is not an object.
  }
  throw new StepFunctionsError('SerializationException', 'the body is not a JSON object');
}

function problemOf(name: string, member: Member, value: unknown): string | undefined {
  const required = member.kind === 'text' && member.required;
  if (value === undefined || value === null) {
    return required ? violation('null', name, 'Member must not be null') : undefined;
  }
  switch (member.kind) {
    case 'text':
      return textProblem(name, member, value);
    case 'integer':
      return integerProblem(name, member, value);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : violation(String(value), name, 'Member must be a boolean');
    case 'choice':
      if (member.values.includes(String(value))) return undefined;
      return violation(String(value), name, `Member must satisfy enum value set: [${member.values.join(', ')}]`);
  }
}

function textProblem(name: string, member: Member & { kind: 'text' }, value: unknown): string | undefined {
  const shown = member.secret ? '***' : String(value);
  if (typeof value !== 'string') return violation(shown, name, 'Member must be a string');
  const shortest = member.shortest ?? 0;
  if (value.length < shortest) {
    return violation(shown, name, `Member must have length greater than or equal to ${shortest}`);
  }
  if (value.length <= member.longest) return undefined;
  return violation(shown, name, `Member must have length less than or equal to ${member.longest}`);
}

function integerProblem(name: string, member: { least: number; most: number }, value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    return violation(String(value), name, 'Member must be an integer');
  }
  if (value < member.least) {
    return violation(String(value), name, `Member must have value greater than or equal to ${member.least}`);
  }
  if (value <= member.most) return undefined;
  return violation(String(value), name, `Member must have value less than or equal to ${member.most}`);
}

function violation(value: string, name: string, constraint: string): string {
  const shown = value.length > 200 ? `${value.slice(0, 200)}…` : value;
  return `Value '${shown}' at '${name}' failed to satisfy constraint: ${constraint}`;
}

/** Items of a page unless the request says otherwise, for every list of the API. */
const DEFAULT_PAGE = 100;

/**
 * One page of `items`. A token names the last item of the page before, so that items added in front change nothing.
 * @throws {StepFunctionsError} InvalidToken
 */
export function page<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  request: { maxResults: number | undefined; nextToken: string | undefined },
): { items: T[]; nextToken?: string } {
  const size = request.maxResults || DEFAULT_PAGE;
  const from = request.nextToken === undefined ? 0 : afterToken(items, keyOf, request.nextToken);
  const found = items.slice(from, from + size);
  const last = found.at(-1);
  if (last === undefined || from + size >= items.length) return { items: found };
  return { items: found, nextToken: Buffer.from(keyOf(last)).toString('base64url') };
}

function afterToken<T>(items: readonly T[], keyOf: (item: T) => string, token: string): number {
  const key = Buffer.from(token, 'base64url').toString();
  const index = items.findIndex((item) => keyOf(item) === key);
  if (index === -1) throw new StepFunctionsError('InvalidToken', "Invalid Token: 'Invalid token'");
  return index + 1;
}
