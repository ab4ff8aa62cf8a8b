import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { type Deployment, keptByStackSet, parseDeployment, readDeployment } from '../../infra/deployment.ts';
import { RolloutStack } from '../../infra/rollout-stack.ts';
import { stacksToDeploy } from '../../scripts/deployment-stacks.ts';
import { at, exampleDeployment, type Resource, synthesize } from './synthesized.ts';

/** What CloudFormation takes of a template without a bucket, in bytes; also of one within a StackSet. */
const INLINE_TEMPLATE_BYTES = 51_200;
const OWN = '444444444444';
const UNIT = 'ou-ab12-cdefgh34';
const administrator = { accountId: '990000000000', region: 'us-east-1' };

function withStackSets(changes: Record<string, unknown> = {}, file = exampleDeployment()): Deployment {
  const [target] = file.targetAccounts;
  const stackSets = {
    administrator,
    staging: { organizationalUnitIds: [UNIT], exceptAccounts: [OWN] },
    targets: { organizationalUnitIds: [UNIT] },
  };
  return parseDeployment({ ...file, targetAccounts: [target], stackSets: { ...stackSets, ...changes } }, 'x.json');
}

const { staging, targets, rollouts, assets } = synthesize(withStackSets());
const [ofStaging, ofTargets] = rollouts;

const stackSetOf = (view: (typeof rollouts)[number] | undefined): Record<string, unknown> =>
  view?.only('AWS::CloudFormation::StackSet').Properties ?? {};

const templateOf = (view: (typeof rollouts)[number] | undefined) =>
  JSON.parse(String(stackSetOf(view).TemplateBody)) as { Description: string; Resources: Record<string, Resource> };

/** What CloudFormation makes of a value in an account, as far as the account is concerned. */
function inAccount(value: unknown, account: { accountId: string; externalId: string }): unknown {
  if (Array.isArray(value)) return value.map((member) => inAccount(member, account));
  if (typeof value !== 'object' || value === null) return value;
  if (at(value, 'Ref') === 'AWS::AccountId') return account.accountId;
  if (at(value, 'Ref') === 'AWS::Partition') return 'aws';
  if (at(value, 'Ref') === 'ExternalId') return account.externalId;
  const filled = Object.fromEntries(Object.entries(value).map(([key, member]) => [key, inAccount(member, account)]));
  const [separator, parts] = (filled['Fn::Join'] ?? []) as [string?, unknown[]?];
  const isText = parts?.every((part) => typeof part === 'string') === true;
  return isText ? parts.join(separator) : filled;
}

/** Without the CDK's notes of where in its app a resource stands, and whatever the order of a policy's resources. */
function comparable(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const members = value.map((member) => comparable(member));
    return key === 'Resource' ? members.toSorted() : members;
  }
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([field]) => field !== 'Metadata');
  return Object.fromEntries(fields.map(([field, member]) => [field, comparable(member, field)]));
}

