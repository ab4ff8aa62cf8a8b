import { describe, expect, test } from 'vitest';
import type { Message } from '../../blocks/message.ts';
import { findingsTable, serverRows, serversCsv, serversFileName, serversTable } from '../../blocks/server-list.ts';
import type { ExecutionView } from '../../src/domain/records.ts';
import { messageBlocks } from '../../src/local/slack/blocks.ts';
import { aBatchServer } from '../domain/fleet.ts';
import { EXECUTION_VIEWS } from './fixtures/cards.ts';
import { aBatchRecord, aPlan, aView, ended, readable } from './views.ts';

const partial = EXECUTION_VIEWS['partial, wave 3 not begun'] as ExecutionView;

function rowsOf(message: Message | undefined): string[][] {
  const table = message?.blocks.find((block) => block.type === 'table');
  if (table?.type !== 'table') throw new Error('there is no table');
  return table.rows.map((row) => row.map((cell) => ('text' in cell ? String(cell.text) : '')));
}

/** One server with this in its texts. */
const viewWith = (hostname: string, errorMessage: string) =>
  aView(ended('partial', { succeeded: 0, failed: 1 }), {
    plan: aPlan(),
    batches: [
      aBatchRecord({ servers: [aBatchServer(1, { hostname, state: 'failed', errorCode: 'X', errorMessage })] }),
    ],
  });

describe('all servers as CSV', () => {
  test('has a line for each server of every wave, those that failed first', () => {
    const [head, ...lines] = serversCsv(partial).trimEnd().split('\r\n');
    expect(head).toBe('accountId,wave,hostname,sourceServerId,state,instanceId,ip,launchTime,error');
    expect(lines).toHaveLength(120);
    expect(lines.slice(0, 5).every((line) => line.includes(',failed,'))).toBe(true);
    expect(lines[0]).toMatch(/^\d{12},2,hrp-app-001,s-0+2001,failed,,,,LaunchFailed: conversion failed/);
    expect(lines.at(-1)).toMatch(/,2,hrp-app-048,s-0+2048,launched,i-0+2048,10\.2\.4\.57,2026-03-02T/);
  });

  test('names what the plan left out, too', () => {
    const server = {
      sourceServerId: 's-9',
      sourceServerHostname: 'hrp-009',
      stagingAccountId: '111111111111',
      wave: 1,
    };
    const plan = aPlan({
      skipped: [{ ...server, reason: 'DR-Enabled is false' }],
      failed: [{ ...server, region: 'us-east-2', errorCode: 'LiveInstance', errorMessage: 'it is live' }],
    });
    const rows = serverRows(aView(ended('success', { succeeded: 3, failed: 0 }), { plan, batches: [] }));
    expect(rows.map(({ state, error }) => [state, error])).toEqual([
      ['failed', 'LiveInstance: it is live'],
      ['skipped', 'DR-Enabled is false'],
    ]);
  });

  test.each([
    ['=cmd|calc', "'=cmd|calc"],
    ['＝cmd|calc', "'＝cmd|calc"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['a,b', '"a,b"'],
    ['say "no"', '"say ""no"""'],
    ['two\nlines', '"two\nlines"'],
  ])('the name %j is written as %j: no spreadsheet runs it, no line is made up', (name, cell) => {
    expect(serversCsv(viewWith(name, 'why'))).toContain(`1,${cell},s-`);
  });

  test('is called by the execution that people speak of', () => {
    expect(serversFileName(partial.execution)).toBe('failover-servers-abcdef01.csv');
  });
});

describe('the servers as a table', () => {
  test('shows as many as fit, says where the others are, and has no empty column', () => {
    const message = serversTable(partial);
    const [head, ...rows] = rowsOf(message);
    expect(head).toEqual(['Server', 'State', 'Why', 'Wave', 'Instance', 'IP', 'Account']);
    expect(rows.slice(0, 5).map(([, state]) => state)).toEqual(Array(5).fill('failed'));
    expect(rows.length).toBeLessThan(120);
    expect(message && readable(message)).toContain(
      `The other ${120 - rows.length} are in failover-servers-abcdef01.csv.`,
    );
    expect(rowsOf(serversTable(EXECUTION_VIEWS.completed as ExecutionView))[0]).toEqual([
      'Server',
      'State',
      'Instance',
      'IP',
      'Account',
    ]);
  });

  test.each(['x'.repeat(2_000), '"'.repeat(2_000), '😀'.repeat(900), '\u0000\n<!channel>'])(
    'fits, whatever stands in it',
    (text) => {
      const many = viewWith(text, text);
      const servers = Array.from({ length: 100 }, () => many.batches[0]?.servers ?? []).flat();
      const message = serversTable({ ...many, batches: [aBatchRecord({ servers })] });
      messageBlocks(message?.blocks);
      expect(rowsOf(message).length).toBeGreaterThan(2);
    },
  );
});

describe('what preflight found', () => {
  const finding = (index: number) => ({
    severity: 'warning' as const,
    kind: 'replication' as const,
    sourceServerId: `s-${index}`,
    hostname: `hrp-${index}`,
    accountId: '111111111111',
    message: 'lagging',
  });
  const withFindings = (count: number) =>
    aView(
      { status: 'awaiting approval' },
      { plan: aPlan({ findings: Array.from({ length: count }, (_, at) => finding(at)) }) },
    );

  test('is a table in the thread only where the card cannot name it all', () => {
    expect(findingsTable(withFindings(10))).toBeUndefined();
    expect(rowsOf(findingsTable(withFindings(11)))).toHaveLength(12);
    expect(rowsOf(findingsTable(withFindings(11)))[1]).toEqual(['hrp-0', 'warning', 'lagging', '111111111111']);
  });
});
