import { expect, it } from 'vitest';
import { recoveryPlanSchema } from '../../src/domain/recovery-plan.ts';
import { documentsOf } from '../../src/platform/action-documents.ts';
import { OLD_SITE, STAGING, startWorld } from '../actions/world.ts';
import { aServer } from '../domain/fleet.ts';

const RUNBOOK = {
  schemaVersion: '0.3',
  mainSteps: [{ name: 'wait', action: 'aws:sleep', inputs: { Duration: 'PT1S' } }],
};

async function documentWorld() {
  const world = await startWorld();
  world.ssm.automation.createDocument('HRP-FenceOldSite', RUNBOOK, OLD_SITE, 'us-east-1');
  world.ssm.automation.createDocument('HRP-SwitchDNS', RUNBOOK);
  const documents = documentsOf(world.platform);
  /** What is wrong with a wave 3 that has these actions. */
  async function problems(
    { pre = [], post = [] }: { pre?: object[]; post?: object[] },
    servers = [aServer(1)],
  ): Promise<string[]> {
    const named = (list: object[]) => list.map((action, at) => ({ actionName: `Action ${at}`, ...action }));
    const plan = recoveryPlanSchema.parse({
      planId: 'hrp',
      planName: 'HRP',
      waves: [
        {
          waveNumber: 3,
          waveName: 'Web Tier',
          tagCriteria: { 'DR-Application': 'HRP' },
          preWaveActions: named(pre),
          postWaveActions: named(post),
        },
      ],
    });
    const found = await documents.problemsOf(plan, { groups: [], plans: [plan], regions: ['us-east-2'], servers });
    return found.map(({ planId, wave, field, message }) => `${planId} ${wave} ${field}: ${message}`);
  }
  return { ...world, documents, problems };
}

const fence = { actionType: 'automation', documentName: 'HRP-FenceOldSite', accountId: OLD_SITE, region: 'us-east-1' };
const command = (documentName: string) => ({ actionType: 'command', documentName });

it('documents that are where they are wanted are no problem, nor is a check that needs none', async () => {
  const { problems, callsOf } = await documentWorld();
  const post = [
    command('AWS-RunShellScript'),
    { actionType: 'automation', documentName: 'HRP-SwitchDNS' },
    { actionType: 'tcp', host: 'hrp.example.com', port: 443 },
  ];
  expect(await problems({ pre: [fence], post })).toEqual([]);
  expect(new Set(callsOf('DescribeDocument').map(({ identity }) => identity.roleArn.split('/')[1]))).toEqual(
    new Set(['dr-chatops-action-documents']),
  );
});

it('all that are not are named at once, by wave and field', async () => {
  const { problems } = await documentWorld();
  const found = await problems({
    pre: [fence, { ...fence, region: 'us-east-2' }, { ...fence, documentVersion: '9' }],
    post: [
      { actionType: 'automation', documentName: 'HRP-FenceOldSite' },
      { actionType: 'automation', documentName: 'AWS-RunShellScript' },
      command('HRP-SwitchDNS'),
    ],
  });
  expect(found).toEqual([
    expect.stringMatching(
      /^hrp 3 preWaveActions\[1\]\.documentName: No actions are done in us-east-2 of account 5{12}/,
    ),
    'hrp 3 preWaveActions[2].documentName: There is no document HRP-FenceOldSite with the version 9 in account 555555555555, us-east-1.',
    'hrp 3 postWaveActions[0].documentName: There is no document HRP-FenceOldSite in account 900000000000, us-east-2.',
    'hrp 3 postWaveActions[1].documentName: AWS-RunShellScript in account 900000000000, us-east-2 is a document of the type Command, not Automation.',
    'hrp 3 postWaveActions[2].documentName: There is no document HRP-SwitchDNS in account 111111111111, us-east-2.',
  ]);
});

it('a document that is not listed for its account says where to list it', async () => {
  const { problems, ssm, documents } = await documentWorld();
  ssm.failCalls('DescribeDocument', 2, 'denied');
  expect(await problems({ pre: [fence] })).toEqual([
    expect.stringContaining('HRP-FenceOldSite may not be started in account 555555555555, us-east-1: list it'),
  ]);
  expect(await documents.documentExists(OLD_SITE, 'us-east-1', 'HRP-FenceOldSite')).toBe(false);
  expect(await documents.documentExists(OLD_SITE, 'us-east-1', 'HRP-FenceOldSite')).toBe(true);
});

it('a command is looked for where the wave’s servers are, once in each place', async () => {
  const { problems, callsOf } = await documentWorld();
  const servers = [aServer(1), aServer(2), aServer(3, { accountId: '222222222222' })];
  expect(await problems({ post: [command('AWS-RunShellScript'), command('AWS-RunShellScript')] }, servers)).toEqual([
    expect.stringContaining('postWaveActions[0].documentName: No actions are done in account 222222222222'),
    expect.stringContaining('postWaveActions[1].documentName: No actions are done in account 222222222222'),
  ]);
  expect(callsOf('DescribeDocument').map(({ identity }) => identity.accountId)).toEqual([STAGING]);
});