describe('StackSets of a deployment', () => {
  it('take the place of the stacks of all accounts but those on exceptAccounts', () => {
    expect(staging).toHaveLength(1);
    expect(staging[0]?.template.toJSON().Description).toContain(OWN);
    expect(targets).toEqual([]);
    expect(rollouts).toHaveLength(2);
  });

  it('are deployed by hand: the workflow has no role where they are', () => {
    const { central, accounts } = stacksToDeploy(withStackSets());
    const made = assets.map(({ name }) => name);
    expect(made.filter((name) => name.includes('rollout'))).toHaveLength(2);
    expect([central, ...accounts].map(({ stack }) => stack).toSorted()).toEqual(
      made.filter((name) => !name.includes('rollout')).toSorted(),
    );
  });

  it('keep the units, accounts that come later included, a few at once, and let go of none by themselves', () => {
    expect(stackSetOf(ofStaging)).toMatchObject({
      StackSetName: 'dr-chatops-staging',
      PermissionModel: 'SERVICE_MANAGED',
      CallAs: 'SELF',
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      AutoDeployment: { Enabled: true, RetainStacksOnAccountRemoval: true },
      OperationPreferences: { MaxConcurrentCount: 5, FailureToleranceCount: 2 },
      Parameters: [{ ParameterKey: 'ExternalId', ParameterValue: 'dr-chatops-practice' }],
      StackInstancesGroup: [
        {
          DeploymentTargets: { OrganizationalUnitIds: [UNIT], Accounts: [OWN], AccountFilterType: 'DIFFERENCE' },
          Regions: ['us-east-2'],
        },
      ],
    });
    expect(at(stackSetOf(ofTargets), 'StackInstancesGroup', 0, 'DeploymentTargets')).toEqual({
      OrganizationalUnitIds: [UNIT],
    });
  });

  it('act for a delegated administrator where the file says so', () => {
    const deployment = withStackSets({ delegated: true });
    const app = new App({
      outdir: mkdtempSync(path.join(tmpdir(), 'dr-chatops-rollout-')),
      builtinCloudFormationValidation: false,
    });
    onTestFinished(() => rmSync(app.outdir, { recursive: true }));
    const given = { deployment, kind: 'staging', stackSetName: 'dr-chatops-staging', template: '{}' } as const;
    const stack = new RolloutStack(app, 'Rollout', given);
    Template.fromStack(stack).hasResourceProperties('AWS::CloudFormation::StackSet', { CallAs: 'DELEGATED_ADMIN' });
  });

  it('fit, with the template within them, into a template that CloudFormation takes without a bucket', () => {
    for (const rollout of rollouts) {
      expect(Buffer.byteLength(String(stackSetOf(rollout).TemplateBody))).toBeLessThan(INLINE_TEMPLATE_BYTES);
      // As the CDK sends it.
      const yaml = stringify(rollout.template.toJSON(), { version: '1.1', lineWidth: 0 });
      expect(Buffer.byteLength(yaml)).toBeLessThan(INLINE_TEMPLATE_BYTES);
    }
  });

  it('deploy into an account what its own stack would', () => {
    const deployment = exampleDeployment();
    const own = synthesize(deployment);
    const [account] = deployment.stagingAccounts;
    const [target] = deployment.targetAccounts;
    if (account === undefined || target === undefined) throw new Error('the example has no accounts');
    for (const [rollout, stack, place] of [
      [ofStaging, own.staging[0], account],
      [ofTargets, own.targets[0], target],
    ] as const) {
      const resources = inAccount(templateOf(rollout).Resources, place);
      const expected = inAccount(stack?.template.toJSON().Resources, place);
      expect(comparable(resources)).toEqual(comparable(expected));
    }
    expect(String(stackSetOf(ofStaging).TemplateBody)).not.toMatch(/(1{12}|2{12}|3{12}|4{12})/);
  });
});

describe('a file with StackSets', () => {
  it('for forty accounts is an example that is checked', () => {
    const forty = readDeployment(path.join(import.meta.dirname, '../../config/forty-accounts.example.json'));
    expect(forty.stagingAccounts).toHaveLength(40);
    // `npm run synth` makes its templates.
    expect(keptByStackSet(forty.targetAccounts, forty.stackSets?.targets)).toHaveLength(40);
  });

  it('is refused where one template cannot serve all, or StackSets reach nobody', () => {
    const [first, second, ...others] = exampleDeployment().stagingAccounts;
    const stagingAccounts = [first, { ...second, externalId: 'another' }, ...others];
    const content = {
      ...exampleDeployment(),
      stagingAccounts,
      stackSets: {
        administrator: { ...administrator, accountId: '333333333333' },
        staging: { organizationalUnitIds: ['ou-1'] },
        targets: { organizationalUnitIds: [UNIT] },
      },
    };
    const check = (stackSets: object) => parseDeployment({ ...content, stackSets }, 'x.json');
    expect(() => check(content.stackSets)).toThrow('stackSets.staging.organizationalUnitIds.0: an organisational unit');
    const reached = { ...content.stackSets, staging: { organizationalUnitIds: [UNIT] } };
    expect(() => check(reached)).toThrow('stackSets.staging: externalId of 222222222222 is not that of 111111111111');
    expect(() => check(reached)).toThrow('stackSets.staging: 333333333333 is the management account');
    expect(() => check(reached)).toThrow('stackSets.targets: documents of 555555555555 is not that of 111111111111');
    const apart = { ...reached, staging: { ...reached.staging, exceptAccounts: ['222222222222', '333333333333'] } };
    expect(() => check({ ...apart, targets: undefined })).not.toThrow();
  });
});
