import { describe, expect, test, vi } from 'vitest';
import {
  APPROVE_ACTION,
  BREAK_GLASS_ACTION,
  buttonValue,
  CANCEL_ACTION,
  OPEN_REQUEST_ACTION,
  PAUSE_ACTION,
  REJECT_ACTION,
} from '../../blocks/action-ids.ts';
import { NAME_INPUT } from '../../blocks/approve-modal.ts';
import { REASON_INPUT } from '../../blocks/reject-modal.ts';
import { REQUEST_FIELD, wavesField } from '../../blocks/request-modal.ts';
import type { AccessDocument } from '../../src/domain/access.ts';
import { type AuditNote, refusedDayOf } from '../../src/domain/audit.ts';
import type { Policies } from '../../src/domain/policy.ts';
import type { GateRecord } from '../../src/domain/records.ts';
import { deployedName } from '../../src/local/names.ts';
import { sendToApp } from '../../src/local/slack/app-request.ts';
import type { SlackView } from '../../src/local/slack/model.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import type { ViewValues } from '../../src/local/slack/person.ts';
import { executionIdOf, startWorld, storeOf } from './world.ts';

const GROUP = 'S0APPROVERS';
const idOf = (name: string) => PEOPLE.find((candidate) => candidate.name === name)?.userId ?? '';
const person = (name: string) => ({ userId: idOf(name), teamId: WORKSPACE.teamId });

/** A world with the chat's own entrances: what people do by buttons of any place, shortcuts, menus and mentions. */
async function chatWorld(documents: { policies?: Policies; access?: AccessDocument['grants'] } = {}) {
  const world = await startWorld();
  const { workspace, requestUrl, signingSecret, ssm, configPath } = world.practice;
  const app = { requestUrl, signingSecret };
  if (documents.policies !== undefined) put('policies', documents.policies);
  if (documents.access !== undefined) put('access', { teamId: WORKSPACE.teamId, grants: documents.access });
  return { ...world, put, interacts, pressesHome, fills, suggestions, mentions, notes, refusals, gate, lastForm };

  function put(name: 'policies' | 'access' | 'requests', document: unknown): void {
    ssm.put(`${configPath}/${name}`, JSON.stringify(document));
  }

  /** One signed interaction, in Slack's shape; the answer's body. */
  async function interacts(person: string, payload: Record<string, unknown>): Promise<Record<string, unknown>> {
    const userId = idOf(person);
    const team = { id: WORKSPACE.teamId, domain: WORKSPACE.teamDomain };
    const user = { id: userId, name: person, username: person, team_id: WORKSPACE.teamId };
    const sent = { team, user, api_app_id: WORKSPACE.appId, trigger_id: workspace.triggers.issue(userId), ...payload };
    const { status, body } = await sendToApp(workspace, app, {
      contentType: 'application/x-www-form-urlencoded',
      body: new URLSearchParams({ payload: JSON.stringify(sent) }).toString(),
    });
    expect(status).toBe(200);
    return body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
  }

  /** Presses a button in App Home; the answer is the form that opens. */
  async function pressesHome(person: string, actionId: string, value: string): Promise<string> {
    const action = { type: 'button', action_id: actionId, block_id: 'home', value, action_ts: workspace.timestamp() };
    const container = { type: 'view', view_id: 'V0HOME' };
    await interacts(person, {
      type: 'block_actions',
      container,
      view: { id: 'V0HOME', type: 'home' },
      actions: [action],
    });
    return JSON.stringify(lastForm(person).blocks);
  }

  function lastForm(person: string): SlackView {
    const form = world.forms(person).at(-1);
    if (form === undefined) throw new Error(`${person} has no form on the screen`);
    return form;
  }

  /** Submits a form; the errors beside its inputs, and what stands in its place. */
  async function fills(person: string, form: SlackView, values: ViewValues) {
    const { error, errors } = await workspace.as(person).submitView(form, values);
    if (error !== undefined) throw new Error(`Slack showed ${error}`);
    return { errors, shown: JSON.stringify(world.forms(person).at(-1)?.blocks ?? '') };
  }

  async function suggestions(person: string, typed: string): Promise<unknown> {
    const { actionId, blockId } = REQUEST_FIELD.application;
    const container = { type: 'view', view_id: lastForm(person).id };
    const asked = { type: 'block_suggestion', action_id: actionId, block_id: blockId, value: typed, container };
    return (await interacts(person, asked)).options;
  }

  /** Delivers a mention as an event; the same `eventId` again is the same event. */
  async function mentions(person: string, text: string, eventId: string, threadTs?: string): Promise<string> {
    const event = {
      type: 'app_mention',
      user: idOf(person),
      team: WORKSPACE.teamId,
      text: `<@${WORKSPACE.botUserId}> ${text}`,
      ts: '1772416800.000100',
      channel: WORKSPACE.channelId,
      event_ts: '1772416800.000100',
      ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
    };
    const body = JSON.stringify({ type: 'event_callback', team_id: WORKSPACE.teamId, event_id: eventId, event });
    const { status } = await sendToApp(workspace, app, { contentType: 'application/json', body });
    expect(status).toBe(200);
    const told = workspace.ephemerals(WORKSPACE.channelId, idOf(person)).at(-1);
    expect(told?.thread_ts).toBe(threadTs);
    return told?.text ?? '';
  }

  /** What was refused and belongs to this execution, or to none. */
  async function notes(executionId?: string): Promise<AuditNote[]> {
    return await world.table.notes(executionId ?? refusedDayOf(world.clock.now()));
  }

  /** What was refused and why, in the order of the alphabet: what happens at one moment has no other. */
  async function refusals(executionId?: string): Promise<string[]> {
    return (await notes(executionId)).map(({ what, why }) => `${what}, ${why}`).sort();
  }

  async function gate(): Promise<GateRecord> {
    const gates = await world.table.gates(executionIdOf(world.cards()[0]));
    const last = gates.at(-1);
    if (last === undefined) throw new Error('there is no gate');
    return last;
  }
}

