import { describe, expect, test } from 'vitest';
import { importPlans } from '../../../src/domain/plan-import/formats.ts';
import { idOf } from '../../../src/domain/plan-import/import.ts';
import { CONTEXT, droppedLeaves, droppedNewFields, problemsOf } from './leaves.ts';

const read = (document: unknown) => importPlans(document, CONTEXT);
const ACTION = { actionName: 'An action', description: 'd', timeoutMinutes: 5, onFailure: 'continue' };
/** Every field of our own file. */
const OWN = {
  format: 'dr-chatops-plans/1',
  protectionGroups: [
    {
      groupId: 'g',
      groupName: 'G',
      description: 'd',
      region: 'us-east-2',
      accountId: '111111111111',
      tagCriteria: { a: 'b' },
    },
    { groupId: 'h', groupName: 'H', region: 'us-east-2', serverIds: ['s-00000000000000001'] },
  ],
  recoveryPlans: [
    {
      planId: 'p',
      planName: 'P',
      description: 'd',
      application: 'HRP',
      rtoTargetMinutes: 240,
      waves: [
        {
          waveNumber: 1,
          waveName: 'W',
          description: 'd',
          protectionGroupIds: ['g'],
          tagCriteria: { a: 'b' },
          recoveryPlanId: 'q',
          dependsOn: [2],
          pauseBeforeWave: true,
          pauseAfterWave: true,
          maxWaitMinutes: 60,
          successThresholdPercent: 80,
          estimatedDuration: 600,
          rtoTargetMinutes: 30,
          preWaveActions: [
            {
              ...ACTION,
              actionType: 'automation',
              documentName: 'AWS-StopRdsInstance',
              documentVersion: '$LATEST',
              parameters: { InstanceId: ['hrp'] },
              accountId: '555555555555',
              region: 'us-east-1',
            },
            { ...ACTION, actionType: 'http', url: 'https://example.com/health', expectedStatus: 204 },
            { ...ACTION, actionType: 'tcp', host: 'db.example.com', port: 5432 },
          ],
          postWaveActions: [
            { ...ACTION, actionType: 'ec2Status' },
            { ...ACTION, actionType: 'command', documentName: 'AWS-RunShellScript', parameters: { commands: ['ls'] } },
          ],
        },
      ],
    },
  ],
};

describe('a document', () => {
  test.each([
    ['our own file', { format: 'dr-chatops-plans/1' }],
    ['DRS Orchestration plan', { planId: 'p', waves: [] }],
    ['DRS Orchestration plan', [{ groupId: 'g' }, { planId: 'p', waves: [] }]],
    ['DRS Orchestration plan', { protectionGroups: [], recoveryPlans: [] }],
    ['enterprise waves', { waves: [{ technologies: [] }] }],
    ['DR Orchestrator manifest', [{ layer: 1, resources: [] }]],
    ['DR Orchestrator manifest', { layer: 1, resources: [] }],
    ['DRS Plan Automation', { AppName: 'a', Plans: [] }],
    ['DRS Plan Automation', { Waves: [] }],
  ])('is known as %s', (format, document) => {
    expect(read(document).format).toBe(format);
  });

  test.each([[null], ['text'], [7], [[]], [{}], [{ waves: [] }], [[{ layer: 1 }, {}]]])('%j is refused', (document) => {
    expect(read(document).format).toBeUndefined();
    expect(problemsOf(read(document))).toEqual([expect.stringContaining('It is no plan that can be read.')]);
  });

  test('of a later form of our own is refused by its number', () => {
    expect(problemsOf(read({ format: 'dr-chatops-plans/2' }))).toEqual([
      'format: Only dr-chatops-plans/1 can be read, not dr-chatops-plans/2.',
    ]);
  });
});

describe('our own file', () => {
  test('is taken over whole: every other value changes what is read, every unknown field is a problem', () => {
    expect(problemsOf(read(OWN))).toEqual([]);
    expect(read(OWN).notRunnable).toEqual([]);
    expect(droppedLeaves(OWN, read)).toEqual([]);
    expect(droppedNewFields(OWN, read)).toEqual([]);
  });

  test('has each wrong field named where it stands, all at once', () => {
    const [plan] = OWN.recoveryPlans;
    const wave = { waveNumber: 0, waveName: ' W', colour: 'red', maxWaitMinutes: '60' };
    const document = {
      ...OWN,
      colour: 'red',
      protectionGroups: [{ groupId: 'g', groupName: 'G', region: 'us-east-2' }],
      recoveryPlans: [{ ...plan, waves: [wave] }, { planId: 'q' }],
    };
    expect(problemsOf(read(document)).map((problem) => problem.slice(0, problem.indexOf(': ')))).toEqual([
      'colour',
      'protectionGroups[0].tagCriteria',
      'recoveryPlans[0].waves[0].waveNumber',
      'recoveryPlans[0].waves[0].waveName',
      'recoveryPlans[0].waves[0].maxWaitMinutes',
      'recoveryPlans[0].waves[0].colour',
      'recoveryPlans[1].planName',
      'recoveryPlans[1].waves',
    ]);
    expect(problemsOf(read({ format: 'dr-chatops-plans/1', recoveryPlans: {} }))).toEqual([
      'recoveryPlans: recoveryPlans is to be a list.',
    ]);
  });
});

test('an id is made of names: short, and of what a key may have', () => {
  expect(idOf('Web Servers')).toBe('web-servers');
  expect(idOf('Größe', '(2)')).toBe('gr-e-2');
  expect(idOf('  ')).toBe('unnamed');
  expect(idOf('x'.repeat(63), 'y')).toHaveLength(63);
});
