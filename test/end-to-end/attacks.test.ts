import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { APPROVE_ACTION, buttonValue, CANCEL_ACTION } from '../../blocks/action-ids.ts';
import { APPROVE_FORM, NAME_INPUT } from '../../blocks/approve-modal.ts';
import { deployedName } from '../../src/local/names.ts';
import { WORKSPACE } from '../../src/local/slack/people.ts';
import { slackSignature } from '../../src/local/slack/signature.ts';
import { call } from './component-call.ts';
import { executionIdOf, startWorld, type World } from './world.ts';

/**
 * What docs/security.md says is stopped, tried against the running product: by requests that carry a good signature but
 * say what Slack would not, and by events and calls of somebody who has got into an account.
 */
let world: World;
/** Of a failover that waits for two people. */
let executionId: string;

beforeAll(async () => {
  world = await startWorld({ wire: 'http', shared: true, lookedAfter: false });
  await world.says('requester', 'failover HRP wave 1');
  await world.untilAsked();
  executionId = executionIdOf(world.cards()[0]);
  return () => world.practice.close();
});

const APPROVER = 'U0PAPPROVE1';
const gate = async () => (await world.table.gates(executionId))[0];

interface Forged {
  userId?: string;
  teamId?: string;
  [field: string]: unknown;
}

/** A request that carries a good signature, as of this moment. */
async function signed(body: string, sentAt = Math.floor(Date.now() / 1_000)): Promise<string> {
  const response = await fetch(world.practice.requestUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': String(sentAt),
      'x-slack-signature': slackSignature(world.practice.signingSecret, sentAt, body),
    },
    body,
  });
  return `${response.status} ${await response.text()}`;
}

function payload({ userId = APPROVER, teamId = WORKSPACE.teamId, ...fields }: Forged): string {
  const user = { id: userId, team_id: teamId, username: 'lead', name: 'lead' };
  const given = { team: { id: WORKSPACE.teamId }, user, trigger_id: 'forged', api_app_id: WORKSPACE.appId, ...fields };
  return `payload=${encodeURIComponent(JSON.stringify(given))}`;
}

function press(actionId: string, value: string, who: Forged = {}): string {
  const { pageUrl, workspace } = world.practice;
  const answered = workspace.responseUrls.issue({ channelId: WORKSPACE.channelId, userId: who.userId ?? APPROVER });
  return payload({
    type: 'block_actions',
    container: { type: 'message', message_ts: '1.2', channel_id: WORKSPACE.channelId },
    channel: { id: WORKSPACE.channelId, name: WORKSPACE.channelName },
    response_url: `${pageUrl}/response/${answered}`,
    actions: [{ type: 'button', action_id: actionId, block_id: 'b', value, action_ts: '1.2' }],
    ...who,
  });
}

const metadataOf = (question: object): string => JSON.stringify({ gateId: 'approval-1', planRevision: 1, ...question });

/** The form by which a failover is approved, submitted with this name. */
function approvalForm(typed: string, privateMetadata: string, who: Forged = {}): string {
  const { blockId, actionId } = NAME_INPUT;
  const state = { values: { [blockId]: { [actionId]: { type: 'plain_text_input', value: typed } } } };
  return payload({
    type: 'view_submission',
    view: { id: 'V1', type: 'modal', callback_id: APPROVE_FORM, private_metadata: privateMetadata, state, blocks: [] },
    ...who,
  });
}

