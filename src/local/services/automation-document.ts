import { z } from 'zod';

/** Types of parameters. A type of a resource (`AWS::IAM::Role::Arn`) is treated as String, a list of one as StringList. */
const PARAMETER_TYPE =
  /^(String|StringList|Integer|Boolean|MapList|StringMap|AWS::[A-Za-z0-9:]+|List<AWS::[A-Za-z0-9:]+>)$/;

const parameterSchema = z.object({
  type: z.string().regex(PARAMETER_TYPE),
  description: z.string().optional(),
  default: z.unknown().optional(),
  allowedValues: z.array(z.unknown()).min(1).optional(),
  allowedPattern: z.string().optional(),
  minItems: z.int().optional(),
  maxItems: z.int().optional(),
  minChars: z.int().optional(),
  maxChars: z.int().optional(),
});

/** Actions that are simulated. */
export const ACTIONS = [
  'aws:assertAwsResourceProperty',
  'aws:branch',
  'aws:executeAwsApi',
  'aws:executeStateMachine',
  'aws:sleep',
  'aws:waitForAwsResourceProperty',
] as const;

const OUTPUT_TYPES = ['Integer', 'Boolean', 'String', 'StringList', 'StringMap', 'MapList'] as const;

const stepSchema = z.strictObject({
  name: z.string().regex(/^\w{1,128}$/),
  description: z.string().optional(),
  action: z.enum(ACTIONS),
  inputs: z.record(z.string(), z.unknown()),
  outputs: z
    .array(
      z.strictObject({ Name: z.string().min(1), Selector: z.string().startsWith('$'), Type: z.enum(OUTPUT_TYPES) }),
    )
    .optional(),
  maxAttempts: z.int().min(1).default(1),
  timeoutSeconds: z.int().min(1).optional(),
  onFailure: z
    .string()
    .regex(/^(Abort|Continue|step:\w+)$/)
    .default('Abort'),
  isCritical: z.boolean().optional(),
  isEnd: z.boolean().default(false),
  nextStep: z.string().optional(),
});

const documentSchema = z.strictObject({
  schemaVersion: z.literal('0.3'),
  description: z.string().optional(),
  assumeRole: z.string().optional(),
  parameters: z.record(z.string().regex(/^\w+$/), parameterSchema).default({}),
  mainSteps: z.array(stepSchema).min(1),
  outputs: z.array(z.string()).default([]),
});

export type DocumentParameter = z.infer<typeof parameterSchema>;
export type DocumentStep = z.infer<typeof stepSchema>;
/** A runbook of schema version 0.3, as Systems Manager documents describe it. */
export type AutomationDocument = z.infer<typeof documentSchema>;

/** Comparisons of aws:branch (Systems Manager user guide, "Using conditional statements in runbooks"). */
export const BRANCH_OPERATORS = [
  'StringEquals',
  'EqualsIgnoreCase',
  'StartsWith',
  'EndsWith',
  'Contains',
  'NumericEquals',
  'NumericGreater',
  'NumericLesser',
  'NumericGreaterOrEquals',
  'NumericLesserOrEquals',
  'BooleanEquals',
] as const;
export type BranchOperator = (typeof BRANCH_OPERATORS)[number];

/** A condition of aws:branch: one comparison, or several joined. */
export type BranchCondition =
  | { And: BranchCondition[] }
  | { Or: BranchCondition[] }
  | { Not: BranchCondition }
  | ({ Variable: unknown } & { [operator in BranchOperator]?: unknown });

const comparisonSchema = z
  .strictObject(Object.fromEntries(['Variable', ...BRANCH_OPERATORS].map((name) => [name, z.unknown().optional()])))
  .refine(
    (comparison) => 'Variable' in comparison && Object.keys(comparison).length === 2,
    'a comparison has a Variable and one operation',
  );
const conditionSchema: z.ZodType<BranchCondition> = z.lazy(() =>
  z.union([
    z.strictObject({ And: z.array(conditionSchema).min(1) }),
    z.strictObject({ Or: z.array(conditionSchema).min(1) }),
    z.strictObject({ Not: conditionSchema }),
    comparisonSchema.transform((comparison) => comparison as BranchCondition),
  ]),
);

/** One choice of aws:branch. */
export interface BranchChoice {
  nextStep: string;
  condition: BranchCondition;
}

const branchSchema = z.strictObject({
  Choices: z.array(z.looseObject({ NextStep: z.string() })).min(1),
  Default: z.string().optional(),
});

/** Reads the inputs of an aws:branch step. @throws {Error} when they are not its inputs */
export function readBranch(inputs: unknown): { choices: BranchChoice[]; otherwise: string | undefined } {
  const { Choices, Default } = branchSchema.parse(inputs);
  const choices = Choices.map(({ NextStep, ...condition }) => ({
    nextStep: NextStep,
    condition: conditionSchema.parse(condition),
  }));
  return { choices, otherwise: Default };
}

