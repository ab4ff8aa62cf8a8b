import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { stacksOf } from '../../infra/stacks.ts';
import { FUNCTIONS } from '../../src/functions.ts';
import { exampleDeployment, synthesize } from './synthesized.ts';

/**
 * What the rules of AwsSolutions find and is left as it is, with the reason. A finding that none of these explains fails,
 * and so does an explanation that nothing needs.
 */
const EXPLAINED: { rule: RegExp; at?: RegExp; why: string }[] = [
  {
    rule: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    why: 'only actions that IAM knows no resources for: the test below looks at each',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::<\w+\.Arn>\/(audit|results)\/\*\]$/,
    why: 'keys of objects are made by the product: the prefix is what is allowed',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::arn:(aws|<AWS::Partition>):(drs|ec2):[a-z0-9-]+:(\d{12}|\*|):?[a-z-]*\/?\*\]$/,
    why: 'servers, jobs and instances come and go: what is done to them is limited by tags, by who calls (DRS) and by the account and Region',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::arn:aws:cloudtrail:\*:\*:trail\/\*\]$/,
    why: 'a trail of the organisation is of another account and Region: whether it records DRS is only read',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::arn:aws:lambda:.*:function:dr-chatops-[a-z-]+:\*\]$/,
    why: 'a machine calls the versions of its functions: a running execution keeps the one that it began with',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::arn:aws:servicequotas:.*:(drs|ec2)\/\*\]$/,
    why: 'quotas are read by their codes, of these two services',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::arn:aws:ssm:.*:automation-(definition\/[\w-]+:|execution\/)\*\]$/,
    why: 'versions of a listed document, and executions, whose ids AWS makes',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::arn:aws:ssm:.*:parameter\/dr-chatops\/(origins|staging-accounts|target-accounts)\/\*\]$/,
    why: 'an account is added by a parameter of its own',
  },
  {
    rule: /^AwsSolutions-IAM5\[Resource::arn:aws:states:.*:(execution:[a-z-]+|stateMachine):\*\]$/,
    why: 'names of executions are ids of requests; parents that wait are any machine of the account, and only their tokens can be answered',
  },
  {
    rule: /^AwsSolutions-SF1$/,
    why: 'machines log errors without execution data, which names servers and people; histories and X-Ray have the rest',
  },
  {
    rule: /^AwsSolutions-APIG4$/,
    why: 'Slack signs its requests: slack-ingress verifies signature and age of each before anything else',
  },
  {
    rule: /^AwsSolutions-S1$/,
    why: 'access to the buckets is a matter of CloudTrail’s data events, which an organisation switches on for all of them',
  },
  {
    rule: /^AwsSolutions-SMG4$/,
    why: 'Slack makes the token and the signing secret: they are rotated there, and taken up within five minutes',
  },
  { rule: /^AwsSolutions-SQS3$/, at: /DeadLetters/, why: 'it is the queue of dead letters' },
];

/** Actions without resources in IAM (Service Authorization Reference), by their beginnings. */
const WITHOUT_RESOURCES = [
  /^xray:/,
  /^logs:(Create|Get|Update|Delete|List|Describe|Put)(LogDelivery|LogDeliveries|LogGroups|ResourcePolicies|ResourcePolicy)$/,
  /^dynamodb:ListStreams$/,
  /^pricing:GetProducts$/,
  /^cloudtrail:DescribeTrails$/,
  /^drs:Describe(Jobs|RecoveryInstances|SourceServers|ReplicationConfigurationTemplates)$/,
  /^drs:ListTagsForResource$/,
  /^ec2:Describe\w+$/,
  /^servicequotas:GetAWSDefaultServiceQuota$/,
  /^ssm:(DescribeInstanceInformation|ListCommandInvocations|ListCommands)$/,
];

interface Finding {
  rule: string;
  at: string;
}

const directory = mkdtempSync(path.join(tmpdir(), 'dr-chatops-nag-'));
let findings: Finding[] = [];

beforeAll(() => {
  const functions = path.join(directory, 'functions');
  for (const name of Object.keys(FUNCTIONS)) {
    mkdirSync(path.join(functions, name), { recursive: true });
    writeFileSync(path.join(functions, name, 'index.js'), `exports.handler = async () => '${name}';\n`);
  }
  const outdir = path.join(directory, 'cdk.out');
  const example = exampleDeployment();
  // The staging accounts' stacks are alike.
  const deployment = { ...example, stagingAccounts: example.stagingAccounts.slice(0, 1) };
  // CloudFormation's own rules are looked at by another test.
  const { app } = stacksOf(deployment, functions, { outdir, builtinCloudFormationValidation: false });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  // The CDK prints each finding, and ends the synthesis: what is explained is told by the report.
  const printed = [vi.spyOn(console, 'error'), vi.spyOn(console, 'log'), vi.spyOn(process.stderr, 'write')];
  for (const spy of printed) spy.mockImplementation((() => true) as never);
  try {
    app.synth();
  } catch {
    // As it is meant to while anything is found.
  } finally {
    for (const spy of printed) spy.mockRestore();
  }
  const report = JSON.parse(readFileSync(path.join(outdir, 'validation-report.json'), 'utf8')) as {
    pluginReports: {
      violations: { ruleName: string; violatingConstructs: { constructPath: string }[] }[];
    }[];
  };
  findings = report.pluginReports
    .flatMap(({ violations }) => violations)
    .flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => ({ rule: ruleName, at: constructPath })),
    );
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function explains({ rule, at }: (typeof EXPLAINED)[number], finding: Finding): boolean {
  return rule.test(finding.rule) && (at?.test(finding.at) ?? true);
}

describe('the rules of AwsSolutions', () => {
  it('find nothing that is not explained', () => {
    expect(findings.length).toBeGreaterThan(50);
    const open = findings.filter((finding) => !EXPLAINED.some((explained) => explains(explained, finding)));
    expect(open).toEqual([]);
  });

  it('need every explanation', () => {
    const idle = EXPLAINED.filter((explained) => !findings.some((finding) => explains(explained, finding)));
    expect(idle.map(({ why }) => why)).toEqual([]);
  });
});

describe('a resource that is anything', () => {
  it('stands only with actions that know no resources', () => {
    const { central, staging, origins, targets } = synthesize(exampleDeployment());
    const actions = [central, ...staging, ...origins, ...targets].flatMap((stack) =>
      stack.roleNames.flatMap((role) =>
        stack
          .rightsOf(role)
          .filter(({ effect, resources }) => effect === 'Allow' && resources.includes('*'))
          .flatMap((statement) => statement.actions.map((action) => ({ role, action }))),
      ),
    );
    expect(actions.length).toBeGreaterThan(50);
    expect(actions.filter(({ action }) => !WITHOUT_RESOURCES.some((known) => known.test(action)))).toEqual([]);
  });
});
