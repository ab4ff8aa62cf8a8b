import { expect, test } from 'vitest';
import { serverStatus } from '../../src/domain/status-report.ts';
import { replicationByWave } from '../../src/queries/replication.ts';
import { START } from '../blocks/views.ts';
import { anInstance, aServer, OTHER_ACCOUNT } from '../domain/fleet.ts';

const tags = (wave: string) => ({ 'DR-Application': 'HRP', 'DR-Wave': wave });
const statusOf = (number: number, differs: Parameters<typeof aServer>[1]) =>
  serverStatus(aServer(number, differs), START);
const drill = (at: string, status: string) => ({ lastLaunch: { at, type: 'DRILL', status } });

test('servers are counted by wave and account, by how well they replicate', () => {
  const waves = replicationByWave([
    statusOf(1, { replicationState: 'CONTINUOUS', lagDuration: 'PT5S' }),
    statusOf(2, { replicationState: 'BACKLOG', lagDuration: 'PT2M', accountId: OTHER_ACCOUNT }),
    statusOf(3, { replicationState: 'STALLED' }),
    statusOf(4, { replicationState: 'INITIAL_SYNC' }),
  ]);
  expect(waves).toEqual([
    {
      wave: '1',
      servers: 4,
      continuous: 1,
      lagging: 1,
      stalled: 1,
      other: 1,
      worstDataAgeSeconds: 120,
      drillInstances: 0,
      liveInstances: 0,
      inJobs: 0,
      accounts: [
        expect.objectContaining({ accountId: '111111111111', servers: 3, continuous: 1, worstDataAgeSeconds: 5 }),
        expect.objectContaining({ accountId: OTHER_ACCOUNT, servers: 1, lagging: 1, worstDataAgeSeconds: 120 }),
      ],
    },
  ]);
});

test('waves stand in the order of their numbers', () => {
  const waves = replicationByWave(['10', '2', '1'].map((wave, index) => statusOf(index, { tags: tags(wave) })));
  expect(waves.map(({ wave }) => wave)).toEqual(['1', '2', '10']);
});

test('instances of drills are told from live ones, and servers in a job are counted', () => {
  const [wave] = replicationByWave([
    statusOf(1, { existingInstances: [anInstance(), anInstance({ isDrill: true })], activeJobId: 'drsjob-1' }),
    statusOf(2, { existingInstances: [anInstance({ isDrill: true }), anInstance({ state: 'TERMINATED' })] }),
  ]);
  expect(wave).toMatchObject({ drillInstances: 2, liveInstances: 1, inJobs: 1 });
});

test('the last drill is the newest one; what failed of the drills is counted', () => {
  const [wave] = replicationByWave([
    statusOf(1, drill('2026-02-20T23:00:00Z', 'SUCCEEDED')),
    statusOf(2, drill('2026-02-21T23:00:00Z', 'FAILED')),
    statusOf(3, { lastLaunch: { at: '2026-02-28T23:00:00Z', type: 'RECOVERY', status: 'SUCCEEDED' } }),
    statusOf(4, {}),
  ]);
  expect(wave?.lastDrill).toEqual({ at: Date.parse('2026-02-21T23:00:00Z'), servers: 2, failed: 1 });
  expect(replicationByWave([statusOf(1, {})])[0]?.lastDrill).toBeUndefined();
});
