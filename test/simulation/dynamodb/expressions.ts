import type { WireAttribute, WireItem } from '../../../src/local/dynamodb/change-feed.ts';

/*
 * The expressions of DynamoDB: conditions, filters, keys, projections and updates, as its developer guide describes them.
 * What they are made of is parsed once for each text.
 */

/** What an expression's placeholders stand for. */
export interface Placeholders {
  names: Record<string, string>;
  values: WireItem;
}

/** An expression that DynamoDB would refuse. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

type PathPart = string | number;

type Operand =
  | { kind: 'path'; path: PathPart[] }
  | { kind: 'value'; name: string }
  | { kind: 'size'; path: PathPart[] }
  | { kind: 'if_not_exists'; path: PathPart[]; otherwise: Operand }
  | { kind: 'list_append'; first: Operand; second: Operand }
  | { kind: 'sum'; sign: 1 | -1; first: Operand; second: Operand };

type Condition =
  | { kind: 'and' | 'or'; all: Condition[] }
  | { kind: 'not'; not: Condition }
  | { kind: 'exists'; path: PathPart[]; exists: boolean }
  | { kind: 'begins_with' | 'contains'; of: Operand; what: Operand }
  | { kind: 'compare'; by: string; one: Operand; other: Operand }
  | { kind: 'in'; of: Operand; list: Operand[] };

interface Update {
  set: { path: PathPart[]; to: Operand }[];
  remove: PathPart[][];
}

/** Whether an item, or none, fulfils a condition. */
export function holds(text: string, item: WireItem | undefined, given: Placeholders): boolean {
  return evaluate(conditionOf(text), item ?? {}, given);
}

/** The item that an update makes of another. */
export function updated(text: string, item: WireItem, given: Placeholders): WireItem {
  const { set, remove } = updateOf(text);
  // Every value is read from the item as it was before.
  const sets = set.map(({ path, to }) => ({
    path: resolved(path, given),
    value: mustHave(readOperand(to, item, given)),
  }));
  let made: WireAttribute = { M: item };
  for (const { path, value } of sets) made = withChange(made, path, value);
  for (const path of remove) made = withChange(made, resolved(path, given), undefined);
  return made.M ?? {};
}

/** The attributes of an item that a projection names, on the top level. */
export function projected(text: string, item: WireItem, given: Placeholders): WireItem {
  const paths = parsed(text, projections, (parser) => parser.list(() => parser.path()));
  const kept: WireItem = {};
  for (const path of paths) {
    const [name, ...rest] = resolved(path, given);
    if (rest.length > 0) throw new ExpressionError(`not simulated: a projection of a part of an attribute (${text})`);
    const value = item[String(name)];
    if (value !== undefined) kept[String(name)] = value;
  }
  return kept;
}

/** The value that a key condition gives the partition key. */
export function partitionOf(text: string, partitionKey: string, given: Placeholders): WireAttribute {
  const condition = conditionOf(text);
  const parts = condition.kind === 'and' ? condition.all : [condition];
  for (const part of parts) {
    if (part.kind !== 'compare' || part.by !== '=' || part.one.kind !== 'path') continue;
    if (resolved(part.one.path, given)[0] === partitionKey) return mustHave(readOperand(part.other, {}, given));
  }
  throw new ExpressionError(`Query condition missed key schema element: ${partitionKey}`);
}

function evaluate(condition: Condition, item: WireItem, given: Placeholders): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.all.every((one) => evaluate(one, item, given));
    case 'or':
      return condition.all.some((one) => evaluate(one, item, given));
    case 'not':
      return !evaluate(condition.not, item, given);
    case 'exists':
      return (at({ M: item }, resolved(condition.path, given)) !== undefined) === condition.exists;
    case 'begins_with': {
      const [of, what] = [readOperand(condition.of, item, given), readOperand(condition.what, item, given)];
      return of?.S !== undefined && what?.S !== undefined && of.S.startsWith(what.S);
    }
    case 'contains':
      return contains(readOperand(condition.of, item, given), readOperand(condition.what, item, given));
    case 'compare':
      return compares(condition.by, readOperand(condition.one, item, given), readOperand(condition.other, item, given));
    case 'in': {
      const of = readOperand(condition.of, item, given);
      return condition.list.some((one) => compares('=', of, readOperand(one, item, given)));
    }
  }
}

