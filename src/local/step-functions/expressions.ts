import jsonata from 'jsonata';
import { awsFunctions, type Random } from './aws-functions.ts';
import { StatesError, textOf } from './errors.ts';
import { isJsonObject, type Json, jsonTypeOf } from './json.ts';

/** A JSON value of a definition in which every text `{% … %}` is an expression. */
export type Template =
  | { kind: 'literal'; value: Json }
  | { kind: 'expression'; source: string; compiled: jsonata.Expression }
  | { kind: 'array'; items: Template[] }
  | { kind: 'object'; fields: [string, Template][] };

/** What `$states` holds where a field is evaluated, beside `input` and `context`, which are everywhere. */
export interface Available {
  /** `$states.result`: Output and Assign of Task, Map and Parallel. */
  result?: boolean;
  /** `$states.errorOutput`: Output and Assign of a catcher. */
  errorOutput?: boolean;
  /** `$states.context.Task`: Arguments of a Task that waits for a token. */
  task?: boolean;
}

/** Says that something is wrong at `path`. */
export type Report = (path: string, message: string) => void;

const EXPRESSION = /^\{%([\s\S]*)%\}$/;

/** Compiles `value`, a field of a definition, and reports each expression in it that AWS would not accept. */
export function compileTemplate(value: Json, path: string, available: Available, report: Report): Template {
  if (typeof value === 'string') return compileText(value, path, available, report);
  if (Array.isArray(value)) {
    const items = value.map((item, index) => compileTemplate(item, `${path}/${index}`, available, report));
    return { kind: 'array', items };
  }
  if (isJsonObject(value)) {
    const fields = Object.entries(value).map(([key, field]): [string, Template] => [
      key,
      compileTemplate(field, `${path}/${key}`, available, report),
    ]);
    return { kind: 'object', fields };
  }
  return { kind: 'literal', value };
}

function compileText(text: string, path: string, available: Available, report: Report): Template {
  const source = EXPRESSION.exec(text)?.[1];
  if (source === undefined) {
    if (text.startsWith('{%') || text.endsWith('%}')) report(path, 'an expression must be between {% and %}');
    return { kind: 'literal', value: text };
  }
  try {
    const compiled = compiledOf(source);
    checkNewerOperators(source, path, report);
    checkNames(compiled.ast(), true, available, (message) => report(path, message));
    return { kind: 'expression', source: source.trim(), compiled };
  } catch (error) {
    report(path, `bad JSONata: ${describeJsonataError(error)}`);
    return { kind: 'literal', value: text };
  }
}

/** An expression is what its text says: a definition that is deployed again is not read again. */
const compiledBefore = new Map<string, jsonata.Expression>();

function compiledOf(source: string): jsonata.Expression {
  const compiled = compiledBefore.get(source) ?? jsonata(source);
  compiledBefore.set(source, compiled);
  return compiled;
}

/**
 * Step Functions runs JSONata 2.0.6 (developer guide, Transforming data with JSONata); `??` and `?:` came with 2.1, and
 * the parser here accepts them. Texts, quoted names, comments and patterns may hold these characters.
 */
function checkNewerOperators(source: string, path: string, report: Report): void {
  const code = source
    .replace(/\/\*[\s\S]*?\*\//g, ' ')
    .replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`/g, '0')
    .replace(/([(,>]\s*)\/(?:\\.|[^/\\\n])+\//g, '$1 0');
  const operator = /\?\s*[?:]/.exec(code)?.[0].replace(/\s/g, '');
  if (operator !== undefined) report(path, `the operator ${operator} is not in JSONata 2.0.6, which AWS runs`);
}

/**
 * Walks a syntax tree and reports names that AWS refuses or that have no value here. `outermost` is true where the
 * context item `$` is that of the whole expression, which has none in Step Functions.
 */
function checkNames(node: unknown, outermost: boolean, available: Available, report: (message: string) => void): void {
  if (Array.isArray(node)) {
    for (const item of node) checkNames(item, outermost, available, report);
    return;
  }
  if (typeof node !== 'object' || node === null || node instanceof RegExp) return;
  const { type, value, steps, ...rest } = node as Record<string, unknown>;
  if (type === 'variable') checkVariable(value, outermost, report);
  if (type === 'name' && outermost) {
    report(`the name ${String(value)} has nothing before it: use $states.input or a variable`);
  }
  if (type === 'path' && Array.isArray(steps)) {
    checkStates(steps, available, report);
    checkNames(steps[0], outermost, available, report);
    checkNames(steps.slice(1), false, available, report);
  }
  for (const [part, child] of Object.entries(rest)) {
    checkNames(child, outermost && !INNER_PARTS.includes(part), available, report);
  }
}

/** Parts of a node that are evaluated with the node's own items as context. */
const INNER_PARTS = ['stages', 'predicate', 'group', 'pattern', 'update', 'delete'];

function checkVariable(name: unknown, outermost: boolean, report: (message: string) => void): void {
  if (name === 'eval') report('$eval is not available in Step Functions: use $parse');
  if (name === '$') report('$$ is not available in Step Functions: use $states.input');
  if (name === '' && outermost) report('$ has no value at the top of an expression: use $states.input');
}

function checkStates(steps: unknown[], available: Available, report: (message: string) => void): void {
  const [first, second, third] = steps.map((step) => (step as { value?: unknown }).value);
  if (first !== 'states') return;
  if (second === 'result' && !available.result) report('$states.result has no value in this field');
  if (second === 'errorOutput' && !available.errorOutput) report('$states.errorOutput has no value in this field');
  if (second === 'context' && third === 'Task' && !available.task) {
    report('$states.context.Task has a value only in the Arguments of a Task that waits for a task token');
  }
  const known = ['input', 'result', 'errorOutput', 'context'];
  if (typeof second === 'string' && !known.includes(second)) report(`$states.${second} does not exist`);
}

/** Where and when an expression is evaluated. */
export interface Evaluation {
  /** Name of the state, and the id of the event with which it was entered: both appear in causes. */
  stateName: string;
  enteredEventId: number;
  /** The `$states` object. */
  states: Record<string, Json>;
  variables: Record<string, Json>;
  now: number;
  random: Random;
}

/** An expression failed, or gave nothing, or something that is not allowed in its field. */
export class EvaluationError extends StatesError {
  /** The field, e.g. `Output/result`. */
  readonly location: string;
  readonly stateName: string;

  constructor(evaluation: Evaluation, location: string, message: string) {
    super(
      'States.QueryEvaluationError',
      `An error occurred while executing the state '${evaluation.stateName}' (entered at the event id #${evaluation.enteredEventId}). ${message}`,
    );
    this.location = location;
    this.stateName = evaluation.stateName;
  }
}

