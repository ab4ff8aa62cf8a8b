import { REGION, STAGING_ACCOUNTS } from '../../src/local/accounts.ts';
import type { Inventory, InventoryServer } from '../../src/local/inventory.ts';
import type { Chance } from './chance.ts';

/** The applications of the simulated fleet. */
export const APPLICATIONS = ['HRP', 'CRM'] as const;

/** A small fleet: two to four accounts, three to twelve servers, one to three waves, with what a fleet has at times. */
export function drawFleet(chance: Chance): Inventory {
  const accounts = STAGING_ACCOUNTS.slice(0, chance.integer(2, 4));
  const waves = chance.integer(1, 3);
  const servers = chance.integer(3, 12);
  const withCrm = chance.happens(0.3);
  const oddities = chance.happens(0.4) ? 0.08 : 0;
  return {
    region: REGION,
    stagingAccounts: accounts.map((accountId, index) => ({ accountId, name: `staging-${index + 1}` })),
    sourceServers: Array.from({ length: servers }, (_, index) => {
      const application = withCrm && index % 4 === 3 ? 'CRM' : 'HRP';
      return drawServer(chance, {
        index,
        accountId: chance.pick(accounts),
        application,
        wave: application === 'CRM' ? 1 : 1 + (index % waves),
        oddities,
      });
    }),
  };
}

function drawServer(
  chance: Chance,
  given: { index: number; accountId: string; application: string; wave: number; oddities: number },
): InventoryServer {
  const { index, accountId, application, wave, oddities } = given;
  const hostname = `${application.toLowerCase()}-${wave}-${String(index + 1).padStart(3, '0')}`;
  const odd = () => chance.happens(oddities);
  return {
    sourceServerId: `s-${chance.hex(17)}`,
    hostname,
    accountId,
    ip: `10.1.${wave}.${index + 10}`,
    os: odd() ? 'Microsoft Windows Server 2022 Datacenter' : 'Red Hat Enterprise Linux 8.10 (Ootpa)',
    instanceType: 'm5.large',
    cpus: 2,
    ramGiB: 8,
    diskGiB: [100],
    replication: odd()
      ? { state: 'STALLED', lagDuration: 'PT3H', lastSeenAgo: 'PT3H' }
      : { state: 'CONTINUOUS', lagDuration: 'PT0S', lastSeenAgo: 'PT14S' },
    tags: {
      Name: hostname,
      'DR-Application': application,
      'DR-Wave': String(wave),
      'DR-Role': 'AppServer',
      'DR-Tier': 'Critical',
      'DR-Enabled': odd() ? 'false' : 'true',
    },
    ...(odd()
      ? {
          recoveryInstance: {
            instanceId: `i-${chance.hex(17)}`,
            isDrill: chance.happens(0.5),
            state: 'running',
            launchedAgo: 'PT30H',
            privateIp: `10.50.${wave}.${index + 10}`,
          },
        }
      : {}),
  };
}
