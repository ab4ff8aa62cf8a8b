import { expect, it } from 'vitest';
import { watchConfiguration } from '../../src/audit/watch-configuration.ts';
import type { AccessDocument } from '../../src/domain/access.ts';
import { type Policies, policyVersionOf } from '../../src/domain/policy.ts';
import type { Configuration } from '../../src/platform/configuration.ts';
import { START } from '../blocks/views.ts';
import { startWorld } from './world.ts';

it('keeps policies and access when they have changed, with the difference in the audit', async () => {
  const { store, changes, deliver, openBucket } = await startWorld();
  openBucket();
  let policies: Policies = { drill: { quorum: 1 } };
  const access: AccessDocument = { teamId: 'T0PRACTICE1', grants: [{ role: 'DRSReadOnly', users: ['U0READER001'] }] };
  const configuration = { policies: async () => policies, accessDocument: async () => access } as Configuration;
  const watch = (at: number) => watchConfiguration({ store, configuration }, at);

  await watch(START);
  await watch(START + 1);
  expect(changes).toHaveLength(2);
  const before = policyVersionOf(policies);
  policies = { drill: { quorum: 2 } };
  await Promise.all([watch(START + 2), watch(START + 2)]);
  expect(changes).toHaveLength(3);

  await deliver();
  const records = await store.auditRecords('CONFIGURATION');
  expect(records.map(({ event }) => event.kind).sort()).toEqual([
    'access changed',
    'policies changed',
    'policies changed',
  ]);
  expect(records.at(-1)?.event).toMatchObject({
    kind: 'policies changed',
    time: new Date(START + 2).toISOString(),
    details: {
      previousVersion: before,
      version: policyVersionOf(policies),
      changes: [{ path: 'drill.quorum', before: 1, after: 2 }],
    },
  });
});