function contains(of: WireAttribute | undefined, what: WireAttribute | undefined): boolean {
  if (of === undefined || what === undefined) return false;
  if (of.S !== undefined) return what.S !== undefined && of.S.includes(what.S);
  if (of.SS !== undefined) return what.S !== undefined && of.SS.includes(what.S);
  return of.L?.some((one) => isEqual(one, what)) ?? false;
}

/** With an attribute that is not there nothing is true but that it differs. */
function compares(by: string, one: WireAttribute | undefined, other: WireAttribute | undefined): boolean {
  if (by === '=') return one !== undefined && other !== undefined && isEqual(one, other);
  if (by === '<>') return one === undefined || other === undefined || !isEqual(one, other);
  const order = orderOf(one, other);
  if (order === undefined) return false;
  if (by === '<') return order < 0;
  if (by === '<=') return order <= 0;
  if (by === '>') return order > 0;
  return order >= 0;
}

/** Texts whose order by characters is that by bytes. */
const PLAIN = /^[ -~]*$/;

/** Negative, 0 or positive; undefined of values that have no order between them. */
export function orderOf(one: WireAttribute | undefined, other: WireAttribute | undefined): number | undefined {
  if (one?.N !== undefined && other?.N !== undefined) return Number(one.N) - Number(other.N);
  if (one?.S !== undefined && other?.S !== undefined) {
    if (one.S === other.S) return 0;
    if (PLAIN.test(one.S) && PLAIN.test(other.S)) return one.S < other.S ? -1 : 1;
    return Buffer.compare(Buffer.from(one.S), Buffer.from(other.S));
  }
  return undefined;
}

function isEqual(one: WireAttribute, other: WireAttribute): boolean {
  if (one.N !== undefined && other.N !== undefined) return Number(one.N) === Number(other.N);
  return JSON.stringify(canonical(one)) === JSON.stringify(canonical(other));
}