const text = ({ blockId, actionId }: { blockId: string; actionId: string }, value: string): ViewValues => ({
  [blockId]: { [actionId]: { type: 'plain_text_input', value } },
});
const grant = (role: AccessDocument['grants'][number]['role'], ...names: string[]) => ({
  role,
  users: names.map(idOf),
});

describe('a request', () => {
  test('is stored with its waves, reason, ticket and topic; who may not ask, and who is no member, is refused and noted', async () => {
    const world = await chatWorld();
    const { workspace } = world.practice;
    const topic = world.practice.sns.createTopic({ name: 'dr-told' });
    world.put('requests', { channelId: WORKSPACE.channelId, notificationTopicArn: topic });

    expect(await world.says('reader', 'drill HRP wave 1')).toContain('You may not ask for a drill of HRP.');
    expect(await world.says('requester', 'terminate HRP wave 1')).toContain('You may not ask for a terminate of HRP.');
    expect(await world.says('stranger', 'help')).toContain('You have no role here');
    workspace.setAccount('approver', 'guest');
    workspace.setAccount('second-approver', 'bot');
    expect(await world.says('approver', 'drill HRP wave 1')).toContain('Guests of the workspace do not');
    expect(await world.says('second-approver', 'drill HRP wave 1')).toContain('Bots do not');
    await workspace.as('requester').command('/dr', 'drill HRP wave 1', 'C0GENERAL01');
    expect(workspace.ephemerals('C0GENERAL01', idOf('requester')).at(-1)?.text).toContain('/invite @dr-chatops');
    expect(await world.refusals()).toEqual([
      '/dr drill, bot',
      '/dr drill, bot not in channel',
      '/dr drill, guest',
      '/dr drill, no permission',
      '/dr help, no role',
      '/dr terminate, no permission',
    ]);
    expect(await world.notes()).toContainEqual(
      expect.objectContaining({ kind: 'refused', text: 'terminate HRP wave 1', person: person('requester') }),
    );

    const answer = await world.says('requester', 'drill healthedge ticket INC0012345 waves 2,1 reason “for a test”');
    expect(answer).toContain('Looking at HealthEdge waves 1–2 (about');
    const shortId = /as ([0-9a-f]{8});/.exec(answer)?.[1] ?? '';
    await world.drawn();
    const executionId = executionIdOf(world.cards()[0]);
    expect(executionId.startsWith(shortId)).toBe(true);
    expect(await world.table.execution(executionId)).toMatchObject({
      verb: 'drill',
      application: 'HealthEdge',
      waves: [1, 2],
      reason: 'for a test',
      requester: person('requester'),
      options: { minServers: 1, notificationArn: topic },
      metadata: { ticketId: 'INC0012345' },
    });

    const busy = await world.says('requester', 'failover HealthEdge wave 1');
    expect(busy).toContain(
      `HealthEdge is busy with drill HealthEdge waves 1–2 (<https://slack.com/archives/${WORKSPACE.channelId}/p`,
    );
    expect(busy).toContain(`|${shortId}>`);
    expect(await world.refusals()).toContain('/dr failover, busy');
  });

  test('is refused in a change freeze, without a reason or a ticket that is asked for, and while Slack cannot tell who asks', async () => {
    const world = await chatWorld({
      policies: {
        drill: { requireTicket: true, requireReason: true },
        failover: { freeze: 'year-end close' },
        applications: { Connectors: { drill: { requireTicket: false, requireReason: false } } },
      },
    });
    expect(await world.says('requester', 'failover HRP wave 1')).toContain('not allowed now: “year-end close”');
    const replaced = 'failover HRP wave 1 replace i-0123456789abcdef0';
    expect(await world.says('requester', replaced)).toContain('not allowed now: “year-end close”');
    expect(await world.says('requester', 'drill HRP wave 1 ticket INC1')).toContain('needs a reason');
    expect(await world.says('requester', 'drill HRP wave 1 reason "a test"')).toContain('needs a ticket');
    expect(await world.refusals()).toEqual([
      '/dr drill, no reason',
      '/dr drill, no ticket',
      '/dr failover, frozen: year-end close',
      '/dr failover, frozen: year-end close',
    ]);
    const answers = silence(world, 'users.info');
    await world.clock.advance(61_000);
    expect(await world.says('requester', 'drill Connectors wave 1')).toContain(
      `Slack could not tell what kind of account ${idOf('requester')} is`,
    );
    answers.mockRestore();
    expect(await world.says('requester', 'drill Connectors wave 1')).toContain('Looking at Connectors wave 1');
    // Whether the bot is in the channel is no reason to refuse while Slack cannot say so.
    silence(world, 'conversations.info');
    expect(await world.says('requester', 'drill HealthEdge wave 1')).not.toContain('/invite');
  });

  test('help shows what the asker may do, and access who decides', async () => {
    const world = await chatWorld({
      access: [
        { ...grant('DRSOperator', 'requester'), applications: ['HRP'] },
        grant('DRSRecoveryManager', 'approver'),
        grant('DRSReadOnly', 'reader'),
      ],
    });
    const [reader, operator, manager] = [
      await world.says('reader', 'help'),
      await world.says('requester', ''),
      await world.says('approver', 'help'),
    ];
    for (const word of ['/dr status', '/dr audit', '/dr access']) expect(reader).toContain(word);
    for (const word of ['/dr drill ', '/dr plan [', '/dr approve', '/dr cancel']) expect(reader).not.toContain(word);
    for (const word of ['/dr drill ', '/dr failover', '/dr cancel']) expect(operator).toContain(word);
    for (const word of ['/dr terminate', '/dr approve']) expect(operator).not.toContain(word);
    expect(operator).toContain('Applications: HRP (waves 1–4).');
    for (const word of ['/dr terminate', '/dr approve', '/dr pause']) expect(manager).toContain(word);
    expect(await world.says('reader', 'help terminate')).toContain('You may not use it');
    expect(await world.says('requester', 'drill Connectors wave 1')).toContain(
      'You may not ask for a drill of Connectors.',
    );
    const access = await world.says('requester', 'access');
    expect(access).toContain('• DRSOperator: HRP');
    expect(access).toContain(`<@${idOf('approver')}> may decide about requests.`);
    expect(access).toContain(`\`${world.practice.configPath}/access\``);
  });

  test('that an event of Slack brings twice is one; a mention asks in a thread, looks, and decides nothing', async () => {
    const world = await chatWorld();
    const threadTs = world.practice.workspace.as('requester').say('the primary site is gone', WORKSPACE.channelId).ts;
    const [first, again] = await Promise.all(
      ['Ev01', 'Ev01'].map((eventId) => world.mentions('requester', 'drill HealthEdge wave 1', eventId, threadTs)),
    );
    expect(first).toContain('Looking at HealthEdge wave 1');
    expect(again).toBe(first);
    await world.untilAsked();
    expect(world.cards()).toHaveLength(1);
    const executionId = executionIdOf(world.cards()[0]);
    for (const word of ['approve', 'reject', 'resume', 'cancel', 'pause']) {
      const told = await world.mentions('approver', `${word} ${executionId.slice(0, 8)}`, `Ev-${word}`);
      expect(told).toContain(`A mention may ask, but decides nothing. Nothing was recorded`);
      expect(told).toContain(`\`/dr ${word} ${executionId.slice(0, 8)}\``);
    }
    expect(await world.gate()).toMatchObject({ status: 'pending', version: 1, votes: [] });
    expect(await world.notes()).toHaveLength(5);
    expect(await world.mentions('requester', 'status HealthEdge', 'Ev02', threadTs)).toContain('Looking…');
    expect(await world.mentions('reader', 'drill HealthEdge wave 1', 'Ev03')).toContain(
      'You may not ask for a drill of HealthEdge.',
    );
  });
});

