import { describe, expect, test } from 'vitest';
import { importEnterpriseWaves, roleOf } from '../../../src/domain/plan-import/enterprise-waves.ts';
import { CONTEXT, droppedLeaves, droppedNewFields, leftOut, problemsOf } from './leaves.ts';

const DATABASE = { type: 'database', operation: 'failover', resources: { clusters: ['aurora-prod-cluster'] } };
const drs = (resources: object, operation = 'recovery') => ({ type: 'drs', operation, resources });

/** Every field of seed 3's waves, and the tags of its discovery query. */
const EVERYTHING = {
  waves: [
    { waveNumber: 1, name: 'Database Tier', technologies: [DATABASE], pauseAfterWave: true, dependencies: [] },
    {
      waveNumber: 2,
      name: 'Application Tier',
      technologies: [
        drs({ recoveryPlanId: 'plan-app-tier', protectionGroups: ['pg-app-servers'] }),
        { type: 'application', operation: 'scripts', resources: { scripts: ['start-services.sh'] } },
      ],
      pauseAfterWave: true,
      dependencies: [1],
    },
    {
      waveNumber: 3,
      name: 'Infrastructure',
      technologies: [
        {
          type: 'infrastructure',
          operation: 'dns_update',
          resources: { route53Records: [{ recordName: 'app.company.com', newValue: 'lb.amazonaws.com' }] },
        },
      ],
      pauseAfterWave: false,
      dependencies: [2],
    },
    {
      waveNumber: 4,
      name: 'Web Tier',
      technologies: [drs({ tags: { Environment: 'production', 'DR-Tier': 'web' } })],
      pauseAfterWave: false,
      dependencies: [3],
    },
    {
      waveNumber: 5,
      name: 'The rest',
      technologies: [drs({ recoveryPlanId: 'the-rest' })],
      pauseAfterWave: false,
      dependencies: [1, 4],
    },
  ],
};
const read = (document: unknown) => importEnterpriseWaves(document, CONTEXT);

describe('enterprise waves', () => {
  test('are taken over, or named, field by field', () => {
    expect(problemsOf(read(EVERYTHING))).toEqual([]);
    expect(droppedLeaves(EVERYTHING, read)).toEqual([]);
    expect(droppedNewFields(EVERYTHING, read)).toEqual([]);
  });

  test('become the waves that DRS has a part in, each after those that it waited for', () => {
    expect(read(EVERYTHING).plans).toMatchObject([
      {
        planId: 'portal',
        planName: 'Portal',
        waves: [
          { waveNumber: 2, dependsOn: [], protectionGroupIds: ['pg-app-servers'], pauseAfterWave: true },
          {
            waveNumber: 4,
            // Wave 3 is left out, and waited for wave 2.
            dependsOn: [2],
            tagCriteria: { Environment: 'production', 'DR-Role': 'WebServer' },
          },
          { waveNumber: 5, dependsOn: [4], recoveryPlanId: 'the-rest', protectionGroupIds: [] },
        ],
      },
    ]);
  });

  test('name what is not run: technologies, waves without DRS, a plan beside groups', () => {
    expect(leftOut(read(EVERYTHING)).sort()).toEqual([
      'waves[0]',
      'waves[0].technologies[0]',
      'waves[1].technologies[0].resources.recoveryPlanId',
      'waves[1].technologies[1]',
      'waves[2]',
      'waves[2].technologies[0]',
    ]);
    const failback = read({ waves: [{ waveNumber: 1, technologies: [drs({ tags: { a: 'b' } }, 'failback')] }] });
    expect(leftOut(failback)).toContain('waves[0].technologies[0]');
    expect(failback.plans[0]?.waves).toEqual([]);
  });

  test('wait through waves that are left out and wait for each other, without end', () => {
    const waves = [
      { waveNumber: 1, technologies: [DATABASE], dependencies: [2] },
      { waveNumber: 2, technologies: [DATABASE], dependencies: [1] },
      { waveNumber: 3, technologies: [drs({ tags: { a: 'b' } })], dependencies: [2] },
    ];
    expect(read({ waves }).plans[0]?.waves).toMatchObject([{ waveNumber: 3, dependsOn: [] }]);
  });

  test('keep a wave that says nothing, so that it is refused as an empty one', () => {
    expect(read({ waves: [{ waveNumber: 1, technologies: [] }] }).plans[0]?.waves).toHaveLength(1);
  });

  test.each([
    ['database', 'DBServer'],
    ['application', 'AppServer'],
    ['web', 'WebServer'],
  ])('the layer %s of DR-Tier is the role %s', (tier, role) => {
    expect(roleOf({ 'DR-Tier': tier, a: 'b' })).toEqual({ 'DR-Role': role, a: 'b' });
  });

  test('DR-Tier as criticality stays what it is', () => {
    expect(roleOf({ 'DR-Tier': 'Critical' })).toEqual({ 'DR-Tier': 'Critical' });
    expect(roleOf({ a: 'b' })).toEqual({ a: 'b' });
  });
});
