import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { stacksToDeploy } from '../../scripts/deployment-stacks.ts';
import { knownAction } from './iam/catalogue.ts';
import { exampleDeployment, statementsOf, synthesize } from './synthesized.ts';

/** An expression of GitHub's, and a reference of CloudFormation's, as they stand in a text. */
const github = (expression: string): string => `\${{ ${expression} }}`;
const reference = (name: string): string => `\${${name}}`;

const ROOT = path.join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
  env?: Record<string, string>;
}
interface Job {
  permissions?: Record<string, string>;
  environment?: string;
  if?: string;
  needs?: string | string[];
  strategy?: { 'max-parallel'?: number; 'fail-fast'?: boolean };
  env?: Record<string, string>;
  steps: Step[];
}
interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  concurrency: { group: string; 'cancel-in-progress': boolean };
  jobs: Record<string, Job>;
}

const workflow = (name: string) => parse(read(`.github/workflows/${name}`)) as Workflow;
const WORKFLOWS = readdirSync(path.join(ROOT, '.github/workflows'));
const deploy = workflow('deploy.yml');
const jobsOf = (name: string) => Object.entries(workflow(name).jobs);
const stepsOf = (name: string) => jobsOf(name).flatMap(([, { steps }]) => steps);
const AWS_CREDENTIALS = 'aws-actions/configure-aws-credentials@';

