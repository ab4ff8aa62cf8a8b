import jsonc from 'jsonc-parser';
import type { Catcher, ChoiceRule, Definition, Resource, Retrier, State, Workflow } from './definition.ts';
import { DefinitionError, type DefinitionProblem, textOf } from './errors.ts';
import { type Available, compileTemplate, type Report, type Template } from './expressions.ts';
import { isJsonObject, type Json, type JsonObject } from './json.ts';

/** Longest name of a state or variable. Source: States Language spec, "States"; developer guide, Passing data with variables. */
const LONGEST_NAME = 80;
/** Largest number of seconds in any field. Source: States Language spec, "Timeouts" and "Wait State". */
const MOST_SECONDS = 99_999_999;
/** MaxDelaySeconds must be less than a year and a day. Source: developer guide, Error handling, "MaxDelaySeconds". */
const MOST_DELAY_SECONDS = 31_622_400;

/** The fields of each type of state in JSONata. Source: States Language spec, table of states and fields. */
const COMMON_FIELDS = ['Type', 'Comment', 'QueryLanguage'];
const NEXT_FIELDS = ['Next', 'End', 'Output', 'Assign'];
const GUARDED_FIELDS = [...NEXT_FIELDS, 'Retry', 'Catch'];
const FIELDS: Record<State['type'], string[]> = {
  Pass: NEXT_FIELDS,
  Task: [...GUARDED_FIELDS, 'Resource', 'Arguments', 'TimeoutSeconds', 'HeartbeatSeconds', 'Credentials'],
  Choice: ['Choices', 'Default', 'Output', 'Assign'],
  Wait: [...NEXT_FIELDS, 'Seconds', 'Timestamp'],
  Succeed: ['Output'],
  Fail: ['Error', 'Cause'],
  Parallel: [...GUARDED_FIELDS, 'Branches', 'Arguments'],
  Map: [...GUARDED_FIELDS, 'Items', 'ItemSelector', 'ItemProcessor', 'MaxConcurrency'],
};

const JSONPATH_FIELDS = new Set([
  'InputPath',
  'OutputPath',
  'ResultPath',
  'Parameters',
  'ResultSelector',
  'Result',
  'ItemsPath',
  'Iterator',
  'SecondsPath',
  'TimestampPath',
  'TimeoutSecondsPath',
  'HeartbeatSecondsPath',
  'MaxConcurrencyPath',
  'ErrorPath',
  'CausePath',
  'Variable',
]);

const DISTRIBUTED_FIELDS = new Set([
  'ItemReader',
  'ItemBatcher',
  'ResultWriter',
  'Label',
  'ToleratedFailureCount',
  'ToleratedFailurePercentage',
]);

/** Error names of the service that may stand in ErrorEquals. Source: developer guide, Error handling, "Error names". */
const RESERVED_ERRORS = new Set([
  'States.ALL',
  'States.DataLimitExceeded',
  'States.HeartbeatTimeout',
  'States.NoChoiceMatched',
  'States.Permissions',
  'States.QueryEvaluationError',
  'States.TaskFailed',
  'States.Timeout',
]);

/** The arguments that this engine passes on, of the integrations that it knows by name. */
const ARGUMENTS: Record<Exclude<Resource['kind'], 'sdk'>, string[]> = {
  lambda: ['FunctionName', 'Payload'],
  startExecution: ['StateMachineArn', 'Name', 'Input'],
  putEvents: ['Entries'],
};

/**
 * Reads a definition: fills in the `${Placeholders}`, checks it against the States Language and against what this engine
 * implements, and compiles its expressions.
 * @throws {DefinitionError} naming every problem
 */
export function loadDefinition(machine: string, text: string, substitutions: Record<string, string>): Definition {
  const problems: DefinitionProblem[] = [];
  const report: Report = (path, message) => {
    if (!problems.some((known) => known.path === path && known.message === message)) problems.push({ path, message });
  };
  const filledIn = substitute(text, substitutions, report);
  const known = problems.length === 0 ? loaded.get(filledIn) : undefined;
  if (known !== undefined) return known;
  const parsed = parseDefinition(filledIn, report);
  const definition = parsed === undefined ? undefined : new Loader(report).definition(parsed);
  if (problems.length > 0 || definition === undefined) throw new DefinitionError(machine, problems);
  remember(filledIn, definition);
  return definition;
}