describe('who may decide', () => {
  const grants = [
    grant('DRSOperator', 'requester'),
    { role: 'DRSRecoveryManager' as const, userGroups: [GROUP] },
    grant('DRSReadOnly', 'reader'),
  ];
  const worldWithGroup = async (policies?: Policies) => {
    const world = await chatWorld({ access: grants, ...(policies === undefined ? {} : { policies }) });
    const userIds = ['approver', 'second-approver', 'requester'].map(idOf);
    world.practice.workspace.addUserGroup({ id: GROUP, handle: 'approvers', name: 'Approvers', userIds });
    return world;
  };

  test('are members of the group when the question opens and when they vote, full members of the workspace, and never the requester', async () => {
    const world = await worldWithGroup({ drill: { quorum: 2, expiresAfterMinutes: 1_440 } });
    const { workspace } = world.practice;
    await world.says('requester', 'drill HealthEdge wave 1');
    await world.untilAsked();
    const [card] = world.openGateCards();
    expect((await world.gate()).approvers).toEqual(['approver', 'second-approver'].map(idOf));
    expect(await world.presses('requester', 'approve', card)).toContain('somebody else has to decide');

    workspace.setGroupMembers(GROUP, ['second-approver', 'reader'].map(idOf), idOf('stranger'));
    await world.clock.advance(61_000);
    expect(await world.presses('reader', 'approve', card)).toContain('could not when this one was asked');
    expect(await world.presses('approver', 'approve', card)).toContain('You may not decide about HealthEdge.');
    workspace.setAccount('second-approver', 'guest');
    await world.clock.advance(61_000);
    expect(await world.presses('second-approver', 'approve', card)).toContain('Guests of the workspace do not decide');
    workspace.setAccount('second-approver', undefined);
    await world.clock.advance(61_000);

    const groups = silence(world, 'usergroups.list');
    const refusal = await world.presses('second-approver', 'approve', card);
    expect(refusal).toContain('Slack could not tell who is in a user group');
    expect(refusal).toContain('Nothing was recorded: try again in a moment.');
    expect(await world.gate()).toMatchObject({ version: 1, votes: [] });
    groups.mockRestore();
    expect(await world.presses('second-approver', 'approve', card)).toContain('1 of 2 approvals');

    // Who has left meanwhile does not count with a later vote.
    workspace.setGroupMembers(GROUP, ['approver'].map(idOf), idOf('stranger'));
    await world.clock.advance(61_000);
    expect(await world.presses('approver', 'approve', card)).toContain('2 of 2 approvals');
    expect(await world.gate()).toMatchObject({ status: 'pending' });
    const executionId = executionIdOf(world.cards()[0]);
    expect(await world.refusals(executionId)).toEqual([
      'vote: approve, guest',
      'vote: approve, no permission',
      'vote: approve, not asked',
      expect.stringContaining('vote: approve, not checked: Slack could not tell who is in a user group'),
      'vote: approve, own request',
    ]);
  });

  test('are nobody’s business any more where Slack cannot name them and the execution was cancelled: it ends', async () => {
    const world = await worldWithGroup();
    // Kept for a minute by who takes the command, not by who opens the question.
    await world.says('requester', 'access');
    silence(world, 'usergroups.list');
    await world.says('requester', 'drill HealthEdge wave 1');
    await world.clock.advance(300_000);
    const executionId = executionIdOf(world.cards()[0]);
    expect(await world.table.gates(executionId)).toEqual([]);
    const by = { userId: idOf('requester'), teamId: WORKSPACE.teamId, at: world.clock.now() };
    expect(await storeOf(world).requestCancel(executionId, by)).toBe(true);
    await world.clock.advance(61_000);
    expect(await world.table.execution(executionId)).toMatchObject({ status: 'cancelled' });
    expect(await world.table.gates(executionId)).toMatchObject([{ status: 'cancelled', approvers: [], votes: [] }]);
  });

  test('are looked up at most every minute; a group that the requester changes after the request is nobody’s', async () => {
    const world = await worldWithGroup();
    const { workspace } = world.practice;
    const calls = countedCalls(world);
    await world.says('requester', 'drill HealthEdge wave 1');
    await world.untilAsked();
    const asked = () => calls.mock.calls.filter(([call]) => call.method === 'usergroups.list').length;
    const before = asked();
    for (let n = 0; n < 5; n += 1) await world.presses('reader', 'approve', world.openGateCards()[0]);
    expect(asked() - before).toBeLessThanOrEqual(1);

    workspace.setGroupMembers(GROUP, ['approver', 'second-approver'].map(idOf), idOf('requester'));
    await world.clock.advance(61_000);
    expect(await world.presses('approver', 'approve', world.openGateCards()[0])).toContain(
      'You may not decide about HealthEdge.',
    );
    expect(await world.gate()).toMatchObject({ status: 'pending', votes: [] });
  });
});

