import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Policies } from '../../src/domain/policy.ts';
import { SlackRefusal } from '../../src/local/slack/errors.ts';
import { executionIdOf, startWorld, type World, type WorldOptions } from './world.ts';

/** One server in each of two accounts: what is asked and answered is the same for thirty. */
const SMALL = 'HealthEdge wave 1';

/** Questions that expire as soon as a policy may let them: what the clock does in half an hour shows nothing more. */
const SOON: Policies = { drill: { expiresAfterMinutes: 5 } };

interface AskedOptions extends WorldOptions {
  policies?: Policies;
}

async function askedWorld(wave = SMALL, { policies, ...options }: AskedOptions = {}): Promise<World> {
  const world = await startWorld({ wire: 'http', ...options });
  const { ssm, configPath } = world.practice;
  if (policies !== undefined) ssm.put(`${configPath}/policies`, JSON.stringify(policies));
  await world.says('requester', `drill ${wave}`);
  await world.untilAsked();
  return world;
}

describe('one open question, before anybody has decided it', () => {
  let world: World;
  beforeAll(async () => {
    world = await askedWorld(SMALL, { shared: true });
    return () => world.practice.close();
  });
  const open = async () => (await world.table.gates(executionIdOf(world.cards()[0])))[0];

  test('a press by the requester, a reader or a stranger is answered only to them and changes nothing', async () => {
    const before = world.textOf(world.gateCards()[0]);
    for (const [person, answer] of [
      ['requester', 'somebody else has to decide'],
      ['reader', 'You may not decide'],
      ['stranger', 'You may not decide'],
    ] as const) {
      expect(await world.presses(person, 'approve', world.openGateCards()[0])).toContain(answer);
      expect(await world.presses(person, 'reject', world.openGateCards()[0])).toContain(answer);
      expect(world.forms(person)).toEqual([]);
    }
    await world.drawn();

    expect(world.textOf(world.gateCards()[0])).toBe(before);
    expect(await open()).toMatchObject({ status: 'pending', votes: [] });
    expect(world.jobs()).toHaveLength(0);
  });

  test('a right that is withdrawn while people think is gone at the press', async () => {
    const path = `${world.practice.configPath}/access`;
    const access = world.practice.ssm.get(path) ?? '';
    world.practice.ssm.put(path, access.replace('"U0PAPPROVE1",', ''));
    expect(await world.presses('approver', 'approve', world.openGateCards()[0])).toContain('You may not decide');
    world.practice.ssm.put(path, access);
    expect(await open()).toMatchObject({ status: 'pending', votes: [] });
    expect(world.jobs()).toHaveLength(0);
  });

  test('rights that cannot be read refuse the press and say so', async () => {
    const path = `${world.practice.configPath}/access`;
    const access = world.practice.ssm.get(path) ?? '';
    world.practice.ssm.put(path, '{"teamId":');
    expect(await world.presses('approver', 'approve', world.openGateCards()[0])).toContain('not valid JSON');
    world.practice.ssm.put(path, access);
    expect(await open()).toMatchObject({ status: 'pending', votes: [] });
  });

  test('a form that Slack does not open is said to be so; nothing is recorded, and the next press opens one', async () => {
    const [card] = world.openGateCards();
    const exchange = vi.spyOn(world.practice.workspace.triggers, 'exchange').mockImplementation(() => {
      throw new SlackRefusal('expired_trigger_id');
    });
    const answer = await world.presses('approver', 'reject', card);
    expect(answer).toContain('Slack did not open the form');
    expect(answer).toContain('expired_trigger_id');
    expect(answer).toContain('Nothing was recorded and the question is still open: press Reject again.');
    expect(await open()).toMatchObject({ status: 'pending', votes: [] });

    exchange.mockRestore();
    await world.practice.workspace.as('approver').closeView(await world.opensForm('approver', card));
  });

  test('a second execution of the same application waits for nobody: it is refused with who holds it', async () => {
    expect(await world.says('approver', 'drill HealthEdge wave 2')).toContain(`HealthEdge is busy with drill ${SMALL}`);
    expect(world.cards()).toHaveLength(1);
    expect(await world.says('requester', 'drill MemberPortal wave 1')).toContain('Looking at MemberPortal wave 1');
  });

  test('until a reason is given nothing is recorded: a form may be closed, and a press that finds it decided opens none', async () => {
    const [card] = world.openGateCards();
    const form = await world.opensForm('approver', card);
    for (const reason of ['', ' no ', '\n\n\n\n', 'x'.repeat(501)]) {
      expect(await world.submits('approver', form, reason)).toContain('Say why in 3 to 500 characters');
    }
    await world.practice.workspace.as('approver').closeView(form);
    await world.drawn();
    expect(await open()).toMatchObject({ status: 'pending', version: 1, votes: [] });

    expect(await world.rejects('second-approver', card, 'not at this hour')).toContain('Your rejection is recorded');
    const late = await world.presses('approver', 'reject', card);
    expect(late).toContain('decided already: 🚫 Rejected by <@U0PAPPROVE2>');
    expect(late).toContain('“not at this hour”');
    expect(world.forms('approver')).toEqual([]);
  });
});

