import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { APPROVE_ACTION, REJECT_ACTION } from '../../blocks/action-ids.ts';
import { REASON_INPUT } from '../../blocks/reject-modal.ts';
import { BOT_SCOPES } from '../../infra/slack-manifest.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import { loadInventory } from '../../src/local/inventory.ts';
import { startPractice } from '../../src/local/practice.ts';
import { connect } from '../../src/local/real-workspace.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { createSlackServer } from '../../src/local/slack/server.ts';
import { SlackWorkspace } from '../../src/local/slack/workspace.ts';
import { MemoryDynamoDB } from '../simulation/dynamodb/memory.ts';
import { inProcess } from '../wire.ts';

const BOT_TOKEN = 'xoxb-real-workspace';
const APP_TOKEN = 'xapp-real-workspace';
const CHANNEL = WORKSPACE.channelId;

const userIdOf = (name: string): string => PEOPLE.find((person) => person.name === name)?.userId ?? '';

/**
 * A Slack workspace apart from practice mode's own, to which the bot connects by Socket Mode and whose scopes are those of the
 * manifest; AWS is practice mode's.
 */
async function connectedWorld({ pingTimeoutMs = 30_000, answerMs = 60_000 } = {}) {
  const clock = new VirtualClock();
  const workspace = new SlackWorkspace({
    botToken: BOT_TOKEN,
    appToken: APP_TOKEN,
    scopes: BOT_SCOPES.map(({ scope }) => scope),
    clock,
    timestampClock: clock,
    rates: 'slack',
    rateClock: clock,
  });
  const noRequests = 'http://127.0.0.1:1/';
  const slack = await createSlackServer({ workspace, requestUrl: noRequests, signingSecret: 'not used', answerMs });
  vi.stubEnv('SLACK_API_URL', `${slack.url}/api/`);
  const inventory = loadInventory(
    readFileSync(new URL('../../practice/inventory.json', import.meta.url), 'utf8'),
    'practice/inventory.json',
  );
  const practice = await inProcess(() =>
    startPractice({
      clock,
      wallClock: clock,
      inventory: {
        ...inventory,
        sourceServers: inventory.sourceServers.filter(({ tags }) => tags['DR-Application'] === 'HRP'),
      },
      drsEvents: false,
      realWorkspace: {
        botToken: BOT_TOKEN,
        access: {
          teamId: WORKSPACE.teamId,
          grants: [
            { role: 'DRSOperator', users: [userIdOf('requester')] },
            { role: 'DRSRecoveryManager', users: [userIdOf('approver')] },
          ],
        },
        policies: {},
        requests: {},
      },
      database: new MemoryDynamoDB(),
      slackWaitsMs: 60_000,
    }),
  );
  const said: string[] = [];
  const connection = await connect({
    tokens: { botToken: BOT_TOKEN, appToken: APP_TOKEN },
    platform: practice.platformOf('slack-ingress'),
    say: (line) => said.push(line),
    pingTimeoutMs,
  });
  onTestFinished(async () => {
    await connection.close();
    await practice.close();
    await slack.close();
    vi.unstubAllEnvs();
  });
  const gateCards = () =>
    workspace.messages(CHANNEL).filter((message) => JSON.stringify(message.blocks).includes(APPROVE_ACTION));
  return {
    clock,
    workspace,
    practice,
    said,
    gateCards,
    cardStatus: () =>
      workspace.messages(CHANNEL).find((message) => message.metadata?.event_payload?.key === 'card')?.metadata
        ?.event_payload?.status,
    answerTo: async (person: string, text: string) => {
      const { error } = await workspace.as(person).command('/dr', text, CHANNEL);
      return error ?? workspace.ephemerals(CHANNEL, userIdOf(person)).at(-1)?.text ?? '';
    },
  };
}

describe('a real workspace, by Socket Mode', () => {
  test('people ask, reject and approve; the drill runs on the simulated AWS; the scopes of the manifest suffice', async () => {
    const { clock, workspace, practice, gateCards, cardStatus, answerTo } = await connectedWorld();

    expect(await answerTo('stranger', 'drill HRP wave 1')).toContain('You have no role here');
    expect(await answerTo('requester', 'help')).toContain('/dr drill');
    expect(await answerTo('requester', 'drill HRP wave 1')).toContain('Looking at HRP wave 1');
    const untilAsked = () =>
      clock.runUntil(() => gateCards().length > 0, { what: 'a question to the approvers', withinMs: 600_000 });
    await untilAsked();

    // A button that opens a form, and the form: both are answered through the same connection.
    const [question] = gateCards();
    if (question === undefined) throw new Error('no question');
    expect(await workspace.as('approver').click(question, REJECT_ACTION)).toMatchObject({ status: 200 });
    const [form] = workspace.modals(userIdOf('approver'));
    if (form === undefined) throw new Error('no form');
    const submission = await workspace.as('approver').submitView(form, {
      [REASON_INPUT.blockId]: { [REASON_INPUT.actionId]: { type: 'plain_text_input', value: 'not today, thank you' } },
    });
    expect(submission).toMatchObject({ errors: {} });
    expect(JSON.stringify(workspace.modals(userIdOf('approver')).at(-1))).toContain('Rejected');
    await clock.runUntil(() => cardStatus() === 'rejected', { what: 'a rejected card', withinMs: 600_000 });
    await clock.advance(10_000);

    expect(await answerTo('requester', 'drill HRP wave 1')).toContain('Looking at HRP wave 1');
    await untilAsked();
    const [again] = gateCards();
    if (again === undefined) throw new Error('no second question');
    expect(await workspace.as('approver').click(again, APPROVE_ACTION)).toMatchObject({ status: 200 });
    await clock.runUntil(() => workspace.files().length > 0, { what: 'the report', withinMs: 6 * 3_600_000 });
    await clock.advance(10_000);

    const report = JSON.parse(String(workspace.files().find(({ file }) => file.name.endsWith('.json'))?.content));
    expect(report).toMatchObject({ status: 'success', summary: { totalServers: 30, succeeded: 30 } });
    // Nothing went to practice mode's own Slack.
    expect(practice.workspace.messages(CHANNEL)).toEqual([]);
  });

  test('a connection that Slack ends is made again by itself, and people are answered again', async () => {
    const { workspace, answerTo, said } = await connectedWorld({ pingTimeoutMs: 300, answerMs: 3_000 });
    expect(workspace.socketMode?.connections).toBe(1);
    workspace.socketMode?.refresh();
    expect(await answerTo('requester', 'help')).toBe('dispatch_failed');
    await vi.waitFor(() => expect(said).toContain('Connected to Slack again.'), { timeout: 60_000 });
    // A machine that stops for longer than Slack may be silent loses this connection as well, and makes another one.
    const isAnswered = async () => expect(await answerTo('requester', 'help')).toContain('/dr drill');
    await vi.waitFor(isAnswered, { timeout: 60_000 });
  });
});
