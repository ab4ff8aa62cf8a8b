import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditEvent, EventDraft } from '../../src/domain/audit.ts';
import {
  type AuditRecord,
  auditFile,
  canonicalJson,
  FIRST_HASH,
  readRecord,
  recordLine,
  recordsAfter,
  verifyChain,
} from '../../src/domain/audit-chain.ts';

const approver = { userId: 'U0APPROVER', teamId: 'T0PRACTICE' };

function aDraft(id: string, differs: Partial<EventDraft> = {}): EventDraft {
  return {
    id,
    kind: 'vote',
    time: '2026-03-02T02:05:00.000Z',
    executionId: 'exec-1',
    by: approver,
    details: {},
    ...differs,
  };
}

const requested = aDraft('1', { kind: 'requested', message: { channelId: 'C0INCIDENT1' } });
const preflight = aDraft('2', { kind: 'preflight', planHash: 'a'.repeat(64) });
const place = { channelId: 'C0INCIDENT1', ts: '1.2', permalink: 'https://slack.com/archives/C0INCIDENT1/p12' };
const posted = aDraft('3', { kind: 'message posted', message: place, details: { key: 'gate-approval-1' } });
const vote = aDraft('4', { messageKey: 'gate-approval-1', details: { reason: 'go' } });
const chain = recordsAfter([], [requested, preflight, posted, vote]);

describe('a chain', () => {
  it('binds each record to the one before', () => {
    expect(chain.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(chain[0]?.previousHash).toBe(FIRST_HASH);
    expect(chain.slice(1).map(({ previousHash }) => previousHash)).toEqual(chain.slice(0, 3).map(({ hash }) => hash));
  });

  it('hashes what anybody can hash: the canonical JSON without the hash', () => {
    const [{ hash, ...rest } = { hash: '' }] = chain;
    expect(hash).toBe(createHash('sha256').update(canonicalJson(rest)).digest('hex'));
    expect(canonicalJson({ b: [1, { d: 'ü\ud800', c: null }], a: undefined, 10: 1, 9: 2 })).toBe(
      '{"10":1,"9":2,"b":[1,{"c":null,"d":"ü�"}]}',
    );
  });

  it('names the plan that stood then and where the message stands', () => {
    expect(chain.map(({ event }) => event.planHash)).toEqual([
      undefined,
      'a'.repeat(64),
      'a'.repeat(64),
      'a'.repeat(64),
    ]);
    expect(chain[3]?.event.message).toEqual(place);
    expect(chain[3]?.event).not.toHaveProperty('messageKey');
  });

  it('names the channel alone while the message is not posted', () => {
    const [, early] = recordsAfter([], [requested, aDraft('x', { messageKey: 'gate-approval-1' })]);
    expect(early?.event.message).toEqual({ channelId: 'C0INCIDENT1' });
  });

  it('takes an event once, however often and in what pieces it is delivered', () => {
    const ids = fc.integer({ min: 1, max: 12 });
    // What the stream delivers again it delivers in order, from some earlier place on.
    const deliveries = fc.array(fc.tuple(ids, ids), { maxLength: 8 });
    fc.assert(
      fc.property(deliveries, (parts) => {
        const all = Array.from({ length: 12 }, (_, index) => aDraft(String(index + 1)));
        let stored: AuditRecord[] = [];
        for (const [from, to] of parts) {
          const reached = stored.length;
          const piece = all.slice(Math.min(from - 1, reached), Math.max(to, reached));
          stored = [...stored, ...recordsAfter(stored, [...piece, ...piece])];
        }
        stored = [...stored, ...recordsAfter(stored, all)];
        expect(stored).toEqual(recordsAfter([], all));
        expect(verifyChain(stored)).toMatchObject({ intact: true, records: 12 });
      }),
    );
  });
});

describe('checking a chain', () => {
  it('finds it whole, also as it is read back', () => {
    const read = auditFile(chain).jsonLines.trimEnd().split('\n').map(readRecord);
    expect(verifyChain(read)).toEqual({ intact: true, records: 4, lastHash: chain[3]?.hash });
    expect(verifyChain([])).toEqual({ intact: true, records: 0, lastHash: FIRST_HASH });
  });

  it.each<[string, (records: AuditRecord[]) => AuditRecord[], number, string]>([
    ['something else is said', (all) => all.map((one) => (one.seq === 2 ? said(one) : one)), 2, 'content'],
    ['a record is missing', (all) => all.filter(({ seq }) => seq !== 3), 3, 'record 4 stands where 3 belongs'],
    [
      'two are exchanged',
      ([a, b, c, d]) => [a, c, b, d].flatMap((one) => one ?? []),
      2,
      'record 3 stands where 2 belongs',
    ],
    ['the first is missing', (all) => all.slice(1), 1, 'record 2 stands where 1 belongs'],
    [
      'a record and its hash are replaced',
      (all) => all.map((one) => (one.seq === 2 ? (recordsAfter(all.slice(0, 1), [said(one).event])[0] ?? one) : one)),
      3,
      'does not follow',
    ],
  ])('says where it breaks: %s', (_, change, at, why) => {
    expect(verifyChain(change(chain))).toEqual({ intact: false, at, why: expect.stringContaining(why) });
  });

  it('finds any change of any byte of the file', () => {
    const text = auditFile(chain).jsonLines;
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('0', 'x', '"', '}'), (at, other) => {
        fc.pre(text[at] !== other);
        expect(isWhole(text.slice(0, at) + other + text.slice(at + 1))).toBe(false);
      }),
    );
  });

  it('takes no field that is not hashed', () => {
    const line = recordLine(chain[0] as AuditRecord).replace('{', '{"note":"approved",');
    expect(() => readRecord(line)).toThrow('note');
  });
});

describe('the files', () => {
  it('are CSV that no spreadsheet takes for formulas', () => {
    const odd = [
      aDraft('=1', { gateId: '=HYPERLINK("http://x")', details: { reason: 'a "b",\r\nc' } }),
      aDraft('2', { gateId: '-1+1', by: { machine: '@SUM(A1)' } }),
      aDraft('3', { by: { machine: '＠SUM(A1)' } }),
    ];
    const lines = auditFile(recordsAfter([], odd)).csv.split('\r\n');
    expect(lines[0]).toBe(
      'seq,time,kind,user,team,machine,execution,gate,plan hash,channel,message,details,event,previous hash,hash',
    );
    expect(lines[1]).toContain(
      '1,2026-03-02T02:05:00.000Z,vote,U0APPROVER,T0PRACTICE,,exec-1,"\'=HYPERLINK(""http://x"")",',
    );
    expect(lines[1]).toContain(`"{""reason"":""a \\""b\\"",\\r\\nc""}",'=1,`);
    expect(lines[2]).toContain("vote,,,'@SUM(A1),exec-1,'-1+1,");
    expect(lines[3]).toContain("vote,,,'＠SUM(A1),");
    expect(lines.slice(4)).toEqual(['']);
  });
});

function said(record: AuditRecord): AuditRecord & { event: AuditEvent } {
  return { ...record, event: { ...record.event, details: { reason: 'stop' } } };
}

/** Whether a file is a whole chain that ends as it should. */
function isWhole(text: string): boolean {
  try {
    const verified = verifyChain(text.trimEnd().split('\n').map(readRecord));
    return verified.intact && verified.lastHash === chain.at(-1)?.hash && text === auditFile(chain).jsonLines;
  } catch {
    return false;
  }
}
