import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instancesOf } from '../../src/domain/batches.ts';
import { freezePlan, type PlanRequest } from '../../src/domain/plan.ts';
import type { SourceServer } from '../../src/domain/server.ts';
import { anInstance, anyFleet, anyRequestOfAnyVerb, aRequest, aServer, discovered, servers } from './fleet.ts';

const planOf = (fleet: SourceServer[], options: Partial<PlanRequest['options']> = {}) =>
  freezePlan(aRequest({ verb: 'terminate', options }), discovered(fleet));
const idsOf = (plan: ReturnType<typeof freezePlan>) =>
  plan.batches.flatMap((batch) =>
    batch.servers.flatMap((server) => instancesOf(server).map(({ recoveryInstanceId }) => recoveryInstanceId)),
  );
const instance = (letter: string, differs = {}) =>
  anInstance({
    recoveryInstanceId: `i-0000000${letter}`,
    ec2InstanceId: `i-0000000${letter}`,
    isDrill: true,
    ...differs,
  });
const withInstances = (number: number, ...existingInstances: ReturnType<typeof anInstance>[]) =>
  aServer(number, { existingInstances });

describe('which instances are terminated', () => {
  it('are the drill instances of the matching servers, as they were found', () => {
    const plan = planOf([withInstances(1, instance('a'))]);
    expect(plan.batches[0]?.servers[0]).toMatchObject({
      hostname: 'hrp-001',
      recoveryInstanceId: 'i-0000000a',
      ec2InstanceId: 'i-0000000a',
      isDrill: true,
    });
    expect(plan).toMatchObject({ stops: [], totalServers: 1, cleanups: [], replaced: [] });
  });

  it('are all of a server’s', () => {
    expect(idsOf(planOf([withInstances(1, instance('a'), instance('b'))]))).toEqual(['i-0000000a', 'i-0000000b']);
  });

  it('are not those that are gone', () => {
    const plan = planOf([withInstances(1, instance('a', { state: 'TERMINATED' })), aServer(2)]);
    expect(plan.totalServers).toBe(0);
    expect(plan.skipped.map(({ reason }) => reason)).toEqual(['no recovery instance', 'no recovery instance']);
  });

  it('are not live ones: those are skipped by name', () => {
    const plan = planOf([withInstances(1, instance('a', { isDrill: false }))]);
    expect(plan.totalServers).toBe(0);
    expect(plan.skipped).toMatchObject([{ reason: 'i-0000000a is live; terminateLive was not set' }]);
  });

  it('are live ones too with terminateLive', () => {
    const plan = planOf([withInstances(1, instance('a', { isDrill: false }))], { terminateLive: true });
    expect(plan.batches[0]?.servers[0]).toMatchObject({ recoveryInstanceId: 'i-0000000a', isDrill: false });
  });

  it('are the drill’s of a server that also has a live one, which is said', () => {
    const plan = planOf([withInstances(1, instance('a'), instance('b', { isDrill: false }))]);
    expect(idsOf(plan)).toEqual(['i-0000000a']);
    expect(plan.warnings).toEqual([expect.stringContaining('i-0000000b is live')]);
  });

  it('are only those named in instanceIds', () => {
    const plan = planOf([withInstances(1, instance('a'), instance('b')), withInstances(2, instance('c'))], {
      instanceIds: ['i-0000000b'],
    });
    expect(idsOf(plan)).toEqual(['i-0000000b']);
    expect(plan.skipped).toMatchObject([{ reason: 'instanceIds names none of its instances' }]);
    expect(plan.stops).toEqual([]);
  });

  it('never are live ones that are named without terminateLive', () => {
    const plan = planOf([withInstances(1, instance('a', { isDrill: false }))], { instanceIds: ['i-0000000a'] });
    expect(plan.totalServers).toBe(0);
  });

  it('may be named only when they were found: else the plan stops', () => {
    const plan = planOf([withInstances(1, instance('a'))], { instanceIds: ['i-0000000a', 'i-0000000f'] });
    expect(plan.stops).toEqual(['i-0000000f of instanceIds is no recovery instance of a matching server.']);
  });

  it('may be named and gone by then, where that is no mistake', () => {
    const options = { instanceIds: ['i-0000000a', 'i-0000000f'] };
    const request = aRequest({ verb: 'terminate', instancesMayBeGone: true, options });
    const plan = freezePlan(request, discovered([withInstances(1, instance('a'))]));
    expect(idsOf(plan)).toEqual(['i-0000000a']);
    expect(plan).toMatchObject({ stops: [], warnings: ['i-0000000f is gone already.'] });
  });

  it('are not those of a server on which a job runs, nor those that only EC2 knows', () => {
    const busy = { ...withInstances(1, instance('a')), activeJobId: 'drsjob-7' };
    const unknown = withInstances(2, instance('b', { isDrill: false, onlyInEc2: true }));
    const plan = planOf([busy, unknown, withInstances(3, instance('c'))], { terminateLive: true });
    expect(idsOf(plan)).toEqual(['i-0000000c']);
    expect(plan.stops).toEqual([]);
    expect(plan.failed).toMatchObject([
      { errorCode: 'ConflictException', errorMessage: expect.stringContaining('drsjob-7') },
      { errorCode: 'NotInDrs', errorMessage: expect.stringContaining('i-0000000b') },
    ]);
  });
});

describe('the plan of a termination', () => {
  it('asks nothing of replication', () => {
    const stalled = { ...withInstances(1, instance('a')), replicationState: 'STALLED' };
    expect(planOf([stalled])).toMatchObject({ stops: [], findings: [] });
  });

  it('stops when too few servers match', () => {
    expect(planOf(servers(2), { minServers: 3 }).stops).toHaveLength(1);
  });

  it('has another hash for another instance, and for an instance less', () => {
    const hash = (...letters: string[]) =>
      planOf([withInstances(1, ...letters.map((letter) => instance(letter)))]).hash;
    expect(new Set([hash('a'), hash('b'), hash('a', 'b'), hash()]).size).toBe(4);
  });

  it('sends at most 100 instances in one job', () => {
    const fleet = Array.from({ length: 60 }, (_, index) =>
      aServer(index + 1, {
        existingInstances: [1, 2].map((nth) =>
          anInstance({ recoveryInstanceId: `i-${String(index * 2 + nth).padStart(8, '0')}`, isDrill: true }),
        ),
      }),
    );
    const sizes = planOf(fleet, { parallelism: 500 }).batches.map((batch) => batch.servers.flatMap(instancesOf).length);
    expect(sizes).toEqual([100, 20]);
  });

  it('touches a live instance only with terminateLive, in any fleet', () => {
    fc.assert(
      fc.property(anyFleet, anyRequestOfAnyVerb, (fleet, request) => {
        const { batches } = freezePlan({ ...request, verb: 'terminate' }, discovered(fleet));
        const chosen = batches.flatMap((batch) => batch.servers.flatMap(instancesOf));
        if (!request.options.terminateLive) expect(chosen.filter(({ isDrill }) => !isDrill)).toEqual([]);
        const { instanceIds } = request.options;
        if (instanceIds !== undefined) {
          for (const { recoveryInstanceId, ec2InstanceId } of chosen) {
            expect(instanceIds.some((id) => id === recoveryInstanceId || id === ec2InstanceId)).toBe(true);
          }
        }
      }),
    );
  });
});
