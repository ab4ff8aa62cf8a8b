import { describe, expect, test } from 'vitest';
import { APPROVE_ACTION, REFRESH_HOME_ACTION } from '../../blocks/action-ids.ts';
import { executionStateSchema } from '../../src/domain/execution-state.ts';
import type { SlackMessage } from '../../src/local/slack/model.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { executionIdOf, startWorld, type World } from './world.ts';

const HRP_WAVE_1 = 'drill HRP wave 1';

/** What people see of their looks in a world. */
function looksIn(world: World) {
  const { workspace } = world.practice;
  const idOf = (person: string) => PEOPLE.find(({ name }) => name === person)?.userId ?? '';
  const toldTo = (person: string): SlackMessage[] => workspace.ephemerals(WORKSPACE.channelId, idOf(person));
  const look = {
    toldTo,
    /** Types a command that only looks; everything that the answer shows. */
    async asks(person: string, text: string): Promise<string> {
      const before = toldTo(person).length;
      const said = await world.says(person, text);
      expect(said, said).toContain('Looking…');
      await world.clock.runUntil(() => toldTo(person).length > before + 1, { what: text, withinMs: 60_000 });
      const answer = toldTo(person).at(-1);
      return `${answer?.text} ${JSON.stringify(answer?.blocks)}`;
    },
    /** Opens App Home; everything that it shows. */
    async opensHome(person: string): Promise<string> {
      const before = workspace.home(idOf(person))?.hash;
      await workspace.as(person).openHome();
      return await look.homeAfter(person, before);
    },
    async homeAfter(person: string, hash: string | undefined): Promise<string> {
      await world.clock.runUntil(() => (workspace.home(idOf(person))?.hash ?? hash) !== hash, {
        what: `App Home of ${person}`,
        withinMs: 60_000,
      });
      return JSON.stringify(workspace.home(idOf(person))?.blocks);
    },
    /** Presses a button of App Home as it stands; what the form says that answers it. */
    async pressesInHome(person: string, actionId: string): Promise<string> {
      const view = workspace.home(idOf(person));
      if (view === undefined) throw new Error(`${person} has no App Home`);
      await workspace.as(person).clickView(view, actionId);
      return JSON.stringify(world.forms(person).at(-1)?.blocks ?? '');
    },
    home: (person: string) => workspace.home(idOf(person)),
  };
  return look;
}

