/**
 * Writes practice/inventory.json, the world that practice mode begins with: `node scripts/make-inventory.ts`.
 * Always the same file: everything drawn at random depends on the server's name only.
 */
import { writeFileSync } from 'node:fs';
import { REGION, STAGING_ACCOUNTS } from '../src/local/accounts.ts';
import { type Random, seeded } from '../src/local/aws/seeded.ts';
import type { Inventory, InventoryServer } from '../src/local/inventory.ts';

type Tier = 'Critical' | 'Standard' | 'NonCritical';
type Size = 'large' | 'medium' | 'small';

/** A group of like servers of one application that are recovered together. */
interface Layer {
  wave: number;
  role: 'DBServer' | 'AppServer' | 'WebServer' | 'BatchServer' | 'FileServer' | 'DomainController';
  /** Part of the host name. */
  short: string;
  count: number;
  size: Size;
  os: string;
}

interface Application {
  name: string;
  /** First part of the host names. */
  prefix: string;
  tier: Tier;
  /** Staging accounts by position, from 0; the servers are dealt out over them in turn. */
  accounts: number[];
  layers: Layer[];
  /** Runs in AWS instead of on premises. */
  origin?: InventoryServer['origin'];
}

const RHEL = 'Red Hat Enterprise Linux 8.10 (Ootpa)';
const UBUNTU = 'Ubuntu 22.04.4 LTS';
const WINDOWS = 'Microsoft Windows Server 2019 Datacenter 10.0.17763 AMD64';

/** 1,000 servers: 250 in each of the first two accounts, 245 and 255 in the others. */
const APPLICATIONS: Application[] = [
  {
    name: 'HRP',
    prefix: 'hrp',
    tier: 'Critical',
    accounts: [0, 1, 2],
    layers: [
      { wave: 1, role: 'DBServer', short: 'db', count: 30, size: 'large', os: RHEL },
      { wave: 2, role: 'AppServer', short: 'app', count: 48, size: 'medium', os: RHEL },
      { wave: 3, role: 'WebServer', short: 'web', count: 42, size: 'small', os: RHEL },
      { wave: 4, role: 'BatchServer', short: 'batch', count: 30, size: 'medium', os: WINDOWS },
    ],
  },
  {
    name: 'HealthEdge',
    prefix: 'he',
    tier: 'Critical',
    accounts: [0, 1, 2, 3],
    layers: [
      { wave: 1, role: 'DBServer', short: 'db', count: 40, size: 'large', os: WINDOWS },
      { wave: 2, role: 'AppServer', short: 'app', count: 120, size: 'medium', os: WINDOWS },
      { wave: 3, role: 'WebServer', short: 'web', count: 60, size: 'small', os: UBUNTU },
    ],
  },
  {
    name: 'Connectors',
    prefix: 'conn',
    tier: 'Standard',
    accounts: [0, 1],
    origin: { accountId: '555555555555', region: 'us-east-1', availabilityZone: 'us-east-1b' },
    layers: [
      { wave: 1, role: 'DBServer', short: 'db', count: 20, size: 'medium', os: UBUNTU },
      { wave: 2, role: 'AppServer', short: 'app', count: 120, size: 'small', os: UBUNTU },
    ],
  },
  {
    name: 'ClaimsIntake',
    prefix: 'claims',
    tier: 'Critical',
    accounts: [1, 2],
    layers: [
      { wave: 1, role: 'DBServer', short: 'db', count: 24, size: 'large', os: RHEL },
      { wave: 2, role: 'AppServer', short: 'app', count: 86, size: 'medium', os: RHEL },
      { wave: 3, role: 'BatchServer', short: 'batch', count: 40, size: 'medium', os: RHEL },
    ],
  },
  {
    name: 'MemberPortal',
    prefix: 'portal',
    tier: 'Standard',
    accounts: [2, 3],
    layers: [
      { wave: 1, role: 'DBServer', short: 'db', count: 20, size: 'medium', os: RHEL },
      { wave: 2, role: 'AppServer', short: 'app', count: 50, size: 'medium', os: UBUNTU },
      { wave: 3, role: 'WebServer', short: 'web', count: 60, size: 'small', os: UBUNTU },
    ],
  },
  {
    name: 'DataWarehouse',
    prefix: 'dwh',
    tier: 'NonCritical',
    accounts: [3],
    layers: [
      { wave: 1, role: 'DBServer', short: 'db', count: 30, size: 'large', os: RHEL },
      { wave: 2, role: 'BatchServer', short: 'batch', count: 80, size: 'large', os: RHEL },
    ],
  },
  {
    name: 'SharedServices',
    prefix: 'shared',
    tier: 'Critical',
    accounts: [0, 0, 0, 3],
    layers: [
      { wave: 1, role: 'DomainController', short: 'dc', count: 12, size: 'small', os: WINDOWS },
      { wave: 2, role: 'FileServer', short: 'file', count: 48, size: 'medium', os: WINDOWS },
      { wave: 3, role: 'AppServer', short: 'app', count: 40, size: 'small', os: UBUNTU },
    ],
  },
];

const SIZES: Record<Size, Pick<InventoryServer, 'instanceType' | 'cpus' | 'ramGiB' | 'diskGiB'>> = {
  large: { instanceType: 'r5.4xlarge', cpus: 16, ramGiB: 128, diskGiB: [100, 500, 2000] },
  medium: { instanceType: 'm5.2xlarge', cpus: 8, ramGiB: 32, diskGiB: [100, 250] },
  small: { instanceType: 't3.large', cpus: 2, ramGiB: 8, diskGiB: [60] },
};

