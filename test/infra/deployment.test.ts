import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Deployment, DeploymentError, parseDeployment, readDeployment } from '../../infra/deployment.ts';

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

  it('names a staging account once', () => {
    const problems = problemsOf((content) => {
      const [first] = content.stagingAccounts;
      if (first !== undefined) content.stagingAccounts.push({ ...first });
    });
    expect(problems).toContain('stagingAccounts.4.accountId: 111111111111 is listed twice');
  });

  it('is refused when a policy asks for more approvals than there are approvers, beside other errors', () => {
    const problems = problemsOf((content) => {
      content.organizationId = 'example';
      content.policies.drill = { quorum: 3 };
    });
    expect(problems.slice(1)).toEqual([
      expect.stringContaining('organizationId:'),
      'policies.drill.quorum: 3 approvals are asked for, but only 2 people may approve',
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

  it.each(['Prod', 'prod-eu', '1prod', 'averylongenvironment'])(
    'does not take the environment name %s',
    (environment) => {
      expect(problemsOf((content) => ({ ...content, environment }))[1]).toContain('environment:');
    },
  );

  it('that cannot be read is refused by name', () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'dr-chatops-')), 'broken.json');
    writeFileSync(file, '{');
    expect(() => readDeployment(file)).toThrow(/broken\.json cannot be read as JSON/);
    expect(() => readDeployment('/nowhere.json')).toThrow(DeploymentError);
  });
});
