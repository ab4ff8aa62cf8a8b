import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeInventory } from '../../scripts/make-inventory.ts';
import { type Inventory, InventoryError, type InventoryProblem, loadInventory } from '../../src/local/inventory.ts';
import { serverRecord } from './aws/aws-world.ts';

const FILE = 'inventory.json';
const practiceText = readFileSync(new URL('../../practice/inventory.json', import.meta.url), 'utf8');
const practice = loadInventory(practiceText, 'practice/inventory.json');

/** The problems of an inventory that is not good. */
function problemsOf(text: string): readonly InventoryProblem[] {
  try {
    loadInventory(text, FILE);
  } catch (error) {
    if (error instanceof InventoryError) return error.problems;
    throw error;
  }
  return [];
}

/** An inventory of one account as the practice file is written: a server a line, the first on line 5. */
function inventoryText(servers: readonly object[], stagingAccounts: readonly object[] = oneAccount): string {
  const lines = servers.map((server) => `    ${JSON.stringify(server)}`).join(',\n');
  return `{\n  "region": "us-east-2",\n  "stagingAccounts": ${JSON.stringify(stagingAccounts)},\n  "sourceServers": [\n${lines}\n  ]\n}\n`;
}

const oneAccount = [{ accountId: '111111111111', name: 'staging-1' }];
const instance = {
  instanceId: 'i-0123456789abcdef0',
  isDrill: true,
  state: 'running',
  launchedAgo: 'P2D',
  privateIp: '10.1.2.3',
};

describe('the practice inventory', () => {
  const { sourceServers, stagingAccounts } = practice;
  const wave = (number: number) =>
    sourceServers.filter(({ tags }) => tags['DR-Application'] === 'HRP' && tags['DR-Wave'] === String(number));

  it('is what its generator writes', () => {
    expect(makeInventory()).toBe(practiceText);
  });

  it('has 1,000 servers in 4 accounts, at most 300 in each', () => {
    expect(sourceServers).toHaveLength(1000);
    const perAccount = stagingAccounts.map(
      ({ accountId }) => sourceServers.filter((server) => server.accountId === accountId).length,
    );
    expect(perAccount).toHaveLength(4);
    expect(Math.max(...perAccount)).toBeLessThanOrEqual(300);
  });

  it('tags every server as the tag scheme asks, with the account it is in', () => {
    const names = new Map(stagingAccounts.map(({ accountId, name }) => [accountId, name]));
    for (const { tags, accountId } of sourceServers) {
      expect(tags).toMatchObject({
        'DR-Application': expect.any(String),
        'DR-Wave': expect.stringMatching(/^[1-4]$/),
        'DR-Role': expect.any(String),
        'DR-Tier': expect.stringMatching(/^(Critical|Standard|NonCritical)$/),
        'DR-StagingAccount': names.get(accountId),
        'DR-Enabled': expect.stringMatching(/^(true|false)$/),
      });
    }
  });

  it('has HRP wave 1 healthy, in 3 accounts, with something of earlier drills to clean up', () => {
    const servers = wave(1);
    expect(servers.length).toBeGreaterThan(20);
    expect(new Set(servers.map(({ accountId }) => accountId)).size).toBe(3);
    expect(new Set(servers.map(({ replication }) => replication.state))).toEqual(new Set(['CONTINUOUS']));
    expect(new Set(servers.map(({ tags }) => tags['DR-Enabled']))).toEqual(new Set(['true']));
    const earlier = servers.flatMap(({ recoveryInstance }) => recoveryInstance ?? []);
    expect(earlier.map(({ isDrill }) => isDrill)).toEqual([true, true, true]);
  });

  it('has one stalled server in HRP wave 2, one live instance in wave 3, one disabled server in wave 4', () => {
    expect(wave(2).filter(({ replication }) => replication.state === 'STALLED')).toHaveLength(1);
    expect(wave(3).filter(({ recoveryInstance }) => recoveryInstance?.isDrill === false)).toHaveLength(1);
    expect(wave(4).filter(({ tags }) => tags['DR-Enabled'] === 'false')).toHaveLength(1);
    expect([1, 2, 3, 4].reduce((sum, number) => sum + wave(number).length, 0)).toBe(150);
  });

  it('has no other live instance, and some servers that lag', () => {
    expect(sourceServers.filter(({ recoveryInstance }) => recoveryInstance?.isDrill === false)).toHaveLength(1);
    expect(sourceServers.filter(({ replication }) => replication.state === 'BACKLOG').length).toBeGreaterThan(5);
  });
});