describe.each(WORKFLOWS)('the workflow %s', (name) => {
  it('names each action by its commit, and says beside it which version that is', () => {
    const used = [...read(`.github/workflows/${name}`).matchAll(/uses: (.*)/g)].map(([, action]) => action);
    expect(used.length).toBeGreaterThan(3);
    for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('has no rights but those that a job names, and none that writes to the repository', () => {
    expect(workflow(name).permissions).toEqual({});
    for (const [, { permissions = {} }] of jobsOf(name)) {
      const { 'id-token': idToken, ...others } = permissions;
      expect([undefined, 'write']).toContain(idToken);
      expect(new Set(Object.values(others))).toEqual(new Set(Object.keys(others).length === 0 ? [] : ['read']));
    }
  });

  it('leaves no token of the repository behind in what was checked out', () => {
    const checkouts = stepsOf(name).filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    for (const step of checkouts) expect(step.with).toMatchObject({ 'persist-credentials': false });
  });

  it('keeps no key and hands no secret to a command', () => {
    const text = read(`.github/workflows/${name}`);
    expect([...text.matchAll(/secrets\.(\w+)/g)].map(([, secret]) => secret)).toEqual(
      name === 'ci.yml' ? ['GITLEAKS_LICENSE'] : [],
    );
    expect(text).not.toMatch(/aws-(access-key-id|secret-access-key)|AWS_(ACCESS|SECRET|SESSION)/);
    for (const { run, env = {} } of stepsOf(name)) if (run !== undefined) expect(Object.keys(env)).toEqual([]);
  });

  it('puts nothing that somebody types into a command’s text', () => {
    for (const { run } of stepsOf(name)) expect(run ?? '').not.toContain(github('').slice(0, 3));
    expect(Object.keys(workflow(name).on)).not.toContain('pull_request_target');
  });

  it('runs only what the project has', () => {
    const { scripts, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
    const commands = stepsOf(name).flatMap(({ run }) => run ?? []);
    for (const [, script = ''] of commands.join('\n').matchAll(/npm (?:run )?([a-z-]+)/g)) {
      expect(['ci', 'audit', ...Object.keys(scripts ?? {})]).toContain(script);
    }
    for (const [, file = ''] of commands.join('\n').matchAll(/node (\S+)/g)) {
      expect(existsSync(path.join(ROOT, file))).toBe(true);
    }
    for (const [, command = ''] of commands.join('\n').matchAll(/npx (.*? \S+)/g)) {
      expect(command).toBe('--no-install cdk');
      expect(devDependencies).toHaveProperty('aws-cdk');
    }
  });
});

describe('a deployment by the workflow', () => {
  const job = (name: string): Job => {
    const found = deploy.jobs[name];
    if (found === undefined) throw new Error(`there is no job ${name}`);
    return found;
  };
  const needs = (name: string) => [job(name).needs ?? []].flat();

  it('is the only one of its environment, and never cut off', () => {
    expect(deploy.concurrency).toEqual({
      group: `deploy-${github('inputs.environment')}`,
      'cancel-in-progress': false,
    });
    expect(Object.keys(deploy.on)).toEqual(['workflow_dispatch']);
  });

  it('shows what would change before people approve, then does the central stack, then one account after the other', () => {
    expect(needs('look')).toContain('plan');
    expect(needs('central')).toContain('look');
    expect(needs('accounts')).toContain('central');
    expect(needs('status')).toContain('accounts');
    expect(job('accounts').strategy).toMatchObject({ 'max-parallel': 1, 'fail-fast': true });
    expect(JSON.stringify(job('look').steps)).toContain('cdk diff');
  });

  it('comes to its last look also where StackSets keep all other accounts, and not after something that failed', () => {
    const { accounts } = stacksToDeploy({
      ...exampleDeployment(),
      stagingAccounts: [],
      origins: [],
      targetAccounts: [],
    });
    // GitHub refuses a matrix of nothing; the condition is looked at before it.
    expect(job('accounts').if).toBe(`needs.plan.outputs.accounts != '${JSON.stringify(accounts)}'`);
    // A job that needs one that was passed over is passed over, too, unless its condition asks about failures itself.
    expect(job('status').if).toBe(github("!failure() && !cancelled() && needs.central.result == 'success'"));
    expect(needs('status')).toContain('central');
  });

  it('gets credentials by OIDC only, in a job of an environment, for the one account', () => {
    for (const { steps, permissions, environment } of Object.values(deploy.jobs)) {
      const [credentials] = steps.filter(({ uses }) => uses?.startsWith(AWS_CREDENTIALS));
      expect(permissions?.['id-token']).toBe(credentials === undefined ? undefined : 'write');
      if (credentials === undefined) continue;
      expect(environment).toMatch(/^\$\{\{ inputs\.environment \}\}(-look|-accounts)?$/);
      expect(Object.keys(credentials.with ?? {})).toEqual(['role-to-assume', 'aws-region', 'allowed-account-ids']);
    }
    expect(job('central').environment).toBe(github('inputs.environment'));
  });

  it('knows every stack, central first', () => {
    const { central, accounts } = stacksToDeploy(exampleDeployment());
    const made = synthesize(exampleDeployment()).assets.map(({ name }) => name);
    expect(new Set([central, ...accounts].map(({ stack }) => stack))).toEqual(new Set(made));
    expect(central.stack).toBe('dr-chatops-central');
  });
});

describe('the roles of the workflow', () => {
  interface Role {
    Type: string;
    Condition?: string;
    Properties: {
      RoleName: { 'Fn::Sub': string };
      AssumeRolePolicyDocument: unknown;
      Policies: { PolicyDocument: unknown }[];
    };
  }
  const { Resources } = parse(read('infra/ci-roles.yaml')) as { Resources: Record<string, Role> };
  const roles = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role');
  const rightsOf = (id: string) => JSON.stringify(Resources[id]?.Properties.Policies);

  it.each([
    ['Look', '-look'],
    ['DeployCentral', ''],
    ['Deploy', '-accounts'],
    ['Status', '-accounts'],
  ])(
    '%s is for jobs of this workflow on main, in this repository and its environment with “%s” behind',
    (id, behind) => {
      const [statement, ...others] = statementsOf(Resources[id]?.Properties.AssumeRolePolicyDocument);
      expect(others).toEqual([]);
      expect(statement?.actions).toEqual(['sts:AssumeRoleWithWebIdentity']);
      const from = 'token.actions.githubusercontent.com';
      expect(statement?.conditions).toEqual({
        StringEquals: {
          [`${from}:aud`]: 'sts.amazonaws.com',
          [`${from}:sub`]: {
            'Fn::Sub': `repo:${reference('Repository')}:environment:${reference('Environment')}${behind}`,
          },
          [`${from}:job_workflow_ref`]: {
            'Fn::Sub': `${reference('Repository')}/.github/workflows/deploy.yml@refs/heads/main`,
          },
        },
      });
    },
  );

  it('are those that the workflow asks for', () => {
    const { central, accounts } = stacksToDeploy(exampleDeployment());
    const asked = [central, ...accounts].flatMap(({ stack: _, account: __, region: ___, ...arns }) =>
      Object.values(arns),
    );
    const named = asked.filter((arn) => arn.includes(':role/')).map((arn) => arn.split('/')[1]);
    expect(
      new Set(roles.map(([, { Properties }]) => Properties.RoleName['Fn::Sub'].replace(reference('Suffix'), ''))),
    ).toEqual(new Set(named));
  });

  it('name actions that AWS knows', async () => {
    const actions = [...read('infra/ci-roles.yaml').matchAll(/(?:Action: |- )((?:[a-z]+):[A-Z]\w+)$/gm)].flatMap(
      ([, action]) => action ?? [],
    );
    expect(actions.length).toBeGreaterThan(50);
    for (const action of actions) expect((await knownAction(action))?.name, action).toBe(action.split(':')[1]);
  });

  it('may do nothing with everything, but for what has no resource, and none of them changes one of them', () => {
    for (const [id, { Properties }] of roles) {
      for (const { PolicyDocument } of Properties.Policies) {
        const { Statement } = PolicyDocument as { Statement: Record<string, unknown>[] };
        const statements = Statement.map((statement) => {
          const [, either] = (statement['Fn::If'] ?? []) as Record<string, unknown>[];
          return either ?? statement;
        });
        for (const { effect, actions, resources } of statementsOf({ Statement: statements })) {
          const allowed = effect === 'Allow' ? actions : [];
          expect(
            allowed.filter((action) => action.includes('*')),
            id,
          ).toEqual([]);
          if (resources.includes('*')) expect(allowed, id).toEqual(['logs:DescribeLogGroups']);
        }
      }
    }
    const role = `arn:${reference('AWS::Partition')}:iam::${reference('AWS::AccountId')}:role/dr-chatops-ci-*`;
    const denial = { Effect: 'Deny', Action: 'iam:*', Resource: [{ 'Fn::Sub': role }] };
    expect(Resources.CloudFormation?.Properties.Policies).toMatchObject([
      { PolicyDocument: { Statement: expect.arrayContaining([denial]) } },
    ]);
  });

  it('can make what the stacks of the other accounts have', () => {
    const { staging, origins, targets } = synthesize(exampleDeployment());
    const types = new Set(
      [...staging, ...origins, ...targets].flatMap(({ template }) =>
        Object.values(template.toJSON().Resources as Record<string, { Type: string }>).map(({ Type }) => Type),
      ),
    );
    const creates: Record<string, string> = {
      'AWS::IAM::Role': 'iam:CreateRole',
      'AWS::IAM::Policy': 'iam:PutRolePolicy',
      'AWS::Logs::LogGroup': 'logs:CreateLogGroup',
      'AWS::StepFunctions::StateMachine': 'states:CreateStateMachine',
      'AWS::Events::Rule': 'events:PutRule',
    };
    for (const type of types) expect(rightsOf('CloudFormation'), type).toContain(`"${creates[type]}"`);
    const names = [...staging, ...origins, ...targets].flatMap(({ roleNames }) => roleNames);
    for (const name of names) expect(name).toMatch(/^(dr-chatops-(?!ci-)|DRS-Orchestration-Role)/);
  });
});

describe('updates of dependencies', () => {
  it('come in groups, not on the day of their release, and leave alone what has to stay', () => {
    const { updates } = parse(read('.github/dependabot.yml')) as {
      updates: {
        'package-ecosystem': string;
        cooldown: object;
        groups: Record<string, { patterns?: string[] }>;
        ignore?: object[];
      }[];
    };
    expect(updates.map((update) => update['package-ecosystem'])).toEqual(['npm', 'github-actions']);
    for (const { cooldown } of updates) expect(cooldown).toEqual({ 'default-days': 7 });
    expect(updates[0]?.groups['aws-sdk']?.patterns).toContain('@aws-sdk/*');
    expect(updates[0]?.ignore).toContainEqual({ 'dependency-name': '@aws-sdk/client-drs' });
  });
});
