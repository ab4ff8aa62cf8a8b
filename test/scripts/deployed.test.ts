import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Deployment, readDeployment } from '../../infra/deployment.ts';
import { deploymentDocuments } from '../../infra/deployment-documents.ts';
import { namesOf } from '../../infra/names.ts';
import { examineAws } from '../../scripts/doctor/aws.ts';
import { EXIT, Interrupted, runName, runSmoke, type SmokeOptions, type SmokeWorld } from '../../scripts/smoke/run.ts';
import { readSmokeArguments } from '../../scripts/smoke.ts';
import type { Finding } from '../../src/domain/finding.ts';
import { CENTRAL_ACCOUNT, REGION, STAGING_ACCOUNTS } from '../../src/local/accounts.ts';
import { allowDirect, call } from '../end-to-end/component-call.ts';
import { startWorld, type World, wholeInventory } from '../end-to-end/world.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OPERATOR = `arn:aws:iam::${CENTRAL_ACCOUNT}:role/operator`;
const TOPIC = `arn:aws:sns:${REGION}:${CENTRAL_ACCOUNT}:dr-chatops-alarms`;
const WAVE = { application: 'HRP', wave: 1 };

/** The commands that an operator has, against one deployment. */
let world: World;
beforeAll(async () => {
  const whole = wholeInventory();
  const sourceServers = whole.sourceServers.filter(
    ({ tags }) => tags['DR-Application'] === 'HRP' && tags['DR-Wave'] === '1',
  );
  world = await startWorld({
    shared: true,
    lookedAfter: false,
    inventory: { ...whole, sourceServers: sourceServers.slice(0, 5), originRegions: [] },
  });
  signIn(OPERATOR);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await world.practice.close();
});

/** From now on the SDK finds the credentials of this role, as AWS_PROFILE would give them. */
function signIn(roleArn: string): void {
  const { accessKeyId, secretAccessKey, sessionToken } = world.practice.identities.forRole(roleArn);
  vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
  vi.stubEnv('AWS_SESSION_TOKEN', sessionToken);
}

