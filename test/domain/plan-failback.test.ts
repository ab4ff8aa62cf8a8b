import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freezePlan } from '../../src/domain/plan.ts';
import type { ExistingInstance, SourceServer } from '../../src/domain/server.ts';
import { anInstance, anyFleet, anyRequestOfAnyVerb, aRequest, aServer, discovered } from './fleet.ts';

const planOf = (fleet: SourceServer[]) => freezePlan(aRequest({ verb: 'failback' }), discovered(fleet));
const recovered = (number: number, differs: Partial<ExistingInstance> = {}) =>
  aServer(number, {
    existingInstances: [
      anInstance({
        recoveryInstanceId: `i-0000000${number}`,
        ec2InstanceId: `i-0000000${number}`,
        originEnvironment: 'ON_PREMISES',
        failbackState: 'FAILBACK_READY_FOR_LAUNCH',
        ...differs,
      }),
    ],
  });

describe('a failback', () => {
  it('takes live recovery instances, each with where it goes back to', () => {
    const plan = planOf([recovered(1), recovered(2, { originEnvironment: 'AWS' })]);
    expect(plan).toMatchObject({ stops: [], failed: [], findings: [], totalServers: 2 });
    expect(plan.batches.map((batch) => batch.servers)).toMatchObject([
      [{ recoveryInstanceId: 'i-00000001', origin: 'ON_PREMISES', isDrill: false }],
      [{ recoveryInstanceId: 'i-00000002', origin: 'AWS', isDrill: false }],
    ]);
  });

  it('knows the origin of the server where DRS does not say the instance’s', () => {
    const server = { ...recovered(1, { originEnvironment: undefined }), origin: 'AWS' as const };
    expect(planOf([server]).batches[0]?.servers).toMatchObject([{ origin: 'AWS' }]);
  });

  it.each<{ name: string; server: SourceServer; errorCode: string; says: string }>([
    {
      name: 'a drill’s instance',
      server: recovered(1, { isDrill: true }),
      errorCode: 'DrillInstance',
      says: 'i-00000001',
    },
    {
      name: 'a server on which a job runs',
      server: { ...recovered(1), activeJobId: 'drsjob-7' },
      errorCode: 'ConflictException',
      says: 'drsjob-7',
    },
    {
      name: 'an instance that only EC2 knows',
      server: recovered(1, { onlyInEc2: true }),
      errorCode: 'NotInDrs',
      says: 'i-00000001',
    },
    {
      name: 'an instance of unknown origin',
      server: recovered(1, { originEnvironment: undefined }),
      errorCode: 'OriginUnknown',
      says: 'i-00000001',
    },
    {
      name: 'a server with two live instances',
      server: aServer(1, { existingInstances: [anInstance(), anInstance({ recoveryInstanceId: 'i-0000000b' })] }),
      errorCode: 'AmbiguousInstance',
      says: 'i-00000001, i-0000000b',
    },
  ])('fails $name by name, and goes on with the rest', ({ server, errorCode, says }) => {
    const plan = planOf([server, recovered(2)]);
    expect(plan.failed).toMatchObject([{ errorCode, errorMessage: expect.stringContaining(says) }]);
    expect(plan).toMatchObject({ stops: [], totalServers: 1 });
  });

  it('skips a server without a recovery instance', () => {
    expect(planOf([aServer(1), recovered(2, { state: 'TERMINATED' })]).skipped.map(({ reason }) => reason)).toEqual([
      'no recovery instance',
      'no recovery instance',
    ]);
  });

  it('warns of an instance on the way to the premises that is not ready', () => {
    expect(planOf([recovered(1, { failbackState: 'FAILBACK_IN_PROGRESS' })])).toMatchObject({
      stops: [],
      findings: [{ severity: 'warning', kind: 'failback', message: expect.stringContaining('FAILBACK_IN_PROGRESS') }],
    });
  });

  it('never takes a drill’s instance, and never mixes origins in a batch, in any fleet', () => {
    fc.assert(
      fc.property(anyFleet, anyRequestOfAnyVerb, (fleet, request) => {
        for (const { servers } of freezePlan({ ...request, verb: 'failback' }, discovered(fleet)).batches) {
          expect(servers.filter(({ isDrill }) => isDrill !== false)).toEqual([]);
          expect(new Set(servers.map(({ origin }) => origin)).size).toBe(1);
        }
      }),
    );
  });
});