describe('a failover', () => {
  const grants = [
    grant('DRSOperator', 'requester'),
    grant('DRSRecoveryManager', 'approver', 'second-approver'),
    grant('DRSOrchestrationAdmin', 'reader', 'requester'),
  ];
  const breakGlass = { roles: ['DRSOrchestrationAdmin' as const], byRequester: false };

  test('is approved by two people who type its name', async () => {
    const world = await chatWorld();
    await world.says('requester', 'failover MemberPortal wave 1');
    await world.untilAsked();
    const [card] = world.openGateCards();
    if (card === undefined) throw new Error('nobody was asked');
    const { workspace } = world.practice;

    expect((await workspace.as('requester').click(card, APPROVE_ACTION)).status).toBe(200);
    expect(world.forms('requester')).toEqual([]);
    await workspace.as('approver').click(card, APPROVE_ACTION);
    const form = world.lastForm('approver');
    expect(JSON.stringify(form.blocks)).toContain('Type MemberPortal to show that this is what you mean.');
    const wrong = await world.fills('approver', form, text(NAME_INPUT, 'HRP'));
    expect(wrong.errors[NAME_INPUT.blockId]).toContain('This is not MemberPortal. Nothing was recorded');
    expect(await world.gate()).toMatchObject({ version: 1, votes: [] });
    expect((await world.fills('approver', form, text(NAME_INPUT, ' memberportal '))).shown).toContain(
      '1 of 2 approvals',
    );

    // By command, too: it opens the same form.
    const { executionId } = await world.gate();
    await world.says('second-approver', `approve ${executionId.slice(0, 8)}`);
    const other = world.lastForm('second-approver');
    const done = await world.fills('second-approver', other, text(NAME_INPUT, 'MemberPortal'));
    expect(done.shown).toContain('Your approval is recorded.');
    expect(await world.gate()).toMatchObject({ status: 'approved', answer: 'approve' });
    expect(await world.refusals(executionId)).toEqual(['vote: approve, own request', 'vote: approve, wrong name']);
  });

  test('is passed alone only by the named role, with a reason and the name, never by the requester', async () => {
    const world = await chatWorld({ access: grants, policies: { failover: { breakGlass } } });
    await world.says('requester', 'failover MemberPortal wave 1');
    await world.untilAsked();
    const [card] = world.openGateCards();
    if (card === undefined) throw new Error('nobody was asked');
    const { workspace } = world.practice;
    for (const name of ['approver', 'requester']) {
      await workspace.as(name).click(card, BREAK_GLASS_ACTION);
      expect(world.forms(name)).toEqual([]);
    }
    await workspace.as('reader').click(card, BREAK_GLASS_ACTION);
    const form = world.lastForm('reader');
    expect(JSON.stringify(form.blocks)).toContain('You pass this question alone');
    const name = text(NAME_INPUT, 'MemberPortal');
    const none = await world.fills('reader', form, { ...name, ...text(REASON_INPUT, ' ') });
    expect(none.errors[REASON_INPUT.blockId]).toContain('Say why');
    const wrong = await world.fills('reader', form, {
      ...text(NAME_INPUT, 'HRP'),
      ...text(REASON_INPUT, 'nobody answers'),
    });
    expect(wrong.errors[NAME_INPUT.blockId]).toContain('This is not MemberPortal');
    expect(await world.gate()).toMatchObject({ status: 'pending', votes: [] });

    const done = await world.fills('reader', form, { ...name, ...text(REASON_INPUT, 'nobody answers') });
    expect(done.shown).toContain('you passed this question alone');
    const gate = await world.gate();
    expect(gate).toMatchObject({
      status: 'approved',
      votes: [{ userId: idOf('reader'), breakGlass: true, reason: 'nobody answers' }],
    });
    expect(await world.refusals(gate.executionId)).toEqual([
      'vote: break glass, no break-glass',
      'vote: break glass, own request',
      'vote: break glass, wrong name',
    ]);
    const [note] = await world.notes(gate.executionId);
    expect(note).toMatchObject({ gateId: gate.gateId, planHash: gate.planHash });
  });

  test('over live instances has no glass to break', async () => {
    const world = await chatWorld({ access: grants, policies: { failover: { breakGlass } } });
    await world.says('requester', 'failover MemberPortal wave 1 replace i-0123456789abcdef0');
    await world.untilAsked();
    const gate = await world.gate();
    expect(await world.table.execution(gate.executionId)).toMatchObject({
      options: { replaceLive: ['i-0123456789abcdef0'] },
    });
    expect(gate.breakGlass).toBeUndefined();
    expect(world.textOf(world.openGateCards()[0])).not.toContain(BREAK_GLASS_ACTION);
    const value = buttonValue(gate);
    expect(await world.pressesHome('reader', BREAK_GLASS_ACTION, value)).toContain(
      'You may not pass this question alone.',
    );
    expect(await world.gate()).toMatchObject({ status: 'pending', votes: [] });
  });
});