describe('a request with a good signature that says what Slack would not', () => {
  const good = () => metadataOf({ executionId });

  it.each<[string, Forged]>([
    ['the requester', { userId: 'U0PREQUEST1' }],
    ['somebody who may only read', { userId: 'U0PREADER01' }],
    ['somebody of another workspace who has an approver’s id', { teamId: 'T0ELSEWHERE' }],
    ['somebody who calls themselves lead', { userId: 'U0PSTRANGE1' }],
  ])('a form that was opened by an approver and is submitted by %s decides nothing', async (_, who) => {
    expect(await signed(approvalForm('HRP', good(), who))).toContain('Not recorded');
    expect((await gate())?.votes).toEqual([]);
  });

  it.each<[string, () => string]>([
    ['another question of the same execution', () => metadataOf({ executionId, gateId: 'approval-2' })],
    ['another revision of the plan', () => metadataOf({ executionId, planRevision: 2 })],
    ['another execution', () => metadataOf({ executionId: '00000000-0000-8000-8000-000000000000' })],
    ['more than it may carry', () => metadataOf({ executionId, quorum: 1 })],
    [
      'a prototype',
      () => `{"executionId":"${executionId}","gateId":"approval-1","planRevision":1,"__proto__":{"quorum":1}}`,
    ],
    ['no JSON', () => 'approval-1'],
  ])('a form whose hidden part was changed to %s decides nothing', async (_, metadata) => {
    expect(await signed(approvalForm('HRP', metadata()))).toMatch(
      /^200 .*(Not recorded|no longer|Nothing was recorded)/s,
    );
    expect(await gate()).toMatchObject({ status: 'pending', votes: [], quorum: 2 });
  });

  it.each(['НRP', 'HRР', 'H\u200bRP', 'HRP wave 1', 'ＨＲＰ', ''])(
    'a name that only looks like the one to type is not it: %j',
    async (typed) => {
      expect(await signed(approvalForm(typed, good()))).toContain('This is not HRP');
      expect((await gate())?.votes).toEqual([]);
    },
  );

  it.each<[string, () => string]>([
    [
      'Approve, which a form has to confirm',
      () => press(APPROVE_ACTION, buttonValue({ executionId, gateId: 'approval-1', planRevision: 1 })),
    ],
    [
      'Approve of another card’s question',
      () => press(APPROVE_ACTION, buttonValue({ executionId, gateId: 'pause-1', planRevision: 1 })),
    ],
    ['Cancel by somebody who may only read', () => press(CANCEL_ACTION, executionId, { userId: 'U0PREADER01' })],
    ['Cancel with the key of another item', () => press(CANCEL_ACTION, 'CATALOGUE')],
    ['Cancel with a key that no table takes', () => press(CANCEL_ACTION, 'x'.repeat(3_000))],
  ])('a button’s value was changed: %s changes nothing', async (_, body) => {
    expect(await signed(body())).toMatch(/^200 /);
    expect(await gate()).toMatchObject({ status: 'pending', votes: [] });
    expect(await world.table.execution(executionId)).not.toHaveProperty('cancelRequested');
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'an application may be called %s: it is unknown like another',
    async (application) => {
      expect(await world.says('requester', `drill ${application} wave 1`)).toContain('There is no application');
      expect(({} as Record<string, unknown>).quorum).toBeUndefined();
    },
  );

  const shaped = (content: unknown) => `payload=${encodeURIComponent(JSON.stringify(content))}`;
  it.each<[string, () => string]>([
    ['without a person', () => shaped({ type: 'block_actions', actions: [{ action_id: APPROVE_ACTION, value: 'x' }] })],
    ['without an action', () => press(APPROVE_ACTION, 'x', { actions: [] })],
    ['whose actions are none', () => press(APPROVE_ACTION, 'x', { actions: { length: 1 } })],
    ['whose person is a list', () => press(CANCEL_ACTION, executionId, { user: [APPROVER] })],
    ['whose view is nothing', () => payload({ type: 'view_submission', view: null })],
    [
      'whose form has no state',
      () => approvalForm('HRP', good(), { view: { callback_id: APPROVE_FORM, private_metadata: good() } }),
    ],
    [
      'that nests for ever',
      () =>
        `payload=${encodeURIComponent(`{"type":"block_actions","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)}`,
    ],
    ['of a type that is none', () => shaped({ type: '__proto__' })],
    [
      'that sets a prototype',
      () =>
        `payload=${encodeURIComponent('{"type":"block_actions","__proto__":{"quorum":1},"user":{"id":"U0PREQUEST1"}}')}`,
    ],
    ['of a command with nothing in it', () => 'command=&user_id=&team_id=&channel_id='],
  ])('a request %s is answered and changes nothing', async (_, body) => {
    expect(await signed(body())).toMatch(/^[245]\d\d /);
    expect(await gate()).toMatchObject({ status: 'pending', votes: [], quorum: 2 });
    expect(({} as Record<string, unknown>).quorum).toBeUndefined();
  });

  it('is counted once when it is replayed within its five minutes, and not at all after them', async () => {
    const body = approvalForm('HRP', good());
    const now = Math.floor(Date.now() / 1_000);
    expect(await signed(body, now - 301)).toBe('401 {"error":"the request is too old or from the future"}');
    expect((await gate())?.votes).toEqual([]);

    expect(await signed(body, now)).toContain('Approved');
    expect(await signed(body, now)).toContain('counts once');
    expect(await gate()).toMatchObject({ status: 'pending', votes: [{ userId: APPROVER }] });
    expect(world.jobs()).toEqual([]);
  });
});

describe('somebody who has got into a staging account', () => {
  const ACCOUNT = '111111111111';
  const OTHER = '222222222222';
  /** Puts an event on the central bus as this role of that account, and tells which functions were called by it. */
  async function puts(source: string, detailType: string, detail: object, role = 'dr-chatops-executor') {
    const called: string[] = [];
    const stop = world.practice.host.onInvoke(({ functionName }) => called.push(functionName));
    const credentials = world.practice.identities.forRole(`arn:aws:iam::${ACCOUNT}:role/${role}`);
    const client = new EventBridgeClient({ credentials, region: 'us-east-2', maxAttempts: 1 });
    const EventBusName = world.practice.environment.EVENT_BUS_ARN;
    const entry = { EventBusName, Source: source, DetailType: detailType, Detail: JSON.stringify(detail) };
    const { Entries } = await client.send(new PutEventsCommand({ Entries: [entry] }));
    await world.clock.idle();
    stop();
    return { refused: Entries?.[0]?.ErrorCode, called };
  }

  /** What is reported of the account's first batch, or of another account's. */
  async function report(reporter: string, batchOf: string) {
    const [batch] = (await world.table.batches(executionId)).filter(({ accountId }) => accountId === batchOf);
    if (batch === undefined) throw new Error(`${batchOf} has no batch`);
    const servers = batch.servers.map(({ sourceServerId }) => ({ id: sourceServerId, status: 'LAUNCHED' }));
    const reported = { batchId: batch.batchId, jobId: 'drsjob-forged', status: 'COMPLETED', servers };
    const { called } = await puts('dr-chatops.executor', 'DR Batch Progress', {
      executionId,
      accountId: reporter,
      batches: [reported],
    });
    const after = (await world.table.batches(executionId)).find(({ batchId }) => batchId === batch.batchId);
    return { called, before: batch, after };
  }

  it.each([
    ['says that it is another one', OTHER, OTHER],
    ['speaks of another one’s batch', ACCOUNT, OTHER],
  ])('an event of an account that %s changes nothing', async (_, reporter, batchOf) => {
    const { called, before, after } = await report(reporter, batchOf);
    expect(called).toEqual([deployedName('record-progress')]);
    expect(after).toEqual(before);
  });

  it.each([
    ['DR Query Asked', { queryId: 'x' }],
    ['DR Close Asked', { executionId: 'x' }],
  ])('cannot say “%s”, which only the product says', async (detailType, detail) => {
    expect(await puts('dr-chatops', detailType, detail)).toEqual({ refused: undefined, called: [] });
  });

  it('cannot speak for DRS or for Step Functions', async () => {
    const refused = { refused: 'NotAuthorizedForSourceException', called: [] };
    expect(await puts('aws.drs', 'DRS Source Server Launch Result', {})).toEqual(refused);
    expect(await puts('aws.states', 'Step Functions Execution Status Change', {})).toEqual(refused);
  });

  it('may lie about its own servers on the card, and nothing is launched or decided by that', async () => {
    const { after } = await report(ACCOUNT, ACCOUNT);
    expect(after?.servers.every(({ state }) => state === 'launched')).toBe(true);
    expect(world.jobs()).toEqual([]);
    expect((await gate())?.status).toBe('pending');
  });
});

describe('a machine', () => {
  const request = async (changes: Record<string, unknown>) => {
    const event = {
      action: 'drill',
      tags: { 'DR-Application': 'Connectors', 'DR-Wave': '1' },
      channelId: WORKSPACE.channelId,
      ...changes,
    };
    return (await world.practice.host.invoke(deployedName('request-recovery'), event)) as { executionId: string };
  };

  it('that says it is an approver is nobody: its request is asked about, and what it says of itself means nothing', async () => {
    const { executionId: asked } = await request({
      metadata: {
        correlationId: 'attack-1',
        initiatedBy: `<@${APPROVER}> *approved*`,
        requester: APPROVER,
        approved: true,
      },
    });
    await world.clock.runUntil(() => world.gateCards().length > 1, { what: 'a question', withinMs: 600_000 });
    const [question] = await world.table.gates(asked);
    expect(question).toMatchObject({ status: 'pending', votes: [], requester: { userId: 'service' } });
    const card = world.gateCards().at(-1);
    expect(world.textOf(card)).not.toContain(`<@${APPROVER}> *approved*`);
    expect(card?.text).toContain(`&lt;@${APPROVER}&gt;`);
  });

  it.each<[string, Record<string, unknown>]>([
    ['somebody else’s correlation id for a failover', { action: 'failover', metadata: { correlationId: 'attack-1' } }],
    ['a field that nobody knows', { metadata: { correlationId: 'attack-2' }, approvedBy: APPROVER }],
    [
      'tags by a prototype',
      { tags: JSON.parse('{"__proto__":{"DR-Application":"HRP"}}'), metadata: { correlationId: 'attack-3' } },
    ],
    [
      'a topic of its own',
      {
        options: { notificationArn: 'arn:aws:sns:us-east-2:111111111111:mine' },
        metadata: { correlationId: 'attack-4' },
      },
    ],
  ])('that sends %s is refused', async (_, changes) => {
    await expect(request(changes)).rejects.toThrow(/Nothing was started|approvedBy/);
  });
});

describe('somebody with rights in the central account', () => {
  const settings = () => ({
    credentials: world.practice.identities.forRole('arn:aws:iam::900000000000:role/insider'),
    region: 'us-east-2',
    maxAttempts: 1,
  });

  it('who calls the component for a question that is still open is refused', async () => {
    const planHash = (await gate())?.planHash;
    const input = {
      action: 'failover',
      tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' },
      metadata: { executionId, gateId: 'approval-1', planHash },
    };
    expect(await call(world, input, 'insider-1')).toMatchObject({ status: 'FAILED', error: 'NotApproved' });
    expect(world.jobs()).toEqual([]);
  });

  it('who has a task token and says that all is approved only wakes the machine, which reads the table', async () => {
    const taskToken = (await gate())?.bell?.taskToken;
    const approved = JSON.stringify({ status: 'approved', approved: true, answer: 'approve' });
    await new SFNClient(settings()).send(new SendTaskSuccessCommand({ taskToken, output: approved }));
    await world.clock.advance(10_000);
    expect(await gate()).toMatchObject({ status: 'pending', votes: [{ userId: APPROVER }] });
    expect((await gate())?.bell?.taskToken).not.toBe(taskToken);
    expect(world.jobs()).toEqual([]);
  });

  it('who writes “approved” into the table, without the votes for it, has approved nothing', async () => {
    const db = DynamoDBDocumentClient.from(new DynamoDBClient(settings()));
    await db.send(
      new UpdateCommand({
        TableName: world.practice.tableName,
        Key: { executionId, item: 'GATE#approval-1' },
        UpdateExpression: 'SET #status = :approved, answer = :approve, settledAt = :now',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':approved': 'approved', ':approve': 'approve', ':now': world.clock.now() },
      }),
    );
    await world.clock.advance(600_000);
    expect((await world.table.execution(executionId))?.status).not.toBe('executing');
    expect(world.jobs()).toEqual([]);
  });
});
