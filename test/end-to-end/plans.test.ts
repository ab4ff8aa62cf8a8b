import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  DISCARD_DRAFT_ACTION,
  EDIT_DRAFT_ACTION,
  EDIT_WAVE_ACTION,
  IMPORT_AGAIN_ACTION,
  IMPORT_PLAN_ACTION,
  PREVIEW_GROUP_ACTION,
  STORE_DRAFT_ACTION,
} from '../../blocks/action-ids.ts';
import { GROUP_FIELD } from '../../blocks/group-modal.ts';
import { FILE_FIELD, PAUSE_AFTER, PLAN_FIELD, TEXT_FIELD, WAVE_FIELD } from '../../blocks/plan-modal.ts';
import type { AccessDocument } from '../../src/domain/access.ts';
import { refusedDayOf } from '../../src/domain/audit.ts';
import type { Inventory } from '../../src/local/inventory.ts';
import type { SlackMessage, SlackView } from '../../src/local/slack/model.ts';
import { filledIn } from '../../src/local/slack/page/inputs.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { wireFile } from '../../src/local/slack/wire.ts';
import { startWorld, type World, wholeInventory } from './world.ts';

const EXAMPLE = readFileSync(new URL('../../docs/examples/plans/hrp-plan.json', import.meta.url), 'utf8');

const BROKEN = `format: dr-chatops-plans/1
recoveryPlans:
  - planId: broken
    planName: Broken
    application: HRP
    waves: [{ waveNumber: 1, waveName: one, protectionGroupIds: [hrp-db], dependsOn: [2] },
            { waveNumber: 2, waveName: two, protectionGroupIds: [nothing], dependsOn: [1] }]
`;

/** Some servers of every wave of HRP, and of one other application: each answer looks at all of them. */
const fewServers = (): Inventory => {
  const whole = wholeInventory();
  const seen = new Map<string, number>();
  const sourceServers = whole.sourceServers.filter(({ tags }) => {
    const wave = `${tags['DR-Application']} ${tags['DR-Wave']}`;
    seen.set(wave, (seen.get(wave) ?? 0) + 1);
    return (tags['DR-Application'] === 'HRP' || wave === 'Connectors 1') && (seen.get(wave) ?? 0) <= 3;
  });
  return { ...whole, sourceServers };
};

function textOf(message: SlackMessage | undefined): string {
  return `${message?.text} ${JSON.stringify(message?.blocks ?? '')}`;
}

/** What somebody does with plans and groups in a world. */
function libraryOf(world: World) {
  const { workspace } = world.practice;
  const idOf = (person: string) => PEOPLE.find(({ name }) => name === person)?.userId ?? '';
  const toldTo = (person: string): SlackMessage[] => workspace.ephemerals(WORKSPACE.channelId, idOf(person));
  const nextTold = async (person: string, after: number, what: string): Promise<string> => {
    await world.clock.runUntil(() => toldTo(person).length > after, { what, withinMs: 60_000 });
    return textOf(toldTo(person).at(-1));
  };
  const people = {
    toldTo,
    form(person: string): SlackView {
      const view = workspace.modals(idOf(person)).at(-1);
      if (view === undefined) throw new Error(`${person} has no form: ${textOf(toldTo(person).at(-1))}`);
      return view;
    },
    /** Types a command that a worker answers. */
    async asks(person: string, text: string): Promise<string> {
      const before = toldTo(person).length;
      await workspace.as(person).command('/dr', text, WORKSPACE.channelId);
      return await nextTold(person, before + 1, text);
    },
    /** Types a command that opens a form. */
    async opens(person: string, text: string): Promise<SlackView> {
      await workspace.as(person).command('/dr', text, WORKSPACE.channelId);
      return people.form(person);
    },
    valuesOf(view: SlackView, typed: Record<string, string[]>) {
      return filledIn(view.blocks, typed, {}, (id) => {
        const file = workspace.stored.files.find(id)?.file;
        return file === undefined ? undefined : wireFile(file);
      }).values;
    },
    /** Submits the topmost form; the errors at its fields. */
    async submits(person: string, typed: Record<string, string[]>): Promise<Record<string, string>> {
      const view = people.form(person);
      const { error, errors } = await workspace.as(person).submitView(view, people.valuesOf(view, typed));
      if (error !== undefined) throw new Error(`Slack showed ${error}`);
      return errors;
    },
    /** Submits the topmost form; what a worker says of it. */
    async checks(person: string, typed: Record<string, string[]>): Promise<string> {
      const before = toldTo(person).length;
      const errors = await people.submits(person, typed);
      expect(errors).toEqual({});
      await workspace.as(person).closeView(people.form(person), 'cross');
      return await nextTold(person, before, 'the answer to a form');
    },
    async pressesInForm(
      person: string,
      actionId: string,
      blockId: string | undefined,
      typed: Record<string, string[]>,
    ) {
      const view = people.form(person);
      const button = blockId === undefined ? actionId : { actionId, blockId };
      await workspace.as(person).clickView(view, button, people.valuesOf(view, typed));
    },
    /** Presses a button of the newest answer that has it; what stands there then. */
    async presses(person: string, actionId: string): Promise<string> {
      const message = toldTo(person).findLast((one) => JSON.stringify(one.blocks ?? '').includes(actionId));
      if (message === undefined) throw new Error(`there is no ${actionId}: ${textOf(toldTo(person).at(-1))}`);
      await workspace.as(person).click(message, actionId);
      return textOf(toldTo(person).find(({ ts }) => ts === message.ts)) + textOf(toldTo(person).at(-1));
    },
    nextTold,
    home(person: string): SlackView {
      const home = workspace.home(idOf(person));
      if (home === undefined) throw new Error(`${person} has no App Home`);
      return home;
    },
  };
  return people;
}