/** A copy in which the order of members and of a set's elements is always the same. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .map(([name, member]) => [
      name,
      name === 'SS' || name === 'NS' ? [...(member as string[])].sort() : canonical(member),
    ])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

function readOperand(operand: Operand, item: WireItem, given: Placeholders): WireAttribute | undefined {
  switch (operand.kind) {
    case 'path':
      return at({ M: item }, resolved(operand.path, given));
    case 'value': {
      const value = given.values[operand.name];
      if (value === undefined) {
        throw new ExpressionError(`An expression attribute value used in expression is not defined: ${operand.name}`);
      }
      return value;
    }
    case 'size': {
      const size = sizeOf(at({ M: item }, resolved(operand.path, given)));
      return size === undefined ? undefined : { N: String(size) };
    }
    case 'if_not_exists':
      return at({ M: item }, resolved(operand.path, given)) ?? readOperand(operand.otherwise, item, given);
    case 'list_append': {
      const [first, second] = [readOperand(operand.first, item, given), readOperand(operand.second, item, given)];
      if (first?.L === undefined || second?.L === undefined) throw invalidOperand('list_append');
      return { L: [...first.L, ...second.L] };
    }
    case 'sum': {
      const [first, second] = [readOperand(operand.first, item, given), readOperand(operand.second, item, given)];
      if (first === undefined || second === undefined) throw noSuchAttribute();
      if (first.N === undefined || second.N === undefined) throw invalidOperand(operand.sign === 1 ? '+' : '-');
      return { N: String(Number(first.N) + operand.sign * Number(second.N)) };
    }
  }
}

function sizeOf(value: WireAttribute | undefined): number | undefined {
  if (value?.S !== undefined) return Buffer.byteLength(value.S);
  if (value?.M !== undefined) return Object.keys(value.M).length;
  return (value?.L ?? value?.SS ?? value?.NS ?? value?.BS)?.length;
}

function mustHave(value: WireAttribute | undefined): WireAttribute {
  if (value === undefined) throw noSuchAttribute();
  return value;
}

function noSuchAttribute(): ExpressionError {
  return new ExpressionError('The provided expression refers to an attribute that does not exist in the item');
}

function invalidOperand(operator: string): ExpressionError {
  return new ExpressionError(`An operand in the update expression has an incorrect data type: ${operator}`);
}

function resolved(path: PathPart[], { names }: Placeholders): PathPart[] {
  return path.map((part) => {
    if (typeof part === 'number' || !part.startsWith('#')) return part;
    const name = names[part];
    if (name !== undefined) return name;
    throw new ExpressionError(`An expression attribute name used in the document path is not defined: ${part}`);
  });
}

function at(value: WireAttribute | undefined, path: readonly PathPart[]): WireAttribute | undefined {
  let found = value;
  for (const part of path) {
    if (found === undefined) return undefined;
    if (typeof part === 'number') found = found.L?.[part];
    else found = found.M !== undefined && Object.hasOwn(found.M, part) ? found.M[part] : undefined;
  }
  return found;
}

/** A copy of `value` in which what is at `path` is `to`; undefined removes it. */
function withChange(value: WireAttribute, path: readonly PathPart[], to: WireAttribute | undefined): WireAttribute {
  const [part, ...rest] = path;
  if (part === undefined) return to ?? value;
  if (typeof part === 'number') {
    if (value.L === undefined) throw invalidPath();
    const list = [...value.L];
    if (rest.length > 0) {
      const member = list[part];
      if (member === undefined) throw invalidPath();
      list[part] = withChange(member, rest, to);
    } else if (to === undefined) list.splice(part, 1);
    else list[Math.min(part, list.length)] = to;
    return { L: list };
  }
  if (value.M === undefined) throw invalidPath();
  const map = { ...value.M };
  if (rest.length > 0) {
    const member = Object.hasOwn(map, part) ? map[part] : undefined;
    if (member === undefined) throw invalidPath();
    map[part] = withChange(member, rest, to);
  } else if (to === undefined) delete map[part];
  else map[part] = to;
  return { M: map };
}

function invalidPath(): ExpressionError {
  return new ExpressionError('The document path provided in the update expression is invalid for update');
}

const conditions = new Map<string, Condition>();
const updates = new Map<string, Update>();
const projections = new Map<string, PathPart[][]>();

/** Texts with numbers in them (`servers[17]`) are many: only so many are kept. */
const MOST_KEPT = 5_000;

function parsed<T>(text: string, known: Map<string, T>, parse: (parser: Parser) => T): T {
  const found = known.get(text);
  if (found !== undefined) return found;
  const parser = new Parser(text);
  const made = parse(parser);
  parser.end();
  if (known.size > MOST_KEPT) known.clear();
  known.set(text, made);
  return made;
}

const conditionOf = (text: string): Condition => parsed(text, conditions, (parser) => parser.condition());
const updateOf = (text: string): Update => parsed(text, updates, (parser) => parser.update());

