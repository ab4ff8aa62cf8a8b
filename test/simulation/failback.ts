import { BREAK_GLASS_ACTION, KEEP_INSTANCES, RUN_REST, TERMINATE_DRILL } from '../../blocks/action-ids.ts';
import { isGone } from '../../src/local/aws/fleet.ts';
import type { Inventory, InventoryServer } from '../../src/local/inventory.ts';
import { type Chance, chanceOf } from './chance.ts';
import { DISTURBANCES } from './disturb.ts';
import type { Aim } from './faults.ts';
import type { Command, Habits } from './people.ts';
import type { World } from './world.ts';

/** What a run is about in which servers go back, or what follows a failover or a drill is asked for. */
export const SCENARIOS = [
  /** Everything runs in the DR Region, and is to go home. */
  'home',
  /** Two people ask for the same failback. */
  'home twice',
  /** A failover, and then the way home. */
  'there and back',
  /** A part runs in the DR Region; the rest is drilled when that is to go home. */
  'home during a drill',
  /** What runs in the DR Region is to be ended. */
  'ending live instances',
  /** One person alone lets a failover pass. */
  'breaking the glass',
  /** A drill whose instances are ended or kept, and are no live ones. */
  'after a drill',
  /** A failover of which servers are left. */
  'the rest',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** Where the servers of a run came from. */
type Home = 'on premises' | 'AWS' | 'both';

/** The way home of one seed. */
export interface Failback {
  scenario: Scenario;
  home: Home;
  chance: Chance;
}

/** Seeds of which one goes home. */
const SHARE = 0.2;

/** The account and Region of AWS that servers came from: that of the example deployment. */
export const ORIGIN = { accountId: '555555555555', region: 'us-east-1' } as const;

const MINUTE = 60_000;

/** Whether servers go back in this seed, and how. Drawn by a chance of its own: the other seeds stay as they are. */
export function drawFailback(seed: number): Failback | undefined {
  const chance = chanceOf(seed, 'failback');
  if (!chance.happens(SHARE)) return undefined;
  return {
    scenario: chance.pick(SCENARIOS),
    home: chance.pick(['on premises', 'on premises', 'AWS', 'AWS', 'both']),
    chance,
  };
}

/** The fleet as an earlier failover has left it: most servers run in the DR Region, some as drills, some not at all. */
export function afterFailover(inventory: Inventory, { scenario, home, chance }: Failback): Inventory {
  const isLiveWave = (wave: string | undefined) => scenario !== 'home during a drill' || wave !== '1';
  const isFailedOver = ['home', 'home twice', 'home during a drill', 'ending live instances'].includes(scenario);
  const oddities = chance.happens(0.4) ? 0.12 : 0;
  return {
    ...inventory,
    originRegions: chance.happens(0.95) || home === 'on premises' ? [{ ...ORIGIN }] : [],
    sourceServers: inventory.sourceServers.map((server, index) => {
      const { recoveryInstance: _, ...rest } = server;
      const isFromAws = home === 'AWS' || (home === 'both' && chance.happens(0.5));
      const origin = isFromAws ? { origin: { ...ORIGIN } } : {};
      const isThere = isFailedOver && isLiveWave(server.tags['DR-Wave']) && !chance.happens(oddities / 2);
      const instance = recoveryInstanceOf(chance, index, chance.happens(oddities));
      return { ...rest, ...origin, ...(isThere ? { recoveryInstance: instance } : {}) };
    }),
  };
}

function recoveryInstanceOf(
  chance: Chance,
  index: number,
  isDrill: boolean,
): NonNullable<InventoryServer['recoveryInstance']> {
  const state = chance.happens(0.05) ? 'stopped' : 'running';
  const privateIp = `10.50.9.${index + 10}`;
  return { instanceId: `i-${chance.hex(17)}`, isDrill, state, launchedAgo: 'PT30H', privateIp };
}

/** What people ask for in such a run, with their times. */
export function failbackCommands({ scenario, chance }: Failback): Command[] {
  const at = (least: number, most: number) => chance.integer(least * MINUTE, most * MINUTE);
  const scope = () => `HRP${chance.pick(['', '', '', ' wave 1'])}`;
  const say = (verb: string, when: number, person = 'requester', rest = ''): Command => ({
    at: when,
    person,
    text: `${verb} ${scope()}${rest}`,
  });
  const anybody = () => chance.pick(['requester', 'approver', 'lead']);
  switch (scenario) {
    case 'home':
      return [0, at(5, 9), at(11, 16)].map((when) => say('failback', when, anybody()));
    case 'home twice':
      return [say('failback', 0), say('failback', chance.integer(0, 20_000), anybody()), say('failback', at(6, 14))];
    case 'there and back':
      return [
        say('failover', 0),
        say('failback', at(6, 10), anybody()),
        ...(chance.happens(0.5) ? [say('failback', at(12, 18), anybody())] : []),
      ];
    case 'home during a drill':
      return [
        { at: 0, person: 'requester', text: 'drill HRP wave 1' },
        { at: at(0, 4), person: anybody(), text: 'failback HRP' },
        { at: at(6, 12), person: anybody(), text: 'failback HRP' },
      ];
    case 'ending live instances':
      return [
        ...(chance.happens(0.4) ? [say('failback', 0)] : []),
        say('terminate', at(0, 6), anybody(), ' live'),
        say('terminate', at(7, 14), anybody(), ' live'),
      ];
    case 'breaking the glass':
      return [say('failover', 0), say('terminate', at(8, 14), anybody(), chance.happens(0.5) ? ' live' : '')];
    case 'after a drill':
      return [say('drill', 0), say('failback', at(6, 15), anybody())];
    case 'the rest':
      return [say('failover', 0), say('failback', at(10, 16), anybody())];
  }
}

/** What people do in such a run more often than in others. */
export function habitsOf({ scenario }: Failback): Habits {
  switch (scenario) {
    case 'breaking the glass':
      return { alsoYes: [BREAK_GLASS_ACTION], often: {} };
    case 'after a drill':
      return { alsoYes: [], often: { [TERMINATE_DRILL]: 0.5, [KEEP_INSTANCES]: 0.3 } };
    case 'the rest':
      return { alsoYes: [], often: { [RUN_REST]: 0.05 } };
    default:
      return { alsoYes: [], often: {} };
  }
}

const AIMS = [
  'drs:StartFailbackLaunch',
  'drs:StartFailbackLaunch',
  'drs:ReverseReplication',
  'drs:ReverseReplication',
  'drs:StartRecovery',
  'drs:TerminateRecoveryInstances',
  'drs:DescribeRecoveryInstances',
] as const;
const AIMED_FAULTS = ['crash', 'lost answer', 'lost answer', 'lost request', 'error', 'throttle', 'slow'] as const;

/** In half of these runs a call goes wrong by which servers go back. */
export function drawFailbackAims(seed: number): Aim[] {
  const chance = chanceOf(seed, 'failback calls');
  if (!chance.happens(0.5)) return [];
  return [{ call: chance.pick(AIMS), fault: chance.pick(AIMED_FAULTS), times: chance.integer(1, 3) }];
}

/** What happens to recovery instances and at their origin, whatever the bot does. */
export function disturbFailback(world: World, failback: Failback): void {
  const { chance, scenario } = failback;
  const { clock, faults, trace } = world;
  const later = (ms: number, task: () => void) =>
    clock.after(ms, () => {
      if (!faults.isOver) task();
    });
  // The failback clients on premises are booted by hand, mostly before anybody asks.
  const isReady = chance.happens(0.7);
  if (isReady) bootClients(world, chance, 0.95);
  for (const at of [4, 10, 16, 22, 28]) later(at * MINUTE, () => bootClients(world, chance, 0.9));
  const copying = chance.integer(1, 6) * MINUTE;
  for (let at = copying; at < 40 * MINUTE; at += copying) later(at, () => completeCopies(world, chance));
  const happenings = chance.happens(0.7)
    ? Array.from({ length: chance.integer(1, 2) }, () => chance.pick(HAPPENINGS))
    : [];
  for (const happening of happenings) {
    const happen = () => happening(world, chance);
    if (chance.happens(0.4)) later(chance.integer(0, 15 * MINUTE), happen);
    else onApproval(world, () => later(chance.integer(0, 60_000), happen));
  }
  if (scenario === 'the rest') {
    for (const { sourceServerId, hostname } of chance.some(world.inventory.sourceServers, 0.4)) {
      trace.note('world', `${hostname} will fail to launch`);
      world.practice.drs.jobs.failNextLaunch(sourceServerId);
    }
  }
}

/** Calls `task` when people have approved something for the first time: what they saw is not so any more. */
function onApproval({ practice }: World, task: () => void): void {
  let isDone = false;
  practice.dynamodb.stream(practice.tableName).subscribe(({ dynamodb: { Keys, NewImage } }) => {
    const isApproval = Keys.item?.S?.startsWith('GATE#approval') === true && NewImage?.status?.S === 'approved';
    if (isDone || !isApproval) return;
    isDone = true;
    task();
  });
}

/** Live instances of servers, by what DRS knows of them. */
function liveInstances({ inventory, practice: { fleet } }: World) {
  return inventory.stagingAccounts.flatMap(({ accountId }) =>
    fleet.recoveryInstances(accountId).filter(({ instanceId, isDrill }) => {
      const machine = fleet.ec2Instance(instanceId);
      return !isDrill && machine !== undefined && !isGone(machine);
    }),
  );
}

function bootClients(world: World, chance: Chance, probability: number): void {
  for (const record of liveInstances(world)) {
    const isAtHome = record.server.origin === undefined && record.failback.state === 'FAILBACK_NOT_STARTED';
    if (!isAtHome || !chance.happens(probability)) continue;
    world.practice.fleet.setFailback(record.instanceId, 'FAILBACK_READY_FOR_LAUNCH');
  }
}

/** Hours are not waited for: a copy that has begun is complete at some look. */
function completeCopies({ practice: { fleet }, trace }: World, chance: Chance): void {
  for (const server of fleet.sourceServers(ORIGIN.accountId, ORIGIN.region)) {
    if (server.direction !== 'FAILBACK' || server.replication.syncedAt !== undefined || !chance.happens(0.8)) continue;
    fleet.setReplication(server.sourceServerId, { state: 'CONTINUOUS', lagDuration: 'PT0S' });
    trace.note('world', `the copy of ${server.hostname} at its origin is complete`);
  }
}

/** Things that happen between an approval and what it lets begin. */
const HAPPENINGS: ((world: World, chance: Chance) => void)[] = [
  function terminated(world, chance) {
    const live = liveInstances(world);
    if (live.length === 0) return;
    const { instanceId, server } = chance.pick(live);
    world.trace.note('world', `somebody terminates ${instanceId} of ${server.hostname} in EC2`);
    world.byHand.add(instanceId);
    world.byHand.add(instanceId);
    world.practice.fleet.setInstanceState(instanceId, 'terminated');
  },
  function forgotten(world, chance) {
    const live = liveInstances(world);
    if (live.length === 0) return;
    const { instanceId, server } = chance.pick(live);
    world.trace.note('world', `somebody deletes DRS's record of ${instanceId} of ${server.hostname}`);
    world.byHand.add(instanceId);
    world.byHand.add(instanceId);
    world.practice.fleet.forgetRecoveryInstance(instanceId);
  },
  function drilledOver(world, chance) {
    const live = liveInstances(world);
    if (live.length === 0) return;
    const { instanceId, server } = chance.pick(live);
    world.trace.note('world', `somebody drills ${server.hostname} over ${instanceId} in DRS's console`);
    world.byHand.add(instanceId);
    world.byHand.add(instanceId);
    world.practice.fleet.setInstanceState(instanceId, 'terminated');
    world.practice.fleet.forgetRecoveryInstance(instanceId);
    const drill = world.practice.fleet.addRecoveryInstance(server.sourceServerId, { isDrill: true });
    if (server.origin === undefined) {
      world.practice.fleet.setFailback(drill.instanceId, 'FAILBACK_READY_FOR_LAUNCH');
    }
  },
  function failedClient(world, chance) {
    const here = liveInstances(world).filter(
      ({ server, failback: { state } }) => server.origin === undefined && state !== 'FAILBACK_COMPLETED',
    );
    if (here.length === 0) return;
    const { instanceId, server } = chance.pick(here);
    world.trace.note('world', `the failback client of ${server.hostname} fails`);
    world.practice.fleet.setFailback(instanceId, 'FAILBACK_ERROR');
  },
  function failingLaunch(world, chance) {
    const { fleet, drs } = world.practice;
    const copied = fleet.sourceServers(ORIGIN.accountId, ORIGIN.region);
    const { sourceServerId, hostname } = chance.pick([...world.inventory.sourceServers, ...copied]);
    world.trace.note('world', `${hostname} will fail to launch`);
    drs.jobs.failNextLaunch(sourceServerId, { at: chance.pick(['conversion', 'launch']) });
  },
  function stalledCopy(world, chance) {
    const { fleet } = world.practice;
    const copied = fleet.sourceServers(ORIGIN.accountId, ORIGIN.region);
    if (copied.length === 0) return;
    const { sourceServerId, hostname } = chance.pick(copied);
    world.trace.note('world', `the copy of ${hostname} at its origin stalls`);
    fleet.setReplication(sourceServerId, { state: 'STALLED' });
  },
  function deniedOrigin(world, chance) {
    const { drs, ec2 } = world.practice;
    const { accountId } = ORIGIN;
    const where = chance.pick(['drs', 'ec2', 'both']);
    world.trace.note('world', `the origin denies access to ${where}`);
    if (where !== 'ec2') drs.faults.denyAccount(accountId);
    if (where !== 'drs') ec2.denyAccount(accountId);
    const allow = () => {
      drs.faults.allowAccount(accountId);
      ec2.allowAccount(accountId);
    };
    world.whenCalm(allow);
    world.clock.after(chance.integer(30_000, 15 * MINUTE), allow);
  },
  DISTURBANCES['stopped machine'],
  DISTURBANCES['stopped machine'],
  function stuckAtOrigin(world, chance) {
    world.trace.note('world', 'the next job at the origin sticks');
    world.practice.drs.jobs.stickNextJob(ORIGIN.accountId);
    world.clock.after(chance.integer(MINUTE, 20 * MINUTE), () => world.practice.drs.jobs.releaseAll());
  },
];
