import type { Condition } from './policy.ts';

/** The condition keys of a request and their values. */
export type Context = Readonly<Record<string, readonly string[]>>;

/** Whether a text matches a pattern in which `*` stands for any characters, also none, and `?` for one. */
export function matchesPattern(pattern: string, text: string): boolean {
  // Variables would be replaced first.
  if (pattern.includes('${')) throw new Error(`policy variables are not evaluated: ${pattern}`);
  let at = 0;
  let inText = 0;
  let star = -1;
  let afterStar = 0;
  while (inText < text.length) {
    if (pattern[at] === '*') {
      star = at;
      afterStar = inText;
      at += 1;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[inText])) {
      at += 1;
      inText += 1;
    } else if (star >= 0) {
      // The last star takes one character more.
      afterStar += 1;
      inText = afterStar;
      at = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}

/** Actions are compared without regard to case (IAM user guide, Action). */
export function matchesAction(pattern: string, action: string): boolean {
  return matchesPattern(pattern.toLowerCase(), action.toLowerCase());
}

/** ARNs in conditions are compared part by part (IAM user guide, ARN condition operators). */
export function matchesArn(pattern: string, arn: string): boolean {
  const patterns = partsOf(pattern);
  const parts = partsOf(arn);
  return (
    patterns.length === 6 && parts.length === 6 && patterns.every((one, at) => matchesPattern(one, parts[at] ?? ''))
  );
}

/** The six parts of an ARN; the last one may have colons in it. */
function partsOf(arn: string): string[] {
  const parts = arn.split(':');
  return parts.length < 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

type Comparison = (value: string, wanted: string) => boolean;

/** What holds when one of the wanted values fits. */
const POSITIVE: Readonly<Record<string, Comparison>> = {
  StringEquals: (value, wanted) => value === wanted,
  StringLike: (value, wanted) => matchesPattern(wanted, value),
  // ArnEquals takes wildcards, too (IAM user guide, ARN condition operators).
  ArnEquals: (value, wanted) => matchesArn(wanted, value),
  ArnLike: (value, wanted) => matchesArn(wanted, value),
  Bool: (value, wanted) => value.toLowerCase() === wanted.toLowerCase(),
  NumericLessThan: (value, wanted) => numberOf(value) < numberOf(wanted),
};
/** What holds when none of them does, by the positive operator. */
const NEGATIVE: Readonly<Record<string, keyof typeof POSITIVE>> = {
  StringNotEquals: 'StringEquals',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
};

function numberOf(text: string): number {
  const number = Number(text);
  if (Number.isNaN(number)) throw new Error(`${text} is no number`);
  return number;
}

/**
 * Whether a comparison holds for a request.
 * @throws for an operator that is not known here, and for several values without a set operator
 */
export function holds({ operator, key, values }: Condition, context: Context): boolean {
  const found = valuesOf(key, context);
  if (operator === 'Null') {
    const [wanted] = values;
    if (values.length !== 1 || (wanted !== 'true' && wanted !== 'false')) throw new Error(`Null: ${values.join(', ')}`);
    return (found === undefined) === (wanted === 'true');
  }
  const { set, base, ifExists } = takenApart(operator);
  if (found === undefined || found.length === 0) {
    if (ifExists || set === 'ForAllValues') return true;
    // A key that is not there is not equal to anything.
    return set === undefined && base in NEGATIVE;
  }
  const fits = (value: string) => fitsOne(base, value, values);
  if (set === 'ForAllValues') return found.every(fits);
  if (set === 'ForAnyValue') return found.some(fits);
  if (found.length > 1) throw new Error(`${key} has several values, and ${operator} is for one`);
  return fits(found[0] ?? '');
}

function fitsOne(base: string, value: string, wanted: readonly string[]): boolean {
  const opposite = NEGATIVE[base];
  const comparison = POSITIVE[opposite ?? base];
  if (comparison === undefined) throw new Error(`the condition operator ${base} is not known`);
  const isOne = wanted.some((one) => comparison(value, one));
  return opposite === undefined ? isOne : !isOne;
}

function takenApart(operator: string): { set: string | undefined; base: string; ifExists: boolean } {
  const [, set, base = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  if (!Object.hasOwn(POSITIVE, base) && !Object.hasOwn(NEGATIVE, base)) {
    throw new Error(`the condition operator ${operator} is not known`);
  }
  return { set, base, ifExists: ifExists !== undefined };
}

/** Names of condition keys have no case. */
function valuesOf(key: string, context: Context): readonly string[] | undefined {
  const name = Object.keys(context).find((one) => one.toLowerCase() === key.toLowerCase());
  return name === undefined ? undefined : context[name];
}
