import { describe, expect, test } from 'vitest';
import type { ServerName } from '../../src/platform/server-details.ts';
import { findServer } from '../../src/queries/find-server.ts';

function aName(hostname: string, number: number, differs: Partial<ServerName> = {}): ServerName {
  const sourceServerId = `s-${String(number).padStart(17, '0')}`;
  const accountId = differs.accountId ?? '111111111111';
  return {
    sourceServerId,
    hostname,
    accountId,
    region: 'us-east-2',
    tags: {},
    arn: `arn:aws:drs:us-east-2:${accountId}:source-server/${sourceServerId}`,
    ...differs,
  };
}

const web = aName('hrp-web-001', 1, { fqdn: 'hrp-web-001.example.com' });
const database = aName('hrp-db-001.example.com', 2);
const other = aName('crm-app-100', 3);
const ALL = [web, database, other];

describe('a server is found', () => {
  test.each([
    ['its hostname', 'hrp-web-001', web],
    ['its hostname in capitals, with space around it', ' HRP-WEB-001 ', web],
    ['its fully qualified name', 'hrp-web-001.example.com', web],
    ['its id', web.sourceServerId.toUpperCase(), web],
    ['the first part of its hostname', 'hrp-db-001', database],
    ['a qualified name that DRS does not have', 'crm-app-100.example.com', other],
  ])('by %s', (_, typed, server) => {
    expect(findServer(typed, ALL)).toEqual({ kind: 'one', server });
  });

  test('by its exact name, although another begins so', () => {
    const short = aName('hrp-db-001', 4);
    expect(findServer('hrp-db-001', [...ALL, short])).toEqual({ kind: 'one', server: short });
  });

  test('once, when it is known in two accounts because it was extended: where it replicates', () => {
    const extended = aName('hrp-web-001', 9, { accountId: '222222222222', stagingSourceServerArn: web.arn });
    expect(findServer('hrp-web-001', [extended, web])).toEqual({ kind: 'one', server: web });
    expect(findServer('hrp-web-001', [web, extended])).toEqual({ kind: 'one', server: web });
  });
});

test('servers of one name are asked about', () => {
  const namesake = aName('HRP-web-001', 5, { accountId: '222222222222' });
  expect(findServer('hrp-web-001', [...ALL, namesake])).toEqual({ kind: 'several', servers: [web, namesake] });
});

describe('of an unknown name', () => {
  test('the nearest are offered, the most alike first', () => {
    const found = findServer('hrp-web-01', [other, aName('hrp-web-002', 6), web, aName('zzz', 7)]);
    expect(found.kind === 'none' && found.nearest.map(({ hostname }) => hostname)).toEqual([
      'hrp-web-001',
      'hrp-web-002',
    ]);
  });

  test('names that contain it are near', () => {
    const found = findServer('app', ALL);
    expect(found).toEqual({ kind: 'none', nearest: [other] });
  });

  test('no more are offered than people read, and none that is nothing like it', () => {
    const many = Array.from({ length: 50 }, (_, index) => aName(`hrp-web-${100 + index}`, 100 + index));
    const found = findServer('hrp-web-1', many);
    expect(found.kind === 'none' && found.nearest.length).toBe(8);
    expect(findServer('x', ALL)).toEqual({ kind: 'none', nearest: [] });
    expect(findServer('', ALL)).toEqual({ kind: 'none', nearest: [] });
  });
});