/**
 * Reads a runbook (parsed YAML or JSON). As AWS does when one is created, it refuses operations that do not exist, steps
 * that are not there, and steps that could run for ever in a circle (Systems Manager user guide, "Using conditional
 * statements in runbooks").
 * @throws {Error} when it is no runbook, or uses what is not simulated
 */
export function readDocument(content: unknown): AutomationDocument {
  const document = documentSchema.parse(content);
  const names = document.mainSteps.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`there are two steps named ${twice}`);
  const successors = new Map(
    document.mainSteps.map((step, index) => [step.name, successorsOf(step, names[index + 1])]),
  );
  for (const [name, nexts] of successors) {
    const missing = nexts.find((next) => !names.includes(next));
    if (missing !== undefined) throw new Error(`step ${name} leads to ${missing}, which does not exist`);
  }
  for (const name of names) refuseCircle(name, successors, []);
  return document;
}

/** Every step that may come next, whatever happens. */
function successorsOf(step: DocumentStep, following: string | undefined): string[] {
  const onFailure = step.onFailure.startsWith('step:') ? [step.onFailure.slice('step:'.length)] : [];
  const jumps = step.action === 'aws:branch' ? branchTargets(step) : [];
  const next = step.nextStep ?? following;
  return [...onFailure, ...jumps, ...(step.isEnd || next === undefined ? [] : [next])];
}

function branchTargets(step: DocumentStep): string[] {
  const { choices, otherwise } = readBranch(step.inputs);
  return [...choices.map(({ nextStep }) => nextStep), ...(otherwise === undefined ? [] : [otherwise])];
}

function refuseCircle(name: string, successors: ReadonlyMap<string, readonly string[]>, path: readonly string[]): void {
  if (path.includes(name)) throw new Error(`the steps form a circle: ${[...path, name].join(' -> ')}`);
  for (const next of successors.get(name) ?? []) refuseCircle(next, successors, [...path, name]);
}

/**
 * The values of a runbook's parameters for the values that StartAutomationExecution was given (lists of texts).
 * @throws {Error} saying what is wrong with them
 */
export function readParameters(
  document: AutomationDocument,
  given: Readonly<Record<string, readonly string[]>>,
): Record<string, unknown> {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(document.parameters, name));
  if (unknown !== undefined) throw new Error(`The parameter ${unknown} is not defined in the document.`);
  return Object.fromEntries(
    Object.entries(document.parameters).map(([name, parameter]) => {
      const texts = Object.hasOwn(given, name) ? given[name] : undefined;
      const value = texts === undefined ? parameter.default : readValue(name, parameter.type, texts);
      if (value === undefined) throw new Error(`The required parameter ${name} is missing.`);
      check(name, parameter, value);
      return [name, value];
    }),
  );
}

function readValue(name: string, type: string, texts: readonly string[]): unknown {
  if (type === 'StringList' || type.startsWith('List<')) return [...texts];
  if (type === 'MapList') return texts.map((text) => readJson(name, type, text, z.record(z.string(), z.unknown())));
  const [text, ...others] = texts;
  if (text === undefined || others.length > 0) throw new Error(`The parameter ${name} must have one value.`);
  if (type === 'Integer') return readJson(name, type, text, z.int());
  if (type === 'Boolean') return readJson(name, type, text.toLowerCase(), z.boolean());
  if (type === 'StringMap') return readJson(name, type, text, z.record(z.string(), z.unknown()));
  return text;
}

function readJson(name: string, type: string, text: string, schema: z.ZodType): unknown {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new Error(`The value of the parameter ${name} is not of the type ${type}.`);
  }
}

function check(name: string, parameter: DocumentParameter, value: unknown): void {
  const { allowedValues, allowedPattern, minItems, maxItems, minChars, maxChars } = parameter;
  const items: unknown[] = Array.isArray(value) ? value : [value];
  const isAllowed = (item: unknown) => allowedValues?.some((allowed) => String(allowed) === String(item)) ?? true;
  if (!items.every(isAllowed)) throw new Error(`The value of the parameter ${name} is not one of the allowed values.`);
  if (allowedPattern !== undefined && !items.every((item) => new RegExp(allowedPattern).test(String(item)))) {
    throw new Error(`The value of the parameter ${name} does not match the pattern ${allowedPattern}.`);
  }
  const length = Array.isArray(value) ? value.length : String(value).length;
  const [least, most] = Array.isArray(value) ? [minItems, maxItems] : [minChars, maxChars];
  if (length < (least ?? 0) || length > (most ?? Number.POSITIVE_INFINITY)) {
    throw new Error(`The value of the parameter ${name} is too short or too long.`);
  }
}
