import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { type Deployment, readDeployment } from '../../infra/deployment.ts';
import { stacksOf } from '../../infra/stacks.ts';
import { FUNCTIONS } from '../../src/functions.ts';

const ROOT = path.join(import.meta.dirname, '../..');

/** A statement of a policy, its lists always as lists. */
export interface Statement {
  effect: string;
  actions: string[];
  resources: unknown[];
  conditions: Record<string, Record<string, unknown>>;
  principal: Record<string, string | string[]>;
}

/** A resource of a template. */
export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
}

/** What stands at a place within a resource's properties; undefined where nothing does. */
export function at(properties: unknown, ...place: (string | number)[]): unknown {
  return place.reduce<unknown>(
    (value, key) => (value as Record<string | number, unknown> | undefined)?.[key],
    properties,
  );
}

export const exampleDeployment = (): Deployment => readDeployment(path.join(ROOT, 'config/example.json'));

const known = new Map<string, ReturnType<typeof synthesizeNow>>();

/**
 * The templates of a deployment, made once for all who look at them. The functions' code is a stand-in: bundles have tests of
 * their own.
 */
export function synthesize(deployment: Deployment): ReturnType<typeof synthesizeNow> {
  const key = JSON.stringify(deployment);
  const made = known.get(key) ?? synthesizeNow(deployment, false);
  known.set(key, made);
  return made;
}

/**
 * Lets the CDK check the templates against CloudFormation's rules, which takes longer than all else about them.
 * @throws when they break one
 */
export function validate(deployment: Deployment): void {
  synthesizeNow(deployment, true);
}

function synthesizeNow(deployment: Deployment, builtinCloudFormationValidation: boolean) {
  const directory = mkdtempSync(path.join(tmpdir(), 'dr-chatops-synth-'));
  try {
    const functions = path.join(directory, 'functions');
    for (const name of Object.keys(FUNCTIONS)) {
      mkdirSync(path.join(functions, name), { recursive: true });
      writeFileSync(path.join(functions, name, 'index.js'), `exports.handler = async () => '${name}';\n`);
    }
    const { context } = JSON.parse(readFileSync(path.join(ROOT, 'cdk.json'), 'utf8')) as {
      context: Record<string, unknown>;
    };
    const stacks = stacksOf(deployment, functions, {
      outdir: path.join(directory, 'cdk.out'),
      // As `cdk deploy` has it: it takes room in a template.
      context: { ...context, 'aws:cdk:enable-path-metadata': true },
      builtinCloudFormationValidation,
    });
    return {
      central: view(Template.fromStack(stacks.central)),
      staging: stacks.staging.map((stack) => view(Template.fromStack(stack))),
      origins: stacks.origins.map((stack) => view(Template.fromStack(stack))),
      targets: stacks.targets.map((stack) => view(Template.fromStack(stack))),
      rollouts: stacks.rollouts.map((stack) => view(Template.fromStack(stack))),
      /** What `cdk deploy` would have to upload, by stack. */
      assets: stacks.app.synth().stacks.map((stack) => ({ name: stack.stackName, count: stack.assets.length })),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export type View = ReturnType<typeof view>;

function view(template: Template) {
  const resources = Object.entries(template.toJSON().Resources as Record<string, Resource>);
  const all = (type: string): Resource[] =>
    resources.filter(([, { Type }]) => Type === type).map(([, resource]) => resource);
  const roles = resources.filter(([, { Type }]) => Type === 'AWS::IAM::Role');

  /** Logical id of the role with this name. */
  const roleId = (roleName: string): string => {
    const found = roles.find(([, { Properties }]) => Properties.RoleName === roleName);
    if (found === undefined) throw new Error(`there is no role ${roleName}`);
    return found[0];
  };

  return {
    template,
    all,
    /** The one resource of this type. */
    only(type: string): Resource {
      const [resource, ...others] = all(type);
      if (resource === undefined || others.length > 0) throw new Error(`not exactly one ${type}`);
      return resource;
    },
    roleNames: roles.map(([, { Properties }]) => Properties.RoleName as string),
    trustOf: (roleName: string): Statement[] =>
      roles
        .filter(([id]) => id === roleId(roleName))
        .flatMap(([, { Properties }]) => statementsOf(Properties.AssumeRolePolicyDocument)),
    /** What a role may do: its own policies and those attached to it. */
    rightsOf(roleName: string): Statement[] {
      const id = roleId(roleName);
      const inline = roles
        .filter(([roleId]) => roleId === id)
        .flatMap(([, { Properties }]) => (Properties.Policies ?? []) as { PolicyDocument: unknown }[]);
      const attached = all('AWS::IAM::Policy')
        .map(({ Properties }) => Properties)
        .filter(({ Roles }) => JSON.stringify(Roles).includes(`"${id}"`));
      return [...inline, ...attached].flatMap(({ PolicyDocument }) => statementsOf(PolicyDocument));
    },
  };
}

/** The statements of a policy document. */
export function statementsOf(document: unknown): Statement[] {
  const { Statement: statements } = document as { Statement: Record<string, unknown>[] };
  return statements.map((statement) => ({
    effect: String(statement.Effect),
    actions: listOf(statement.Action) as string[],
    resources: listOf(statement.Resource),
    conditions: (statement.Condition ?? {}) as Statement['conditions'],
    principal: (statement.Principal ?? {}) as Statement['principal'],
  }));
}

function listOf(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** The resources on which a role may do `action`. */
export function allowedResources(statements: Statement[], action: string): unknown[] {
  return statements
    .filter(({ effect, actions }) => effect === 'Allow' && actions.includes(action))
    .flatMap(({ resources }) => resources);
}