describe('a drill', () => {
  test('is seen by every command and in App Home, and approved from there', async () => {
    const world = await startWorld();
    const look = looksIn(world);
    const launched = world.launches().length;

    // Before anything: the plan, which leaves nothing behind.
    const plan = await look.asks('requester', `plan ${HRP_WAVE_1}`);
    expect(plan).toContain('Plan of Drill HRP wave 1: would launch 30 servers. Nothing was changed.');
    expect(plan).toContain('Would launch *30 drill instances* in 3 staging accounts');
    expect(plan).toContain('A request would need 1 approval.');
    expect(world.messages()).toEqual([]);
    expect(await look.asks('requester', 'executions')).toContain('Nothing has run yet');
    expect(await look.asks('reader', 'status')).toContain('Nothing runs and nothing waits.');
    expect(await look.asks('requester', 'plan drill HRP waves 1-2')).toContain(
      '*Preflight would stop it: nobody would be asked*\\n• hrp-app-017',
    );

    expect(await look.opensHome('stranger')).toContain('You have no role here yet');
    const first = await look.opensHome('approver');
    expect(first).toContain('☐ *A first drill*');
    expect(first).not.toContain('Staging accounts');

    await world.says('requester', HRP_WAVE_1);
    await world.untilAsked();
    await world.drawn();
    const id = executionIdOf(world.cards()[0]).slice(0, 8);
    expect(await look.asks('reader', 'status')).toContain('0 executions running, 1 waiting for people.');

    // Decided in App Home, which is drawn again after the vote, and when somebody wants it anew.
    expect(await look.opensHome('requester')).not.toContain(APPROVE_ACTION);
    expect(await look.opensHome('approver')).toContain(APPROVE_ACTION);
    const asked = look.home('approver');
    expect(await look.pressesInHome('approver', APPROVE_ACTION)).toContain('Your approval is recorded');
    expect(await look.homeAfter('approver', asked?.hash)).not.toContain(APPROVE_ACTION);
    const voted = look.home('approver');
    await look.pressesInHome('approver', REFRESH_HOME_ACTION);
    expect(await look.homeAfter('approver', voted?.hash)).toContain('Under way');
    await world.untilStatus('executing');
    expect(await look.asks('reader', 'status')).toContain('1 execution running, 0 waiting for people.');
    await world.untilStatus('completed');
    await world.drawn();
    expect(world.launches().length).toBe(launched + 3);

    const [card] = world.cards();
    const link = `p${card?.ts.replace('.', '')}|`;
    const state = await look.asks('reader', `status ${id}`);
    expect(state).toContain('✅ Drill: HRP wave 1 · completed');
    expect(state).toContain(link);
    const list = await look.asks('reader', 'executions hrp');
    expect(list).toContain('1 execution of HRP');
    expect(list).toContain('30 of 30 servers');
    expect(list).toContain(link);
    const application = await look.asks('reader', 'status HRP');
    expect(application).toContain('*Wave 1* · 30 servers · all continuous');
    expect(application).toContain('30 drill instances · last drill');
    expect(application).toContain('❌ *1 stalled*');
    expect(application).toContain('*1 live instance*');
    expect(application).toContain('free: 20 of 20 jobs');
    expect(await look.opensHome('approver')).toContain('*Over*\\n*✅ Drill: HRP wave 1 · completed*');
    expect(await look.opensHome('approver')).not.toContain('☐');

    // One server, by its name in any case, and one that is not called so.
    const [server] = world.serversOf('HRP', 1);
    const hostname = server?.hostname ?? '';
    const shown = await look.asks('reader', `server ${hostname.toUpperCase()}`);
    expect(shown).toContain(`${hostname}: replication is ok.`);
    expect(shown).toContain('*HRP* · wave 1');
    expect(shown).toMatch(/\*Last launch\* Drill .*: SUCCEEDED/);
    expect(shown).toMatch(/• drill i-[0-9a-f]+ · running/);
    expect(await look.asks('reader', `server ${hostname.slice(0, -1)}`)).toContain('Did you mean one of these?');

    // Into the thread, where everybody sees it.
    if (card === undefined) throw new Error('there is no card');
    expect(await look.asks('reader', `logs ${id}`)).toContain('The DRS log of Drill HRP wave 1 is in the');
    const files = () =>
      world.practice.workspace.files().map(({ file, content }) => ({ name: file.name, text: content.toString() }));
    const csv = files().find(({ name }) => name === `drs-log-${id}.csv`)?.text ?? '';
    expect(csv.match(/,LAUNCH_START,/g)).toHaveLength(30);
    expect(csv.match(/,JOB_END,/g)).toHaveLength(3);
    await look.asks('reader', `logs ${id} ${hostname}`);
    const timeline = world.textOf(world.threadOf(card).at(-1));
    expect(timeline).toContain(`DRS log: Drill HRP wave 1 · ${hostname}`);
    expect(timeline).toContain('conversion ended');
    expect(timeline).not.toContain('the job began');
    expect(await look.asks('reader', `logs ${id} nowhere`)).toContain('has no server “nowhere”');

    expect(await look.asks('requester', `audit ${id}`)).toContain('You may not have the audit of HRP');
    expect(await look.asks('approver', `audit ${id}`)).toContain('The audit of Drill HRP wave 1 is in the');
    const chain = files().find(({ name }) => name === `audit-${id}.jsonl`)?.text ?? '';
    expect(chain).toContain('"kind":"vote"');
    expect(files().map(({ name }) => name)).toContain(`audit-${id}.csv`);

    expect(await look.asks('reader', `export ${id}`)).toContain('The state of Drill HRP wave 1 is in the');
    const exported = files().find(({ name }) => name === `execution-${id}.json`)?.text ?? '{}';
    expect(executionStateSchema.parse(JSON.parse(exported))).toMatchObject({
      ...{ planId: null, status: 'completed', currentWave: 1 },
      waves: [{ waveNumber: 1, status: 'completed', technologies: [{ type: 'drs', status: 'completed' }] }],
    });

    // Off the lists, by who decides about it, and nothing more is done to it.
    expect(await world.says('requester', `archive ${id}`)).toContain('You may not archive executions of HRP.');
    expect(await look.asks('reader', 'executions hrp')).toContain('1 execution of HRP');
    expect(await world.says('approver', `archive ${id}`)).toContain('is archived: it is listed no more.');
    expect(await world.says('approver', `archive ${id}`)).toContain('is archived already. Nothing was changed.');
    expect(await look.asks('reader', 'executions hrp')).toContain('Nothing has run of HRP yet');
    expect(await look.asks('reader', 'executions hrp archived')).toContain('1 archived execution of HRP');
    expect(await look.asks('reader', `status ${id}`)).toContain('🗄️ Archived by');
    await world.drawn();
    await look.asks('approver', `audit ${id}`);
    const chains = files().filter(({ name }) => name === `audit-${id}.jsonl`);
    expect(chains.at(-1)?.text.startsWith(chain)).toBe(true);
    expect(chains.at(-1)?.text).toContain('"kind":"archived"');
    expect(await world.says('approver', `archive ${id} undo`)).toContain('is listed again.');
    expect(await look.asks('reader', 'executions hrp')).toContain('1 execution of HRP');

    // What was looked at changed nothing.
    expect(world.launches().length).toBe(launched + 3);
    expect(world.logLines.filter((line) => line.includes('"ERROR"'))).toEqual([]);
  });
});

test('what cannot be read is said, with what to do; a mention in a thread is answered there', async () => {
  const world = await startWorld();
  const look = looksIn(world);
  const [account] = world.inventory.stagingAccounts;
  const accountId = account?.accountId ?? '';
  world.practice.drs.faults.denyAccount(accountId);

  expect(await look.asks('reader', 'status HRP')).toContain(`⚠️ \`${accountId}\` could not be read`);
  const server = await look.asks('reader', 'server nobody-knows');
  expect(server).toContain('is not among the servers that could be read');
  expect(server).toContain(accountId);
  const plan = await look.asks('requester', `plan ${HRP_WAVE_1}`);
  expect(plan).toContain('Preflight would stop it');
  expect(plan).toContain(`Account ${accountId} could not be read`);

  const { workspace } = world.practice;
  const { ts } = workspace.as('reader').say('What runs?', WORKSPACE.channelId);
  const before = look.toldTo('reader').length;
  workspace.as('reader').say('@dr-chatops status', WORKSPACE.channelId, ts);
  await world.clock.runUntil(() => look.toldTo('reader').length > before + 1, { what: 'an answer', withinMs: 60_000 });
  expect(look.toldTo('reader').at(-1)).toMatchObject({ text: 'Nothing runs and nothing waits.', thread_ts: ts });
});
