import { describe, expect, test } from 'vitest';
import type { ImportContext } from '../../../src/domain/plan-import/import.ts';
import { importOrchestratorManifest } from '../../../src/domain/plan-import/orchestrator-manifest.ts';
import { CONTEXT, droppedLeaves, droppedNewFields, leftOut, problemsOf } from './leaves.ts';

const WEB = {
  action: 'DRS',
  resourceName: 'WebServers',
  parameters: { AccountId: '111111111111', HostNames: ['web-01', 'web-02'], Tags: { Wave: '1' } },
};
const ORCHESTRATED = {
  action: 'drs_orchestration',
  resourceName: 'application_servers',
  parameters: {
    api_endpoint: 'https://api.drs-orchestration.com',
    protection_group_id: 'pg-app-servers-prod',
    recovery_plan_id: 'rp-app-failover-west',
    execution_type: 'recovery',
  },
};
const ENHANCED = {
  action: 'enhanced_drs',
  resourceName: 'database_tier',
  parameters: {
    protection_group_tags: { Tier: 'Database', Environment: 'Production' },
    recovery_plan: 'multi_wave_database_recovery',
    pause_before_activation: true,
    cross_account_targets: ['111111111111', '222222222222'],
  },
};
const RECORD = {
  action: 'R53Record',
  resourceName: 'DNS-Failover',
  parameters: { HostedZoneId: 'Z1234567890', RecordName: 'app.example.com', TargetValue: 'dr-alb.amazonaws.com' },
};
/** Every action of seeds 1 and 2 that can be a DRS one, with every parameter (facts/modules.md §1), and one that is none. */
const EVERYTHING = [
  { layer: 1, resources: [WEB] },
  { layer: 2, resources: [ORCHESTRATED, ENHANCED, RECORD] },
  { layer: 3, resources: [RECORD] },
];
const reader = (differs: Partial<ImportContext> = {}) => {
  return (document: unknown) => importOrchestratorManifest(document, { ...CONTEXT, ...differs });
};
const read = reader();
/** A manifest of one DRS resource with these parameters. */
const hosts = (parameters: object, beside: object = {}) => [
  { layer: 1, resources: [{ action: 'DRS', resourceName: 'R', ...beside, parameters }] },
];

