import type { ReplicationCounts, WaveReplication } from '../../blocks/status-card.ts';
import type { ServerStatus } from '../domain/contract.ts';
import { groupBy } from '../domain/groups.ts';
import { waveOf } from '../domain/plan.ts';

/** How a drill ended for a server, as DRS says it (LastLaunchResult). */
const LAUNCH_FAILED = 'FAILED';

/** The replication of servers by their wave, and of each wave by account; waves in their order. */
export function replicationByWave(servers: readonly ServerStatus[]): WaveReplication[] {
  return [...groupBy(servers, ({ tags }) => waveOf(tags))]
    .map(([wave, ofWave]) => {
      const lastDrill = lastDrillOf(ofWave);
      return {
        wave,
        ...countsOf(ofWave),
        accounts: [...groupBy(ofWave, ({ stagingAccountId }) => stagingAccountId)]
          .map(([accountId, ofAccount]) => ({ accountId, ...countsOf(ofAccount) }))
          .sort((a, b) => a.accountId.localeCompare(b.accountId)),
        ...(lastDrill === undefined ? {} : { lastDrill }),
      };
    })
    .sort((a, b) => a.wave.localeCompare(b.wave, 'en', { numeric: true }));
}

function countsOf(servers: readonly ServerStatus[]): ReplicationCounts {
  const inHealth = (health: ServerStatus['replicationHealth']) =>
    servers.filter(({ replicationHealth }) => replicationHealth === health).length;
  const [continuous, lagging, stalled] = [inHealth('ok'), inHealth('lagging'), inHealth('stalled')];
  const ages = servers.flatMap(({ dataAgeSeconds }) => dataAgeSeconds ?? []);
  const instances = servers.flatMap(({ recoveryInstances }) => recoveryInstances);
  const drill = instances.filter(({ isDrill }) => isDrill).length;
  return {
    servers: servers.length,
    continuous,
    lagging,
    stalled,
    other: servers.length - continuous - lagging - stalled,
    ...(ages.length === 0 ? {} : { worstDataAgeSeconds: ages.reduce((worst, age) => Math.max(worst, age)) }),
    drillInstances: drill,
    liveInstances: instances.length - drill,
    inJobs: servers.filter(({ jobInProgress }) => jobInProgress !== undefined).length,
  };
}

/** The newest drill, and of all servers whose last launch was a drill how many failed. */
function lastDrillOf(servers: readonly ServerStatus[]): WaveReplication['lastDrill'] {
  const drills = servers.flatMap(({ lastDrill }) => lastDrill ?? []);
  const times = drills.map(({ at }) => Date.parse(at)).filter((at) => !Number.isNaN(at));
  if (times.length === 0) return undefined;
  return {
    at: times.reduce((newest, at) => Math.max(newest, at)),
    servers: drills.length,
    failed: drills.filter(({ status }) => status === LAUNCH_FAILED).length,
  };
}
