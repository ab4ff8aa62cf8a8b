import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { create } from '../../src/accounts/validate-accounts.ts';
import type { AccountReports } from '../../src/domain/account-check.ts';
import { CENTRAL_ACCOUNT, STAGING_ACCOUNTS } from '../../src/local/accounts.ts';
import { ORGANIZATION_TRAIL } from '../../src/local/services/cloudtrail.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { startWorld, type World, wholeInventory } from '../end-to-end/world.ts';

const [FIRST, SECOND, THIRD, FOURTH] = STAGING_ACCOUNTS;
const reader = (account: string) => `arn:aws:iam::${account}:role/DRS-Orchestration-Role`;

let world: World;
beforeAll(async () => {
  const whole = wholeInventory();
  const sourceServers = [FIRST, SECOND, THIRD].flatMap(
    (account) => whole.sourceServers.find(({ accountId }) => accountId === account) ?? [],
  );
  const stagingAccounts = whole.stagingAccounts.map((account) =>
    account.accountId === FOURTH ? { ...account, drsInitialized: false as const } : account,
  );
  world = await startWorld({
    shared: true,
    lookedAfter: false,
    inventory: { ...whole, stagingAccounts, sourceServers, originRegions: [] },
  });
});
afterAll(() => world.practice.close());

/** What a person is shown who types it. */
async function asks(person: string, text: string): Promise<string> {
  const userId = PEOPLE.find(({ name }) => name === person)?.userId ?? '';
  const told = () => world.practice.workspace.ephemerals(WORKSPACE.channelId, userId);
  const before = told().length;
  expect(await world.says(person, text)).toContain('Looking…');
  await world.clock.runUntil(() => told().length > before + 1, { what: text, withinMs: 60_000 });
  return `${told().at(-1)?.text} ${JSON.stringify(told().at(-1)?.blocks)}`;
}

/** The function's answer, as somebody at a terminal gets it. */
function invoke(event: object, environment: Record<string, string> = {}): Promise<AccountReports> {
  const platform = world.practice.platformOf('validate-accounts');
  return create({ ...platform, environment: { ...platform.environment, ...environment } })(event);
}

async function findingsOf(account: string, environment?: Record<string, string>): Promise<string[]> {
  const { accounts } = await invoke({ accountId: account }, environment);
  return accounts
    .filter(({ kind }) => kind === 'staging')
    .flatMap(({ findings }) => findings.map(({ state, text }) => `${state}: ${text}`));
}

describe('/dr accounts', () => {
  test('lists every account, validates them all, and remembers when', async () => {
    const { length: before } = world.calls;
    const first = await asks('reader', 'accounts');
    expect(first).toContain(`➖ *${FIRST}* · staging · us-east-2 · never validated`);
    const validated = await asks('reader', 'accounts validate');
    // DRS of the fourth was never set up; all others are well.
    expect(validated).toContain('❌ 1 of 5 accounts with problems');
    expect(validated).toContain(`*${FOURTH}* · staging · us-east-2\\n❌ DRS: not initialised in us-east-2. Open`);
    expect(validated).toContain(`✅ Well: ${FIRST} (staging), ${SECOND} (staging)`);
    const listed = await asks('reader', 'accounts list');
    expect(listed).toMatch(new RegExp(`✅ \\*${FIRST}\\* · staging · us-east-2 · well, validated <!date`));
    expect(listed).toMatch(new RegExp(`❌ \\*${FOURTH}\\* · staging · us-east-2 · 1 problem, validated <!date`));
    expect(listed).toMatch(new RegExp(`✅ \\*${CENTRAL_ACCOUNT}\\* · actions`));
    // Nothing but looking.
    const made = world.calls.slice(before).filter(({ service }) => ['drs', 'states', 'cloudtrail'].includes(service));
    expect([...new Set(made.map(({ action }) => action))].sort()).toEqual([
      'DescribeSourceServers',
      'DescribeStateMachine',
      'DescribeTrails',
      'GetEventSelectors',
      'GetTrailStatus',
    ]);
  });

  test('says everything of one account, also what cannot be seen', async () => {
    const told = await asks('reader', `accounts validate ${FIRST}`);
    expect(told).toContain('The account is well');
    for (const text of ['✅ Role: ', '✅ DRS: ', '✅ Executor: ', '✅ CloudTrail: ', '➖ Not seen from here: ']) {
      expect(told).toContain(text);
    }
    expect(await asks('reader', 'accounts validate 999999999999')).toContain('is no account of this deployment');
  });

  test('is for people with a role, and is told how it is typed', async () => {
    expect(await world.says('stranger', 'accounts')).not.toContain('Looking…');
    expect(await world.says('reader', 'accounts validate 12')).toContain('its id has 12 digits');
    expect(await world.says('reader', 'accounts delete')).toContain('it is `list` or `validate`');
  });
});