describe('a cancel', () => {
  test('while it is planned, or waits for approval: nothing is launched; only the requester and those who decide may', async () => {
    const world = await chatWorld();
    const answer = await world.says('requester', 'drill HealthEdge wave 1');
    const id = /as ([0-9a-f]{8});/.exec(answer)?.[1] ?? '';
    expect(await world.says('reader', `cancel ${id}`)).toContain('You may not cancel executions of HealthEdge.');
    expect(await world.says('requester', 'cancel 00000000')).toContain('There is no execution 00000000');
    expect(await world.says('requester', `cancel ${id} reason "wrong application"`)).toContain(
      'is cancelled. Nothing was launched, and nothing will be.',
    );
    await world.untilStatus('cancelled');
    await world.drawn();
    expect(await world.table.execution(executionIdOf(world.cards()[0]))).toMatchObject({
      cancelRequested: { userId: idOf('requester'), reason: 'wrong application' },
    });
    expect(world.jobs()).toHaveLength(0);
    expect(await world.says('requester', `cancel ${id}`)).toContain('is over or cancelled already');
    expect(await world.says('requester', `approve ${id}`)).toMatch(/Nothing is to approve|decided already/);

    await world.says('requester', 'drill HealthEdge wave 1');
    await world.untilAsked();
    const card = world.cards().at(-1);
    const executionId = executionIdOf(card);
    expect(await world.pressesHome('approver', CANCEL_ACTION, executionId)).toContain(
      'is cancelled. Nothing was launched',
    );
    // At once, not at the next look at the question.
    expect(await world.table.gates(executionId)).toMatchObject([
      { status: 'cancelled', cancelledBy: person('approver') },
    ]);
    await world.untilStatus('cancelled');
    expect(world.jobs()).toHaveLength(0);
    expect(await world.says('requester', 'drill HealthEdge wave 1')).toContain('Looking at HealthEdge wave 1');
  });

  test('right before the question is asked: nobody is asked in vain, and it ends', async () => {
    const world = await chatWorld();
    const opening = deployedName('open-gate');
    let tried = false;
    const stop = world.practice.host.onInvoke(({ functionName }) => {
      tried ||= functionName === opening;
    });
    world.practice.host.crashNext(opening, 'before');
    const answer = await world.says('requester', 'drill HealthEdge wave 1');
    await world.clock.runUntil(() => tried, { what: 'a question that could not be asked' });
    stop();
    const id = /as ([0-9a-f]{8});/.exec(answer)?.[1] ?? '';
    expect(await world.says('requester', `cancel ${id}`)).toContain('nothing will be');
    await world.untilStatus('cancelled');
    expect(await world.gate()).toMatchObject({ status: 'cancelled', cancelledBy: person('requester'), votes: [] });
    expect(await world.says('requester', 'drill HealthEdge wave 1')).toContain('Looking at HealthEdge wave 1');
  });

  test('at a pause: no further wave begins; a pause waits before the next wave, and /dr resume goes on', async () => {
    const world = await chatWorld();
    await world.says('requester', 'drill HealthEdge waves 1-3');
    await world.untilAsked();
    await world.presses('approver', 'approve', world.openGateCards()[0]);
    await world.clock.runUntil(() => world.jobs().length > 0, { what: 'a job' });
    const executionId = executionIdOf(world.cards()[0]);
    const id = executionId.slice(0, 8);
    expect(await world.says('requester', `resume ${id}`)).toContain('Nothing is to resume');
    expect(await world.pressesHome('requester', PAUSE_ACTION, executionId)).toContain('stops before its next wave');
    await world.untilStatus('paused');
    expect(await world.says('approver', `approve ${id}`)).toContain('it is paused: `/dr resume`');
    expect(await world.says('requester', `resume ${id}`)).toContain('You may not decide');
    expect(await world.says('approver', `resume ${id}`)).toContain('it goes on with the next wave');
    await world.untilStatus('executing');
    await world.says('approver', `pause ${id}`);
    await world.untilStatus('paused');
    const jobs = world.jobs().length;
    expect(await world.says('approver', `cancel ${id}`)).toContain('No further wave begins.');
    await world.untilStatus('cancelled');
    await world.drawn();
    expect(world.jobs()).toHaveLength(jobs);
    const gates = await world.table.gates(executionId);
    expect(gates.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'approval approved',
      'pause approved',
      'pause cancelled',
    ]);
    expect(await world.says('requester', `cancel ${id}`)).toContain('is over or cancelled already');
  });

  test('while servers launch says that a job cannot be stopped: it is followed to its end', async () => {
    const world = await chatWorld();
    await world.says('requester', 'drill HealthEdge waves 1-2');
    await world.untilAsked();
    await world.presses('approver', 'approve', world.openGateCards()[0]);
    await world.clock.runUntil(() => world.jobs().length > 0, { what: 'a job' });
    const executionId = executionIdOf(world.cards()[0]);
    expect(await world.pressesHome('requester', CANCEL_ACTION, executionId)).toContain('a DRS job cannot be stopped');
    const jobs = world.jobs().length;
    await world.untilStatus('cancelled');
    expect(world.jobs()).toHaveLength(jobs);
    expect(await world.table.execution(executionId)).toMatchObject({ cancelRequested: { userId: idOf('requester') } });
  });
});

