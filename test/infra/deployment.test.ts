import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  DEPLOYMENT_FIELDS,
  type Deployment,
  DeploymentError,
  parseDeployment,
  readDeployment,
} from '../../infra/deployment.ts';

const EXAMPLE = path.join(import.meta.dirname, '../../config/example.json');

/** The lines of the error that a file with the example's content, changed, is refused with. */
function problemsOf(change: (content: Deployment) => unknown): string[] {
  const content = readDeployment(EXAMPLE);
  const changed = change(content) ?? content;
  try {
    parseDeployment(changed, 'config/test.json');
  } catch (error) {
    if (error instanceof DeploymentError) return error.message.split('\n').map((line) => line.trim());
    throw error;
  }
  return [];
}

const TOPIC = 'arn:aws:sns:us-east-2:900000000000:pager';
const WEEKLY = {
  name: 'weekly',
  expression: 'cron(0 6 ? * SAT *)',
  input: { action: 'drill', tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' } },
};
const CHANNEL = { requests: { channelId: 'C0INCIDENT1' } };

const exampleContent = (): Deployment => readDeployment(EXAMPLE);
const staging = ({ stagingAccounts }: Deployment, at: number) =>
  stagingAccounts[at] as (typeof stagingAccounts)[number];

/** The example's access with these grants alone. */
const granted = (...grants: Partial<Deployment['access']['grants'][number]>[]) => ({
  access: { teamId: 'T0EXAMPLE0', grants },
});
const MANAGERS = { role: 'DRSRecoveryManager', users: ['U0APPROVER1', 'U0APPROVER2', 'U0APPROVER3'] } as const;
const OPERATOR = { role: 'DRSOperator', users: ['U0REQUESTER'] } as const;
const grants = (...list: object[]) => granted(...(list as Deployment['access']['grants']));

const scheduled = (schedule: object) => ({ ...CHANNEL, schedules: [{ ...WEEKLY, ...schedule }] });
/** The example's first entry of a list, changed. */
const first = (list: 'stagingAccounts' | 'origins' | 'targetAccounts', change: object) => (content: Deployment) => {
  const [entry, ...others] = content[list];
  return { [list]: [{ ...entry, ...change }, ...others] };
};

/** What is changed in the example, and what it is refused with. */
const BAD_INPUT: [name: string, change: (content: Deployment) => object, expected: string | string[]][] = [
  [
    'a central account of 11 digits',
    ({ central }) => ({ central: { ...central, accountId: '90000000000' } }),
    'central.accountId: an AWS account id has 12 digits',
  ],
  [
    'an account id that is a number',
    first('stagingAccounts', { accountId: 111111111111 }),
    'stagingAccounts.0.accountId: ',
  ],
  ...['example', 'ou-abcd-12345678', 'o-ABCDEFGHIJ', 'o-short'].map((organizationId): (typeof BAD_INPUT)[number] => [
    `the organisation id ${organizationId}`,
    () => ({ organizationId }),
    'organizationId: an organisation id such as o-a1b2c3d4e5',
  ]),
  [
    'a Region in other words',
    ({ central }) => ({ central: { ...central, region: 'Ohio' } }),
    'central.region: a Region such as us-east-2',
  ],
  [
    'a Region that there is not',
    ({ central }) => ({ central: { ...central, region: 'us-east-9' } }),
    'central.region: there is no Region us-east-9',
  ],
  [
    'a Region without DRS',
    ({ central }) => ({ central: { ...central, region: 'ca-west-1' } }),
    'central.region: AWS Elastic Disaster Recovery is not in ca-west-1',
  ],
  [
    'an origin in a Region that there is not',
    first('origins', { region: 'eu-east-1' }),
    'origins.0.region: there is no Region eu-east-1',
  ],
  [
    'an origin in another partition',
    first('origins', { region: 'us-gov-west-1' }),
    'origins.0.region: us-gov-west-1 is in another partition of AWS than us-east-2',
  ],
  [
    'actions in a Region that there is not',
    first('targetAccounts', { regions: ['us-east-2', 'us-middle-1'] }),
    'targetAccounts.0.regions.1: there is no Region us-middle-1',
  ],
  [
    'a staging account without an external id',
    first('stagingAccounts', { externalId: undefined }),
    'stagingAccounts.0.externalId: an external id is needed',
  ],
  [
    'an external id of one character',
    first('targetAccounts', { externalId: 'x' }),
    'targetAccounts.0.externalId: an external id has 2 to 1,224',
  ],
  [
    'an external id that STS does not take',
    first('origins', { externalId: 'a secret' }),
    'origins.0.externalId: an external id has 2 to 1,224',
  ],
  [
    'an external id that is too long',
    first('stagingAccounts', { externalId: 'x'.repeat(1_225) }),
    'stagingAccounts.0.externalId: an external id has 2 to 1,224',
  ],
  [
    'a role by its ARN where its name is meant',
    first('targetAccounts', { documents: [{ name: 'Fence', roles: ['arn:aws:iam::111111111111:role/fence'] }] }),
    'targetAccounts.0.documents.0.roles.0: the name of a role, not its ARN',
  ],
  [
    'a document twice',
    first('targetAccounts', { documents: [{ name: 'Fence' }, { name: 'Fence', type: 'command' }] }),
    'targetAccounts.0.documents.1.name: Fence is listed twice',
  ],
  [
    'a staging account twice',
    (content) => ({ stagingAccounts: [...content.stagingAccounts, staging(content, 0)] }),
    'stagingAccounts.4.accountId: 111111111111 is listed twice',
  ],
  [
    'the central account as a staging account',
    first('stagingAccounts', { accountId: '900000000000' }),
    'stagingAccounts.0.accountId: 900000000000 is the central account',
  ],
  [
    'a staging account as the origin of its own servers',
    first('origins', { accountId: '222222222222', region: 'us-east-2' }),
    'origins.0.region: the staging account 222222222222 recovers servers in us-east-2',
  ],
  [
    'a topic that is a wildcard',
    () => ({ component: { notificationTopicArns: ['arn:aws:sns:us-east-2:900000000000:*'] } }),
    'component.notificationTopicArns.0: the ARN of an SNS topic',
  ],
  [
    'a topic by its name',
    () => ({ component: { notificationTopicArns: [TOPIC] }, requests: { notificationTopicArn: 'pager' } }),
    [
      'requests.notificationTopicArn: the ARN of an SNS topic',
      'requests.notificationTopicArn: pager is not on component.notificationTopicArns',
    ],
  ],
  [
    'a channel by its name',
    () => ({ requests: { channelId: '#dr' } }),
    'requests.channelId: a Slack channel id begins',
  ],
  ['an address that is none', () => ({ alarms: { emails: ['on-call'] } }), 'alarms.emails.0: an e-mail address'],
  [
    'a schedule that is there twice',
    () => ({ ...CHANNEL, schedules: [WEEKLY, WEEKLY] }),
    'schedules.1.name: weekly is there twice',
  ],
  ['a schedule whose runs nobody could be asked about', () => ({ schedules: [WEEKLY] }), 'schedules.0.input: names no'],
  [
    'a schedule of what is no request',
    () => scheduled({ input: { ...WEEKLY.input, action: 'status' } }),
    'schedules.0.input: ',
  ],
  [
    'a time zone that there is not',
    () => scheduled({ timezone: 'Europe/Berlim' }),
    'schedules.0.timezone: there is no such time zone',
  ],
  ['an offset as a time zone', () => scheduled({ timezone: '+02:00' }), 'schedules.0.timezone: there is no such'],
  ...(
    [
      ['every sunday', 'cron(…), rate(…) or at(…)'],
      ['cron(0 6 * * SAT)', 'cron(…) has six fields'],
      ['cron(0 6 * * SAT *)', 'of day of the month and weekday in cron(…) one is ?'],
      ['cron(0 25 ? * SAT *)', 'a field of cron(…) has a value that EventBridge Scheduler does not know'],
      ['cron(0 6 ? * CAT *)', 'a field of cron(…) has a value that EventBridge Scheduler does not know'],
      ['cron(0 6 30 2 ? *)', 'there is no such time: it would never run'],
      ['rate(0 days)', 'a rate is a whole number'],
      ['rate(1 fortnight)', 'a rate is a whole number'],
      ['at(2027-02-30T06:00:00)', 'a moment is at(yyyy-mm-ddThh:mm:ss), of a day that there is'],
      ['at(tomorrow)', 'a moment is at(yyyy-mm-ddThh:mm:ss), of a day that there is'],
    ] as const
  ).map(([expression, why]): (typeof BAD_INPUT)[number] => [
    `the schedule ${expression}`,
    () => scheduled({ expression }),
    `schedules.0.expression: ${why}`,
  ]),
  [
    'a log that CloudWatch cannot keep that long',
    () => ({ retention: { logDays: 100 } }),
    'retention.logDays: a number of days that CloudWatch Logs knows: 1, 3, 5',
  ],
  [
    'a network without subnets',
    () => ({ network: { subnetIds: [], securityGroupIds: ['sg-0123456789abcdef0'] } }),
    'network.subnetIds: ',
  ],
  [
    'more approvals for one application than people may give',
    () => ({
      ...grants(OPERATOR, MANAGERS, { role: 'DRSRecoveryManager', users: ['U0APPROVER4'], applications: ['CRM'] }),
      policies: { applications: { HRP: { drill: { quorum: 4 } }, CRM: { drill: { quorum: 4 } } } },
    }),
    'policies.applications.HRP.drill.quorum: 4 approvals are asked for, but only 3 people may approve',
  ],
  [
    'an application whose approvers are too few for the general policy',
    () => ({
      ...grants(
        OPERATOR,
        { ...MANAGERS, applications: ['HRP'] },
        { ...MANAGERS, users: ['U0APPROVER1'], applications: ['CRM'] },
      ),
      policies: {},
    }),
    [
      ...['failover', 'failback'].map(
        (subject) => `policies.${subject}.quorum: 2 approvals are asked for, but only 1 person may approve (for CRM)`,
      ),
      // Operators may not ask for a termination.
      'policies.terminate.selfApproval: 1 approval',
      'policies.terminateLive.quorum: 2 approvals',
      'policies.replaceLive.quorum: 2 approvals',
    ],
  ],
  [
    'approvals that only count from a role which may not approve',
    () => ({ policies: { drill: { roles: ['DRSOperator'] } } }),
    'policies.drill.quorum: 1 approval is asked for, but only 0 people may approve',
  ],
  [
    'a requester who is the only approver',
    () => ({
      ...grants({ role: 'DRSRecoveryManager', users: ['U0APPROVER1'] }),
      policies: Object.fromEntries(
        ['failover', 'failback', 'terminate', 'terminateLive', 'replaceLive'].map((subject) => [
          subject,
          { quorum: 1, selfApproval: true },
        ]),
      ),
    }),
    "policies.drill.selfApproval: 1 approval is asked for besides the requester's own, and nobody who may ask has as many others",
  ],
  [
    'a pause that only who asked may release, and may not',
    () => ({ ...grants(MANAGERS), policies: { pause: { quorum: 3, selfApproval: false } } }),
    'policies.pause.selfApproval: 3 approvals are asked for',
  ],
  [
    'glass that nobody may break',
    () => ({ policies: { failover: { breakGlass: { roles: ['DRSOrchestrationAdmin'] } } } }),
    'policies.failover.breakGlass.roles: nobody has the role DRSOrchestrationAdmin',
  ],
  [
    'an escalation to nobody',
    () => ({ policies: { drill: { escalation: { beforeMinutes: 10 } } } }),
    'policies.drill.escalation: an escalation names users, userGroups, or both',
  ],
  [
    'too few approvers beside a user id of the wrong form',
    () => ({
      ...grants(OPERATOR, MANAGERS, { role: 'DRSReadOnly', users: ['somebody'] }),
      policies: { drill: { quorum: 4 } },
    }),
    ['access.grants.2.users.0: a Slack user id', 'policies.drill.quorum: 4 approvals are asked for'],
  ],
  [
    'a group that has no part in it beside too few approvers',
    () => ({
      ...grants(OPERATOR, MANAGERS, { role: 'DRSReadOnly', userGroups: ['S0EVERYBODY'] }),
      policies: { drill: { quorum: 4 } },
    }),
    'policies.drill.quorum: 4 approvals are asked for, but only 3 people may approve',
  ],
];

/** What is changed in the example and is right. */
const GOOD_INPUT: [name: string, change: (content: Deployment) => object][] = [
  ['the central and a staging account as target accounts', () => ({})],
  ['an origin in the account of a staging account, in another Region', first('origins', { accountId: '111111111111' })],
  [
    'approvers by a user group, whose members only Slack knows',
    () => ({
      ...grants(OPERATOR, { role: 'DRSRecoveryManager', userGroups: ['S0DRLEADS00'] }),
      policies: { drill: { quorum: 9 }, failover: { breakGlass: { roles: ['DRSRecoveryManager'] } } },
    }),
  ],
  [
    'one person alone who may pass what they asked for',
    () => ({
      ...grants({ role: 'DRSRecoveryManager', users: ['U0APPROVER1'] }),
      policies: Object.fromEntries(
        ['drill', 'failover', 'failback', 'terminate', 'terminateLive', 'replaceLive'].map((subject) => [
          subject,
          { quorum: 1, selfApproval: true },
        ]),
      ),
    }),
  ],
  [
    'a schedule in its own channel',
    () => ({ schedules: [{ ...WEEKLY, input: { ...WEEKLY.input, channelId: 'C0DRILLS001' } }] }),
  ],
  ['a time zone and the last Friday', () => scheduled({ timezone: 'Europe/Berlin', expression: 'cron(0 6 ? * 6L *)' })],
  ['a moment', () => scheduled({ expression: 'at(2027-02-28T06:00:00)' })],
  ['a rate', () => scheduled({ expression: 'rate(7 days)' })],
  ['the first Monday of some years', () => scheduled({ expression: 'cron(0 6 ? JAN-MAR MON#1 2026-2030)' })],
  ['a weekday near the middle of the month', () => scheduled({ expression: 'cron(15 6,18 15W * ? *)' })],
];

describe('a deployment file', () => {
  it('is taken as the example has it', () => {
    expect(readDeployment(EXAMPLE).stagingAccounts).toHaveLength(4);
  });

  it('is refused with everything that is wrong at once', () => {
    const problems = problemsOf((content) => ({
      ...content,
      organizationId: 'example',
      central: { accountId: '1234', region: 'Ohio' },
      stagingAccounts: [
        { accountId: '111111111111', externalId: '', maxServers: 400 },
        { accountId: 'none', externalId: 'long-enough' },
      ],
      access: { teamId: 'workspace', grants: [{ role: 'Boss', users: ['somebody'] }] },
      policies: { drill: { quorum: 0 } },
      surprise: true,
    }));

    expect(problems[0]).toBe('config/test.json is not valid:');
    expect(problems.slice(1).map((problem) => problem.split(':')[0])).toEqual([
      'organizationId',
      'central.accountId',
      'central.region',
      'stagingAccounts.0.externalId',
      'stagingAccounts.0.maxServers',
      'stagingAccounts.1.accountId',
      'access.teamId',
      'access.grants.0.role',
      'access.grants.0.users.0',
      'policies.drill.quorum',
      '(top)',
    ]);
  });

  it('says what applications are held to, as operations.md has it', () => {
    const [, documented = ''] =
      /## Readiness\n.*?```json\n"readiness": (.*?)\n```/s.exec(readFileSync('docs/operations.md', 'utf8')) ?? [];
    const readiness = JSON.parse(documented) as Deployment['readiness'];
    expect(problemsOf((content) => ({ ...content, readiness }))).toEqual([]);
    const wrong = {
      digest: { channelId: 'dr', time: '8', timezone: 'Mars' },
      applications: { HRP: { drillAgeDays: 0 } },
    };
    expect(
      problemsOf((content) => ({ ...content, readiness: wrong }))
        .slice(1)
        .map((one) => one.split(':')[0]),
    ).toEqual([
      ...['readiness.digest.channelId', 'readiness.digest.time', 'readiness.digest.timezone'],
      'readiness.applications.HRP.drillAgeDays',
    ]);
  });

  it('is refused when a policy asks for more approvals than there are approvers, beside other errors', () => {
    const problems = problemsOf((content) => {
      content.organizationId = 'example';
      content.policies.drill = { quorum: 4 };
    });
    expect(problems.slice(1)).toEqual([
      expect.stringContaining('organizationId:'),
      'policies.drill.quorum: 4 approvals are asked for, but only 3 people may approve',
    ]);
  });

  it('is refused with every verb whose policy asks for too many approvals, also by default', () => {
    const problems = problemsOf((content) => ({
      ...content,
      access: {
        ...content.access,
        grants: [
          { role: 'DRSRecoveryManager', users: ['U0APPROVE01'] },
          { role: 'DRSOperator', users: ['U0REQUEST01', 'U0REQUEST02'] },
        ],
      },
      policies: { drill: { quorum: 2 }, terminate: { quorum: 4 } },
    }));
    const tooMany = (verb: string, quorum: number) =>
      `policies.${verb}.quorum: ${quorum} approvals are asked for, but only 1 person may approve`;
    expect(problems.slice(1)).toEqual([
      tooMany('drill', 2),
      tooMany('failover', 2),
      tooMany('failback', 2),
      tooMany('terminate', 4),
      tooMany('terminateLive', 4),
      tooMany('replaceLive', 2),
    ]);
  });

  it('may be the least one of operations.md, and is looked at across its fields then, too', () => {
    const [, guide = ''] =
      /```json\n(\{\n {2}"organizationId".*?)\n```/s.exec(readFileSync('docs/operations.md', 'utf8')) ?? [];
    const least = JSON.parse(guide) as Deployment;
    expect(problemsOf(() => least)).toEqual([]);
    const own = [{ accountId: '900000000000', externalId: 'dr-2026' }];
    expect(problemsOf(() => ({ ...least, policies: undefined, stagingAccounts: own })).slice(1)).toEqual([
      expect.stringMatching(/^policies: /),
      expect.stringMatching(/^stagingAccounts\.0\.accountId: 900000000000 is the central account/),
    ]);
    const alone = { ...MANAGERS, users: ['U0APPROVER1'] };
    expect(problemsOf(() => ({ ...least, ...grants(alone, OPERATOR) }))[1]).toBe(
      'policies.failover.quorum: 2 approvals are asked for, but only 1 person may approve',
    );
  });

  it('is refused when the chat is to tell a topic that functions may not publish to', () => {
    const topic = 'arn:aws:sns:us-east-2:900000000000:pager';
    const requests = { notificationTopicArn: topic };
    expect(problemsOf((content) => ({ ...content, requests })).slice(1)).toEqual([
      `requests.notificationTopicArn: ${topic} is not on component.notificationTopicArns`,
    ]);
    const component = { notificationTopicArns: [topic] };
    expect(problemsOf((content) => ({ ...content, requests, component }))).toEqual([]);
  });

  it('is refused when a document does not fit into its SSM parameter', () => {
    const problems = problemsOf((content) => {
      const users = Array.from({ length: 400 }, (_, index) => `U0READER${String(index).padStart(4, '0')}`);
      content.access.grants.push({ role: 'DRSReadOnly', users });
    });
    expect(problems[1]).toMatch(/^access: takes \d+ bytes; the SSM parameter that holds it has room for 4096$/);
  });

  it.each(BAD_INPUT)('is refused with %s', (_, change, expected) => {
    expect(problemsOf((content) => ({ ...content, ...change(content) })).slice(1)).toEqual(
      [expected].flat().map((problem) => expect.stringContaining(problem)),
    );
  });

  it('is refused with everything at once, whatever is wrong in one field and across fields', () => {
    // One thing that is wrong with a field of each part, and one that shows only when fields are compared.
    const content = exampleContent();
    const problems = problemsOf(() => ({
      ...content,
      organizationId: 'r-root',
      central: { accountId: '900000000000', region: 'us-east-9' },
      stagingAccounts: [...content.stagingAccounts, { accountId: '12' }, { ...staging(content, 0) }],
      origins: [
        { accountId: '111111111111', region: 'us-east-9', externalId: 'x' },
        { accountId: '111111111111', region: 'us-east-9', externalId: 'long-enough' },
      ],
      targetAccounts: [{ ...content.targetAccounts[0], regions: ['nowhere', 'cn-north-1'] }],
      access: { ...content.access, teamId: 'nobody' },
      policies: { ...content.policies, drill: { quorum: 0 }, failover: { quorum: 9 } },
      requests: { channelId: 'general', notificationTopicArn: TOPIC },
      schedules: [
        { ...WEEKLY, expression: 'cron(0 6 * * * *)', timezone: 'Mars/Olympus' },
        { ...WEEKLY, input: { action: 'drill' } },
      ],
      alarms: { emails: ['nobody'] },
    }));
    expect(problems.slice(1).map((problem) => /^\S+(?=: )/.exec(problem)?.[0])).toEqual([
      'organizationId',
      'stagingAccounts.4.accountId',
      'stagingAccounts.4.externalId',
      'origins.0.externalId',
      'targetAccounts.0.regions.0',
      'access.teamId',
      'policies.drill.quorum',
      'requests.channelId',
      'alarms.emails.0',
      'schedules.0.expression',
      'schedules.0.timezone',
      'schedules.1.input',
      'stagingAccounts.5.accountId',
      'origins.1',
      'schedules.1.name',
      'central.region',
      'origins.0.region',
      'origins.1.region',
      'targetAccounts.0.regions.1',
      'origins.0.region',
      'origins.1.region',
      'policies.failover.quorum',
      'policies.replaceLive.quorum',
      'requests.notificationTopicArn',
    ]);
  });

  it.each(GOOD_INPUT)('is taken with %s', (_, change) => {
    expect(problemsOf((content) => ({ ...content, ...change(content) }))).toEqual([]);
  });

  it.each(['Prod', 'prod-eu', '1prod', 'averylongenvironment'])(
    'does not take the environment name %s',
    (environment) => {
      expect(problemsOf((content) => ({ ...content, environment }))[1]).toContain('environment:');
    },
  );

  it('has no field that docs/operations.md does not explain', () => {
    const operations = readFileSync(path.join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
    const rows = [...operations.matchAll(/^\| (`[^|]+`) \|/gm)].map(([, cell]) => cell ?? '');
    const unexplained = DEPLOYMENT_FIELDS.filter(
      (field) => !rows.some((cell) => cell.includes(`\`${field}\``) || cell.includes(`\`${field}.`)),
    );
    expect(unexplained).toEqual([]);
  });

  it('that cannot be read is refused by name', () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'dr-chatops-')), 'broken.json');
    writeFileSync(file, '{');
    expect(() => readDeployment(file)).toThrow(/broken\.json cannot be read as JSON/);
    expect(() => readDeployment('/nowhere.json')).toThrow(DeploymentError);
  });
});