/** What preflight is to find, server by server. HRP wave 1 stays healthy but for what earlier drills have left. */
const SPECIAL: Record<string, (server: InventoryServer) => InventoryServer> = {
  'hrp-db-003': (server) => withInstance(server, { isDrill: true, launchedAgo: 'P9DT4H' }),
  'hrp-db-010': (server) => withInstance(server, { isDrill: true, launchedAgo: 'P9DT4H' }),
  'hrp-db-023': (server) => withInstance(server, { isDrill: true, launchedAgo: 'P23DT1H' }),
  'hrp-app-017': (server) => withReplication(server, 'STALLED', 'PT3H12M', 'PT3H12M'),
  'hrp-web-009': (server) => withInstance(server, { isDrill: false, launchedAgo: 'P2DT6H' }),
  'hrp-batch-012': (server) => withReplication(server, 'BACKLOG', 'PT18M40S', 'PT5S'),
  'hrp-batch-030': disabled,
  'portal-web-041': (server) => withReplication(server, 'DISCONNECTED', undefined, 'P4DT2H'),
  'dwh-batch-077': (server) => withReplication(server, 'INITIAL_SYNC', undefined, 'PT10S'),
  'he-app-101': (server) => withReplication(server, 'STALLED', 'PT52M', 'PT52M'),
};

/** The inventory as the text of a file, one server a line. */
export function makeInventory(): string {
  const stagingAccounts = STAGING_ACCOUNTS.map((accountId, at) => ({ accountId, name: `staging-${at + 1}` }));
  const servers = APPLICATIONS.flatMap(serversOf);
  return [
    '{',
    `  "region": ${JSON.stringify(REGION)},`,
    '  "stagingAccounts": [',
    jsonLines(stagingAccounts),
    '  ],',
    '  "sourceServers": [',
    jsonLines(servers),
    '  ]',
    '}',
    '',
  ].join('\n');
}

function jsonLines(items: Inventory['stagingAccounts'] | InventoryServer[]): string {
  return items.map((item) => `    ${JSON.stringify(item)}`).join(',\n');
}

function serversOf(application: Application, position: number): InventoryServer[] {
  const places = application.layers.flatMap((layer) =>
    Array.from({ length: layer.count }, (_, at) => ({ layer, number: at + 1 })),
  );
  return places.map(({ layer, number }, at) => {
    const account = application.accounts[at % application.accounts.length] ?? 0;
    const hostname = `${application.prefix}-${layer.short}-${String(number).padStart(3, '0')}`;
    const server = healthyServer(
      application,
      layer,
      hostname,
      account,
      `10.${position + 1}.${layer.wave}.${number + 9}`,
    );
    const special = SPECIAL[hostname];
    if (special !== undefined) return special(server);
    return application.name === 'HRP' ? server : withAilments(server, seeded('ailments', hostname));
  });
}

function healthyServer(
  application: Application,
  layer: Layer,
  hostname: string,
  account: number,
  ip: string,
): InventoryServer {
  const random = seeded('server', hostname);
  return {
    sourceServerId: `s-${random.hex(17)}`,
    hostname,
    accountId: STAGING_ACCOUNTS[account] ?? STAGING_ACCOUNTS[0],
    ip,
    os: layer.os,
    ...SIZES[layer.size],
    replication: {
      state: 'CONTINUOUS',
      lagDuration: `PT${random.integer(0, 4)}S`,
      lastSeenAgo: `PT${random.integer(1, 25)}S`,
    },
    origin: application.origin,
    tags: {
      Name: hostname,
      'DR-Application': application.name,
      'DR-Wave': String(layer.wave),
      'DR-Role': layer.role,
      'DR-Tier': application.tier,
      'DR-StagingAccount': `staging-${account + 1}`,
      'DR-Enabled': 'true',
    },
  };
}

/** In a fleet of this size something always lags, and somebody has always forgotten to clean up. */
function withAilments(server: InventoryServer, random: Random): InventoryServer {
  const drawn = random.next();
  if (drawn < 0.025) {
    return withReplication(server, 'BACKLOG', `PT${random.integer(4, 55)}M${random.integer(0, 59)}S`, 'PT4S');
  }
  if (drawn < 0.03) return withReplication(server, 'RESCAN', `PT1H${random.integer(0, 59)}M`, 'PT6S');
  if (drawn < 0.033) return withReplication(server, 'PAUSED', `PT${random.integer(2, 9)}H`, 'PT9S');
  if (drawn < 0.045) return disabled(server);
  if (drawn < 0.057) return withInstance(server, { isDrill: true, launchedAgo: `P${random.integer(3, 40)}D` });
  return server;
}

function withReplication(
  server: InventoryServer,
  state: InventoryServer['replication']['state'],
  lagDuration: string | undefined,
  lastSeenAgo: string,
): InventoryServer {
  return { ...server, replication: { state, lagDuration, lastSeenAgo } };
}

function withInstance(
  server: InventoryServer,
  instance: Pick<NonNullable<InventoryServer['recoveryInstance']>, 'isDrill' | 'launchedAgo'>,
): InventoryServer {
  const random = seeded('instance', server.hostname);
  return {
    ...server,
    recoveryInstance: {
      instanceId: `i-${random.hex(17)}`,
      isDrill: instance.isDrill,
      state: 'running',
      launchedAgo: instance.launchedAgo,
      // Outside of the addresses that new launches get.
      privateIp: `10.99.${random.integer(0, 255)}.${random.integer(10, 250)}`,
    },
  };
}

function disabled(server: InventoryServer): InventoryServer {
  return { ...server, tags: { ...server.tags, 'DR-Enabled': 'false' } };
}

if (import.meta.main) writeFileSync(new URL('../practice/inventory.json', import.meta.url), makeInventory());
