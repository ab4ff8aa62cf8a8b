import type { DrsFaults } from './aws/drs/faults.ts';
import type { DrsJobs } from './aws/drs/jobs.ts';
import type { Fleet } from './aws/fleet.ts';
import type { Inventory } from './inventory.ts';
import type { FunctionHost } from './lambda/function-host.ts';
import { deployedName } from './names.ts';

/** The parts of a practice in which something can go wrong. */
export interface Rehearsable {
  drs: { jobs: DrsJobs; faults: DrsFaults };
  fleet: Fleet;
  host: FunctionHost;
  inventory: Inventory;
  /** While true, Slack takes no messages from the bot. */
  refuseMessages(refuse: boolean): void;
}

/** Something that goes wrong on request, so that people see what the bot does then. */
export interface Fault {
  /** For `--fault`. */
  id: string;
  /** One line: what goes wrong. */
  title: string;
  /** One line: what the bot should do. */
  expected: string;
  start(): void;
  stop(): void;
}

/** Ids of the faults, for help texts. */
export const FAULT_IDS = [
  'launch-fails',
  'job-sticks',
  'throttling',
  'account-denied',
  'replication-stalls',
  'slack-down',
  'function-crashes',
] as const;
export type FaultId = (typeof FAULT_IDS)[number];

const CRASHES = 3;

/** The faults of a practice. They are about the first server of HRP wave 1, or of the inventory where there is none. */
export function faultsOf({ drs, fleet, host, inventory, refuseMessages }: Rehearsable): Record<FaultId, Fault> {
  const server =
    inventory.sourceServers.find(({ tags }) => tags['DR-Application'] === 'HRP' && tags['DR-Wave'] === '1') ??
    inventory.sourceServers[0];
  const { sourceServerId, hostname, accountId } = server ?? { sourceServerId: '', hostname: 'none', accountId: '' };
  const crashing = deployedName('record-account-result');
  return {
    'launch-fails': {
      id: 'launch-fails',
      title: `${hostname} fails to launch`,
      expected: 'The drill ends as partly launched; the card and the result name the server.',
      start: () => drs.jobs.failNextLaunch(sourceServerId),
      stop: () => drs.jobs.letLaunch(sourceServerId),
    },
    'job-sticks': {
      id: 'job-sticks',
      title: `The next DRS job in ${accountId} never ends`,
      expected:
        'After maxWaitMinutes people are asked what now, with the job named; the other accounts finish. A retry waits for the job.',
      start: () => drs.jobs.stickNextJob(accountId),
      stop: () => drs.jobs.releaseAll(),
    },
    throttling: {
      id: 'throttling',
      title: 'DRS throttles StartRecovery three times',
      expected: 'The executor backs off and tries again; nothing is started twice.',
      start: () => drs.faults.throttleNext(3, { operation: 'StartRecovery', retryAfterSeconds: 0 }),
      stop: () => drs.faults.end('throttle'),
    },
    'account-denied': {
      id: 'account-denied',
      title: `Account ${accountId} refuses every DRS call`,
      expected: 'Preflight stops the drill and names the account: its servers are unknown.',
      start: () => drs.faults.denyAccount(accountId),
      stop: () => drs.faults.allowAccount(accountId),
    },
    'replication-stalls': {
      id: 'replication-stalls',
      title: `Replication of ${hostname} stalls`,
      expected: 'Preflight stops the drill and names the server and how far it is behind.',
      start: () => fleet.setReplication(sourceServerId, { state: 'STALLED', lagDuration: 'PT45M' }),
      stop: () => fleet.setReplication(sourceServerId, { state: 'CONTINUOUS' }),
    },
    'slack-down': {
      id: 'slack-down',
      title: 'Slack takes no messages from the bot',
      expected: 'The recovery goes on; within a minute of Slack’s return the card is right.',
      start: () => refuseMessages(true),
      stop: () => refuseMessages(false),
    },
    'function-crashes': {
      id: 'function-crashes',
      title: `The function record-account-result dies ${CRASHES} times after its work`,
      expected: 'The state machine tries again; every server is recorded once and launched once.',
      start: () => {
        for (let crash = 0; crash < CRASHES; crash += 1) host.crashNext(crashing, 'after');
      },
      stop: () => host.endCrashes(crashing),
    },
  };
}