test('plans and groups are imported, shown, edited by two people at once, refused and deleted', async () => {
  const world = await startWorld({ inventory: fewServers() });
  const path = `${world.practice.configPath}/access`;
  const access = JSON.parse(world.practice.ssm.get(path) ?? '{}') as AccessDocument;
  // A second planner, of HRP alone.
  access.grants.push({ role: 'DRSPlanManager', users: ['U0PAPPROVE1'], applications: ['HRP'] });
  world.practice.ssm.put(path, JSON.stringify(access));
  const library = libraryOf(world);
  const { workspace } = world.practice;

  // Nobody has stored any yet; who only reads may look, and change nothing.
  expect(await library.asks('reader', 'plans')).toContain('No recovery plan is stored');
  expect(await world.says('reader', 'plan import')).toContain('You may not import recovery plans.');
  expect(await world.says('reader', 'group new')).toContain('You may not make the protection group');

  // An import from a file: the differences first, then what is stored.
  await library.opens('lead', 'plan import');
  const file = workspace.as('lead').upload('hrp-plan.json', Buffer.from(EXAMPLE));
  const differences = await library.checks('lead', { [FILE_FIELD.blockId]: [file.id] });
  expect(differences).toContain('Plan HRP is new.');
  expect(differences).toContain('HRP runs 1 Database Tier (3 servers)');
  expect(differences).toContain('Nothing is stored yet');
  expect(await library.asks('reader', 'plans')).toContain('No recovery plan is stored');
  // What is shown to somebody is theirs to store, once.
  const shown = library.toldTo('lead').at(-1);
  if (shown === undefined) throw new Error('there are no differences');
  await workspace.as('approver').click(shown, STORE_DRAFT_ACTION);
  expect(library.toldTo('approver').at(-1)?.text).toContain('stored, discarded or edited since they were shown');
  expect(await library.presses('lead', STORE_DRAFT_ACTION)).toContain('recovery plan HRP (hrp), version 1');
  await workspace.as('lead').click(shown, STORE_DRAFT_ACTION);
  expect(library.toldTo('lead').at(-1)?.text).toContain('stored, discarded or edited since they were shown');

  // What cannot be stored is told all at once, by wave and field, and what was entered is kept.
  await library.opens('lead', 'plan import');
  expect(await library.submits('lead', { [TEXT_FIELD.blockId]: ['format: [dr-'] })).toEqual({
    [TEXT_FIELD.blockId]: expect.stringMatching(/^Line \d is neither YAML nor JSON/),
  });
  const problems = await library.checks('lead', { [TEXT_FIELD.blockId]: [BROKEN] });
  expect(problems).toContain('line 6, plan Broken, wave 1, dependsOn: Waves wait for each other: 1 → 2 → 1.');
  expect(problems).toContain('line 7, plan Broken, wave 2, protectionGroupIds: There is no group nothing.');
  expect(problems).toContain('application: HRP has the plan HRP already: an application has one recovery plan.');
  expect(problems).not.toContain(STORE_DRAFT_ACTION);
  await library.presses('lead', IMPORT_AGAIN_ACTION);
  expect(JSON.stringify(library.form('lead').blocks)).toContain('planName: Broken');
  await workspace.as('lead').closeView(library.form('lead'), 'cross');

  // Where there is no channel, the answer comes into the person's own messages, and is stored from there.
  await workspace.as('lead').openHome();
  await world.clock.runUntil(() => workspace.home('U0PDRLEAD01') !== undefined, { what: 'App Home', withinMs: 60_000 });
  await workspace.as('lead').clickView(library.home('lead'), IMPORT_PLAN_ACTION);
  await library.submits('lead', {
    [TEXT_FIELD.blockId]: [
      BROKEN.replace('Broken', 'Mended')
        .replace('    application: HRP\n', '')
        .replace('[2]', '[]')
        .replace('nothing', 'hrp-web'),
    ],
  });
  const direct = () => workspace.messages('D0PDRLEAD01');
  await world.clock.runUntil(() => direct().length > 0, { what: 'the answer', withinMs: 60_000 });
  const [told] = direct();
  if (told === undefined) throw new Error('nothing was told');
  expect(textOf(told)).toContain('Plan Mended is new.');
  await workspace.as('lead').click(told, DISCARD_DRAFT_ACTION);
  expect(direct().at(-1)?.text).toContain('Discarded');

  // What is stored, with what it matches now.
  expect(await library.asks('reader', 'plans')).toContain('wave');
  const card = await library.asks('reader', 'plan show hrp');
  expect(card).toContain('Wave 1: Database Tier* (3 servers)');
  expect(card).toContain('pause before it');
  expect(card).toContain('automation AWS-StopRdsInstance in 555555555555 us-east-1');
  expect(card).toContain('version 1, changed by <@U0PDRLEAD01>');
  expect(card).not.toContain('Edit');
  expect(await library.asks('reader', 'plan show HPR')).toContain('Did you mean HRP?');
  expect(await library.asks('reader', 'group show "HRP database servers"')).toContain('It matches 3 servers');

  // The export is a file in the person's own messages, and says the same as what was imported.
  expect(await library.asks('reader', 'plan export HRP')).toContain('hrp-v1.json');
  const exported = workspace.files().at(-1);
  expect(exported?.file.channels).toEqual(['D0PREADER01']);
  expect(JSON.parse(exported?.content.toString('utf8') ?? '')).toMatchObject({ recoveryPlans: [{ planId: 'hrp' }] });
  expect(await world.says('reader', 'plan edit HRP')).toContain('You may not change the recovery plan HRP.');
  expect(await world.says('requester', 'plan delete HRP')).toContain('You may not delete the recovery plan HRP.');

  // A mention looks, and opens no form.
  const mentioned = library.toldTo('lead').length;
  workspace.as('lead').say('@dr-chatops plan delete HRP', WORKSPACE.channelId);
  expect(await library.nextTold('lead', mentioned, 'the answer to a mention')).toContain('A mention opens no form');

  // Two people at once: each has the form of version 1 on their screen.
  await library.opens('lead', 'plan edit HRP');
  await library.opens('approver', 'plan edit hrp');
  await library.pressesInForm('lead', EDIT_WAVE_ACTION, 'wave:1', {});
  expect(await library.submits('lead', { [WAVE_FIELD.maxWait.blockId]: ['soon'] })).toEqual({
    [WAVE_FIELD.maxWait.blockId]: 'This is to be a number.',
  });
  const wave = { [WAVE_FIELD.maxWait.blockId]: ['95'], [WAVE_FIELD.pauses.blockId]: [PAUSE_AFTER] };
  expect(await library.submits('lead', wave)).toEqual({});
  expect(JSON.stringify(library.form('lead').blocks)).toContain('pause after it');
  const changed = await library.checks('lead', { [PLAN_FIELD.rto.blockId]: ['200'] });
  expect(changed).toContain('rtoTargetMinutes changes from 240 to 200');
  expect(changed).toContain('wave 1 (Database Tier): maxWaitMinutes changes from 90 to 95');
  expect(await library.presses('lead', STORE_DRAFT_ACTION)).toContain('recovery plan HRP (hrp), version 2');
  const overtaken = await library.checks('approver', { [PLAN_FIELD.rto.blockId]: ['180'] });
  expect(overtaken).toContain('HRP was changed by <@U0PDRLEAD01>');
  expect(overtaken).toContain('maxWaitMinutes changes from 95 to 90');

  // Whose right is withdrawn after the differences were shown stores nothing.
  const given = world.practice.ssm.get(path) ?? '';
  world.practice.ssm.put(path, given.replace('"DRSPlanManager"', '"DRSReadOnly"'));
  expect(await library.presses('approver', STORE_DRAFT_ACTION)).toContain('You may not change the recovery plan HRP');
  world.practice.ssm.put(path, given);

  // Stored meanwhile: nothing is stored over it unseen.
  await library.opens('lead', 'group new HRP web 2');
  await library.pressesInForm('lead', PREVIEW_GROUP_ACTION, undefined, { [GROUP_FIELD.tags.blockId]: ['DR-Wave'] });
  // Without its tags the group would match everything: nobody is asked.
  await world.clock.advance(10_000);
  expect(JSON.stringify(library.form('lead').blocks)).toContain('“DR-Wave” is no tag');
  await library.pressesInForm('lead', PREVIEW_GROUP_ACTION, undefined, {
    [GROUP_FIELD.tags.blockId]: ['DR-Application=HRP\nDR-Wave=3'],
  });
  await world.clock.runUntil(() => JSON.stringify(library.form('lead').blocks).includes('It matches'), {
    what: 'the preview',
    withinMs: 60_000,
  });
  expect(
    await library.submits('lead', { [GROUP_FIELD.tags.blockId]: ['DR-Wave'], [GROUP_FIELD.servers.blockId]: [] }),
  ).toEqual({ [GROUP_FIELD.tags.blockId]: '“DR-Wave” is no tag: write key=value, one a line.' });
  const shared = await library.checks('lead', {
    [GROUP_FIELD.tags.blockId]: ['DR-Application=HRP\nDR-Wave=3'],
  });
  expect(shared).toContain('also in the group HRP web servers: a server is in one group only');
  await library.presses('lead', EDIT_DRAFT_ACTION);
  expect(JSON.stringify(library.form('lead').blocks)).toContain('HRP web 2');
  const [connector] = world.serversOf('Connectors', 1);
  expect(
    await library.checks('lead', {
      [GROUP_FIELD.tags.blockId]: [],
      [GROUP_FIELD.servers.blockId]: [connector?.hostname ?? ''],
    }),
  ).toContain('Group HRP web 2 is new.');
  expect(await library.presses('lead', STORE_DRAFT_ACTION)).toContain(
    'protection group HRP web 2 (hrp-web-2), version 1',
  );
  const before = library.toldTo('approver').length;
  expect(await library.presses('approver', STORE_DRAFT_ACTION)).toContain(
    'Nothing was stored: the new differences follow',
  );
  expect(await library.nextTold('approver', before, 'the new differences')).toContain(
    'rtoTargetMinutes changes from 200 to 180',
  );
  expect(await library.presses('approver', DISCARD_DRAFT_ACTION)).toContain('Discarded');
  expect(await library.asks('reader', 'plan show hrp')).toContain('RTO target 3 h 20 min');
  expect(await library.asks('reader', 'plan show hrp version 1')).toContain('not the current version, which is 2');

  // A group that a plan names stays; the other one goes.
  expect(await library.asks('lead', 'group delete hrp-db')).toContain('Wave 1 of the plan HRP has it');
  expect(await library.asks('lead', 'group delete "HRP web 2"')).toContain('Group HRP web 2 is removed.');
  expect(await library.presses('lead', STORE_DRAFT_ACTION)).toContain('is deleted');

  // As text: what is wrong is said with its line, and what was typed stays.
  const form = await library.opens('lead', 'plan edit HRP as text');
  const text = /initial_value":("(?:[^"\\]|\\.)*")/.exec(JSON.stringify(form.blocks))?.[1] ?? '""';
  const yaml = JSON.parse(text) as string;
  const wrong = await library.submits('lead', {
    [TEXT_FIELD.blockId]: [yaml.replace('waveNumber: 2', 'waveNumber: two')],
  });
  expect(wrong[TEXT_FIELD.blockId]).toMatch(/^Line \d+, recoveryPlans\[0\]\.waves\[1\]\.waveNumber: /);
  expect(
    await library.checks('lead', {
      [TEXT_FIELD.blockId]: [yaml.replace('rtoTargetMinutes: 200', 'rtoTargetMinutes: 210')],
    }),
  ).toContain('rtoTargetMinutes changes from 200 to 210');

  // Who stored what is kept for auditors.
  const notes = await world.table.notes(refusedDayOf(world.clock.now()));
  expect(notes.filter(({ kind }) => kind === 'plans stored').map(({ text }) => text)).toHaveLength(4);
});
