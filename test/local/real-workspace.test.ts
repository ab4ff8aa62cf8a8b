import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { UsageError } from '../../src/local/command-line.ts';
import { readDocuments, readTeam, readTokens } from '../../src/local/real-workspace.ts';
import { BOT_TOKEN, createWorld } from './slack/world.ts';

const TEAM = { teamId: 'T0123456789', teamName: 'Acme', botName: 'dr-chatops' };
const ACCESS = { teamId: TEAM.teamId, grants: [{ role: 'DRSRecoveryManager', users: ['U0123456789'] }] };
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

function fileWith(content: unknown): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'access-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'access.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('the tokens', () => {
  test('are both there, or the simulated Slack is meant', () => {
    expect(readTokens({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-1' })).toEqual({
      botToken: 'xoxb-1',
      appToken: 'xapp-1',
    });
    expect(readTokens({})).toBeUndefined();
    expect(readTokens({ SLACK_BOT_TOKEN: '', SLACK_APP_TOKEN: '' })).toBeUndefined();
  });

  test.each([
    ['SLACK_BOT_TOKEN', { SLACK_APP_TOKEN: 'xapp-secret' }],
    ['SLACK_APP_TOKEN', { SLACK_BOT_TOKEN: 'xoxb-secret' }],
  ])('without %s are wrong usage, which is said without showing the other', (missing, environment) => {
    const read = () => readTokens(environment);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(`${missing} is not: Socket Mode needs both.`);
    expect(read).not.toThrow(/secret/);
  });

  test('belong to a workspace, or are refused', async () => {
    const { server } = await createWorld();
    vi.stubEnv('SLACK_API_URL', `${server.url}/api/`);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    expect(await readTeam({ botToken: BOT_TOKEN, appToken: '' }, quiet)).toEqual({
      teamId: 'T0PRACTICE1',
      teamName: 'practice',
      botName: 'dr-chatops',
    });
    await expect(readTeam({ botToken: 'xoxb-wrong', appToken: '' }, quiet)).rejects.toThrow(
      /Slack does not accept SLACK_BOT_TOKEN \(.*invalid_auth\)/,
    );
  });
});

describe('who may do what', () => {
  test('is read from a file of its own, or from a deployment’s file', () => {
    expect(readDocuments(fileWith({ access: ACCESS }), TEAM)).toEqual({ access: ACCESS, policies: {}, requests: {} });
    const deployment = { organizationId: 'o-1', access: ACCESS, policies: { drill: { selfApproval: true } } };
    expect(readDocuments(fileWith(deployment), TEAM).policies).toEqual({ drill: { selfApproval: true } });
  });

  test('is nothing by default: what to write is said, with the workspace’s id', () => {
    const read = () => readDocuments(undefined, TEAM);
    expect(read).toThrow(UsageError);
    expect(read).toThrow('Nobody may do anything yet in Acme');
    expect(read).toThrow('"teamId": "T0123456789"');
  });

  test.each([
    ['another workspace', { access: { ...ACCESS, teamId: 'T0ELSEWHERE' } }, 'tokens are for Acme (T0123456789)'],
    ['nobody', { access: { ...ACCESS, grants: [] } }, 'access.grants'],
    [
      'the words of the example',
      { access: { ...ACCESS, grants: [{ role: 'DRSOperator', users: ['who asks'] }] } },
      'U or W',
    ],
    ['no access', {}, 'access'],
    ['no JSON', '{', 'cannot be read as JSON'],
  ])('is refused for %s', (_, content, words) => {
    const read = () => readDocuments(fileWith(content), TEAM);
    expect(read).toThrow(UsageError);
    expect(read).toThrow(words);
  });
});
