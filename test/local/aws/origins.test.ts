import { describe, expect, it } from 'vitest';
import { Fleet } from '../../../src/local/aws/fleet.ts';
import { VirtualClock } from '../../../src/local/clock.ts';
import { InventoryError, loadInventory } from '../../../src/local/inventory.ts';
import { ACCOUNT, ORIGIN, serverRecord } from './aws-world.ts';

/** An inventory of one server that runs at `origin`. */
function inventoryText(origin: object | undefined, originRegions?: object[]): string {
  const server = { ...serverRecord('conn-db-001'), origin };
  const stagingAccounts = [{ accountId: ACCOUNT, name: 'staging-1' }];
  return JSON.stringify({ region: 'us-east-2', stagingAccounts, originRegions, sourceServers: [server] });
}

function fleetOf(origin: object | undefined, originRegions?: object[]) {
  const inventory = loadInventory(inventoryText(origin, originRegions), 'inventory.json');
  const fleet = new Fleet({ clock: new VirtualClock(), inventory });
  return { fleet, origin: fleet.sourceServers(ACCOUNT)[0]?.origin };
}

describe('the origin of a server', () => {
  it.each([
    ['on premises when it has none', undefined, undefined],
    ['on premises when it says so', { environment: 'ON_PREMISES' }, undefined],
    ['in AWS without saying so', ORIGIN, ORIGIN],
    [
      'in the Region’s first zone of the staging account by default',
      { environment: 'AWS', region: 'us-west-2' },
      { accountId: ACCOUNT, region: 'us-west-2', availabilityZone: 'us-west-2a' },
    ],
  ])('is %s', (_what, origin, expected) => {
    expect(fleetOf(origin).origin).toEqual(expected);
  });

  it.each([
    ['a server in AWS without a Region', { environment: 'AWS' }, 'sourceServers[0].origin.region', 'is missing'],
    [
      'a Region of a server on premises',
      { environment: 'ON_PREMISES', region: 'us-east-1' },
      'sourceServers[0].origin.region',
      'expected nothing for a server on premises, got "us-east-1"',
    ],
  ])('cannot be %s', (_what, origin, field, message) => {
    const load = () => loadInventory(inventoryText(origin), 'inventory.json');
    expect(load).toThrow(InventoryError);
    expect(load).toThrow(`${field}: ${message}`);
  });
});

describe('DRS at the origin', () => {
  it('has been set up wherever a server runs in AWS, when the inventory does not say', () => {
    const { fleet } = fleetOf(ORIGIN);
    expect(fleet.isInitialized(ORIGIN.accountId, ORIGIN.region)).toBe(true);
    expect(fleet.isInitialized(ORIGIN.accountId)).toBe(false);
    expect(fleet.isInitialized(ACCOUNT)).toBe(true);
  });

  it('has been set up exactly where the inventory says', () => {
    const { fleet } = fleetOf(ORIGIN, [{ accountId: ORIGIN.accountId, region: 'us-west-2' }]);
    expect(fleet.isInitialized(ORIGIN.accountId, ORIGIN.region)).toBe(false);
    expect(fleet.isInitialized(ORIGIN.accountId, 'us-west-2')).toBe(true);
  });
});
