import type { LocalRequest } from '../http.ts';
import { SlackRefusal } from './errors.ts';
import { isObject, type JsonObject, parseJson } from './json.ts';

/**
 * The arguments of a Web API call. Slack takes them as a form, in which lists and objects are JSON texts, as a JSON
 * body, or in the query; all three read the same here.
 */
export class CallArguments {
  readonly #values: JsonObject;

  constructor(values: JsonObject) {
    this.#values = values;
  }

  /** @throws {SlackRefusal} `invalid_json` when the body says it is JSON and is not an object. */
  static of(request: LocalRequest): CallArguments {
    const fromQuery: JsonObject = Object.fromEntries(request.query);
    const body = request.body.toString('utf8');
    if (!(request.headers['content-type'] ?? '').startsWith('application/json')) {
      return new CallArguments({ ...fromQuery, ...Object.fromEntries(new URLSearchParams(body)) });
    }
    const parsed = parseJson(body);
    if (!isObject(parsed)) throw new SlackRefusal('invalid_json');
    return new CallArguments({ ...fromQuery, ...parsed });
  }

  /** The argument as text, or undefined when it is absent or empty. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    if (value === undefined || value === null || value === '') return undefined;
    return typeof value === 'string' ? value : JSON.stringify(value);
  }

  /** @throws {SlackRefusal} `invalid_arguments` when it is absent or empty. */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) {
      throw new SlackRefusal('invalid_arguments', [`missing required field: ${name} [json-pointer:/${name}]`]);
    }
    return value;
  }

  /** True for `true` and `1`, as Slack reads booleans. */
  flag(name: string): boolean {
    return ['true', '1'].includes(this.text(name) ?? '');
  }

  /** A page size: `fallback` when absent, at least 1, at most `most`. */
  limit(name: string, fallback: number, most: number): number {
    const value = Number(this.text(name) ?? fallback);
    if (!Number.isInteger(value) || value < 1) throw new SlackRefusal('invalid_limit');
    return Math.min(value, most);
  }

  /**
   * A list or an object, or undefined when it is absent.
   * @throws {SlackRefusal} with `code` when it is a text that is not JSON.
   */
  json(name: string, code: string): unknown {
    const value = this.#values[name];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string') return value;
    const parsed = parseJson(value);
    if (parsed === undefined) throw new SlackRefusal(code);
    return parsed;
  }
}
