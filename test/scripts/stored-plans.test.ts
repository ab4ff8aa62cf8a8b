import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Confirm } from '../../scripts/plans/run.ts';
import { runPlans } from '../../scripts/plans.ts';
import { ownFile } from '../../src/domain/plan-export.ts';
import type { PlanSet } from '../../src/domain/recovery-plan.ts';
import { CENTRAL_ACCOUNT, EXTERNAL_ID, READER_ROLE, REGION } from '../../src/local/accounts.ts';
import { startDrs } from '../../src/local/aws/drs/drs.ts';
import { Fleet } from '../../src/local/aws/fleet.ts';
import { startSts } from '../../src/local/aws/sts.ts';
import { startDynamoDB } from '../../src/local/dynamodb/dynamodb.ts';
import { loadInventory } from '../../src/local/inventory.ts';
import { planTables } from '../../src/local/plan-tables.ts';
import { startSsm } from '../../src/local/services/ssm.ts';
import { planLibrary } from '../../src/platform/plan-library.ts';
import { aPlan, aWave } from '../domain/plans.ts';
import { closing, simulatedAws } from '../local/services/simulated-aws.ts';

const PERSON = `arn:aws:iam::${CENTRAL_ACCOUNT}:role/plan-manager`;
const BY = { arn: `arn:aws:sts::${CENTRAL_ACCOUNT}:assumed-role/plan-manager/session` };
const INVENTORY = fileURLToPath(new URL('../../practice/inventory.json', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../docs/examples/plans', import.meta.url));
const HRP = path.join(EXAMPLES, 'hrp-plan.json');
const MANIFEST = path.join(EXAMPLES, 'hrp-manifest.json');

/** A file with these plans and groups. */
function fileWith(set: PlanSet): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'plans-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'plans.json');
  writeFileSync(file, ownFile(set));
  return file;
}

const wave = (waveNumber: number, wave = waveNumber) =>
  aWave(waveNumber, { protectionGroupIds: [], tagCriteria: { 'DR-Application': 'HRP', 'DR-Wave': String(wave) } });

/** A deployment's tables and accounts, and the credentials of somebody who runs commands, as the SDK finds them. */
async function deployed({ environment = '', mayReadServers = false } = {}) {
  const { identities, options, clock } = simulatedAws();
  const inventory = loadInventory(readFileSync(INVENTORY, 'utf8'), INVENTORY);
  const fleet = new Fleet({ clock, inventory });
  const [dynamodb, sts, ssm, drs] = await Promise.all([
    startDynamoDB(options),
    startSts(options),
    startSsm(options),
    startDrs({ ...options, fleet }),
  ]);
  for (const server of [dynamodb, sts, ssm, drs]) closing(server);
  const credentials = identities.forRole(PERSON);
  for (const [name, value] of Object.entries({
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_ENDPOINT_URL_SSM: ssm.url,
    AWS_ENDPOINT_URL_DRS: drs.url,
  })) {
    vi.stubEnv(name, value);
  }
  onTestFinished(() => void vi.unstubAllEnvs());
  const tables = { plans: `recovery-plans${environment}`, groups: `protection-groups${environment}` };
  for (const table of planTables(tables)) await dynamodb.createTable(table);
  for (const { accountId } of inventory.stagingAccounts) {
    const roleArn = `arn:aws:iam::${accountId}:role/${READER_ROLE}`;
    sts.addRole({ roleArn, trustedPrincipals: mayReadServers ? [PERSON] : [], externalId: EXTERNAL_ID });
    ssm.put(
      `/dr-chatops${environment}/staging-accounts/${accountId}`,
      JSON.stringify({
        accountId,
        region: REGION,
        roleArn,
        invokeRoleArn: roleArn,
        executorArn: `arn:aws:states:${REGION}:${accountId}:stateMachine:executor`,
        externalId: EXTERNAL_ID,
      }),
    );
  }
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  return planLibrary({
    environment: { RECOVERY_PLAN_TABLE: tables.plans, PROTECTION_GROUP_TABLE: tables.groups },
    credentials,
    now: Date.now,
    log,
  });
}

describe('import', () => {
  test('shows what changes and stores it when somebody types yes, by who they are', async () => {
    const library = await deployed();
    const asked: Parameters<Confirm>[0][] = [];
    const typing = (answer: boolean) => async (lines: Parameters<Confirm>[0]) => {
      asked.push(lines);
      return answer;
    };
    const argv = ['import', MANIFEST, '--inventory', INVENTORY];
    expect(await runPlans(argv, typing(false))).toEqual({ exitCode: 3, out: [], err: ['Nothing was stored.'] });
    expect((await library.read()).version).toBe(0);
    expect(await runPlans(argv, typing(true))).toEqual({ exitCode: 0, out: ['Stored.'], err: [] });
    expect(asked[1]).toEqual(asked[0]);
    expect(asked[1]?.out).toContain('Plan hrp-manifest is new.');
    expect(asked[1]?.out).toHaveLength(7);
    // What cannot be run is named before anybody says yes.
    expect(asked[1]?.err).toContainEqual(expect.stringMatching(/hrp-manifest\.json:\d+ .*R53Record cannot be run yet/));
    const { plans, groups } = await library.read();
    expect(plans).toMatchObject([{ plan: { planId: 'hrp-manifest' }, version: 1, changedBy: BY }]);
    expect(groups).toHaveLength(6);
  });

  test('asks nobody with --yes, and stores nothing where nobody can be asked', async () => {
    const library = await deployed();
    const argv = ['import', HRP, '--inventory', INVENTORY];
    const unasked = await runPlans(argv);
    const documents =
      'It was not checked whether these SSM documents are there: AWS-StopRdsInstance, AWS-RunPowerShellScript.';
    expect(unasked.err).toEqual([documents, 'Nothing was stored. Nobody said yes: --yes does.']);
    expect(unasked.exitCode).toBe(3);
    expect(unasked.out).toContain('Plan HRP is new.');
    expect((await library.read()).version).toBe(0);
    expect(await runPlans([...argv, '--yes'])).toEqual({
      exitCode: 0,
      out: [...unasked.out, 'Stored.'],
      err: [documents],
    });
    expect((await library.read()).plans).toMatchObject([
      { plan: { cleanUpAfterHours: 24, waves: [{ preWaveActions: [{ verbs: ['failover'] }] }, {}, {}, {}] } },
    ]);
    expect(await runPlans([...argv, '--yes'])).toEqual({ exitCode: 0, out: ['Nothing would change.'], err: [] });
  });

  test('looks the servers up in the staging accounts where it may', async () => {
    const library = await deployed({ mayReadServers: true });
    const none = fileWith({ plans: [aPlan([wave(1), wave(9)])], groups: [] });
    expect(await runPlans(['import', none, '--yes'])).toMatchObject({
      exitCode: 1,
      err: [
        expect.stringMatching(/plans\.json:\d+ plan hrp, wave 9, tagCriteria: They match no server\.$/),
        'Nothing was stored. Put this right first.',
      ],
    });
    expect((await library.read()).version).toBe(0);
    const good = fileWith({ plans: [aPlan([wave(1), wave(2)])], groups: [] });
    expect(await runPlans(['import', good, '--yes'])).toMatchObject({ exitCode: 0, err: [] });
  });

  test('stores nothing that could not be checked, unless it is told to', async () => {
    const library = await deployed();
    const argv = ['import', fileWith({ plans: [aPlan([wave(1), wave(9)])], groups: [] }), '--yes'];
    const { exitCode, out, err } = await runPlans(argv);
    expect(exitCode).toBe(1);
    expect(out).toEqual(['Plan HRP is new.']);
    expect(err).toEqual([
      expect.stringMatching(/^These staging accounts cannot be read: 111111111111 \(access denied for /),
      'It was not checked which servers the groups and waves have.',
      expect.stringMatching(/^Nothing was stored\. Name the servers by --inventory FILE/),
    ]);
    expect((await library.read()).version).toBe(0);
    expect(await runPlans([...argv, '--unchecked'])).toMatchObject({
      exitCode: 0,
      out: ['Plan HRP is new.', 'Stored.'],
    });
    expect((await library.read()).version).toBe(1);
  });

  test('stores nothing without the configuration either, and judges no Region then', async () => {
    await deployed();
    vi.stubEnv('AWS_ENDPOINT_URL_SSM', 'http://127.0.0.1:1');
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
    const { exitCode, err } = await runPlans(['import', HRP, '--yes']);
    expect(exitCode).toBe(1);
    expect(err[1]).toMatch(/^The deployment's configuration cannot be read: /);
    expect(err[2]).toBe(
      'It was not checked which servers the groups and waves have, nor in which Regions actions can run.',
    );
    expect(err).toHaveLength(4);
  });

  test('is checked against what is stored already', async () => {
    const library = await deployed();
    await runPlans(['import', HRP, '--inventory', INVENTORY, '--yes']);
    const { exitCode, err } = await runPlans(['import', MANIFEST, '--inventory', INVENTORY, '--yes']);
    expect(exitCode).toBe(1);
    expect(err.join('\n')).toContain('also in the group HRP application servers: a server is in one group only.');
    expect((await library.read()).version).toBe(1);
  });

  test('stores nothing over what somebody else has stored meanwhile', async () => {
    const library = await deployed();
    const run = await runPlans(['import', HRP, '--inventory', INVENTORY], async () => {
      const plan = aPlan([wave(1)], { planId: 'other', planName: 'Other' });
      await library.apply({ baseVersion: 0, changes: [{ kind: 'put plan', plan }], by: BY, at: 0 });
      return true;
    });
    expect(run).toMatchObject({ exitCode: 1, out: [], err: [expect.stringContaining('changed meanwhile')] });
    expect((await library.read()).plans).toMatchObject([{ plan: { planId: 'other' } }]);
  });
});

describe('what is stored', () => {
  test('is listed, and comes out as our own file that changes nothing when it goes in again', async () => {
    const library = await deployed({ environment: '-test' });
    const all = ['--environment', 'test'];
    expect(await runPlans(['list', ...all])).toEqual({ exitCode: 0, out: ['Nothing is stored.'], err: [] });
    await runPlans(['import', HRP, '--inventory', INVENTORY, '--yes', ...all]);
    const whole = aPlan([aWave(1, { protectionGroupIds: [], recoveryPlanId: 'hrp' })], {
      planId: 'all',
      planName: 'Everything',
    });
    await library.apply({
      baseVersion: 1,
      changes: [{ kind: 'put plan', plan: whole }],
      by: { userId: 'U0PAPPROVE1', teamId: 'T0PRACTICE1' },
      at: Date.UTC(2026, 0, 2),
    });

    const { out } = await runPlans(['list', ...all]);
    expect(out).toHaveLength(6);
    expect(out[0]).toBe(
      'plan · all · Everything · 1 wave · version 1 of 2026-01-02T00:00:00.000Z by U0PAPPROVE1 of Slack workspace T0PRACTICE1',
    );
    expect(out[1]).toMatch(/^plan · hrp · HRP · application HRP · 4 waves · version 1 of .* by arn:aws:sts:/);
    expect(out[2]).toMatch(/^group · hrp-app · HRP application servers · us-east-2 · version 1 of /);

    const hrp = await runPlans(['export', 'hrp', ...all]);
    expect(JSON.parse(hrp.out.join('\n'))).toEqual(JSON.parse(readFileSync(HRP, 'utf8')));
    for (const wanted of ['EVERYTHING', '--all']) {
      const { out: text } = await runPlans(['export', wanted, ...all]);
      expect(JSON.parse(text.join('\n'))).toMatchObject({
        recoveryPlans: [{ planId: 'all' }, { planId: 'hrp' }],
        protectionGroups: [{}, {}, {}, {}],
      });
    }
    expect(await runPlans(['export', 'nobody', ...all])).toMatchObject({ exitCode: 1, out: [] });
  });

  test('has a history, of a deleted plan, too', async () => {
    const library = await deployed();
    const put = (description?: string) => ({
      kind: 'put plan' as const,
      plan: aPlan([wave(1)], description === undefined ? {} : { description }),
    });
    const changes = [put(), put('For the night'), { kind: 'delete plan' as const, planId: 'hrp' }];
    for (const [at, change] of changes.entries()) {
      await library.apply({ baseVersion: at, changes: [change], by: BY, at });
    }
    expect((await runPlans(['history', 'hrp'])).out).toEqual([
      `version 3 of 1970-01-01T00:00:00.002Z by ${BY.arn}: deleted`,
      `version 2 of 1970-01-01T00:00:00.001Z by ${BY.arn}`,
      '  Plan HRP: description changes from nothing to “For the night”.',
      `version 1 of 1970-01-01T00:00:00.000Z by ${BY.arn}`,
      '  Plan HRP is new.',
    ]);
    expect(await runPlans(['history', 'crm'])).toMatchObject({
      exitCode: 1,
      err: [expect.stringContaining('no plan crm')],
    });
  });

  test('cannot be reached by another name', async () => {
    await deployed();
    expect(await runPlans(['list', '--environment', 'elsewhere'])).toEqual({
      exitCode: 1,
      out: [],
      err: [expect.stringContaining('ResourceNotFoundException'), expect.stringContaining('--environment')],
    });
  });
});