/**
 * Definitions without a problem by their text with the placeholders filled in, the latest ones. Nothing changes a definition
 * once it is loaded, and compiling the expressions of a long one takes tens of milliseconds: the staging accounts share
 * theirs.
 */
const loaded = new Map<string, Definition>();
/** More than there are state machines in a deployment. */
const MOST_REMEMBERED = 10;

function remember(text: string, definition: Definition): void {
  const [oldest] = loaded.keys();
  if (oldest !== undefined && loaded.size >= MOST_REMEMBERED) loaded.delete(oldest);
  loaded.set(text, definition);
}

/** Placeholders are replaced in the text, as CloudFormation's DefinitionSubstitutions are. */
export function substitute(text: string, substitutions: Record<string, string>, report: Report): string {
  return text.replace(/\$\{([A-Za-z0-9_]+)\}/g, (placeholder, key: string) => {
    const value = substitutions[key];
    if (value === undefined) report('/', `${placeholder} has no substitution`);
    return value ?? 'unresolved';
  });
}

function parseDefinition(text: string, report: Report): JsonObject | undefined {
  try {
    const parsed: Json = JSON.parse(text);
    reportRepeatedKeys(text, report);
    if (isJsonObject(parsed)) return parsed;
    report('/', 'a definition must be a JSON object');
  } catch (error) {
    report('/', `not JSON: ${textOf(error)}`);
  }
  return undefined;
}

/** JSON.parse keeps the last of two equal keys and forgets the other: a state could vanish unseen. */
function reportRepeatedKeys(text: string, report: Report): void {
  const open: Set<string>[] = [];
  jsonc.visit(text, {
    onObjectBegin: () => {
      open.push(new Set());
    },
    onObjectProperty: (key, _offset, _length, _line, _character, pathSupplier) => {
      const keys = open.at(-1);
      if (keys?.has(key)) report(`/${pathSupplier().concat(key).join('/')}`, 'the key stands here twice');
      keys?.add(key);
    },
    onObjectEnd: () => {
      open.pop();
    },
  });
}

/** Loads one definition; every method reports what is wrong and goes on, so that all problems are found at once. */
class Loader {
  readonly #report: Report;
  /** Names of all states of the machine: they must differ, inner machines included. */
  readonly #names = new Map<string, string>();

  constructor(report: Report) {
    this.#report = report;
  }

  definition(fields: JsonObject): Definition {
    this.#unknownFields(fields, ['Comment', 'QueryLanguage', 'Version', 'StartAt', 'States', 'TimeoutSeconds'], '');
    if (fields.QueryLanguage !== 'JSONata') this.#report('/QueryLanguage', 'only "JSONata" is implemented');
    if (fields.Version !== undefined && fields.Version !== '1.0') this.#report('/Version', 'must be "1.0"');
    const timeoutSeconds = this.#integer(fields.TimeoutSeconds, '/TimeoutSeconds', 1, MOST_SECONDS);
    return { ...this.#workflow(fields, '', new Set()), timeoutSeconds };
  }

  #workflow(fields: JsonObject, path: string, outerVariables: ReadonlySet<string>): Workflow {
    this.#text(fields.Comment, `${path}/Comment`);
    const startAt = this.#text(fields.StartAt, `${path}/StartAt`, 'required') ?? '';
    const states = new Map<string, State>();
    const written = fields.States;
    if (!isJsonObject(written) || Object.keys(written).length === 0) {
      this.#report(`${path}/States`, 'must be an object with at least one state');
      return { startAt, states };
    }
    const variables = this.#assignedIn(written, path, outerVariables);
    for (const [name, state] of Object.entries(written)) {
      const loaded = this.#state(name, state, `${path}/States/${name}`, variables);
      if (loaded !== undefined) states.set(name, loaded);
    }
    this.#checkFlow({ startAt, states }, Object.keys(written), path);
    return { startAt, states };
  }

