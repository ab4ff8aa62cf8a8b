import { describe, expect, test } from 'vitest';
import { importPlanAutomation } from '../../../src/domain/plan-import/plan-automation.ts';
import { CONTEXT, droppedLeaves, droppedNewFields, leftOut, problemsOf } from './leaves.ts';

const anAction = (name: string) => ({
  Name: name,
  Description: 'Stops the source',
  MaxWaitTime: 90,
  UpdateTime: 30,
  StartAutomationExecution: {
    DocumentName: 'AWS-StopRdsInstance',
    DocumentVersion: '3',
    Parameters: { InstanceId: ['db-instance-id'], AutomationAssumeRole: ['role'] },
  },
});
/** Every field of seed 1's format, and of the sample application of aws-samples/drs-tools. */
const EVERYTHING = {
  AppId: '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d',
  AppName: 'Sample Application',
  Description: 'Sample application',
  KeyName: 'Application',
  KeyValue: 'sample',
  Owner: 'myemail@example.com',
  AccountId: '111111111111',
  Region: 'us-east-2',
  SnsTopic: '',
  Plans: [
    {
      CreationDate: '1200',
      Description: 'Sample plan',
      LastExecutedDate: '1200',
      LastModifiedDate: '1200',
      Owner: 'myemail@example.com',
      PlanId: '9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6a',
      PlanName: 'Sample Plan',
      RPO: '60',
      RTO: '1200',
      Waves: [
        {
          Name: 'Database Wave',
          Description: 'Start database servers',
          KeyName: 'Role',
          KeyValue: 'DBServer',
          MaxWaitTime: 900,
          UpdateTime: 30,
          PreWaveActions: [anAction('Stop Source RDS')],
          PostWaveActions: [anAction('Verify DB Connectivity')],
        },
      ],
    },
  ],
};
const read = (document: unknown) => importPlanAutomation(document, CONTEXT);

describe('DRS Plan Automation', () => {
  test('is taken over, or named, field by field', () => {
    expect(problemsOf(read(EVERYTHING))).toEqual([]);
    expect(droppedLeaves(EVERYTHING, read)).toEqual([]);
    expect(droppedNewFields(EVERYTHING, read)).toEqual([]);
  });

  test('becomes a plan, and a group for each wave with both tags', () => {
    const { plans, groups } = read([EVERYTHING]);
    expect(groups).toEqual([
      {
        groupId: 'sample-plan-database-wave',
        groupName: 'Sample Plan Database Wave',
        region: 'us-east-2',
        accountId: '111111111111',
        tagCriteria: { Application: 'sample', Role: 'DBServer' },
      },
    ]);
    expect(plans).toMatchObject([
      {
        planName: 'Sample Plan',
        waves: [
          {
            waveNumber: 1,
            waveName: 'Database Wave',
            protectionGroupIds: ['sample-plan-database-wave'],
            maxWaitMinutes: 15,
            preWaveActions: [
              {
                actionType: 'automation',
                actionName: 'Stop Source RDS',
                documentName: 'AWS-StopRdsInstance',
                parameters: { InstanceId: ['db-instance-id'] },
                timeoutMinutes: 2,
                onFailure: 'stop',
              },
            ],
            postWaveActions: [{ actionName: 'Verify DB Connectivity' }],
          },
        ],
      },
    ]);
  });

  test('is the plan of an application where the tag says of which', () => {
    expect(read(EVERYTHING).plans[0]?.application).toBeUndefined();
    expect(read({ ...EVERYTHING, KeyName: 'DR-Application' }).plans[0]?.application).toBe('sample');
  });

  test('names a time that is no whole minute, and takes one that is', () => {
    expect(leftOut(read(EVERYTHING))).toContain('Plans[0].Waves[0].PreWaveActions[0].MaxWaitTime');
    expect(leftOut(read(EVERYTHING))).not.toContain('Plans[0].Waves[0].MaxWaitTime');
  });

  test('may be the waves of one plan alone', () => {
    const imported = read({ Waves: EVERYTHING.Plans[0]?.Waves });
    expect(imported.plans).toMatchObject([{ planId: 'portal', planName: 'Portal', waves: [{ waveNumber: 1 }] }]);
    expect(imported.groups[0]).toMatchObject({ region: 'us-east-2', tagCriteria: { Role: 'DBServer' } });
    expect(droppedLeaves({ Waves: EVERYTHING.Plans[0]?.Waves }, read)).toEqual([]);
  });

  test('is refused where no tag selects, and where an action is no automation', () => {
    expect(problemsOf(read({ Waves: [{ Name: 'W' }] }))[0]).toBe(
      'Waves[0].KeyName: No tag says which servers are meant.',
    );
    const wave = { Name: 'W', KeyName: 'a', PreWaveActions: ['SSM Automation', { Name: 'x' }] };
    expect(problemsOf(read({ Waves: [wave] })).slice(0, 3)).toEqual([
      'Waves[0].KeyValue: KeyValue is missing.',
      'Waves[0].PreWaveActions[0]: An object was expected, not SSM Automation.',
      'Waves[0].PreWaveActions[1].StartAutomationExecution: Only SSM Automation can be an action.',
    ]);
  });
});