describe('a DR Orchestrator manifest', () => {
  test.each([undefined, 'select', 'label'] as const)(
    'is taken over, or named, field by field; tags: %s',
    (manifestTags) => {
      expect(problemsOf(reader({ manifestTags })(EVERYTHING))).toEqual([]);
      expect(droppedLeaves(EVERYTHING, reader({ manifestTags }))).toEqual([]);
      expect(droppedNewFields(EVERYTHING, reader({ manifestTags }))).toEqual([]);
    },
  );

  test('becomes a wave for each layer that has something to run, and a group for each set of servers', () => {
    const { plans, groups } = read(EVERYTHING);
    expect(plans).toMatchObject([
      {
        planName: 'Portal',
        waves: [
          { waveNumber: 1, waveName: 'WebServers', protectionGroupIds: ['portal-webservers'], pauseBeforeWave: false },
          {
            waveNumber: 2,
            waveName: 'application_servers, database_tier',
            protectionGroupIds: [
              'pg-app-servers-prod',
              'portal-database-tier-by-tags-111111111111',
              'portal-database-tier-by-tags-222222222222',
            ],
            pauseBeforeWave: true,
          },
        ],
      },
    ]);
    expect(
      groups.map(({ groupId, accountId, serverIds, tagCriteria }) => [groupId, accountId, serverIds ?? tagCriteria]),
    ).toEqual([
      ['portal-webservers', '111111111111', ['s-00000000000000001', 's-00000000000000002']],
      ['portal-database-tier-by-tags-111111111111', '111111111111', ENHANCED.parameters.protection_group_tags],
      ['portal-database-tier-by-tags-222222222222', '222222222222', ENHANCED.parameters.protection_group_tags],
    ]);
  });

  test('pauses before a layer when one of its resources asks for it', () => {
    const { pause_before_activation: _, ...parameters } = ENHANCED.parameters;
    const quiet = { ...ENHANCED, resourceName: 'quiet', parameters };
    expect(read([{ layer: 1, resources: [ENHANCED, quiet] }]).plans[0]?.waves[0]?.pauseBeforeWave).toBe(true);
    expect(read([{ layer: 1, resources: [quiet] }]).plans[0]?.waves[0]?.pauseBeforeWave).toBe(false);
  });

  test('has any parameter under any name of the DRS action', () => {
    const parameters = { ...WEB.parameters, ...ENHANCED.parameters, ...ORCHESTRATED.parameters };
    for (const action of ['DRS', 'drs_orchestration', 'enhanced_drs']) {
      const document = [
        { layer: 1, resources: [{ action, resourceName: 'R', AccountId: '111111111111', parameters }] },
      ];
      expect(problemsOf(read(document))).toEqual([]);
      expect(droppedLeaves(document, read)).toEqual([]);
      expect(read(document).plans[0]?.waves[0]?.protectionGroupIds).toEqual([
        'portal-r',
        'portal-r-by-tags-111111111111',
        'portal-r-by-tags-222222222222',
        'pg-app-servers-prod',
      ]);
    }
  });

  test('names accounts that select nothing', () => {
    const parameters = { AccountId: '111111111111', cross_account_targets: ['222222222222'], recovery_plan: 'p' };
    const document = [{ layer: 1, resources: [{ ...ENHANCED, parameters }] }];
    expect(droppedLeaves(document, read)).toEqual([]);
    expect(read(document).plans[0]?.waves).toMatchObject([{ recoveryPlanId: 'p' }]);
  });

  test('may be a single layer', () => {
    expect(read({ layer: 4, resources: [WEB] }).plans[0]?.waves).toMatchObject([{ waveNumber: 4 }]);
  });

  test('runs another plan where nothing names servers', () => {
    const parameters = { recovery_plan_id: 'rp-app-failover-west' };
    const imported = read([{ layer: 1, resources: [{ ...ORCHESTRATED, parameters }] }]);
    expect(imported.plans[0]?.waves).toMatchObject([
      { recoveryPlanId: 'rp-app-failover-west', protectionGroupIds: [] },
    ]);
    expect(leftOut(imported)).toEqual([]);
    expect(problemsOf(read([{ layer: 1, resources: [{ ...ENHANCED, parameters: {} }] }]))).toEqual([
      '[0].resources[0].parameters: Nothing says which servers are meant.',
    ]);
  });

  test('refuses host names that nobody has, and those that several servers have', () => {
    expect(problemsOf(read(hosts({ HostNames: ['web-01', 'nobody', 'twin'] })))).toEqual([
      '[0].resources[0].parameters.HostNames[1]: No source server is called nobody.',
      '[0].resources[0].parameters.HostNames[2]: 2 source servers are called twin: s-00000000000000004 in 111111111111, s-00000000000000005 in 222222222222. Name the account.',
    ]);
    expect(read(hosts({ HostNames: ['twin'], AccountId: '222222222222' })).groups[0]?.serverIds).toEqual([
      's-00000000000000005',
    ]);
    expect(problemsOf(read(hosts({ HostNames: ['web-01'], AccountId: '222222222222' })))).toEqual([
      '[0].resources[0].parameters.HostNames[0]: No source server is called web-01 in 222222222222.',
    ]);
  });

  test('has its account beside the parameters or inside, not two', () => {
    const beside = { AccountId: '222222222222' };
    expect(read(hosts({ HostNames: ['twin'] }, beside)).groups[0]?.accountId).toBe('222222222222');
    expect(problemsOf(read(hosts({ HostNames: ['web-01'], AccountId: '111111111111' }, beside)))).toEqual([
      '[0].resources[0].parameters.AccountId: Beside the parameters stands another account, 222222222222.',
    ]);
  });

  test('does not guess what its tags mean', () => {
    const onlyTags = hosts({ Tags: { Wave: '1' } });
    expect(problemsOf(read(onlyTags))).toEqual([expect.stringContaining('nobody can tell whether the tags select')]);
    expect(reader({ manifestTags: 'select' })(onlyTags).groups[0]?.tagCriteria).toEqual({ Wave: '1' });
    expect(problemsOf(reader({ manifestTags: 'label' })(onlyTags))).toEqual([
      expect.stringContaining('Nothing says which servers are meant.'),
    ]);
    expect(problemsOf(read(hosts({})))).toEqual([expect.stringContaining('Nothing says which servers are meant.')]);

    const both = hosts({ HostNames: ['web-01', 'db-01'], Tags: { Wave: '1' } });
    expect(leftOut(read(both))).toEqual(['[0].resources[0].parameters.Tags']);
    expect(problemsOf(reader({ manifestTags: 'select' })(both))).toEqual([
      '[0].resources[0].parameters.HostNames[1]: db-01 does not have the tags that are to select it, too.',
    ]);
  });

  test('names layers and actions that cannot be run', () => {
    expect(leftOut(read([{ layer: 1, resources: [RECORD] }]))).toEqual(['[0].resources[0]', '[0]']);
    expect(leftOut(read([{ layer: 1, resources: [{ ...WEB, action: 'EcsService' }, ENHANCED] }]))).toContain(
      '[0].resources[0]',
    );
  });
});