  /** The variables that can be read inside this scope, after checking that it assigns none of an outer scope. */
  #assignedIn(states: JsonObject, path: string, outer: ReadonlySet<string>): Set<string> {
    const all = new Set(outer);
    for (const [name, state] of Object.entries(states)) {
      for (const { assign, place } of assignmentsOf(state)) {
        for (const variable of Object.keys(assign)) {
          const where = `${path}/States/${name}${place}/${variable}`;
          if (outer.has(variable))
            this.#report(where, 'a variable of an outer scope cannot be assigned in an inner one');
          this.#variableName(variable, where);
          all.add(variable);
        }
      }
    }
    return all;
  }

  #variableName(name: string, path: string): void {
    if (name === 'states') this.#report(path, '"states" is reserved');
    if (name.length > LONGEST_NAME) this.#report(path, `a variable's name has at most ${LONGEST_NAME} characters`);
    if (!/^\p{ID_Start}\p{ID_Continue}*$/u.test(name)) this.#report(path, "not a variable's name");
  }

  #checkFlow(workflow: Workflow, names: string[], path: string): void {
    const known = new Set(names);
    if (workflow.startAt !== '' && !known.has(workflow.startAt)) {
      this.#report(`${path}/StartAt`, `there is no state "${workflow.startAt}"`);
    }
    const reached = new Set([workflow.startAt]);
    for (const name of reached) {
      const state = workflow.states.get(name);
      if (state === undefined) continue;
      for (const [place, target] of targetsOf(state)) {
        if (known.has(target)) reached.add(target);
        else this.#report(`${path}/States/${name}${place}`, `there is no state "${target}"`);
      }
    }
    for (const name of names) {
      if (!reached.has(name)) this.#report(`${path}/States/${name}`, 'no state leads here');
    }
    if (![...workflow.states.values()].some(isTerminal)) {
      this.#report(`${path}/States`, 'no state ends the machine');
    }
  }

  #state(name: string, fields: Json, path: string, variables: ReadonlySet<string>): State | undefined {
    this.#stateName(name, path);
    if (!isJsonObject(fields)) {
      this.#report(path, 'must be an object');
      return undefined;
    }
    const type = fields.Type;
    if (typeof type !== 'string' || !Object.hasOwn(FIELDS, type)) {
      this.#report(`${path}/Type`, `must be one of ${Object.keys(FIELDS).join(', ')}`);
      return undefined;
    }
    this.#unknownFields(fields, [...COMMON_FIELDS, ...FIELDS[type as State['type']]], path);
    this.#text(fields.Comment, `${path}/Comment`);
    if (fields.QueryLanguage !== undefined && fields.QueryLanguage !== 'JSONata') {
      this.#report(`${path}/QueryLanguage`, 'only "JSONata" is implemented');
    }
    return this.#typedState(type as State['type'], name, fields, path, variables);
  }

  #stateName(name: string, path: string): void {
    if (name.length === 0 || name.length > LONGEST_NAME) {
      this.#report(path, `a state's name has 1 to ${LONGEST_NAME} characters`);
    }
    const earlier = this.#names.get(name);
    if (earlier !== undefined) this.#report(path, `the name is taken by ${earlier}`);
    this.#names.set(name, path);
  }

  #typedState(
    type: State['type'],
    name: string,
    fields: JsonObject,
    path: string,
    variables: ReadonlySet<string>,
  ): State {
    switch (type) {
      case 'Pass':
        return { type, ...this.#continuing(name, fields, path, {}) };
      case 'Task':
        return this.#task(name, fields, path);
      case 'Choice':
        return this.#choice(name, fields, path);
      case 'Wait':
        return this.#wait(name, fields, path);
      case 'Succeed':
        return { type, name, output: this.#template(fields.Output, `${path}/Output`) };
      case 'Fail':
        return {
          type,
          name,
          error: this.#textTemplate(fields.Error, `${path}/Error`),
          cause: this.#textTemplate(fields.Cause, `${path}/Cause`),
        };
      case 'Parallel':
        return {
          type,
          ...this.#guarded(name, fields, path),
          arguments: this.#template(fields.Arguments, `${path}/Arguments`),
          branches: this.#branches(fields.Branches, `${path}/Branches`, variables),
        };
      case 'Map':
        return this.#map(name, fields, path, variables);
    }
  }

  #task(name: string, fields: JsonObject, path: string): State {
    const resource = this.#resource(fields.Resource, `${path}/Resource`);
    const task = resource.kind === 'lambda' && resource.waitForTaskToken;
    this.#checkArguments(resource, fields.Arguments, `${path}/Arguments`);
    if (fields.HeartbeatSeconds !== undefined && !task) {
      this.#report(`${path}/HeartbeatSeconds`, 'implemented only for a Task that waits for a task token');
    }
    if (
      typeof fields.TimeoutSeconds === 'number' &&
      typeof fields.HeartbeatSeconds === 'number' &&
      fields.HeartbeatSeconds >= fields.TimeoutSeconds
    ) {
      this.#report(`${path}/HeartbeatSeconds`, 'must be smaller than TimeoutSeconds');
    }
    return {
      type: 'Task',
      ...this.#guarded(name, fields, path),
      resource,
      arguments: this.#template(fields.Arguments, `${path}/Arguments`, { task }),
      timeoutSeconds: this.#integerTemplate(fields.TimeoutSeconds, `${path}/TimeoutSeconds`, 1),
      heartbeatSeconds: this.#integerTemplate(fields.HeartbeatSeconds, `${path}/HeartbeatSeconds`, 1),
      credentialsRole: this.#credentials(fields.Credentials, resource, `${path}/Credentials`),
    };
  }

  #resource(arn: Json | undefined, path: string): Resource {
    switch (arn) {
      case 'arn:aws:states:::lambda:invoke':
        return { kind: 'lambda', waitForTaskToken: false };
      case 'arn:aws:states:::lambda:invoke.waitForTaskToken':
        return { kind: 'lambda', waitForTaskToken: true };
      case 'arn:aws:states:::states:startExecution.sync:2':
        return { kind: 'startExecution' };
      case 'arn:aws:states:::events:putEvents':
        return { kind: 'putEvents' };
    }
    const [, service, action] = /^arn:aws:states:::aws-sdk:([a-z0-9]+):([a-z][A-Za-z0-9]*)$/.exec(String(arn)) ?? [];
    if (service !== undefined && action !== undefined) return { kind: 'sdk', service, action };
    this.#report(path, `${arn === undefined ? 'required' : `${String(arn)} is not implemented`}`);
    return { kind: 'sdk', service: '', action: '' };
  }

  #checkArguments(resource: Resource, written: Json | undefined, path: string): void {
    if (written !== undefined && !isJsonObject(written) && !isExpression(written)) {
      this.#report(path, 'must be an object or an expression');
    }
    if (resource.kind === 'sdk' || !isJsonObject(written)) return;
    for (const key of Object.keys(written)) {
      if (!ARGUMENTS[resource.kind].includes(key))
        this.#report(`${path}/${key}`, 'not an argument that is implemented');
    }
  }

  #credentials(written: Json | undefined, resource: Resource, path: string): Template | undefined {
    if (written === undefined) return undefined;
    if (resource.kind !== 'sdk' && resource.kind !== 'startExecution') {
      this.#report(path, 'implemented only for aws-sdk and startExecution.sync:2');
    }
    if (!isJsonObject(written)) {
      this.#report(path, 'must be an object with a RoleArn');
      return undefined;
    }
    this.#unknownFields(written, ['RoleArn'], path);
    if (written.RoleArn === undefined) this.#report(`${path}/RoleArn`, 'required');
    return this.#textTemplate(written.RoleArn, `${path}/RoleArn`);
  }

  #choice(name: string, fields: JsonObject, path: string): State {
    const rules = fields.Choices;
    if (!Array.isArray(rules) || rules.length === 0) this.#report(`${path}/Choices`, 'must be an array with a rule');
    const choices = Array.isArray(rules)
      ? rules.map((rule, index) => this.#choiceRule(rule, `${path}/Choices/${index}`))
      : [];
    return {
      type: 'Choice',
      name,
      choices: choices.filter((rule) => rule !== undefined),
      default: this.#text(fields.Default, `${path}/Default`),
      output: this.#template(fields.Output, `${path}/Output`),
      assign: this.#assign(fields.Assign, `${path}/Assign`, {}),
    };
  }

  #choiceRule(fields: Json, path: string): ChoiceRule | undefined {
    if (!isJsonObject(fields)) {
      this.#report(path, 'must be an object');
      return undefined;
    }
    this.#unknownFields(fields, ['Condition', 'Next', 'Output', 'Assign', 'Comment'], path);
    const written = fields.Condition;
    if (typeof written !== 'boolean' && !isExpression(written)) {
      this.#report(`${path}/Condition`, 'must be an expression or a boolean');
    }
    const condition = this.#template(written ?? false, `${path}/Condition`);
    const next = this.#text(fields.Next, `${path}/Next`, 'required');
    if (condition === undefined || next === undefined) return undefined;
    return {
      condition,
      next,
      output: this.#template(fields.Output, `${path}/Output`),
      assign: this.#assign(fields.Assign, `${path}/Assign`, {}),
    };
  }

  #wait(name: string, fields: JsonObject, path: string): State {
    const seconds = this.#integerTemplate(fields.Seconds, `${path}/Seconds`, 0);
    const timestamp = this.#textTemplate(fields.Timestamp, `${path}/Timestamp`);
    if ((seconds === undefined) === (timestamp === undefined)) {
      this.#report(path, 'must have exactly one of Seconds and Timestamp');
    }
    if (typeof fields.Timestamp === 'string' && !isExpression(fields.Timestamp) && !isTimestamp(fields.Timestamp)) {
      this.#report(`${path}/Timestamp`, 'not an ISO-8601 time with an offset');
    }
    const until: { field: 'Seconds' | 'Timestamp'; template: Template } =
      timestamp === undefined
        ? { field: 'Seconds', template: seconds ?? { kind: 'literal', value: 0 } }
        : { field: 'Timestamp', template: timestamp };
    return { type: 'Wait', ...this.#continuing(name, fields, path, {}), until };
  }

  #branches(written: Json | undefined, path: string, variables: ReadonlySet<string>): Workflow[] {
    if (!Array.isArray(written) || written.length === 0) {
      this.#report(path, 'must be an array with a branch');
      return [];
    }
    return written.map((branch, index) => this.#inner(branch, `${path}/${index}`, [], variables));
  }

  #map(name: string, fields: JsonObject, path: string, variables: ReadonlySet<string>): State {
    if (fields.Items !== undefined && !Array.isArray(fields.Items) && !isExpression(fields.Items)) {
      this.#report(`${path}/Items`, 'must be an array or an expression');
    }
    const processor = fields.ItemProcessor;
    if (isJsonObject(processor)) {
      this.#processorConfig(processor.ProcessorConfig, `${path}/ItemProcessor/ProcessorConfig`);
    }
    return {
      type: 'Map',
      ...this.#guarded(name, fields, path),
      items: this.#template(fields.Items, `${path}/Items`),
      itemSelector: this.#template(fields.ItemSelector, `${path}/ItemSelector`),
      maxConcurrency: this.#integerTemplate(fields.MaxConcurrency, `${path}/MaxConcurrency`, 0),
      itemProcessor: this.#inner(processor, `${path}/ItemProcessor`, ['ProcessorConfig'], variables),
    };
  }

  #processorConfig(written: Json | undefined, path: string): void {
    if (written === undefined) return;
    if (!isJsonObject(written)) {
      this.#report(path, 'must be an object');
      return;
    }
    this.#unknownFields(written, ['Mode'], path);
    if (written.Mode !== undefined && written.Mode !== 'INLINE') {
      this.#report(`${path}/Mode`, 'only "INLINE" is implemented');
    }
  }

  #inner(written: Json | undefined, path: string, extra: string[], variables: ReadonlySet<string>): Workflow {
    if (!isJsonObject(written)) {
      this.#report(path, 'must be an object with StartAt and States');
      return { startAt: '', states: new Map() };
    }
    this.#unknownFields(written, ['Comment', 'StartAt', 'States', ...extra], path);
    return this.#workflow(written, path, variables);
  }

  #continuing(name: string, fields: JsonObject, path: string, available: Available) {
    const next = this.#text(fields.Next, `${path}/Next`);
    const end = fields.End;
    if (end !== undefined && typeof end !== 'boolean') this.#report(`${path}/End`, 'must be a boolean');
    if ((next === undefined) === (end !== true)) this.#report(path, 'must have either Next or "End": true');
    return {
      name,
      next,
      output: this.#template(fields.Output, `${path}/Output`, available),
      assign: this.#assign(fields.Assign, `${path}/Assign`, available),
    };
  }

  #guarded(name: string, fields: JsonObject, path: string) {
    const retriers = this.#list(fields.Retry, `${path}/Retry`, (retrier, place) => this.#retrier(retrier, place));
    const catchers = this.#list(fields.Catch, `${path}/Catch`, (catcher, place) => this.#catcher(catcher, place));
    this.#allStandsLast(retriers, `${path}/Retry`);
    this.#allStandsLast(catchers, `${path}/Catch`);
    return { ...this.#continuing(name, fields, path, { result: true }), retry: retriers, catch: catchers };
  }

  #list<T>(written: Json | undefined, path: string, load: (fields: JsonObject, path: string) => T): T[] {
    if (written === undefined) return [];
    if (!Array.isArray(written)) {
      this.#report(path, 'must be an array');
      return [];
    }
    return written.flatMap((fields, index) => {
      if (isJsonObject(fields)) return [load(fields, `${path}/${index}`)];
      this.#report(`${path}/${index}`, 'must be an object');
      return [];
    });
  }

  #retrier(fields: JsonObject, path: string): Retrier {
    const allowed = [
      'ErrorEquals',
      'IntervalSeconds',
      'MaxAttempts',
      'BackoffRate',
      'MaxDelaySeconds',
      'JitterStrategy',
    ];
    this.#unknownFields(fields, [...allowed, 'Comment'], path);
    const intervalSeconds = this.#integer(fields.IntervalSeconds, `${path}/IntervalSeconds`, 1, MOST_SECONDS) ?? 1;
    const maxDelaySeconds = this.#integer(
      fields.MaxDelaySeconds,
      `${path}/MaxDelaySeconds`,
      intervalSeconds + 1,
      MOST_DELAY_SECONDS - 1,
    );
    const backoffRate = fields.BackoffRate ?? 2;
    if (typeof backoffRate !== 'number' || backoffRate < 1) {
      this.#report(`${path}/BackoffRate`, 'must be a number of at least 1');
    }
    const jitter = fields.JitterStrategy ?? 'NONE';
    if (jitter !== 'NONE' && jitter !== 'FULL') this.#report(`${path}/JitterStrategy`, 'must be "NONE" or "FULL"');
    return {
      errorEquals: this.#errorEquals(fields.ErrorEquals, `${path}/ErrorEquals`),
      intervalSeconds,
      maxAttempts: this.#integer(fields.MaxAttempts, `${path}/MaxAttempts`, 0, MOST_SECONDS) ?? 3,
      backoffRate: typeof backoffRate === 'number' ? backoffRate : 2,
      maxDelaySeconds,
      fullJitter: jitter === 'FULL',
    };
  }

  #catcher(fields: JsonObject, path: string): Catcher {
    this.#unknownFields(fields, ['ErrorEquals', 'Next', 'Output', 'Assign', 'Comment'], path);
    return {
      errorEquals: this.#errorEquals(fields.ErrorEquals, `${path}/ErrorEquals`),
      next: this.#text(fields.Next, `${path}/Next`, 'required') ?? '',
      output: this.#template(fields.Output, `${path}/Output`, { errorOutput: true }),
      assign: this.#assign(fields.Assign, `${path}/Assign`, { errorOutput: true }),
    };
  }

  #errorEquals(written: Json | undefined, path: string): string[] {
    if (!Array.isArray(written) || written.length === 0 || !written.every((name) => typeof name === 'string')) {
      this.#report(path, 'must be an array of error names');
      return [];
    }
    for (const [index, name] of written.entries()) {
      if (name.startsWith('States.') && !RESERVED_ERRORS.has(name)) {
        this.#report(`${path}/${index}`, `${name} is not an error that can be retried or caught here`);
      }
    }
    if (written.includes('States.ALL') && written.length > 1) this.#report(path, 'States.ALL must stand alone');
    return written;
  }

  #allStandsLast(handlers: readonly { errorEquals: readonly string[] }[], path: string): void {
    for (const [index, handler] of handlers.entries()) {
      if (handler.errorEquals.includes('States.ALL') && index < handlers.length - 1) {
        this.#report(`${path}/${index}/ErrorEquals`, 'States.ALL must be in the last entry');
      }
    }
  }

  #assign(written: Json | undefined, path: string, available: Available): Template | undefined {
    if (written !== undefined && !isJsonObject(written)) {
      this.#report(path, 'must be an object whose keys are variables');
      return undefined;
    }
    return this.#template(written, path, available);
  }

  #template(written: Json | undefined, path: string, available: Available = {}): Template | undefined {
    return written === undefined ? undefined : compileTemplate(written, path, available, this.#report);
  }

  #textTemplate(written: Json | undefined, path: string): Template | undefined {
    if (written !== undefined && typeof written !== 'string') this.#report(path, 'must be a text');
    return this.#template(written, path);
  }

  #integerTemplate(written: Json | undefined, path: string, least: number): Template | undefined {
    if (!isExpression(written)) this.#integer(written, path, least, MOST_SECONDS);
    return this.#template(written, path);
  }

  #integer(written: Json | undefined, path: string, least: number, most: number): number | undefined {
    if (written === undefined) return undefined;
    if (typeof written === 'number' && Number.isInteger(written) && written >= least && written <= most) return written;
    this.#report(path, `must be an integer from ${least} to ${most}`);
    return undefined;
  }

  #text(written: Json | undefined, path: string, required?: 'required'): string | undefined {
    if (typeof written === 'string') return written;
    if (written !== undefined || required) this.#report(path, written === undefined ? 'required' : 'must be a text');
    return undefined;
  }

  #unknownFields(fields: JsonObject, allowed: string[], path: string): void {
    for (const field of Object.keys(fields)) {
      if (allowed.includes(field)) continue;
      if (JSONPATH_FIELDS.has(field)) this.#report(`${path}/${field}`, 'a JSONPath field cannot stand in JSONata');
      else if (DISTRIBUTED_FIELDS.has(field)) {
        this.#report(`${path}/${field}`, 'belongs to a Distributed Map, which is not implemented');
      } else this.#report(`${path}/${field}`, 'unknown field');
    }
  }
}

