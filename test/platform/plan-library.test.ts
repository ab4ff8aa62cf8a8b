import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Draft, LibraryChange } from '../../src/domain/plan-library.ts';
import type { RecoveryPlan } from '../../src/domain/recovery-plan.ts';
import { CENTRAL_ACCOUNT, REGION } from '../../src/local/accounts.ts';
import { startDynamoDB } from '../../src/local/dynamodb/dynamodb.ts';
import { type LocalResponse, serve } from '../../src/local/http.ts';
import { planTables } from '../../src/local/plan-tables.ts';
import { planLibrary } from '../../src/platform/plan-library.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { aGroup, aPlan, aWave } from '../domain/plans.ts';
import { closing, simulatedAws } from '../local/services/simulated-aws.ts';

const ANNA = { userId: 'U0PREQUEST1', teamId: 'T0PRACTICE1' };
const BERT = { arn: 'arn:aws:iam::900000000000:user/bert' };
const DAY = 86_400_000;
const TABLES = { plans: 'plans', groups: 'groups' };

const putGroup = (id: string, wave = id): LibraryChange => ({ kind: 'put group', group: aGroup(id, wave) });
const putPlan = (planId: string, differs: Partial<RecoveryPlan> = {}): LibraryChange => ({
  kind: 'put plan',
  plan: aPlan([aWave(1), aWave(2)], { planId, planName: planId.toUpperCase(), ...differs }),
});

/** The two tables, with a network before them that can lose calls. */
async function startWorld() {
  const { clock, identities, options } = simulatedAws();
  const dynamodb = closing(await startDynamoDB(options));
  let network: (write: () => Promise<LocalResponse>) => Promise<LocalResponse> = (write) => write();
  let writes = 0;
  const front = closing(
    await serve(async ({ method, path, headers, body }) => {
      const send = async (): Promise<LocalResponse> => {
        const answer = await fetch(`${dynamodb.url}${path}`, {
          method,
          headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
          body: new Uint8Array(body),
        });
        return {
          status: answer.status,
          body: await answer.text(),
          headers: { 'content-type': 'application/x-amz-json-1.0' },
        };
      };
      const isWrite = /Put|Update/.test(String(headers['x-amz-target']));
      if (!isWrite) return await send();
      writes += 1;
      return await network(send);
    }),
  );
  vi.stubEnv('AWS_REGION', REGION);
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', front.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const table of planTables(TABLES)) await dynamodb.createTable(table);
  const warnings: string[] = [];
  const platform: Platform = {
    environment: { RECOVERY_PLAN_TABLE: TABLES.plans, PROTECTION_GROUP_TABLE: TABLES.groups },
    credentials: identities.forRole(`arn:aws:iam::${CENTRAL_ACCOUNT}:role/tester`),
    now: () => clock.now(),
    log: { info: () => {}, warn: (message) => void warnings.push(message), error: () => {} },
  };
  const library = planLibrary(platform);
  return {
    clock,
    library,
    platform,
    warnings,
    store: (baseVersion: number, changes: LibraryChange[], by: typeof ANNA | typeof BERT = ANNA) =>
      library.apply({ baseVersion, changes, by, at: 1_000 + baseVersion }),
    writes: () => writes,
    /** From now on writes go through this. */
    setNetwork(how: typeof network): void {
      network = how;
    },
  };
}

const DOWN: LocalResponse = { status: 400, body: JSON.stringify({ __type: 'com.amazonaws#AccessDeniedException' }) };