describe('loadInventory', () => {
  it('gives back what a good file says', () => {
    const servers = [serverRecord('one'), { ...serverRecord('two'), recoveryInstance: instance }];
    expect(loadInventory(inventoryText(servers), FILE).sourceServers).toEqual(servers);
  });

  it('names everything that is wrong at once, by line and field', () => {
    const servers = [
      { ...serverRecord('one'), sourceServerId: 's-1' },
      { ...serverRecord('two'), accountId: '999999999999', colour: 'red' },
      { ...serverRecord('three'), replication: { state: 'FINE', lagDuration: '5 minutes', lastSeenAgo: 'PT1S' } },
      { ...serverRecord('four'), tags: { 'DR-Wave': 1 } },
      { ...serverRecord('five'), ip: undefined },
    ];
    expect(problemsOf(inventoryText(servers))).toEqual([
      {
        line: 5,
        field: 'sourceServers[0].sourceServerId',
        message: 'expected a source server id such as s-0123456789abcdef0, got "s-1"',
      },
      { line: 6, field: 'sourceServers[1].colour', message: 'is not a field of the inventory' },
      { line: 6, field: 'sourceServers[1].accountId', message: '"999999999999" is not one of the stagingAccounts' },
      {
        line: 7,
        field: 'sourceServers[2].replication.state',
        message: expect.stringMatching(/^expected one of "STOPPED".*, got "FINE"$/),
      },
      {
        line: 7,
        field: 'sourceServers[2].replication.lagDuration',
        message: expect.stringMatching(/^expected an ISO 8601 duration .*, got "5 minutes"$/),
      },
      { line: 8, field: 'sourceServers[3].tags.DR-Wave', message: 'expected string, got 1' },
      { line: 9, field: 'sourceServers[4].ip', message: 'is missing' },
    ]);
  });

  it('puts file, line, field and reason of every problem in its message', () => {
    const text = inventoryText([{ ...serverRecord('one'), cpus: 0, ramGiB: -1 }]);
    expect(() => loadInventory(text, FILE)).toThrow(
      [
        '2 problem(s) in the inventory inventory.json',
        'inventory.json:5: sourceServers[0].cpus: expected number to be >=1, got 0',
        'inventory.json:5: sourceServers[0].ramGiB: expected number to be >=1, got -1',
      ].join('\n'),
    );
  });

  it('finds a server id, an instance id and an account that are given twice', () => {
    const first = { ...serverRecord('one'), recoveryInstance: instance };
    const second = { ...serverRecord('two'), sourceServerId: first.sourceServerId, recoveryInstance: instance };
    const accounts = [...oneAccount, { accountId: '111111111111', name: 'staging-2' }];
    expect(problemsOf(inventoryText([first, second], accounts))).toEqual([
      {
        line: 3,
        field: 'stagingAccounts[1].accountId',
        message: '"111111111111" is already that of stagingAccounts[0]',
      },
      {
        line: 6,
        field: 'sourceServers[1].sourceServerId',
        message: `"${first.sourceServerId}" is already that of sourceServers[0]`,
      },
      {
        line: 6,
        field: 'sourceServers[1].recoveryInstance.instanceId',
        message: '"i-0123456789abcdef0" is already that of sourceServers[0]',
      },
    ]);
  });

  it('finds the 301st replicating server of an account, and does not count those that do not replicate', () => {
    const servers = Array.from({ length: 302 }, (_, at) => serverRecord(`server-${at}`));
    expect(problemsOf(inventoryText(servers))).toEqual([
      {
        line: 305,
        field: 'sourceServers[300].accountId',
        message: 'account 111111111111 has 302 replicating servers, expected at most 300',
      },
    ]);
    const stopped = servers.map((server, at) =>
      at < 2 ? { ...server, replication: { state: 'STOPPED', lastSeenAgo: 'P9D' } } : server,
    );
    expect(problemsOf(inventoryText(stopped))).toEqual([]);
  });

  it('says where the JSON is broken, and still what is wrong on the other lines', () => {
    const text = inventoryText([serverRecord('one'), serverRecord('two'), { ...serverRecord('three'), cpus: 'two' }]);
    const broken = text.replace('"hostname":"one"', '"hostname" "one"');
    expect(problemsOf(broken)).toEqual([
      { line: 5, field: '', message: 'not valid JSON: colon expected' },
      { line: 7, field: 'sourceServers[2].cpus', message: 'expected number, got "two"' },
    ]);
  });

  it.each([
    ['a comment', '{ // no\n', 'comment'],
    ['a comma too many', inventoryText([serverRecord('one')]).replace(/\n {2}\]/, ',\n  ]'), 'expected'],
    ['a missing end', inventoryText([serverRecord('one')]).slice(0, -4), 'expected'],
    ['nothing at all', '', ''],
  ])('refuses %s', (_what, text, words) => {
    const problems = problemsOf(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.map(({ message }) => message).join()).toContain(words);
  });

  it('refuses a field that is given twice', () => {
    const text = inventoryText([serverRecord('one')]).replace('"cpus":2', '"cpus":2,"cpus":4');
    expect(problemsOf(text)).toEqual([{ line: 5, field: 'sourceServers[0].cpus', message: 'is given more than once' }]);
  });

  it.each([
    ['a number', '12'],
    ['a list', '[]'],
    ['null', 'null'],
    ['servers that are no objects', '{"region":"us-east-2","stagingAccounts":[null],"sourceServers":[1,null,"x",[]]}'],
  ])('refuses %s with problems, not with a crash', (_what, text) => {
    expect(problemsOf(text).length).toBeGreaterThan(0);
  });

  it('either takes a text or lists problems on lines that exist, whatever the text', () => {
    const good = inventoryText([serverRecord('one'), { ...serverRecord('two'), recoveryInstance: instance }]);
    fc.assert(
      fc.property(fc.nat(good.length), fc.nat(40), fc.string({ maxLength: 8 }), (at, length, put) => {
        const text = good.slice(0, at) + put + good.slice(at + length);
        const lines = text.split('\n').length;
        for (const { line, message } of problemsOf(text)) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(lines);
          expect(message).not.toBe('');
        }
      }),
    );
  });

  it('finds a wrong value on the line and in the field where it stands', () => {
    const servers = Array.from({ length: 8 }, (_, at) => serverRecord(`server-${at}`));
    const fields: (keyof Inventory['sourceServers'][number])[] = [
      'hostname',
      'ip',
      'os',
      'cpus',
      'diskGiB',
      'instanceType',
    ];
    fc.assert(
      fc.property(fc.nat(7), fc.constantFrom(...fields), fc.constantFrom(null, true, '', -1), (at, field, value) => {
        const changed = servers.map((server, index) => (index === at ? { ...server, [field]: value } : server));
        expect(problemsOf(inventoryText(changed)).map(({ line, field: where }) => [line, where])).toEqual([
          [at + 5, `sourceServers[${at}].${field}`],
        ]);
      }),
    );
  });
});