function isExpression(value: Json | undefined): boolean {
  return typeof value === 'string' && value.startsWith('{%') && value.endsWith('%}');
}

/** Whether `text` is a time that a Wait state accepts: ISO-8601 with `T` and an offset. */
export function isTimestamp(text: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(Date.parse(text))
  );
}

function isTerminal(state: State): boolean {
  if (state.type === 'Succeed' || state.type === 'Fail') return true;
  return state.type !== 'Choice' && state.next === undefined;
}

/** Where a state can lead, each with the place in the state that says so. */
function targetsOf(state: State): [place: string, target: string][] {
  const targets: [string, string][] = [];
  if ('next' in state && state.next !== undefined) targets.push(['/Next', state.next]);
  if ('catch' in state) {
    for (const [index, catcher] of state.catch.entries()) targets.push([`/Catch/${index}/Next`, catcher.next]);
  }
  if (state.type === 'Choice') {
    for (const [index, rule] of state.choices.entries()) targets.push([`/Choices/${index}/Next`, rule.next]);
    if (state.default !== undefined) targets.push(['/Default', state.default]);
  }
  return targets.filter(([, target]) => target !== '');
}

/** Every Assign of a state as written: its own, and those of its catchers and choice rules. */
function assignmentsOf(state: Json): { assign: JsonObject; place: string }[] {
  if (!isJsonObject(state)) return [];
  const found: { assign: JsonObject; place: string }[] = [];
  if (isJsonObject(state.Assign)) found.push({ assign: state.Assign, place: '/Assign' });
  for (const list of ['Catch', 'Choices']) {
    const entries = state[list];
    if (!Array.isArray(entries)) continue;
    for (const [index, entry] of entries.entries()) {
      if (isJsonObject(entry) && isJsonObject(entry.Assign)) {
        found.push({ assign: entry.Assign, place: `/${list}/${index}/Assign` });
      }
    }
  }
  return found;
}