describe('the library', () => {
  it('is empty at first, and keeps what is stored, with who and when', async () => {
    const { library, store } = await startWorld();
    expect(await library.read()).toEqual({ version: 0, plans: [], groups: [] });
    const changes = [putGroup('g2'), putPlan('hrp'), putGroup('g1')];
    expect(await store(0, changes)).toEqual({ stored: true, version: 1 });
    const stamp = { version: 1, changedBy: ANNA, changedAt: 1_000 };
    expect(await library.read()).toEqual({
      version: 1,
      plans: [{ plan: aPlan([aWave(1), aWave(2)], { planId: 'hrp', planName: 'HRP' }), ...stamp }],
      groups: ['g1', 'g2'].map((id) => ({ group: aGroup(id, id), ...stamp })),
    });
  });

  it('gives a version to what changes, and to nothing else', async () => {
    const { library, store, writes } = await startWorld();
    await store(0, [putGroup('g1'), putPlan('hrp'), putPlan('crm')]);
    await store(1, [putGroup('g1', 'other'), putPlan('hrp'), putPlan('crm', { description: 'new' })], BERT);
    const { version, plans, groups } = await library.read();
    expect(version).toBe(2);
    expect(plans.map(({ plan, version, changedBy }) => [plan.planId, version, changedBy])).toEqual([
      ['crm', 2, BERT],
      ['hrp', 1, ANNA],
    ]);
    expect(groups).toMatchObject([{ version: 2, group: { tagCriteria: { Wave: 'other' } } }]);
    const before = writes();
    expect(await store(2, [putPlan('hrp')])).toEqual({ stored: true, version: 2 });
    expect(writes()).toBe(before);
  });

  it('keeps every version of a plan for good, its deletion, too', async () => {
    const { library, store } = await startWorld();
    await store(0, [putPlan('hrp')]);
    await store(1, [putPlan('hrp', { description: 'second' })], BERT);
    await store(2, [{ kind: 'delete plan', planId: 'hrp' }]);
    expect((await library.read()).plans).toEqual([]);
    await store(3, [putPlan('hrp', { description: 'back' })]);
    expect(await library.versionsOf('hrp')).toEqual([
      { version: 4, changedBy: ANNA, changedAt: 1_003 },
      { version: 3, changedBy: ANNA, changedAt: 1_002, deleted: true },
      { version: 2, changedBy: BERT, changedAt: 1_001 },
      { version: 1, changedBy: ANNA, changedAt: 1_000 },
    ]);
    expect(await library.planVersion('hrp', 2)).toMatchObject({ description: 'second' });
    expect(await library.planVersion('hrp', 3)).toBeUndefined();
    expect(await library.planVersion('hrp', 5)).toBeUndefined();
    expect(await library.versionsOf('nobody')).toEqual([]);
  });

  it('has no trouble with a plan that is called as something of JavaScript', async () => {
    const { library, store } = await startWorld();
    await store(0, [putPlan('constructor'), putPlan('LIBRARY')]);
    expect((await library.read()).plans.map(({ version }) => version)).toEqual([1, 1]);
  });

  it('deletes groups', async () => {
    const { library, store } = await startWorld();
    await store(0, [putGroup('g1'), putGroup('g2')]);
    await store(1, [{ kind: 'delete group', groupId: 'g1' }]);
    expect((await library.read()).groups.map(({ group }) => group.groupId)).toEqual(['g2']);
  });

  it('is not changed by who has not seen its newest version', async () => {
    const { library, store } = await startWorld();
    await store(0, [putPlan('hrp')]);
    expect(await store(0, [putPlan('crm')])).toEqual({ stored: false, version: 1 });
    expect(await store(2, [putPlan('crm')])).toEqual({ stored: false, version: 1 });
    expect((await library.read()).plans).toHaveLength(1);
  });

  it.each([0, 1])('is changed by one of two at once, version %i', async (base) => {
    const { library, store } = await startWorld();
    if (base === 1) await store(0, [putGroup('g1')]);
    const answers = await Promise.all([store(base, [putPlan('hrp')]), store(base, [putPlan('crm')])]);
    expect(answers.filter(({ stored }) => stored)).toHaveLength(1);
    expect(answers.map(({ version }) => version)).toEqual([base + 1, base + 1]);
    expect(await library.read()).toMatchObject({ version: base + 1, plans: [{ version: 1 }] });
  });
});

