import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { assessReadiness } from '../../src/domain/readiness.ts';
import { readinessSettingsSchema } from '../../src/domain/readiness-settings.ts';
import { serve } from '../../src/local/http.ts';
import { startSecretsManager } from '../../src/local/services/secrets-manager.ts';
import { CHANNELS, WORKSPACE } from '../../src/local/slack/people.ts';
import { SlackWorkspace } from '../../src/local/slack/workspace.ts';
import { readinessStore } from '../../src/platform/readiness-store.ts';
import { create } from '../../src/readiness/send-digest.ts';
import { minutes } from '../blocks/views.ts';
import { ACCOUNT, REGION, servers } from '../domain/fleet.ts';
import { closing } from '../local/services/simulated-aws.ts';
import { startWorld as startEmptyWorld } from '../requests/world.ts';

const CHANNEL = WORKSPACE.channelId;
/** One that the bot is not in. */
const CLOSED = 'C0NOWHERE01';

/** What happens to the next post: its answer is lost, or Slack does not take it. */
type Mishap = 'lost' | 'refused' | undefined;

async function startWorld() {
  const world = await startEmptyWorld();
  const workspace = new SlackWorkspace({ botToken: 'xoxb-practice', channels: CHANNELS });
  const mishaps: Mishap[] = [];
  const slack = await serve(async (request) => {
    const mishap = request.path.endsWith('chat.postMessage') ? mishaps.shift() : undefined;
    if (mishap === 'refused') return { status: 200, body: JSON.stringify({ ok: false, error: 'internal_error' }) };
    const answer = await workspace.handle(request);
    return mishap === 'lost' ? { ...answer, dropConnection: true } : answer;
  });
  workspace.url = slack.url;
  const secretsManager = await startSecretsManager(world.services);
  for (const server of [slack, secretsManager]) closing(server);
  secretsManager.put('slack', JSON.stringify({ botToken: 'xoxb-practice', signingSecret: 'x' }));
  vi.stubEnv('SLACK_API_URL', `${slack.url}/api/`);
  vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', secretsManager.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  const printed: string[] = [];
  const platform = {
    ...world.platform,
    environment: { ...world.platform.environment, SLACK_SECRET_ID: 'slack' },
    printLine: (line: string) => void printed.push(line),
  };
  // A minute from now, as the clock of UTC shows it.
  const time = new Date(world.clock.now() + minutes(1)).toISOString().slice(11, 16);
  const digest = { channelId: CHANNEL, time };
  world.configure('readiness', { digest });
  return {
    ...world,
    digest,
    metrics: () => printed.map((line) => JSON.parse(line) as Record<string, unknown>),
    mishaps,
    readiness: readinessStore(platform),
    send: () => create(platform)({}),
    posts: () => workspace.messages(CHANNEL).filter(({ text = '' }) => text.startsWith('Readiness on')),
  };
}

/** One application that has stalled, as a check leaves it in the table. */
async function checked({ readiness, clock }: Awaited<ReturnType<typeof startWorld>>, state = 'STALLED'): Promise<void> {
  const { applications, fleet } = assessReadiness({
    now: clock.now(),
    looks: [
      {
        ...{ accountId: ACCOUNT, region: REGION, state: 'read', originTags: {}, uncompared: 0, isBusy: false },
        servers: servers(2, { replicationState: state }),
      },
    ],
    library: { version: 0, plans: [], groups: [] },
    settings: readinessSettingsSchema.parse({}),
    known: [],
    drills: new Map(),
    regions: [REGION],
  });
  for (const one of applications) await readiness.putApplication(one, await readiness.application(one.application));
  await readiness.putFleet(fleet);
}