describe('in App Home', () => {
  test('a press is answered by a form, whatever becomes of it: there is no channel', async () => {
    const world = await chatWorld();
    await world.says('requester', 'drill HealthEdge wave 1 ticket INC0012345');
    await world.untilAsked();
    const gate = await world.gate();
    const value = buttonValue(gate);
    expect(await world.pressesHome('requester', APPROVE_ACTION, value)).toContain('somebody else has to decide');
    const old = buttonValue({ ...gate, planRevision: 9 });
    expect(await world.pressesHome('approver', APPROVE_ACTION, old)).toMatch(
      /This card is out of date.*<https:\/\/slack.com\/archives\/[^|]*\|the current card>/,
    );
    expect(await world.pressesHome('approver', 'a-button-of-old', 'x')).toContain('from an older version');
    expect(await world.pressesHome('approver', REJECT_ACTION, value)).toContain('*Drill HealthEdge wave 1*');
    expect(await world.pressesHome('approver', APPROVE_ACTION, value)).toContain('Your approval is recorded.');
    expect(await world.pressesHome('second-approver', APPROVE_ACTION, value)).toContain('This is decided already');
    expect(await world.says('second-approver', `reject ${gate.executionId} reason "too late"`)).toContain(
      'This is decided already',
    );
    await world.clock.runUntil(() => world.jobs().length > 0, { what: 'a job' });
    expect(await world.pressesHome('approver', PAUSE_ACTION, gate.executionId)).toContain('no further wave to pause');
    await world.untilStatus('completed');
    await world.drawn();
    expect(world.result().metadata).toMatchObject({ ticketId: 'INC0012345', initiatedBy: idOf('requester') });
  });

  test('and by the shortcut a form asks for the same as the command: with menus, and problems at their fields', async () => {
    const policies: Policies = { drill: { requireTicket: true } };
    const world = await chatWorld({ policies });
    await world.interacts('stranger', { type: 'shortcut', callback_id: 'request_recovery' });
    expect(JSON.stringify(world.lastForm('stranger').blocks)).toContain('You have no role here');
    await world.interacts('requester', { type: 'shortcut', callback_id: 'request_recovery' });
    expect(JSON.stringify(world.lastForm('requester').blocks)).not.toContain('"value":"terminate"');
    expect(await world.pressesHome('approver', OPEN_REQUEST_ACTION, 'home')).toContain('"value":"terminate"');

    expect(await world.suggestions('approver', 'hr')).toMatchObject([
      { text: { text: 'HRP (waves 1–4)' }, value: 'HRP' },
    ]);
    const form = world.lastForm('requester');
    const menu = (field: { blockId: string; actionId: string }, value: string): ViewValues => ({
      [field.blockId]: { [field.actionId]: { type: 'static_select', selected_option: { value } } },
    });
    const channel = (id: string): ViewValues => ({
      [REQUEST_FIELD.channel.blockId]: {
        [REQUEST_FIELD.channel.actionId]: { type: 'conversations_select', selected_conversation: id },
      },
    });
    const chosen = {
      ...menu(REQUEST_FIELD.verb, 'drill'),
      ...menu(REQUEST_FIELD.application, 'HRP'),
      ...channel('C0GENERAL01'),
    };
    const early = await world.fills('requester', form, chosen);
    expect(early.errors[REQUEST_FIELD.application.blockId]).toContain('choose the application again');

    const { actionId, blockId } = REQUEST_FIELD.application;
    await world.interacts('requester', {
      type: 'block_actions',
      container: { type: 'view', view_id: form.id },
      view: { ...form, state: { values: chosen } },
      actions: [{ type: 'external_select', action_id: actionId, block_id: blockId, selected_option: { value: 'HRP' } }],
    });
    const drawn = world.lastForm('requester');
    const waves = wavesField('HRP');
    expect(drawn.blocks.map(({ block_id }) => block_id)).toContain(waves.blockId);
    const picked: ViewValues = {
      ...chosen,
      [waves.blockId]: {
        [waves.actionId]: { type: 'multi_static_select', selected_options: [{ value: '2' }, { value: '1' }] },
      },
    };
    const outside = await world.fills('requester', drawn, picked);
    expect(outside.errors[REQUEST_FIELD.channel.blockId]).toContain('/invite @dr-chatops');
    const here = { ...picked, ...channel(WORKSPACE.channelId) };
    const noTicket = await world.fills('requester', drawn, here);
    expect(noTicket.errors[REQUEST_FIELD.ticket.blockId]).toContain('needs a ticket');
    const bad = await world.fills('requester', drawn, { ...here, ...text(REQUEST_FIELD.ticket, 'a b') });
    expect(bad.errors[REQUEST_FIELD.ticket.blockId]).toContain('This is no ticket');
    const done = await world.fills('requester', drawn, { ...here, ...text(REQUEST_FIELD.ticket, 'OPS-17') });
    expect(done.shown).toContain('Looking at HRP waves 1–2');
    await world.drawn();
    expect(await world.table.execution(executionIdOf(world.cards()[0]))).toMatchObject({
      waves: [1, 2],
      metadata: { ticketId: 'OPS-17' },
      channelId: WORKSPACE.channelId,
      requester: { userId: idOf('requester') },
    });
  });
});

/** Slack's own count of the bot's calls. */
function countedCalls(world: Awaited<ReturnType<typeof chatWorld>>) {
  const { rates } = world.practice.workspace;
  if (rates === undefined) throw new Error('the practice Slack keeps no rates');
  return vi.spyOn(rates, 'count');
}

/** Makes Slack answer every call of this method with a rate limit. */
function silence(world: Awaited<ReturnType<typeof chatWorld>>, method: string) {
  return countedCalls(world).mockImplementation((call) => (call.method === method ? 30 : undefined));
}
