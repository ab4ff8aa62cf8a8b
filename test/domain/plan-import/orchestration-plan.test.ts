import { describe, expect, test } from 'vitest';
import { importOrchestrationPlan } from '../../../src/domain/plan-import/orchestration-plan.ts';
import { CONTEXT, droppedLeaves, droppedNewFields, leftOut, problemsOf } from './leaves.ts';

const LOG = {
  createdDate: 1_700_000_000,
  lastModifiedDate: 1_700_000_100,
  createdBy: 'user@example.com',
  lastModifiedBy: 'user@example.com',
};
const GROUP = {
  groupId: 'pg-web',
  groupName: 'Web Tier Servers',
  description: 'Production web servers',
  region: 'us-east-2',
  accountId: '111111111111',
  serverIds: ['s-00000000000000001', 's-00000000000000002'],
  serverCount: 2,
  tagCriteria: { Tier: 'web' },
  ...LOG,
};
/** Every field of seed 5's two tables. */
const EVERYTHING = {
  protectionGroups: [GROUP],
  recoveryPlans: [
    {
      planId: 'plan-uuid',
      planName: 'Production 3-Tier Application',
      description: 'Complete production stack recovery',
      waves: [
        {
          waveNumber: 1,
          waveName: 'Web Tier',
          protectionGroupIds: ['pg-web'],
          pauseBeforeWave: true,
          estimatedDuration: 600,
        },
      ],
      totalWaves: 1,
      totalServers: 2,
      estimatedTotalDuration: 600,
      ...LOG,
      lastExecutionId: 'exec-uuid',
      lastExecutionStatus: 'COMPLETED',
      lastExecutionDate: 1_700_000_500,
    },
  ],
};
const read = (document: unknown) => importOrchestrationPlan(document, CONTEXT);

describe('a DRS Orchestration plan', () => {
  test('is taken over, or named, field by field', () => {
    expect(problemsOf(read(EVERYTHING))).toEqual([]);
    expect(droppedLeaves(EVERYTHING, read)).toEqual([]);
    expect(droppedNewFields(EVERYTHING, read)).toEqual([]);
  });

  test('becomes a plan and a group', () => {
    const { plans, groups } = read(EVERYTHING);
    expect(plans).toMatchObject([
      {
        planId: 'plan-uuid',
        planName: 'Production 3-Tier Application',
        waves: [{ waveNumber: 1, waveName: 'Web Tier', protectionGroupIds: ['pg-web'], pauseBeforeWave: true }],
      },
    ]);
    expect(groups).toEqual([
      {
        groupId: 'pg-web',
        groupName: 'Web Tier Servers',
        description: 'Production web servers',
        region: 'us-east-2',
        accountId: '111111111111',
        tagCriteria: { Tier: 'web' },
      },
    ]);
  });

  test('names servers by id where there are no tags', () => {
    const { tagCriteria: _, ...byId } = GROUP;
    const imported = read(byId);
    expect(imported.groups[0]?.serverIds).toEqual(GROUP.serverIds);
    expect(leftOut(imported)).not.toContain('serverIds');
    expect(read({ ...byId, tagCriteria: {} }).groups[0]?.serverIds).toEqual(GROUP.serverIds);
  });

  test('is refused when its list of servers is not what its tags match', () => {
    const imported = read([{ ...GROUP, serverIds: ['s-00000000000000001'] }]);
    expect(problemsOf(imported)).toEqual([
      '[0].serverIds: serverIds and tagCriteria name different servers: keep the one that is meant and delete the other.',
    ]);
  });

  test('has every wrong field named at its wave', () => {
    const plan = {
      planId: 'p',
      planName: 'P',
      waves: [{ waveNumber: 1, waveName: 7, pauseBeforeWave: 'yes' }, { waveNumber: 120 }],
    };
    expect(problemsOf(read(plan))).toEqual([
      'waves[0].waveName: waveName is to be text, not 7.',
      'waves[0].pauseBeforeWave: pauseBeforeWave is to be true or false, not yes.',
      expect.stringMatching(/^waves\[1\]: waves\[1\]\.waveNumber: /),
    ]);
    expect(
      problemsOf(read({ groupId: 'g', groupName: 'G', accountId: '{account-id}', tagCriteria: { a: 'b' } })),
    ).toEqual([
      'region: region is missing.',
      ': region: a Region such as us-east-2.',
      ': accountId: an AWS account id has 12 digits.',
    ]);
  });
});
