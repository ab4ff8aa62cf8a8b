import { describe, expect, test } from 'vitest';
import { type ServerView, serverCard, serversToChooseFrom } from '../../blocks/server-card.ts';
import { serverStatus } from '../../src/domain/status-report.ts';
import { anInstance, aServer } from '../domain/fleet.ts';
import { expectAnswer, HOSTILE } from './sendable.ts';
import { headline, readable, START } from './views.ts';

const GIB = 2 ** 30;

function aServerView({
  server = aServer(1),
  ...differs
}: Partial<ServerView> & { server?: ReturnType<typeof aServer> } = {}): ServerView {
  return {
    now: START,
    status: serverStatus(server, START),
    disks: [{ deviceName: '/dev/sda', bytes: 100 * GIB, replicatedBytes: 100 * GIB }],
    ...differs,
  };
}

describe("a server's card", () => {
  test('begins with its name and the health of its replication', () => {
    expect(headline(serverCard(aServerView()))).toBe('✅ hrp-001 · replication ok');
    const stalled = aServerView({ server: aServer(1, { replicationState: 'STALLED' }) });
    expect(headline(serverCard(stalled))).toBe('❌ hrp-001 · replication stalled');
    expect(serverCard(stalled).text).toBe('hrp-001: replication is stalled.');
  });

  test('says to what it belongs, and what machine it is', () => {
    const text = readable(
      serverCard(
        aServerView({
          operatingSystem: 'Ubuntu 24.04',
          cores: 1,
          ramBytes: 8 * GIB,
          recommendedInstanceType: 'm5.large',
        }),
      ),
    );
    expect(text).toContain('*HRP* · wave 1 · account `111111111111` · us-east-2');
    expect(text).toContain('Ubuntu 24.04 · 1 core · 8 GiB of memory · DRS would take m5.large');
    expect(readable(serverCard(aServerView({ server: aServer(1, { tags: {} }) })))).toContain(
      'no application · no wave',
    );
  });

  test('says how far its copy is behind, and how old that is', () => {
    const server = aServer(1, { replicationState: 'BACKLOG', lagDuration: 'PT1H20M' });
    const text = readable(serverCard(aServerView({ server, lag: '1 h 20 min', replicationError: 'NOT_CONVERGING' })));
    expect(text).toContain('*Replication* BACKLOG · 1 h 20 min behind · data 1 h 20 min old');
    expect(text).toContain('DRS says NOT_CONVERGING');
    expect(readable(serverCard(aServerView()))).toContain('data age not known');
  });

  test('shows each disk and its copy; one that is not all copied is never at 100 %', () => {
    const disks = [
      { deviceName: '/dev/sda', bytes: 100 * GIB, replicatedBytes: 100 * GIB - 1, backloggedBytes: 3 * GIB },
      { deviceName: '/dev/sdb', bytes: GIB / 2 },
    ];
    const text = readable(serverCard(aServerView({ disks })));
    expect(text).toContain('• `/dev/sda` 100 GiB · 99 % copied · 3 GiB behind');
    expect(text).toContain('• `/dev/sdb` 0.5 GiB · ⚠️ not replicated');
  });

  test('tells the last launch, the job that works on it, and its instances, live ones in bold', () => {
    const server = aServer(1, {
      lastLaunch: { at: '2026-02-20T23:00:00Z', type: 'DRILL', status: 'FAILED', jobId: 'drsjob-1' },
      activeJobId: 'drsjob-2',
      existingInstances: [
        anInstance({ failbackState: 'FAILBACK_READY' }),
        anInstance({ ec2InstanceId: 'i-00000002', isDrill: true, state: 'STOPPED' }),
      ],
    });
    const text = readable(serverCard(aServerView({ server })));
    expect(text).toContain('*Last launch* Drill <!date^1771628400^');
    expect(text).toContain('FAILED · drsjob-1');
    expect(text).toContain('A job works on it now: drsjob-2');
    expect(text).toContain('• *live* i-00000001 · running · failback FAILBACK_READY\n• drill i-00000002 · stopped');
    expect(readable(serverCard(aServerView()))).toContain('It was never launched.\nNo recovery instance of it exists.');
  });

  test('names the qualified name only where it says more', () => {
    expect(readable(serverCard(aServerView({ fqdn: 'hrp-001.example.com' })))).toContain(' · hrp-001.example.com');
    expect(readable(serverCard(aServerView({ fqdn: 'hrp-001' }))).match(/hrp-001/g)).toHaveLength(1);
  });

  test('fits in a message, whatever its names and however many tags and disks', () => {
    const text = HOSTILE.repeat(9);
    const tags = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`${index} ${text}`, text]));
    const server = aServer(1, {
      hostname: text,
      tags: { ...tags, 'DR-Application': text, 'DR-Wave': text },
      existingInstances: Array.from({ length: 30 }, () => anInstance({ state: text, failbackState: text })),
      lastLaunch: { at: 'whenever', type: text, status: text, jobId: text },
      activeJobId: text,
      lastSeen: 'whenever',
    });
    const disks = Array.from({ length: 60 }, () => ({ deviceName: text, bytes: GIB }));
    expectAnswer(
      serverCard(aServerView({ server, disks, lag: text, replicationError: text, operatingSystem: text, fqdn: text })),
    );
  });
});

describe('servers that may be meant', () => {
  const near = [{ hostname: 'hrp-001', sourceServerId: 's-1', accountId: '111111111111', application: 'HRP' }];

  test('are named with their ids, application and account', () => {
    const told = serversToChooseFrom('hrp-01', near, false);
    expect(told.text).toBe('There is no server “hrp-01”, as far as you may see. Did you mean one of these?');
    expect(readable(told)).toContain('• *hrp-001* · s-1 · HRP · `111111111111`');
  });

  test('are asked about when several have the name', () => {
    expect(serversToChooseFrom('hrp-001', [...near, ...near], true).text).toBe(
      '“hrp-001” is the name of 2 servers. Say which by its id, e.g. `/dr server s-1`.',
    );
  });

  test('may be none', () => {
    const told = serversToChooseFrom(HOSTILE.repeat(9), [], false);
    expect(told.text).not.toContain('Did you mean');
    expectAnswer(told);
  });
});