describe('the daily message', () => {
  it('is sent once at its time, and again on the next day', async () => {
    const world = await startWorld();
    await checked(world);
    expect(await world.send()).toEqual({});
    await world.clock.advance(minutes(2));
    const sent = await Promise.all([world.send(), world.send()]);
    expect(sent.filter((one) => one.sent !== undefined)).toHaveLength(1);
    await world.clock.advance(minutes(5));
    expect(await world.send()).toEqual({});
    expect(world.posts().map(({ text }) => text)).toEqual([
      expect.stringMatching(/^Readiness on \d{4}-\d\d-\d\d: The one application is not ready\.$/),
    ]);
    expect(JSON.stringify(world.posts()[0]?.blocks)).toContain('The replication of 2 servers has stalled.');
    await world.clock.advance(minutes(24 * 60));
    expect((await world.send()).sent).toBeDefined();
    expect(world.posts()).toHaveLength(2);
    // By then nobody has checked for a day.
    expect(JSON.stringify(world.posts()[1]?.blocks)).toContain('not looked at for more than 90 min');
  });

  it('whose answer was lost is found in the channel, and not sent again', async () => {
    const world = await startWorld();
    await checked(world);
    await world.clock.advance(minutes(2));
    world.mishaps.push('lost');
    expect(await world.send()).toEqual({});
    // Somebody may still be about to post it.
    expect(await world.send()).toEqual({});
    await world.clock.advance(minutes(5));
    expect((await world.send()).sent).toBeDefined();
    expect(world.posts()).toHaveLength(1);
  });

  it('that Slack does not take is sent later', async () => {
    const world = await startWorld();
    await checked(world);
    await world.clock.advance(minutes(2));
    world.mishaps.push('refused');
    await world.send();
    expect(world.posts()).toHaveLength(0);
    expect(world.logLines.join()).toContain('it is tried again');
    await world.clock.advance(minutes(5));
    await world.send();
    expect(world.posts()).toHaveLength(1);
  });

  it('goes to the channel of requests where its own is closed to the bot, once', async () => {
    const world = await startWorld();
    await checked(world);
    world.configure('readiness', { digest: { ...world.digest, channelId: CLOSED } });
    world.configure('requests', { channelId: CHANNEL });
    await world.clock.advance(minutes(2));
    // Of two posts the one that Slack takes has its answer lost.
    world.mishaps.push(undefined, 'lost');
    expect(await world.send()).toEqual({});
    await world.clock.advance(minutes(5));
    expect((await world.send()).sent).toBeDefined();
    expect(world.posts()).toHaveLength(1);
    expect(JSON.stringify(world.posts()[0]?.blocks)).toContain(`Meant for <#${CLOSED}>`);
  });

  it('that reaches nobody is counted, for the alarm', async () => {
    const world = await startWorld();
    await checked(world);
    world.configure('readiness', { digest: { ...world.digest, channelId: CLOSED } });
    world.configure('requests', {});
    await world.clock.advance(minutes(2));
    await world.send();
    await world.clock.advance(minutes(5));
    await world.send();
    expect(world.metrics().filter(({ UndeliverableMessages }) => UndeliverableMessages === 1)).toHaveLength(2);
    expect(world.posts()).toEqual([]);
  });

  it('is not sent where nobody has asked for it', async () => {
    const world = await startWorld();
    world.configure('readiness', {});
    await world.clock.advance(minutes(2));
    expect(await world.send()).toEqual({});
    expect(world.posts()).toEqual([]);
  });
});

describe('what is stored of an application', () => {
  it('keeps each change once, the last of them, and never an older check', async () => {
    const world = await startWorld();
    const { readiness, clock } = world;
    for (let round = 0; round < 30; round += 1) {
      await clock.advance(minutes(30));
      await checked(world, round % 2 === 0 ? 'CONTINUOUS' : 'STALLED');
    }
    const stored = await readiness.application('HRP');
    expect(stored?.history).toHaveLength(20);
    expect(stored?.history.slice(0, 2).map(({ change }) => change)).toEqual(['lost', 'regained']);
    expect(stored).toMatchObject({ version: 30, since: clock.now(), knownState: 'not ready' });
    if (stored === undefined) throw new Error('nothing is stored');
    const older = { ...stored, state: 'ready' as const, checkedAt: stored.checkedAt - 1 };
    expect(await readiness.putApplication(older, undefined)).toMatchObject({ state: 'not ready' });
    expect(await readiness.application('HRP')).toMatchObject({ state: 'not ready', version: 30 });
  });

  it('is no part of the report once a check does not know it', async () => {
    const world = await startWorld();
    await checked(world);
    const gone = await world.readiness.application('HRP');
    if (gone === undefined) throw new Error('nothing is stored');
    await world.readiness.putApplication({ ...gone, application: 'Retired' }, undefined);
    await world.clock.advance(minutes(30));
    await checked(world);
    const report = await world.readiness.report();
    expect(report?.applications.map(({ application }) => application)).toEqual(['HRP']);
  });
});
