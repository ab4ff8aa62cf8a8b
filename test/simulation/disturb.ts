import { PEOPLE, USER_GROUPS } from '../../src/local/slack/people.ts';
import { type Chance, chanceOf } from './chance.ts';
import type { WorldFault } from './faults.ts';
import type { World } from './world.ts';

/** In this time the world changes. */
const WITHIN_MS = 10 * 60_000;

/** Changes the world from outside, at times drawn for the seed: what people and machines do that nobody asked the bot for. */
export function disturb(seed: number, world: World): void {
  const chance = chanceOf(seed, 'world');
  // An account that nobody may look into from before the first request: nothing of a drill may begin.
  if (world.faults.plan.world.includes('denied account') && chance.happens(0.4)) {
    deny(world, anyAccount(world, chance), 'drs', chance.integer(600_000, 2_400_000));
  }
  for (const fault of world.faults.plan.world) {
    for (let times = chance.integer(1, 3); times > 0; times -= 1) {
      const at = chance.integer(0, WITHIN_MS);
      world.clock.after(at, () => {
        if (!world.faults.isOver) DISTURBANCES[fault](world, chance);
      });
    }
  }
}

function anyServer({ inventory }: World, chance: Chance) {
  return chance.pick(inventory.sourceServers);
}

function anyAccount({ inventory }: World, chance: Chance): string {
  return chance.pick(inventory.stagingAccounts).accountId;
}

/** Refuses what anybody asks in an account, for a time. */
function deny(world: World, accountId: string, where: 'drs' | 'ec2' | 'both', forMs: number): void {
  const { drs, ec2 } = world.practice;
  world.trace.note('world', `${accountId} denies access to ${where}`);
  if (where !== 'ec2') drs.faults.denyAccount(accountId);
  if (where !== 'drs') ec2.denyAccount(accountId);
  const denial = { accountId, from: world.clock.now(), until: Number.POSITIVE_INFINITY };
  if (where !== 'ec2') world.denials.push(denial);
  const allow = () => {
    if (denial.until < world.clock.now()) return;
    world.trace.note('world', `${accountId} lets us in again`);
    denial.until = world.clock.now();
    drs.faults.allowAccount(accountId);
    ec2.allowAccount(accountId);
  };
  world.whenCalm(allow);
  world.clock.after(forMs, allow);
}

/** What each fault of the world does. */
export const DISTURBANCES: Record<WorldFault, (world: World, chance: Chance) => void> = {
  'stuck job': (world, chance) => {
    const accountId = anyAccount(world, chance);
    world.trace.note('world', `the next job of ${accountId} sticks`);
    world.practice.drs.jobs.stickNextJob(accountId);
    if (chance.happens(0.7)) {
      world.clock.after(chance.integer(60_000, 1_800_000), () => world.practice.drs.jobs.releaseAll());
    }
  },
  'failing launch': (world, chance) => {
    const { sourceServerId, hostname } = anyServer(world, chance);
    world.trace.note('world', `${hostname} will fail to launch`);
    world.practice.drs.jobs.failNextLaunch(sourceServerId, { at: chance.pick(['snapshot', 'conversion', 'launch']) });
  },
  'denied account': (world, chance) => {
    const accountId = anyAccount(world, chance);
    deny(world, accountId, chance.pick(['drs', 'ec2', 'both']), chance.integer(30_000, 1_200_000));
  },
  'group change': (world, chance) => {
    const [group] = USER_GROUPS;
    if (group === undefined) return;
    const members = chance.some(PEOPLE, 0.4);
    world.trace.note('world', `${group.handle} is now ${members.map(({ name }) => name).join(', ')}`);
    for (const { userId } of members) world.mayDecide.add(userId);
    world.practice.workspace.setGroupMembers(
      group.id,
      members.map(({ userId }) => userId),
      chance.pick(PEOPLE).userId,
    );
  },
  'policy change': (world, chance) => {
    const { ssm, configPath } = world.practice;
    const quorum = chance.integer(1, 3);
    world.trace.note('world', `the policy of drills asks for ${quorum} now`);
    ssm.put(`${configPath}/policies`, JSON.stringify({ drill: { quorum }, failover: { quorum: Math.max(2, quorum) } }));
  },
  'live instance': (world, chance) => {
    const { sourceServerId, hostname } = anyServer(world, chance);
    world.trace.note('world', `somebody launches ${hostname} for good`);
    world.practice.fleet.addRecoveryInstance(sourceServerId, { isDrill: false });
  },
  'stopped machine': (world, chance) => {
    const { engine } = world.practice;
    const running = engine
      .listStateMachines()
      .flatMap(({ stateMachineArn }) =>
        engine.listExecutions({ stateMachineArn: String(stateMachineArn), statusFilter: 'RUNNING' }),
      );
    if (running.length === 0) return;
    const executionArn = String(chance.pick(running).executionArn);
    world.trace.note('world', `somebody stops ${executionArn.split(':').slice(6).join(' ')}`);
    engine.stopExecution({ executionArn, error: 'Stopped', cause: 'by hand' });
    if (!chance.happens(0.4)) return;
    world.clock.after(chance.integer(1000, 300_000), () => {
      try {
        engine.redriveExecution(executionArn);
        world.trace.note('world', 'and redrives it');
      } catch (error) {
        world.trace.note('world', `cannot redrive it: ${String(error)}`);
      }
    });
  },
  'unfit server': (world, chance) => {
    const { sourceServerId, hostname } = anyServer(world, chance);
    world.trace.note('world', `the replication of ${hostname} stalls`);
    world.practice.fleet.setReplication(sourceServerId, { state: 'STALLED' });
  },
  deploy: (world) => {
    world.trace.note('world', 'a release is deployed');
    const definition = (_machine: string, text: string) => text.replace('"Comment": "', '"Comment": "Released again. ');
    world.practice.deploy({ definition }).then(
      () => world.trace.note('world', 'the release is deployed'),
      (error: unknown) => world.trace.note('world', `the release failed: ${String(error)}`),
    );
  },
  'tag change': (world, chance) => {
    const { sourceServerId, hostname, tags } = anyServer(world, chance);
    const wave = String(chance.integer(1, 3));
    world.trace.note('world', `${hostname} is moved to wave ${wave}`);
    world.practice.fleet.setTags(sourceServerId, { ...tags, 'DR-Wave': wave });
  },
};
