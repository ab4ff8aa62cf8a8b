import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BOT_SCOPES } from '../../infra/slack-manifest.ts';
import { examine, type Patient } from '../../scripts/doctor.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { BOT_TOKEN, CHANNEL, createWorld, OTHER_CHANNEL } from '../local/slack/world.ts';

const APP_TOKEN = 'xapp-practice';
const SCOPES: string[] = BOT_SCOPES.map(({ scope }) => scope);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const APPROVERS = { id: 'S0APPROVERS', handle: 'dr-approvers', name: 'DR approvers', userIds: ['U0PAPPROVE1'] };

/** A workspace in which the app is installed well, unless it is said otherwise. */
function installed(options: Parameters<typeof createWorld>[0] = {}) {
  return createWorld({ appToken: APP_TOKEN, scopes: SCOPES, userGroups: [APPROVERS], ...options });
}

/** A deployment's file for the workspace, with this access. */
function configFile(access: object = {}, more: object = {}): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const example = JSON.parse(readFileSync(path.join(ROOT, 'config/example.json'), 'utf8'));
  const file = path.join(folder, 'deployment.json');
  const grants = [
    { role: 'DRSOperator', users: ['U0PREQUEST1'] },
    { role: 'DRSRecoveryManager', users: ['U0PAPPROVE1', 'U0PAPPROVE2'], userGroups: [APPROVERS.id] },
  ];
  const content = {
    ...example,
    access: { teamId: WORKSPACE.teamId, grants, ...access },
    requests: { channelId: CHANNEL },
    ...more,
  };
  writeFileSync(file, JSON.stringify(content));
  return file;
}

/** The report, one line for each finding. */
async function reportOf(world: { server: { url: string } }, patient: Partial<Patient> = {}): Promise<string[]> {
  const findings = await examine({
    botToken: BOT_TOKEN,
    appToken: APP_TOKEN,
    channels: [],
    apiUrl: `${world.server.url}/api/`,
    ...patient,
  });
  return findings.map(({ state, text }) => `${state}: ${text}`);
}

const wrongOnes = (lines: string[]): string[] => lines.filter((line) => line.startsWith('wrong'));

