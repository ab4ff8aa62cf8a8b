import { afterEach, describe, expect, it, vi } from 'vitest';
import { environmentSchema } from '../../infra/deployment.ts';
import { blockFaults } from '../../src/local/slack/blocks.ts';
import { LIMITS } from '../../src/local/slack/limits.ts';
import { drawnWithOwnNames, fetchWithOwnNames, withOwnNames } from '../../src/platform/own-names.ts';
import { slackClientOptions } from '../../src/platform/slack.ts';
import { FIXTURES } from '../blocks/fixtures/all.ts';
import { startWorld } from '../queries/world.ts';

const LONGEST = 'a23456789012';
const log = { info: () => {}, warn: () => {}, error: () => {} };

afterEach(() => void vi.unstubAllEnvs());

describe('a text in the environment test', () => {
  it.each([
    ['`/dr help` shows every command', '`/dr-test help` shows every command'],
    ['/dr approve', '/dr-test approve'],
    ['by buttons and `/dr` only', 'by buttons and `/dr-test` only'],
    ['`/invite @dr-chatops` here', '`/invite @dr-chatops-test` here'],
    ['`/dr-test help`', '`/dr-test help`'],
    ['`@dr-chatops-test`', '`@dr-chatops-test`'],
    ['/mnt/dr and https://example.com/dr and /dr/x and ./dr', '/mnt/dr and https://example.com/dr and /dr/x and ./dr'],
    ['the parameter /dr-chatops/access', 'the parameter /dr-chatops/access'],
  ])('%s', (text, named) => {
    expect(withOwnNames(text, 'test')).toBe(named);
    expect(withOwnNames(text, undefined)).toBe(text);
  });
});

it('what comes back, or is stored, is left as it is', () => {
  const text = '/dr help';
  const form = {
    private_metadata: text,
    blocks: [{ type: 'input', label: { type: 'plain_text', text }, element: { initial_value: text, value: text } }],
  };
  expect(drawnWithOwnNames(form, 'test')).toEqual({
    private_metadata: text,
    blocks: [
      {
        type: 'input',
        label: { type: 'plain_text', text: '/dr-test help' },
        element: { initial_value: text, value: text },
      },
    ],
  });
});

it('every card and form is still what Slack takes, with the longest name of an environment', () => {
  expect(environmentSchema.safeParse(LONGEST).success).toBe(true);
  expect(environmentSchema.safeParse(`${LONGEST}3`).success).toBe(false);
  for (const fixture of FIXTURES) {
    const drawn = JSON.stringify(drawnWithOwnNames(fixture, LONGEST));
    expect(drawn, fixture.name).not.toMatch(/[\s`]\/dr[\s`]|^\/dr /);
    const named = JSON.parse(drawn);
    if (fixture.surface === 'message') {
      expect(blockFaults(named.message.blocks, 'message'), fixture.name).toEqual([]);
      expect(named.message.text.length).toBeLessThanOrEqual(LIMITS.updatedText);
    } else if (fixture.surface === 'modal') expect(blockFaults(named.view.blocks, 'modal'), fixture.name).toEqual([]);
    else if (fixture.surface === 'home') expect(blockFaults(named.blocks, 'home'), fixture.name).toEqual([]);
  }
});

describe('what a deployment with an environment says', () => {
  it('names its own command: to a response URL, in a message for one person, and in App Home', async () => {
    vi.stubEnv('DEPLOYMENT_ENVIRONMENT', 'test');
    const world = await startWorld();
    world.setAccess([{ role: 'DRSReadOnly', users: [world.idOf('reader')] }]);
    const { responseUrl } = world;
    const unknown = { kind: 'logs' as const, args: { execution: '0f1e2d3c' } };
    await world.askAndDeliver('reader', { ...unknown, responseUrl });
    expect(world.responses[0]?.body.text).toContain('`/dr-test executions`');
    expect(await world.askAndDeliver('reader', unknown)).toContain('`/dr-test executions`');
    await world.askAndDeliver('reader', { kind: 'home', args: {}, channelId: undefined });
    expect(world.homeOf('reader')).toContain('`/dr-test help`');
    expect(JSON.stringify([world.responses, world.told('reader'), world.homeOf('reader')])).not.toContain('`/dr ');
  });

  it('names it in every client of Slack, and in what Bolt answers to a press', async () => {
    expect(slackClientOptions(log).fetch).toBeUndefined();
    vi.stubEnv('DEPLOYMENT_ENVIRONMENT', 'test');
    expect(slackClientOptions(log).fetch).toBeDefined();
    const send = vi.fn();
    const body = JSON.stringify({ response_type: 'ephemeral', text: 'See `/dr plans`.' });
    await fetchWithOwnNames('test', send)('https://hooks.slack.com/actions/1', { method: 'POST', body });
    expect(send.mock.lastCall?.[1]).toEqual({ method: 'POST', body: body.replace('/dr', '/dr-test') });
  });
});