describe('a change', () => {
  const FIRST = [putGroup('g1'), putGroup('g2'), putPlan('hrp'), putPlan('crm')];
  const SECOND: LibraryChange[] = [
    putGroup('g1', 'other'),
    { kind: 'delete group', groupId: 'g2' },
    putPlan('hrp', { description: 'second' }),
    { kind: 'delete plan', planId: 'crm' },
    putPlan('erp'),
  ];
  /** The note, five versions, the end of the note. */
  const WRITES = 7;

  it.each(Array.from({ length: WRITES }, (_, at) => at + 1))(
    'is all or nothing when its write %i and all after it are lost',
    async (lost) => {
      const { library, store, writes, setNetwork, warnings } = await startWorld();
      await store(0, FIRST);
      const before = await library.read();
      const first = writes();
      setNetwork(async (send) => (writes() - first >= lost ? DOWN : await send()));
      const change = store(1, SECOND, BERT);
      if (lost === 1) {
        await expect(change).rejects.toThrow();
        expect(await library.read()).toEqual(before);
        return;
      }
      // The first write decides: what follows is only tidied up.
      expect(await change).toEqual({ stored: true, version: 2 });
      expect(warnings).toHaveLength(1);
      const after = await library.read();
      expect(after.version).toBe(2);
      expect(after.plans.map(({ plan, version }) => [plan.planId, version])).toEqual([
        ['erp', 1],
        ['hrp', 2],
      ]);
      expect(after.groups).toMatchObject([{ group: { groupId: 'g1', tagCriteria: { Wave: 'other' } } }]);
      expect(await library.planVersion('hrp', 2)).toMatchObject({ description: 'second' });
      expect(await library.versionsOf('crm')).toMatchObject([{ version: 2, deleted: true }, { version: 1 }]);

      // Nobody can write over it, and the next change settles it.
      setNetwork((send) => send());
      expect(await store(2, [putPlan('last')])).toEqual({ stored: true, version: 3 });
      expect((await library.read()).plans.map(({ plan }) => plan.planId)).toEqual(['erp', 'hrp', 'last']);
      expect(await library.planVersion('hrp', 2)).toMatchObject({ description: 'second' });
    },
  );

  it('is known for stored when the answer to its write was lost', async () => {
    const { library, store, setNetwork } = await startWorld();
    let calls = 0;
    setNetwork(async (send) => {
      calls += 1;
      const answer = await send();
      return calls === 1 ? { status: 500, dropConnection: true } : answer;
    });
    expect(await store(0, [putPlan('hrp')])).toEqual({ stored: true, version: 1 });
    expect(await library.read()).toMatchObject({ version: 1, plans: [{ version: 1 }] });
    // The note twice, the version, the end of the note.
    expect(calls).toBe(4);
  });

  it('that is too large is refused, and says what to do', async () => {
    const { library, store, writes } = await startWorld();
    const large = (planId: string) =>
      putPlan(planId, {
        waves: Array.from({ length: 99 }, (_, at) => aWave(at + 1, { description: 'ä'.repeat(1_000) })),
      });
    await expect(store(0, [large('a'), large('b'), large('c')])).rejects.toMatchObject({
      code: 'ValidationError',
      message: expect.stringMatching(/Nothing was stored: .*some plans at a time\. \(\d+ kB of at most 400 kB\.\)/),
    });
    expect(writes()).toBe(0);
    expect(await store(0, [large('a')])).toEqual({ stored: true, version: 1 });
    expect(await store(1, [large('b')])).toEqual({ stored: true, version: 2 });
    expect((await library.read()).plans).toHaveLength(2);
  });
});

describe('a draft', () => {
  const draft: Draft = { draftId: 'd1', by: ANNA, at: 5, baseVersion: 3, changes: [putPlan('hrp'), putGroup('g1')] };

  it('is created once, can be replaced, and is there for a day', async () => {
    const { library, clock } = await startWorld();
    expect(await library.getDraft('d1')).toBeUndefined();
    expect(await library.createDraft(draft)).toBe(true);
    expect(await library.createDraft({ ...draft, baseVersion: 4 })).toBe(false);
    expect(await library.getDraft('d1')).toEqual(draft);
    await clock.advance(DAY / 2);
    await library.replaceDraft({ ...draft, baseVersion: 4 });
    await clock.advance(DAY - 2_000);
    expect(await library.getDraft('d1')).toMatchObject({ baseVersion: 4 });
    await clock.advance(2_000);
    expect(await library.getDraft('d1')).toBeUndefined();
  });

  it('is no part of the library', async () => {
    const { library } = await startWorld();
    await library.createDraft(draft);
    expect(await library.read()).toEqual({ version: 0, plans: [], groups: [] });
    expect(await library.versionsOf('#DRAFT#d1')).toEqual([]);
  });
});
