/** Thrown when a value cannot be resolved or selected; its step fails. */
export class UnresolvedValueError extends Error {
  override readonly name = 'UnresolvedValueError';
}

/** Gives the value of what stands between `{{` and `}}`; undefined when there is none. */
export type Lookup = (variable: string) => unknown;

const VARIABLE = /\{\{\s*([^{}]+?)\s*\}\}/g;
const WHOLE_VARIABLE = /^\s*\{\{\s*([^{}]+?)\s*\}\}\s*$/;

/**
 * `value` with its variables replaced, at any depth. A text that is nothing but a variable becomes its value, of whatever
 * type; in a longer text the value is written as text, lists and maps as JSON. An element of a list that is a list is
 * spread into it, as in the documented `InstanceIds: ["{{ LaunchInstance.InstanceIds }}"]` (Systems Manager user guide,
 * "Automation system variables"). Values are not searched for variables again: there is no multi-level expansion.
 * @throws {UnresolvedValueError} when a variable has no value
 */
export function substitute(value: unknown, lookup: Lookup): unknown {
  if (typeof value === 'string') return substituteText(value, lookup);
  if (Array.isArray(value)) {
    return value.flatMap((element: unknown) => {
      const replaced = substitute(element, lookup);
      return typeof element === 'string' ? replaced : [replaced];
    });
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, element]) => [key, substitute(element, lookup)]));
}

function substituteText(text: string, lookup: Lookup): unknown {
  const whole = WHOLE_VARIABLE.exec(text)?.[1];
  if (whole !== undefined) return resolve(whole, lookup);
  return text.replace(VARIABLE, (_, variable: string) => asText(resolve(variable, lookup)));
}

function resolve(variable: string, lookup: Lookup): unknown {
  const value = lookup(variable);
  if (value === undefined) throw new UnresolvedValueError(`the variable {{ ${variable} }} has no value`);
  return value;
}

/** A value as text: lists and maps as JSON. */
export function asText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** A value as the API shows outputs and parameters: a list of texts. */
export function asTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(asText) : [asText(value)];
}

const SELECTOR_PART = /\.\.([\w-]+)|\.([\w-]+)|\[(\d+)\]/y;

/**
 * What a JSONPath selects: `$`, children (`.name`), elements of lists (`[0]`) and deep scans (`..name`), which always give a
 * list. That is all that Automation documents (Systems Manager user guide, "Working with inputs and outputs"). Undefined
 * when nothing is there.
 * @throws {UnresolvedValueError} when it is no such path
 */
export function select(path: string, from: unknown): unknown {
  if (!path.startsWith('$')) throw new UnresolvedValueError(`${path} is no JSONPath`);
  let found = [from];
  let isList = false;
  SELECTOR_PART.lastIndex = 1;
  while (SELECTOR_PART.lastIndex < path.length) {
    const part = SELECTOR_PART.exec(path);
    if (part === null) throw new UnresolvedValueError(`${path} is a JSONPath that is not simulated`);
    const [, deep, child, index] = part;
    isList ||= deep !== undefined;
    found =
      deep === undefined ? found.flatMap((value) => step(value, child ?? Number(index))) : found.flatMap(scan(deep));
  }
  return isList ? found : found[0];
}

/** A child or an element, as a list of none or one. */
function step(value: unknown, key: string | number): unknown[] {
  const isContainer = typeof key === 'number' ? Array.isArray(value) : isMap(value);
  if (!isContainer || !Object.hasOwn(value as object, key)) return [];
  return [(value as Record<string | number, unknown>)[key]];
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every value of a key, at any depth. */
function scan(key: string): (value: unknown) => unknown[] {
  return function below(value): unknown[] {
    if (typeof value !== 'object' || value === null) return [];
    return [...step(value, key), ...Object.values(value).flatMap(below)];
  };
}
