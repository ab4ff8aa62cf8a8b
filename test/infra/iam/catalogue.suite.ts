import { describe, expect, it } from 'vitest';
import { hasKey, knownAction, missingTypes, overlap, problemsOf } from './catalogue.ts';
import { deployedOrganisation } from './organisation.ts';
import { type PolicyStatement, readPolicy } from './policy.ts';
import { practiceDeployment } from './practice-deployment.ts';

/** What AWS's catalogue finds and is right as it is, each with the reason. What none of these explains fails. */
const EXPLAINED: { problem: RegExp; why: string }[] = [
  {
    problem: /states:SendTask(Success|Failure) cannot be limited|states:SendTask\w+: none takes .*:stateMachine:/,
    why: 'the catalogue knows no resources for it, but IAM asks about the machine of the token: refusals name it, and CDK’s grantTaskResponse grants it',
  },
];

const organisation = deployedOrganisation(practiceDeployment());

/** Every statement of the product's policies, with what it stands in; those of like accounts once. */
function allStatements(): { where: string; statement: PolicyStatement }[] {
  const once = new Map<string, { where: string; statement: PolicyStatement }>();
  const add = (where: string, statements: readonly PolicyStatement[]) => {
    for (const statement of statements) {
      once.set(JSON.stringify([where, statement]).replaceAll(/\d{12}/g, '(account)'), { where, statement });
    }
  };
  for (const { name, identity, trust } of organisation.roles) {
    add(`the rights of ${name}`, identity);
    add(`the trust of ${name}`, trust);
  }
  for (const [arn, { statements }] of organisation.resourcePolicies) add(`the policy of ${arn}`, statements);
  return [...once.values()];
}

describe('every statement of every policy', () => {
  it('names actions, resources and condition keys that go together, by AWS’s own catalogue', async () => {
    const statements = allStatements();
    expect(statements.length).toBeGreaterThan(150);
    const problems = await Promise.all(
      statements.map(async ({ where, statement }) =>
        (await problemsOf(statement)).map((problem) => `${where}: ${problem}`),
      ),
    );
    const open = problems.flat().filter((problem) => !EXPLAINED.some((explained) => explained.problem.test(problem)));
    expect(open).toEqual([]);
    const idle = EXPLAINED.filter(({ problem }) => !problems.flat().some((one) => problem.test(one)));
    expect(idle.map(({ why }) => why)).toEqual([]);
  });

  it('gives an action on every kind of resource that it always asks about', async () => {
    const missing = await Promise.all(
      organisation.roles.map(async ({ name, identity }) => {
        const actions = identity.filter(({ effect }) => effect === 'Allow').flatMap(({ actions }) => actions.entries);
        const all = await Promise.all(
          [...new Set(actions)].map(async (action) =>
            (await missingTypes(action, identity)).map((type) => `${name}: ${action} on ${type}`),
          ),
        );
        return all.flat();
      }),
    );
    // The product has no Express machines, whose executions are of another kind.
    const open = missing.flat().filter((one) => !one.endsWith('states:DescribeExecution on express'));
    expect([...new Set(open)]).toEqual([]);
  });
});

describe('the catalogue', () => {
  const problems = (statement: object) => {
    const [read] = readPolicy({ Statement: { Effect: 'Allow', ...statement } });
    return read === undefined ? Promise.resolve([]) : problemsOf(read);
  };
  it.each([
    ['an action that does not exist', { Action: 'drs:StartRecoveries', Resource: '*' }, 'there is no action'],
    ['a service that does not exist', { Action: 'drz:StartRecovery', Resource: '*' }, 'there is no action'],
    ['a wrong case', { Action: 'drs:startRecovery', Resource: '*' }, 'is written StartRecovery'],
    ['a pattern of nothing', { Action: 'drs:Foo*', Resource: '*' }, 'stands for no action'],
    ['no limit where there could be one', { Action: 'drs:StartRecovery', Resource: '*' }, 'can be limited to'],
    [
      'a limit where there is none',
      { Action: 'drs:DescribeJobs', Resource: 'arn:aws:drs:us-east-2:111111111111:job/*' },
      'cannot be limited',
    ],
    [
      'a resource of another kind',
      { Action: 'drs:StartRecovery', Resource: 'arn:aws:drs:us-east-2:111111111111:job/*' },
      'takes none of',
    ],
    [
      'a resource that no action takes',
      {
        Action: 'sns:Publish',
        Resource: ['arn:aws:sns:us-east-2:111111111111:t', 'arn:aws:sqs:us-east-2:111111111111:q'],
      },
      'none takes arn:aws:sqs',
    ],
    [
      'a key that is never there',
      {
        Action: 'sns:Publish',
        Resource: 'arn:aws:sns:us-east-2:111111111111:t',
        Condition: { StringEquals: { 'sts:ExternalId': 'x' } },
      },
      'sts:ExternalId is never there with Publish',
    ],
  ])('finds %s', async (_, statement, problem) => {
    expect((await problems(statement)).join('\n')).toContain(problem);
  });

  it('knows keys of actions, of their resources and of every request', async () => {
    const publish = await knownAction('sns:Publish');
    const run = await knownAction('ec2:RunInstances');
    if (publish === undefined || run === undefined) throw new Error('the catalogue has changed');
    expect(await hasKey(publish, 'aws:PrincipalOrgID')).toBe(true);
    expect(await hasKey(publish, 'aws:RequestTag/x')).toBe(false);
    expect(await hasKey(run, 'aws:RequestTag/x')).toBe(true);
    expect(await hasKey(run, 'aws:Nonsense')).toBe(false);
  });

  it.each([
    ['arn:*:drs:*:*:job/*', 'arn:aws:drs:r:1:job/*', true],
    ['arn:*:drs:*:*:job/*', 'arn:aws:drs:r:1:item/*', false],
    ['arn:*:drs:*:*:job/*', 'arn:aws:drs:r:1:*', true],
    ['arn:*:drs:*:*:job/*', 'arn:aws:ec2:r:1:job/*', false],
    ['arn:*:logs:*:*:log-group:*:log-stream:*', 'arn:aws:logs:r:1:log-group:/aws/lambda/x:*', true],
    ['arn:*:ec2:*::image/*', 'arn:aws:ec2:r:1:image/*', false],
    ['arn:*:s3:::*/*', 'arn:aws:s3:::bucket', false],
  ])('%s and %s have something in common: %s', (one, other, expected) => expect(overlap(one, other)).toBe(expected));

  it('tells what is always asked about and not allowed', async () => {
    const statements = readPolicy({
      Statement: { Effect: 'Allow', Action: 'ssm:StartAutomationExecution', Resource: 'arn:aws:ssm:r:1:document/x' },
    });
    expect(await missingTypes('ssm:StartAutomationExecution', statements)).toEqual(['automation-execution']);
  });
});