/**
 * The value of a template. `field` names it in causes, e.g. `Output`.
 * @throws {EvaluationError} when an expression fails, gives nothing (undefined) or gives a function
 */
export async function evaluate(template: Template, field: string, evaluation: Evaluation): Promise<Json> {
  switch (template.kind) {
    case 'literal':
      return template.value;
    case 'expression':
      return evaluateExpression(template, field, evaluation);
    case 'array': {
      const items: Json[] = [];
      for (const [index, item] of template.items.entries()) {
        items.push(await evaluate(item, `${field}/${index}`, evaluation));
      }
      return items;
    }
    case 'object': {
      const fields: { [key: string]: Json } = {};
      for (const [key, item] of template.fields) fields[key] = await evaluate(item, `${field}/${key}`, evaluation);
      return fields;
    }
  }
}

async function evaluateExpression(
  template: { source: string; compiled: jsonata.Expression },
  field: string,
  evaluation: Evaluation,
): Promise<Json> {
  const about = `The JSONata expression '${template.source}' specified for the field '${field}'`;
  let found: unknown;
  try {
    found = await template.compiled.evaluate(undefined, {
      ...evaluation.variables,
      ...awsFunctions(evaluation.now, evaluation.random),
      states: evaluation.states,
    });
  } catch (error) {
    const reason = `threw an error during evaluation. ${describeJsonataError(error)}`;
    throw new EvaluationError(evaluation, field, `${about} ${reason}`);
  }
  if (found === undefined) throw new EvaluationError(evaluation, field, `${about} returned nothing (undefined).`);
  const value = toJson(found);
  if (value === undefined)
    throw new EvaluationError(evaluation, field, `${about} returned an unsupported result type.`);
  return value;
}

/**
 * The value of a template that must be of one type.
 * @throws {EvaluationError} also when it is of another type
 */
export async function evaluateAs<T extends Json>(
  expected: { name: string; accepts: (value: Json) => value is T },
  template: Template,
  field: string,
  evaluation: Evaluation,
): Promise<T> {
  const value = await evaluate(template, field, evaluation);
  if (expected.accepts(value)) return value;
  const source = template.kind === 'expression' ? `The JSONata expression '${template.source}'` : 'The value';
  throw new EvaluationError(
    evaluation,
    field,
    `${source} specified for the field '${field}' returned an unexpected result type. Expected '${expected.name}', but was '${jsonTypeOf(value)}' for value: ${JSON.stringify(value)}`,
  );
}

/** A plain copy of what JSONata answered (its arrays carry hidden marks), or undefined when a function is in it. */
function toJson(value: unknown): Json | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  if (typeof value !== 'object' || value instanceof RegExp) return undefined;
  if ('_jsonata_lambda' in value || '_jsonata_function' in value) return undefined;
  if (Array.isArray(value)) {
    const items: Json[] = [];
    for (const item of value) {
      const copy = toJson(item);
      if (copy === undefined) return undefined;
      items.push(copy);
    }
    return items;
  }
  const fields: { [key: string]: Json } = {};
  for (const [key, field] of Object.entries(value)) {
    // JSONata leaves out a key whose value is nothing; an object built elsewhere may still hold it.
    if (field === undefined) continue;
    const copy = toJson(field);
    if (copy === undefined) return undefined;
    fields[key] = copy;
  }
  return fields;
}

/** JSONata throws plain objects with a code and a message; functions called from it throw Errors. */
function describeJsonataError(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && 'message' in error) {
    return `${String(error.code)}: ${String(error.message)}`;
  }
  return textOf(error);
}