const TOKEN = /\s*(?:(?<word>[#:]?[A-Za-z_][\w]*)|(?<number>\d+)|(?<sign><=|>=|<>|[=<>()[\].,+-]))/y;

class Parser {
  readonly #text: string;
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    TOKEN.lastIndex = 0;
    let last = 0;
    for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
      this.#tokens.push(match[0].trim());
      last = TOKEN.lastIndex;
    }
    if (text.slice(last).trim() !== '') this.#fail();
  }

  end(): void {
    if (this.#at < this.#tokens.length) this.#fail();
  }

  condition(): Condition {
    return this.#joined('OR', 'or', () => this.#joined('AND', 'and', () => this.#negated()));
  }

  update(): Update {
    const update: Update = { set: [], remove: [] };
    while (this.#at < this.#tokens.length) {
      if (this.#takeWord('SET')) {
        update.set.push(
          ...this.list(() => {
            const path = this.path();
            this.#expect('=');
            return { path, to: this.#newValue() };
          }),
        );
      } else if (this.#takeWord('REMOVE')) update.remove.push(...this.list(() => this.path()));
      else this.#fail();
    }
    return update;
  }

  list<T>(read: () => T): T[] {
    const all = [read()];
    while (this.#take(',')) all.push(read());
    return all;
  }

  path(): PathPart[] {
    const path: PathPart[] = [this.#name()];
    for (;;) {
      if (this.#take('.')) path.push(this.#name());
      else if (this.#take('[')) {
        path.push(Number(this.#next()));
        this.#expect(']');
      } else return path;
    }
  }

  #joined(word: string, kind: 'and' | 'or', read: () => Condition): Condition {
    const all = [read()];
    while (this.#takeWord(word)) all.push(read());
    const [only] = all;
    return all.length === 1 && only !== undefined ? only : { kind, all };
  }

  #negated(): Condition {
    if (this.#takeWord('NOT')) return { kind: 'not', not: this.#negated() };
    if (this.#take('(')) {
      const inner = this.condition();
      this.#expect(')');
      return inner;
    }
    return this.#predicate();
  }

  #predicate(): Condition {
    const word = this.#peek();
    if (word === 'attribute_exists' || word === 'attribute_not_exists') {
      const path = this.#call(() => this.path());
      return { kind: 'exists', path, exists: word === 'attribute_exists' };
    }
    if (word === 'begins_with' || word === 'contains') {
      const [of, what] = this.#call(() => this.list(() => this.#operand()));
      return of === undefined || what === undefined ? this.#fail() : { kind: word, of, what };
    }
    const one = this.#operand();
    if (this.#takeWord('IN')) {
      this.#expect('(');
      const list = this.list(() => this.#operand());
      this.#expect(')');
      return { kind: 'in', of: one, list };
    }
    const by = this.#next();
    if (!['=', '<>', '<', '<=', '>', '>='].includes(by)) this.#fail();
    return { kind: 'compare', by, one, other: this.#operand() };
  }

  #operand(): Operand {
    const word = this.#peek();
    if (word === 'size') return { kind: 'size', path: this.#call(() => this.path()) };
    if (word?.startsWith(':') === true) return { kind: 'value', name: this.#next() };
    return { kind: 'path', path: this.path() };
  }

  #newValue(): Operand {
    const first = this.#term();
    if (this.#take('+')) return { kind: 'sum', sign: 1, first, second: this.#term() };
    if (this.#take('-')) return { kind: 'sum', sign: -1, first, second: this.#term() };
    return first;
  }

  #term(): Operand {
    const word = this.#peek();
    if (word === 'if_not_exists') {
      return this.#call(() => {
        const path = this.path();
        this.#expect(',');
        return { kind: 'if_not_exists', path, otherwise: this.#term() };
      });
    }
    if (word === 'list_append') {
      return this.#call(() => {
        const first = this.#term();
        this.#expect(',');
        return { kind: 'list_append', first, second: this.#term() };
      });
    }
    return this.#operand();
  }

  #call<T>(read: () => T): T {
    this.#next();
    this.#expect('(');
    const inner = read();
    this.#expect(')');
    return inner;
  }

  #name(): string {
    const name = this.#next();
    return /^#?[A-Za-z_]/.test(name) ? name : this.#fail();
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #next(): string {
    const token = this.#tokens[this.#at];
    this.#at += 1;
    return token ?? this.#fail();
  }

  #take(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at += 1;
    return true;
  }

  #takeWord(word: string): boolean {
    if (this.#peek()?.toUpperCase() !== word) return false;
    this.#at += 1;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) this.#fail();
  }

  #fail(): never {
    throw new ExpressionError(`Invalid expression, or not simulated: ${this.#text}`);
  }
}