describe('validate-accounts', () => {
  test('one account that lets nobody in fails nothing: the others are told', async () => {
    world.practice.sts.removeRole(reader(SECOND));
    const { accounts } = await invoke({});
    const states = accounts
      .filter(({ kind }) => kind === 'staging')
      .map(({ accountId, findings }) => [accountId, findings[0]?.state, findings.length]);
    expect(states).toEqual([
      [FIRST, 'ok', 5],
      [SECOND, 'wrong', 1],
      [THIRD, 'ok', 5],
      [FOURTH, 'ok', 5],
    ]);
    expect((await findingsOf(SECOND))[0]).toContain('cannot be assumed (AccessDenied');
    world.practice.sts.addRole({
      roleArn: reader(SECOND),
      trustedPrincipals: [`arn:aws:iam::${CENTRAL_ACCOUNT}:role/dr-chatops-validate-accounts`],
      externalId: 'dr-chatops-practice',
    });
    expect((await findingsOf(SECOND))[0]).toMatch(/^ok: Role/);
  });

  test('finds an executor of another version, and one that is not there', async () => {
    expect(await findingsOf(FIRST, { EXECUTOR_DEFINITION: '0123456789abcdef' })).toContainEqual(
      expect.stringMatching(/^warning: Executor: of another version/),
    );
    const { ssm, configPath } = world.practice;
    const name = `${configPath}/staging-accounts/${THIRD}`;
    const configured = ssm.get(name) ?? '';
    ssm.put(name, configured.replace('drs-staging-account-executor', 'another'));
    expect(await findingsOf(THIRD)).toContain('wrong: Executor: not there. Deploy the account’s stack.');
    ssm.put(name, configured);
  });

  test('finds out whether DRS calls are recorded', async () => {
    const { cloudTrail } = world.practice;
    const told = async () => (await findingsOf(FIRST)).find((text) => text.includes('CloudTrail'));
    expect(await told()).toBe('ok: CloudTrail: DRS calls are recorded (organization of the organisation).');
    cloudTrail.putTrail({ ...ORGANIZATION_TRAIL, isReadByMembers: false });
    expect(await told()).toContain('cannot be read in this account');
    cloudTrail.putTrail({ ...ORGANIZATION_TRAIL, isLogging: false });
    expect(await told()).toMatch(/^wrong/);
    const advancedEventSelectors = [
      {
        FieldSelectors: [
          { Field: 'eventCategory', Equals: ['Management'] },
          { Field: 'readOnly', Equals: ['false'] },
        ],
      },
    ];
    cloudTrail.putTrail({ ...ORGANIZATION_TRAIL, advancedEventSelectors });
    expect(await told()).toContain('only writing calls are recorded');
    cloudTrail.deleteTrails();
    cloudTrail.putTrail({ name: 'own', accountId: SECOND });
    expect(await told()).toContain('no trail covers us-east-2');
    cloudTrail.putTrail({ name: 'own', accountId: FIRST, homeRegion: 'us-east-1' });
    expect(await told()).toBe('ok: CloudTrail: DRS calls are recorded (own).');
  });

  test('finds documents that are not there', async () => {
    const { ssm, configPath } = world.practice;
    const name = `${configPath}/target-accounts/${FIRST}`;
    const configured = JSON.parse(ssm.get(name) ?? '{}');
    ssm.put(name, JSON.stringify({ ...configured, documents: [{ name: 'Nowhere', type: 'Automation' }] }));
    const { accounts } = await invoke({ accountId: FIRST });
    expect(accounts.find(({ kind }) => kind === 'target')?.findings).toContainEqual({
      state: 'wrong',
      text: `Documents: There is no document Nowhere in account ${FIRST}, us-east-2.`,
    });
  });

  test('a validation that began earlier does not take the place of a newer one', async () => {
    const platform = world.practice.platformOf('validate-accounts');
    const late = create({ ...platform, now: () => world.clock.now() + 1_000 });
    await late({ accountId: THIRD });
    const kept = await world.table.item<{ validatedAt: number }>('ACCOUNTS', `ACCOUNT#staging#${THIRD}`);
    await invoke({ accountId: THIRD });
    expect(await world.table.item('ACCOUNTS', `ACCOUNT#staging#${THIRD}`)).toEqual(kept);
  });

  test('refuses what it does not understand', async () => {
    await expect(invoke({ account: FIRST })).rejects.toThrow('The event is not valid');
    await expect(invoke({ accountId: '999999999999' })).rejects.toThrow('is no account of this deployment');
  });
});