describe('the doctor', () => {
  test('finds nothing wrong with an app that is installed well', async () => {
    const lines = await reportOf(await installed(), { configFile: configFile(), channels: [CHANNEL] });
    expect(lines).toEqual([
      'ok: Bot token: @dr-chatops in the workspace practice (T0PRACTICE1).',
      `ok: Scopes: all ${SCOPES.length}.`,
      'ok: App-level token: Socket Mode can be used.',
      `ok: Channel: the bot is in #${WORKSPACE.channelName} (${CHANNEL}).`,
      expect.stringMatching(/^ok: Configuration: .*deployment\.json is valid\.$/),
      'ok: Access: 3 people, all members of practice.',
      'ok: Access: user group S0APPROVERS has 1 member.',
    ]);
  });

  test('names the scopes that are missing, with what they are for, and those that nothing needs', async () => {
    const lacking = await installed({ scopes: SCOPES.filter((scope) => scope !== 'files:write') });
    expect(wrongOnes(await reportOf(lacking))).toEqual([
      expect.stringMatching(/^wrong: Scopes: the token lacks files:write \(.+\)\. .*npm run manifest.* install/),
    ]);
    const generous = await installed({ scopes: [...SCOPES, 'admin'] });
    expect(await reportOf(generous)).toContain(`ok: Scopes: all ${SCOPES.length}; not needed: admin.`);
  });

  test('tells a wrong token from a right one, and never shows it', async () => {
    const lines = await reportOf(await installed(), {
      botToken: 'xoxb-wrong',
      appToken: 'xapp-wrong',
      channels: [CHANNEL],
    });
    expect(wrongOnes(lines)).toEqual([
      expect.stringContaining('Bot token: Slack does not accept it (invalid_auth)'),
      expect.stringContaining('App-level token: Slack does not accept it (invalid_auth)'),
    ]);
    expect(lines.join('\n')).not.toMatch(/xoxb-wrong|xapp-wrong/);
    expect(lines).toContain(`skipped: Channels: ${CHANNEL} not checked without a valid bot token.`);
  });

  test('looks at the channel of the daily message, too', async () => {
    const readiness = { digest: { channelId: OTHER_CHANNEL.id, time: '08:00' } };
    expect(wrongOnes(await reportOf(await installed(), { configFile: configFile({}, { readiness }) }))).toEqual([
      expect.stringContaining(`the bot is not in #${OTHER_CHANNEL.name} (${OTHER_CHANNEL.id})`),
    ]);
  });

  test('says in which channels the bot is missing, and how to get it in', async () => {
    const lines = await reportOf(await installed(), { channels: [OTHER_CHANNEL.id, 'C0NOWHERE01'] });
    expect(wrongOnes(lines)).toEqual([
      'wrong: Channel: the bot is not in #elsewhere (C0ELSEWHERE). Type /invite @dr-chatops in it.',
      'wrong: Channel: there is no C0NOWHERE01, or it is private and the bot is not in it. Type /invite @dr-chatops in it.',
    ]);
  });

  test('finds a file that is for another workspace', async () => {
    const lines = await reportOf(await installed(), { configFile: configFile({ teamId: 'T0ELSEWHERE' }) });
    expect(wrongOnes(lines)).toEqual([
      expect.stringContaining('the file is for the workspace T0ELSEWHERE, the token for practice (T0PRACTICE1)'),
    ]);
  });

  test('finds people whose votes would not count, and groups that are not there or are empty', async () => {
    const people = PEOPLE.map((person) =>
      person.name === 'reader'
        ? { ...person, account: 'guest' as const }
        : person.name === 'stranger'
          ? { ...person, account: 'deactivated' as const }
          : person,
    );
    const userGroups = [{ ...APPROVERS, userIds: [] }];
    const users = ['U0PREADER01', 'U0PSTRANGE1', 'U0NOBODY001', WORKSPACE.botUserId, 'U0PAPPROVE1', 'U0PAPPROVE2'];
    const grants = [{ role: 'DRSRecoveryManager', users, userGroups: [APPROVERS.id, 'S0NOWHERE01'] }];
    const lines = await reportOf(await installed({ people, userGroups }), { configFile: configFile({ grants }) });
    expect(wrongOnes(lines).map((line) => line.slice(0, line.indexOf('.')))).toEqual([
      'wrong: Access: U0PREADER01 (Rene Reader) is a guest; only full members count',
      'wrong: Access: U0PSTRANGE1 (Sky Stranger) is deactivated',
      'wrong: Access: U0NOBODY001 could not be found (user_not_found)',
      'wrong: Access: U0PDRBOT001 (dr-chatops) is a bot; a machine never votes',
      'wrong: Access: nobody is in the user group S0APPROVERS',
      'wrong: Access: there is no user group S0NOWHERE01, or it is disabled',
    ]);
  });

  test('shows what is wrong in the file itself', async () => {
    const lines = await reportOf(await installed(), { configFile: configFile({ grants: [] }) });
    expect(wrongOnes(lines)).toEqual([expect.stringContaining('access.grants: ')]);
    const missing = await reportOf(await installed(), { configFile: '/nowhere/deployment.json' });
    expect(wrongOnes(missing)).toEqual([expect.stringContaining('/nowhere/deployment.json cannot be read')]);
  });

  test('without anything set says what is missing, and ends with 1', async () => {
    const { code, stdout } = await npmRunDoctor([], {});
    expect(code).toBe(1);
    expect(stdout.split('\n').map((line) => line.slice(0, 7).trim())).toEqual(['WRONG', '–', '–', '–', '']);
    expect(stdout).toContain('SLACK_BOT_TOKEN is not set');
    expect(stdout).toContain('--config FILE');
  });

  test('ends with 0 when nothing is wrong, and with 2 for wrong usage', async () => {
    const { server } = await installed();
    const env = { SLACK_BOT_TOKEN: BOT_TOKEN, SLACK_APP_TOKEN: APP_TOKEN, SLACK_API_URL: `${server.url}/api/` };
    const well = await npmRunDoctor(['--channel', CHANNEL], env);
    expect(well.code).toBe(0);
    expect(well.stdout).not.toContain('WRONG');
    expect(well.stdout).not.toContain(BOT_TOKEN);
    expect((await npmRunDoctor(['--chanel', CHANNEL], env)).code).toBe(2);
  });
});

/** `npm run doctor -- …`, with no environment but this. */
async function npmRunDoctor(args: string[], env: Record<string, string>): Promise<{ code: number; stdout: string }> {
  const command = [path.join(ROOT, 'scripts/doctor.ts'), ...args];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, command, { env });
    return { code: 0, stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, stdout };
  }
}