/** The file that this deployment was deployed from, with changes. */
function deploymentWith(changes: object = {}): Deployment {
  const folder = mkdtempSync(path.join(tmpdir(), 'deployed-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { ssm, configPath } = world.practice;
  const stored = (name: string) => JSON.parse(ssm.get(`${configPath}/${name}`) ?? '{}');
  const example = JSON.parse(readFileSync(path.join(ROOT, 'config/example.json'), 'utf8'));
  const targets = [CENTRAL_ACCOUNT, ...STAGING_ACCOUNTS].map((accountId) => {
    const { externalId, regions, documents } = stored(`target-accounts/${accountId}`);
    return { accountId, externalId, regions, documents: documents.map(({ name }: { name: string }) => ({ name })) };
  });
  const file = path.join(folder, 'deployment.json');
  const content = {
    ...example,
    access: stored('access'),
    policies: stored('policies'),
    requests: stored('requests'),
    component: stored('component'),
    targetAccounts: targets,
    origins: [],
    ...changes,
  };
  writeFileSync(file, JSON.stringify(content));
  return readDeployment(file);
}

const lines = (findings: Finding[]) => findings.map(({ state, text }) => `${state}: ${text}`);
const amiss = (findings: Finding[]) => lines(findings.filter(({ state }) => state === 'wrong' || state === 'warning'));

describe('the doctor of what is deployed', () => {
  test('finds what is missing after a first deployment, and nothing once it is there', async () => {
    const { ssm, configPath, secretsManager, sns, environment, botToken, signingSecret } = world.practice;
    const { SLACK_SECRET_ID: secret = '' } = environment as Record<string, string>;
    secretsManager.put(secret, JSON.stringify({ botToken: 'to be replaced', signingSecret: 'generated' }));
    sns.subscribe(TOPIC, { protocol: 'email', endpoint: 'on-call@example.com', confirmed: false });
    const deployment = deploymentWith({ alarms: { emails: ['on-call@example.com', 'lead@example.com'] } });
    expect(amiss(await examineAws(deployment))).toEqual([
      expect.stringMatching(/^wrong: Parameters: component\b.* missing below \/dr-chatops\. Deploy/),
      expect.stringMatching(/^wrong: Slack secret: it still has its placeholder/),
      expect.stringMatching(/^wrong: Alarms: lead@example.com not subscribed/),
      expect.stringMatching(/^wrong: Alarms: on-call@example.com not confirmed\. Open the mail/),
      expect.stringMatching(/^warning: Alarms: nobody is told of them/),
    ]);

    secretsManager.put(secret, JSON.stringify({ botToken, signingSecret }));
    for (const { name, content } of deploymentDocuments(deployment, namesOf(deployment))) {
      ssm.put(`${configPath}/${name}`, JSON.stringify(content));
    }
    for (const endpoint of ['on-call@example.com', 'lead@example.com']) {
      sns.subscribe(TOPIC, { protocol: 'email', endpoint, confirmed: true });
    }
    const all = lines(await examineAws(deployment));
    expect(all.filter((line) => /^(wrong|warning)/.test(line))).toEqual([]);
    expect(all.slice(0, 7)).toEqual([
      expect.stringMatching(/^ok: Credentials: arn:aws:sts::900000000000:assumed-role\/operator/),
      expect.stringMatching(/^ok: Functions: all \d+\./),
      'ok: State machines: dr-execution, drs-orchestration-main.',
      expect.stringMatching(/^ok: Parameters: all \d+ below .*, as the file says\.$/),
      'ok: Slack secret: filled.',
      'ok: Audit bucket: dr-chatops-audit, locked in compliance mode for 2562 days.',
      'ok: Alarms: 2 subscribers are told.',
    ]);
    // The accounts, by the function that they let in: what the chat says, too.
    expect(all).toContain(
      `ok: staging account ${STAGING_ACCOUNTS[0]} (us-east-2): Executor: there, of the central stack’s version.`,
    );
    expect(all).toContainEqual(expect.stringMatching(/^skipped: account for actions 900000000000 .*take-action alone/));
    expect(all.join('\n')).not.toContain(botToken);
    // It only looks, and no account is knocked at that does not know the operator.
    const own = world.calls.filter(({ identity }) => identity.roleArn === OPERATOR).map(({ action }) => action);
    expect([...new Set(own)].sort()).toEqual([
      'DescribeStateMachine',
      'GetBucketObjectLockConfiguration',
      'GetCallerIdentity',
      'GetFunctionConfiguration',
      'GetParametersByPath',
      'GetSecretValue',
      'InvokeFunction',
      'ListSubscriptionsByTopic',
    ]);
  });

  test('says where the file and the deployment differ', async () => {
    const { stagingAccounts } = deploymentWith();
    const deployment = deploymentWith({
      stagingAccounts: stagingAccounts.slice(0, 3).map((account) => ({ ...account, maxServers: 250 })),
      audit: { retentionYears: 1 },
    });
    expect(amiss(await examineAws(deployment))).toEqual([
      expect.stringMatching(
        /^warning: Parameters: the file says something else .* of staging-accounts\/111111111111, staging-/,
      ),
      expect.stringMatching(/^warning: Parameters: the file does not have staging-accounts\/444444444444/),
      expect.stringMatching(/^warning: Audit bucket: .* keeps objects for 2562 days, the file says 366/),
    ]);
  });

  test('says which right its caller lacks, and looks at the rest', async () => {
    world.practice.ssm.failCalls('GetParametersByPath', 1, 'denied');
    const found = lines(await examineAws(deploymentWith()));
    expect(found).toContain('skipped: Parameters: not looked at: your role lacks ssm:GetParametersByPath.');
    expect(found).toContain('ok: Slack secret: filled.');
  });

  test('says whose credentials are wrong, and looks no further', async () => {
    onTestFinished(() => signIn(OPERATOR));
    signIn(`arn:aws:iam::${STAGING_ACCOUNTS[0]}:role/operator`);
    expect(lines(await examineAws(deploymentWith()))).toEqual([
      expect.stringMatching(
        /^wrong: Credentials: they are of account 111111111111, the file’s central account is 900000000000/,
      ),
    ]);
  });

  test('says what is not deployed at all', async () => {
    const missing = lines(await examineAws(deploymentWith({ environment: 'other' })));
    expect(missing).toHaveLength(2);
    expect(missing[1]).toMatch(/^wrong: Functions: dr-chatops-slack-ingress-other is not there; /);
  });
});

/** Somebody who runs a smoke test, and what it printed. `approver`: who answers the question in Slack. */
async function smoke(
  options: Partial<SmokeOptions> & { name: string },
  {
    deployment = deploymentWith(),
    ...how
  }: Partial<SmokeWorld> & { deployment?: Deployment; approver?: 'approves' | 'rejects' } = {},
) {
  const printed: string[] = [];
  const exitCode = await runSmoke(
    deployment,
    { ...WAVE, ...options },
    {
      print: (line) => void printed.push(line),
      confirm: async () => true,
      now: () => world.clock.now(),
      async wait(ms) {
        await world.clock.advance(ms);
        const [question] = world.openGateCards();
        if (question === undefined) return;
        if (how.approver === 'rejects') await world.rejects('approver', question, 'keep it');
        else await world.approves('approver', question);
      },
      ...how,
    },
  );
  return { exitCode, printed };
}

/** What was launched since the beginning: one server of the fleet has a drill's instance of before. */
const instances = () =>
  world.inventory.stagingAccounts
    .flatMap(({ accountId }) => world.practice.fleet.recoveryInstances(accountId))
    .filter(({ sourceServerId }) =>
      world.inventory.sourceServers.some((one) => one.sourceServerId === sourceServerId && !one.recoveryInstance),
    );

describe('the smoke test', () => {
  test('is called by another name on another day, however long the application is called', () => {
    const application = 'Human Resources and Payroll of all European subsidiaries';
    const [friday = '', saturday = ''] = ['2026-03-06', '2026-03-07'].map((day) => runName(`${application}-${day}`));
    expect(friday).not.toBe(saturday);
    expect(friday).toMatch(/^smoke-Human-Resources-and-Payroll-of-all-[\w-]+$/);
    // Step Functions takes 80 characters, and there is more behind it.
    expect(`${friday}-status-${Date.now()}-99`.length).toBeLessThanOrEqual(80);
    expect(runName('HRP-2026-03-06')).toBe('smoke-HRP-2026-03-06');
  });

  test('looks, drills one server, asks people for its end, and ends when it is gone; again it launches nothing', async () => {
    const before = world.launches().length;
    const asked: string[] = [];
    const confirm = async (question: string) => asked.push(question) > 0;
    const first = await smoke({ name: 'first' }, { confirm });
    expect(first.printed.join('\n')).toMatch(
      /ok {7}Status: 5 servers; nothing was changed\..*Drill of hrp-db-\d+ \(s-\w+\) has begun.*wait {5}Its end is asked for in Slack \(C.*ok {7}Gone: i-\w+\. Nothing is left running\.$/s,
    );
    expect(first.exitCode).toBe(EXIT.ok);
    expect(asked).toEqual([
      expect.stringMatching(/^Launch one drill instance of .* when somebody approves that in Slack\.$/),
    ]);
    expect(instances()).toEqual([]);
    // One server, whose tags and wave 29 others share.
    expect(world.launches().length - before).toBe(1);
    expect(world.calls.filter(({ action }) => action === 'StartRecovery')).toHaveLength(1);

    const again = await smoke({ name: 'first' }, { confirm });
    expect(again.exitCode).toBe(EXIT.ok);
    expect(again.printed).toContain(
      'ok       The drill smoke-first is there already: it is taken up, nothing is launched again.',
    );
    expect(world.launches().length - before).toBe(1);
    expect(asked).toHaveLength(1);
  });

  test('calls the end itself where the deployment lets it', async () => {
    allowDirect(world, ['status', 'drill', 'terminate']);
    onTestFinished(() => allowDirect(world, ['status', 'drill']));
    const { exitCode, printed } = await smoke({ name: 'direct' });
    expect(printed).toContain('ok       Its end has begun: this deployment lets terminations be called directly.');
    expect(exitCode).toBe(EXIT.ok);
    expect(instances()).toEqual([]);
    // What it has launched is named, whatever else the server's tags may come to select.
    const arn = `arn:aws:states:${REGION}:${CENTRAL_ACCOUNT}:execution:drs-orchestration-main:smoke-direct-end`;
    const { input = '' } = world.practice.engine.describeExecution(arn);
    expect(JSON.parse(input).options.instanceIds).toEqual([expect.stringMatching(/^i-/)]);
  });

  test('an interrupted one says what is left and how to end it, and is taken up by the next; a rejected end stays', async () => {
    let waits = 0;
    const stopped = await smoke(
      { name: 'stopped' },
      {
        async wait(ms) {
          waits += 1;
          if (waits > 3) throw new Interrupted();
          await world.clock.advance(ms);
        },
      },
    );
    expect(stopped.exitCode).toBe(EXIT.interrupted);
    expect(stopped.printed.at(-1)).toMatch(
      /^The drill of .* goes on by itself\. The same command again .*--name stopped.*\/dr terminate HRP wave 1/,
    );

    const rejected = await smoke({ name: 'stopped' }, { approver: 'rejects' });
    expect(rejected.exitCode).toBe(EXIT.trouble);
    expect(rejected.printed.at(-2)).toMatch(/^TROUBLE {2}The end of i-\w+ was rejected, or failed/);
    expect(rejected.printed.at(-1)).toMatch(/^i-\w+ of .* may still run, and cost\. .*\/dr terminate HRP wave 1/);

    // Another smoke test finds the instance, and touches neither it nor its server.
    const [standing] = instances();
    const other = await smoke({ name: 'other', server: standing?.sourceServerId });
    expect(other.printed.join('\n')).toMatch(
      /TROUBLE {2}.* has a recovery instance already \(i-\w+\): name another one\nNothing was launched\.$/,
    );

    const ended = await smoke({ name: 'stopped' });
    expect(ended.exitCode).toBe(EXIT.ok);
    expect(instances()).toEqual([]);
    expect((await smoke({ name: 'stopped', server: 's-0123456789abcdef0' })).printed.at(-2)).toContain(
      'give another --name',
    );
  });

  test('launches nothing where nobody says yes, something is amiss, or nobody could be asked for the end', async () => {
    const before = world.launches().length;
    const confirm = async () => false;
    expect((await smoke({ name: 'no' }, { confirm })).exitCode).toBe(EXIT.notConfirmed);
    const unknown = await smoke({ name: 'none', application: 'NOBODY' });
    expect(unknown).toMatchObject({
      exitCode: EXIT.trouble,
      printed: [expect.stringContaining('No servers found'), 'Nothing was launched.'],
    });
    const deployment = deploymentWith({ requests: {} });
    const unasked = await smoke({ name: 'unasked' }, { deployment });
    expect(unasked.printed[0]).toContain('set requests.channelId');
    const [account] = STAGING_ACCOUNTS;
    world.practice.drs.faults.denyAccount(account);
    onTestFinished(() => world.practice.drs.faults.allowAccount(account));
    expect((await smoke({ name: 'denied' })).printed.join()).toContain(`TROUBLE  ${account} cannot be read`);
    expect(world.launches()).toHaveLength(before);
  });

  test('asks for a server by its id, which the component takes among all that carry the tags', async () => {
    const tags = { 'DR-Application': 'HRP' };
    const chosen = world.inventory.sourceServers.find(({ recoveryInstance }) => recoveryInstance === undefined);
    const options = { sourceServerIds: [String(chosen?.sourceServerId)] };
    const status = await call(world, { action: 'status', tags, options }, 'status-of-one');
    expect(status.output?.servers?.map(({ sourceServerId }) => sourceServerId)).toEqual(options.sourceServerIds);
    const drill = await call(world, { action: 'drill', tags, options }, 'drill-of-one');
    expect(drill.output?.summary).toEqual({ totalServers: 1, succeeded: 1, failed: 0, skipped: 0 });
    expect(instances().map(({ sourceServerId }) => sourceServerId)).toEqual(options.sourceServerIds);
  });

  test('is told by its arguments, one name a day', () => {
    const at = Date.parse('2026-11-21T10:00:00Z');
    const typed = ['--config', 'a.json', '--application', 'HRP', '--wave', '1'];
    expect(readSmokeArguments(typed, at)).toEqual({ config: 'a.json', ...WAVE, name: 'HRP-2026-11-21', yes: false });
    expect(() => readSmokeArguments(['--application', 'HRP'], at)).toThrow('--config');
    expect(() => readSmokeArguments([...typed, '--server', 'i-1'], at)).toThrow('no source server');
  });
});