describe('the approval gate', () => {
  test('a rejection ends the drill: nothing is launched, the cards say who rejected it and why, the lock is free', async () => {
    const world = await askedWorld();
    const reason = '<!channel> not now:\nthe <@U0PREQUEST1> migration runs & must not be disturbed';
    const answer = await world.rejects('approver', world.openGateCards()[0], `  ${reason}\n`);
    expect(answer).toContain('Your rejection is recorded');
    await world.untilStatus('rejected');
    await world.drawn();

    const shown = '“&lt;!channel&gt; not now: the &lt;@U0PREQUEST1&gt; migration runs &amp; must not be disturbed”';
    const [card] = world.cards();
    if (card === undefined) throw new Error('there is no card');
    expect(world.textOf(world.gateCards()[0])).toMatch(/Rejected by <@U0PAPPROVE1> at <!date[^>]*>: “/);
    for (const message of [world.gateCards()[0], card, world.threadOf(card).at(-1)]) {
      expect(world.textOf(message)).toContain(shown);
      expect(world.textOf(message)).not.toContain('<!channel>');
    }
    const [gate] = await world.table.gates(executionIdOf(card));
    expect(gate?.votes).toMatchObject([{ userId: 'U0PAPPROVE1', choice: 'reject', reason }]);
    expect(world.logLines.join('\n')).not.toContain('migration runs');
    expect(world.openGateCards()).toHaveLength(0);
    expect(world.jobs()).toHaveLength(0);
    expect(await world.says('requester', `drill ${SMALL}`)).toContain(`Looking at ${SMALL}`);
  });

  test('unanswered, it expires and is never a yes; a late press or form is answered and changes nothing', async () => {
    const world = await askedWorld(SMALL, { policies: SOON });
    const card = world.openGateCards()[0];
    const form = await world.opensForm('approver', card);
    await world.untilStatus('expired');
    await world.drawn();

    expect(world.textOf(world.gateCards()[0])).toContain('Expired unanswered');
    expect(world.jobs()).toHaveLength(0);
    expect(await world.submits('approver', form, 'not now')).toContain('This question expired');
    expect(await world.presses('approver', 'approve', card)).toContain('expired');
    await world.drawn();
    expect(world.cardStatus()).toBe('expired');
    expect(await world.table.gates(executionIdOf(world.cards()[0]))).toMatchObject([{ status: 'expired', votes: [] }]);
    expect(world.jobs()).toHaveLength(0);
  });

  test('a press after the deadline does not count even before the machine has noticed the deadline', async () => {
    const world = await askedWorld(SMALL, { policies: SOON });
    const executionId = executionIdOf(world.cards()[0]);
    const [gate] = await world.table.gates(executionId);
    // The machine cannot read the decision while its function is down; time goes on.
    for (let n = 0; n < 3; n += 1) world.practice.host.crashNext('dr-chatops-read-decision', 'before');
    await world.clock.advance((gate?.expiresAt ?? 0) - world.clock.now() + 1_000);
    expect(await world.presses('approver', 'approve', world.openGateCards()[0])).toContain('expired');
    await world.untilStatus('expired');
    expect(world.jobs()).toHaveLength(0);
  });

  test('of two people with the form open, and of one who submits it twice, one vote counts; all are told', async () => {
    const world = await askedWorld();
    const [card] = world.openGateCards();
    const form = await world.opensForm('approver', card);
    const other = await world.opensForm('second-approver', card);
    await Promise.all([1, 2, 3].map(() => world.submits('approver', form, 'not at this hour')));
    const second = await world.submits('second-approver', other, 'the network is down');
    expect(second).toContain('decided already: 🚫 Rejected by <@U0PAPPROVE1>');
    expect(second).toContain('“not at this hour”');
    expect(await world.submits('approver', form, 'not at this hour')).toContain('decided already');
    const [gate] = await world.table.gates(executionIdOf(world.cards()[0]));
    expect(gate?.votes).toMatchObject([{ userId: 'U0PAPPROVE1', reason: 'not at this hour' }]);
  });

  test('everything is checked again when the form is submitted: right, question and revision', async () => {
    const world = await askedWorld();
    const executionId = executionIdOf(world.cards()[0]);
    const form = await world.opensForm('approver', world.openGateCards()[0]);
    const carrying = (metadata: unknown) => ({ ...form, private_metadata: JSON.stringify(metadata) });
    const question = { executionId, gateId: 'approval-1', planRevision: 1 };

    const path = `${world.practice.configPath}/access`;
    const access = world.practice.ssm.get(path) ?? '';
    world.practice.ssm.put(path, '{"teamId":');
    // What was typed is kept: the form stays, with what is wrong.
    expect(await world.submits('approver', form, 'not now')).toContain('⚠️');
    world.practice.ssm.put(path, access.replace('"U0PAPPROVE1",', ''));
    expect(await world.submits('approver', form, 'not now')).toContain('You may not decide');
    world.practice.ssm.put(path, access);

    expect(await world.submits('approver', carrying({ ...question, planRevision: 2 }), 'not now')).toContain(
      'This card is out of date',
    );
    expect(await world.submits('approver', carrying({ ...question, gateId: 'approval-9' }), 'not now')).toContain(
      'no longer exists',
    );
    for (const strange of [{ ...question, more: 1 }, { executionId }, 'text', null]) {
      expect(await world.submits('approver', carrying(strange), 'not now')).toContain('is from an older version');
    }
    expect(await world.table.gates(executionId)).toMatchObject([{ status: 'pending', version: 1, votes: [] }]);
  });

  test('a form about a plan that has changed since is out of date: it rejects nothing, and names the newest card', async () => {
    const world = await askedWorld();
    const [card] = world.openGateCards();
    const form = await world.opensForm('approver', card);
    const [gone] = world.serversOf('HealthEdge', 1);
    world.practice.fleet.removeSourceServer(gone?.sourceServerId ?? '');
    await world.presses('second-approver', 'approve', card);
    await world.untilAsked(2);

    const answer = await world.submits('approver', form, 'not now');
    expect(answer).toContain('Approved by <@U0PAPPROVE2>');
    expect(answer).toMatch(/This card is out of date: use <https:\/\/slack\.com\/archives\/[^|>]*\|the current card>/);
    const gates = await world.table.gates(executionIdOf(world.cards()[0]));
    expect(gates.find(({ planRevision }) => planRevision === 2)).toMatchObject({ status: 'pending', votes: [] });
  });

  test('two presses at once settle it once; the other is told who decided', async () => {
    const world = await askedWorld();
    const card = world.openGateCards()[0];
    const answers = await Promise.all([
      world.presses('approver', 'approve', card),
      world.rejects('second-approver', card, 'not at this hour'),
    ]);
    expect(answers.filter((answer) => answer.includes('is recorded'))).toHaveLength(1);
    expect(answers.filter((answer) => answer.includes('decided already'))).toHaveLength(1);
    const [gate] = await world.table.gates(executionIdOf(world.cards()[0]));
    expect(gate?.votes).toHaveLength(1);
    await world.untilStatus('executing', 'rejected');
    expect(world.cardStatus()).toBe(gate?.status === 'approved' ? 'executing' : 'rejected');
  });

  test('the same person pressing many times counts once, and one job a batch is started', async () => {
    const world = await askedWorld();
    const card = world.openGateCards()[0];
    await Promise.all(Array.from({ length: 10 }, () => world.presses('approver', 'approve', card)));
    const [gate] = await world.table.gates(executionIdOf(world.cards()[0]));
    expect(gate?.votes).toHaveLength(1);
    await world.clock.runUntil(() => world.jobs().length > 0, { what: 'a job', withinMs: 600_000 });
    await world.clock.advance(60_000);
    expect(world.jobs()).toHaveLength(2);
  });

  test('with a quorum of two, one approval is not enough', async () => {
    const world = await askedWorld(SMALL, { policies: { drill: { quorum: 2 } } });
    expect(await world.presses('approver', 'approve', world.openGateCards()[0])).toContain('1 of 2');
    expect(await world.presses('approver', 'approve', world.openGateCards()[0])).toContain('recorded already');
    await world.clock.advance(600_000);
    expect(world.textOf(world.openGateCards()[0])).toContain('*1 of 2:* <@U0PAPPROVE1> approved');
    expect(world.jobs()).toHaveLength(0);
    await world.presses('second-approver', 'approve', world.openGateCards()[0]);
    await world.clock.runUntil(() => world.jobs().length === 2, { what: 'both jobs', withinMs: 600_000 });
  });

  test('a policy that nobody could satisfy fails before anybody waits for it', async () => {
    const world = await startWorld({ wire: 'http' });
    world.practice.ssm.put(`${world.practice.configPath}/policies`, JSON.stringify({ drill: { quorum: 4 } }));
    await world.says('requester', `drill ${SMALL}`);
    await world.untilStatus('failed');
    expect(world.textOf(world.cards()[0])).toContain('needs 4 approval');
    expect(world.jobs()).toHaveLength(0);
  });

  test('a bell that is lost is noticed at the next tick', async () => {
    const world = await askedWorld();
    const executionId = executionIdOf(world.cards()[0]);
    // Every delivery of the decision fails until the stream gives it up.
    for (let n = 0; n < 20; n += 1) world.practice.host.crashNext('dr-chatops-effects', 'before');
    await world.presses('approver', 'approve', world.openGateCards()[0]);
    await world.clock.runUntil(() => world.jobs().length === 2, { what: 'both jobs', withinMs: 600_000 });
    const [gate] = await world.table.gates(executionId);
    expect(gate).toMatchObject({ status: 'approved' });
    expect(world.jobs()).toHaveLength(2);
  });

  test('a machine that is stopped from outside is closed: the gate is cancelled, the lock is free, the card says so', async () => {
    const world = await askedWorld();
    const machine = world.practice.engine.listStateMachines('900000000000').find(({ name }) => name === 'dr-execution');
    const [running] = world.practice.engine.listExecutions({ stateMachineArn: machine?.stateMachineArn ?? '' });
    world.practice.engine.stopExecution({ executionArn: running?.executionArn ?? '', cause: 'an operator stopped it' });
    await world.untilStatus('failed');
    await world.drawn();

    expect(world.textOf(world.cards()[0])).toContain('an operator stopped it');
    expect(world.textOf(world.gateCards()[0])).toContain('Cancelled');
    expect(await world.says('requester', `drill ${SMALL}`)).toContain(`Looking at ${SMALL}`);
  });

  test('a machine that is stopped while servers launch, and closed: every server is in the result', async () => {
    const world = await askedWorld('HRP wave 1');
    await world.presses('approver', 'approve', world.openGateCards()[0]);
    await world.clock.runUntil(() => world.jobs().length === 3, { what: 'three jobs' });
    const machine = world.practice.engine.listStateMachines('900000000000').find(({ name }) => name === 'dr-execution');
    const [running] = world.practice.engine.listExecutions({ stateMachineArn: machine?.stateMachineArn ?? '' });
    world.practice.engine.stopExecution({ executionArn: running?.executionArn ?? '' });
    await world.closesStopped('approver');
    await world.untilStatus('failed', 'partial');
    await world.drawn();

    const result = world.result();
    const listed = [...result.recoveryInstances, ...result.failedServers, ...result.skippedServers].map(
      (server) => server.sourceServerId,
    );
    expect(listed).toHaveLength(30);
    expect(new Set(listed).size).toBe(30);
    expect(result.failedServers[0]?.errorMessage).toMatch(/drsjob-/);
  });
});
