import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { onTestFinished } from 'vitest';
import { APPROVE_ACTION, CLOSE_EXECUTION, REJECT_ACTION, VOTE_ACTION } from '../../blocks/action-ids.ts';
import { APPROVE_FORM, NAME_INPUT } from '../../blocks/approve-modal.ts';
import { REASON_INPUT } from '../../blocks/reject-modal.ts';
import type { AuditNote } from '../../src/domain/audit.ts';
import type { ComponentOutput } from '../../src/domain/contract.ts';
import type { ActionRecord, BatchRecord, ExecutionRecord, GateRecord, WaveRecord } from '../../src/domain/records.ts';
import type { PlanSet } from '../../src/domain/recovery-plan.ts';
import type { FunctionName } from '../../src/functions.ts';
import type { AwsCall } from '../../src/local/aws/identities.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import { type Inventory, loadInventory } from '../../src/local/inventory.ts';
import { deployedName } from '../../src/local/names.ts';
import { type Practice, startPractice } from '../../src/local/practice.ts';
import type { SlackMessage, SlackView } from '../../src/local/slack/model.ts';
import { PEOPLE, type Person, WORKSPACE } from '../../src/local/slack/people.ts';
import { type ExecutionStore, executionStore } from '../../src/platform/execution-store.ts';
import { MemoryDynamoDB } from '../simulation/dynamodb/memory.ts';
import { inProcess } from '../wire.ts';

const INVENTORY = new URL('../../practice/inventory.json', import.meta.url);

/** Functions that look after gates, messages and dead machines. */
const LOOKED_AFTER_BY = ['sweep-messages', 'watch-gates', 'close-execution'] as const;

/** A whole deployment on a virtual clock, with people in it. What it shows is what Slack received, unless it says so. */
export type World = Awaited<ReturnType<typeof startWorld>>;

export interface WorldOptions {
  /**
   * How many times as fast as in AWS a server is launched. Polls are most of what a drill costs: launches of half a minute
   * show the same as those of a quarter of an hour.
   * @default 20
   */
  launchPace?: number;
  /**
   * Functions that the clock calls besides those that look after gates, messages and dead machines. In an hour of waiting
   * all of them together are most of what is called.
   * @default none
   */
  schedules?: readonly FunctionName[];
  /**
   * Whether the clock calls those that look after gates, messages and dead machines. A run of the component needs none of
   * them, and in hours of waiting they are most of what happens.
   * @default true
   */
  lookedAfter?: boolean;
  /** @default - the people of practice mode */
  people?: readonly Person[];
  /** @default - {@link someServers} of practice/inventory.json: with a thousand, every look at an account takes long */
  inventory?: Inventory;
  /**
   * Whether DRS tells of each launch by an event of its own, as it does at its best. Polling is the truth, events only make
   * the card faster; a world without them is a third quicker.
   * @default false
   */
  drsEvents?: boolean;
  /** Recovery plans and protection groups that are stored from the start. @default none */
  library?: PlanSet;
  /**
   * What keeps the tables: `dynalite`, or the simulation's database, which gives the same answers (its own test compares them)
   * in less time. @default memory
   */
  database?: 'dynalite' | 'memory';
  /**
   * How the services of the world are reached: over HTTP on the loopback interface, signed, as in practice mode; or without a
   * socket. @default process
   */
  wire?: 'http' | 'process';
  /** Whether several tests use it, one after the other: then who starts it closes its practice. @default false */
  shared?: boolean;
}

/** All 1,000 servers of practice mode. */
export const wholeInventory = once(() => loadInventory(readFileSync(INVENTORY, 'utf8'), 'practice/inventory.json'));

/** Wave 1 of HRP and of Connectors whole, what is special in HRP, and some servers of every other wave. */
const someServers = once((): Inventory => {
  const whole = wholeInventory();
  const seen = new Map<string, number>();
  const sourceServers = whole.sourceServers.filter(({ tags, replication, recoveryInstance }) => {
    const wave = `${tags['DR-Application']} ${tags['DR-Wave']}`;
    seen.set(wave, (seen.get(wave) ?? 0) + 1);
    if (wave === 'HRP 1' || wave === 'Connectors 1' || (seen.get(wave) ?? 0) <= 2) return true;
    const isUsual =
      replication.state === 'CONTINUOUS' && recoveryInstance === undefined && tags['DR-Enabled'] !== 'false';
    return tags['DR-Application'] === 'HRP' && !isUsual;
  });
  return { ...whole, sourceServers };
});

/** Read once for all worlds, and frozen: no world may change what the next one starts from. */
function once<T>(read: () => T): () => T {
  let known: { value: T } | undefined;
  return () => {
    known ??= { value: deepFrozen(read()) };
    return known.value;
  };
}

function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFrozen(member);
  }
  return value;
}

export async function startWorld(options: WorldOptions = {}) {
  const clock = new VirtualClock();
  const inventory = options.inventory ?? someServers();
  const calls: AwsCall[] = [];
  const metricLines: string[] = [];
  const logLines: string[] = [];
  const line = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    logLines.push(JSON.stringify({ level, message, ...fields }));
  };
  const begin = options.wire === 'http' ? <T>(start: () => Promise<T>) => start() : inProcess;
  const starting = begin(() =>
    startPractice({
      clock,
      wallClock: clock,
      inventory,
      people: options.people,
      log: { info: line('INFO'), warn: line('WARN'), error: line('ERROR') },
      onCall: (call) => calls.push(call),
      drsEvents: options.drsEvents ?? false,
      launchPace: options.launchPace ?? 20,
      schedules: [...(options.lookedAfter === false ? [] : LOOKED_AFTER_BY), ...(options.schedules ?? [])],
      slackWaitsMs: 60_000,
      onMetrics: (text) => metricLines.push(text),
      ...(options.database === 'dynalite' ? {} : { database: new MemoryDynamoDB() }),
      ...(options.library === undefined ? {} : { library: options.library }),
    }),
  );
  const practice = await starting;
  if (options.shared !== true) onTestFinished(() => practice.close());
  const { workspace } = practice;
  const table = tableOf(practice);

  const messages = () => workspace.messages(WORKSPACE.channelId);
  const cards = () => messages().filter((message) => message.metadata?.event_payload?.key === 'card');
  const gateCards = () =>
    messages().filter((message) => String(message.metadata?.event_payload?.key).startsWith('gate-'));
  const openGateCards = () => gateCards().filter((message) => JSON.stringify(message.blocks).includes(APPROVE_ACTION));
  const questions = () => gateCards().filter((message) => JSON.stringify(message.blocks).includes(VOTE_ACTION.retry));
  const statusOf = (card: SlackMessage | undefined) => String(card?.metadata?.event_payload?.status ?? 'none');

  return {
    clock,
    practice,
    inventory,
    calls,
    logLines,
    metricLines,
    messages,
    cards,
    gateCards,
    openGateCards,
    /** Open questions about a wave that failed. */
    questions,
    /** All of a card's text. */
    textOf: (message: SlackMessage | undefined) => JSON.stringify(message?.blocks ?? ''),
    threadOf: (card: SlackMessage) =>
      workspace.thread(WORKSPACE.channelId, card.ts).filter((reply) => reply.ts !== card.ts),
    cardStatus: () => statusOf(cards().at(-1)),

    /** Types a command; the answer is what only this person sees. */
    async says(person: string, text: string): Promise<string> {
      await workspace.as(person).command('/dr', text, WORKSPACE.channelId);
      return ephemerals(person).at(-1)?.text ?? '';
    },

    /** Presses a button; the answer is what only this person sees. Reject asks for a reason first: see `rejects`. */
    async presses(person: string, button: 'approve' | 'reject', card: SlackMessage | undefined): Promise<string> {
      if (card === undefined) throw new Error('there is no card to press a button on');
      await workspace.as(person).click(card, button === 'approve' ? APPROVE_ACTION : REJECT_ACTION);
      return ephemerals(person).at(-1)?.text ?? '';
    },

    /** Presses Approve and, where a form asks for it, types the name; the answer is what only this person is told. */
    async approves(person: string, card: SlackMessage | undefined): Promise<string> {
      const told = await this.presses(person, 'approve', card);
      const form = forms(person).findLast((view) => view.callback_id === APPROVE_FORM);
      if (form === undefined) return told;
      const [, name = ''] = /"Type (.*?) to show/.exec(JSON.stringify(form.blocks)) ?? [];
      const { blockId, actionId } = NAME_INPUT;
      const values = { [blockId]: { [actionId]: { type: 'plain_text_input', value: name } } };
      const { error, errors } = await workspace.as(person).submitView(form, values);
      if (error !== undefined) throw new Error(`Slack showed ${error}`);
      return errors[blockId] ?? JSON.stringify(forms(person).at(-1)?.blocks ?? '');
    },

    /** Presses Reject and submits the form with this reason; the answer is what only this person sees. */
    async rejects(person: string, card: SlackMessage | undefined, reason: string): Promise<string> {
      const told = await this.presses(person, 'reject', card);
      const form = forms(person).at(-1);
      return form === undefined ? told : await this.submits(person, form, reason);
    },
    /** Presses Reject and gives the form that opens. */
    async opensForm(person: string, card: SlackMessage | undefined): Promise<SlackView> {
      const told = await this.presses(person, 'reject', card);
      const form = forms(person).at(-1);
      if (form === undefined) throw new Error(`no form was opened: ${told}`);
      return form;
    },
    /** Submits a form; the answer is what stands in its place, or beside its input. */
    async submits(person: string, form: SlackView, reason: string): Promise<string> {
      const { blockId, actionId } = REASON_INPUT;
      const values = { [blockId]: { [actionId]: { type: 'plain_text_input', value: reason } } };
      const { error, errors } = await workspace.as(person).submitView(form, values);
      if (error !== undefined) throw new Error(`Slack showed ${error}`);
      return errors[blockId] ?? JSON.stringify(forms(person).at(-1)?.blocks ?? '');
    },
    forms,

    untilAsked: (times = 1) =>
      clock.runUntil(() => gateCards().length >= times && openGateCards().length > 0, {
        what: 'a question to the approvers',
        withinMs: 600_000,
      }),
    untilStatus: (...statuses: string[]) =>
      clock.runUntil(() => statuses.includes(statusOf(cards().at(-1))), {
        what: `a card that says ${statuses.join(' or ')}`,
        withinMs: 6 * 3_600_000,
      }),
    /** A drill of HRP wave 1, approved, until its card says one of these (default: any end), and drawn to the end. */
    async approvedDrill(...statuses: string[]): Promise<void> {
      await this.approvedDrillOf('HRP wave 1', ...statuses);
    },
    /** The same of other waves, e.g. `HealthEdge wave 1`. */
    async approvedDrillOf(waves: string, ...statuses: string[]): Promise<void> {
      await this.says('requester', `drill ${waves}`);
      await this.untilAsked();
      await this.presses('approver', 'approve', this.openGateCards()[0]);
      await this.untilStatus(...(statuses.length > 0 ? statuses : ['completed', 'partial', 'failed']));
      await this.drawn();
    },
    /** Somebody closes the execution whose machine has died. */
    async closesStopped(person: string): Promise<void> {
      const find = () => messages().findLast(({ blocks = [] }) => JSON.stringify(blocks).includes(CLOSE_EXECUTION));
      await clock.runUntil(() => find() !== undefined, { what: 'a card with Close', withinMs: 600_000 });
      const card = find();
      if (card !== undefined) await workspace.as(person).click(card, CLOSE_EXECUTION);
    },
    /** Lets the projector draw what is left to draw. */
    drawn: () => clock.advance(10_000),

    /** The component's output, as the file in the thread. */
    result(): ComponentOutput {
      const file = workspace.files().findLast((stored) => stored.file.name.endsWith('.json'));
      if (file === undefined) throw new Error('there is no result file');
      return JSON.parse(file.content.toString('utf8')) as ComponentOutput;
    },

    /** Servers of the inventory with these tags. */
    serversOf: (application: string, wave: number) =>
      inventory.sourceServers.filter(
        (server) => server.tags['DR-Application'] === application && server.tags['DR-Wave'] === String(wave),
      ),

    jobs: () => inventory.stagingAccounts.flatMap(({ accountId }) => practice.drs.jobs.list(accountId)),
    launches: () => calls.filter((call) => call.action === 'StartRecovery' && call.outcome === 'ok'),

    /** What is stored: for what no card shows. */
    table,

    /** Runs `action` once, at the end of the next invocation of this function. */
    onceAfter(name: Parameters<typeof deployedName>[0], action: () => void): void {
      const stop = practice.host.onInvoke((invocation) => {
        if (invocation.functionName !== deployedName(name)) return;
        stop();
        action();
      });
    },
  };

  function ephemerals(person: string): SlackMessage[] {
    return workspace.ephemerals(WORKSPACE.channelId, userIdOf(person));
  }

  /** The modals on a person's screen, the topmost last. */
  function forms(person: string): SlackView[] {
    return workspace.modals(userIdOf(person));
  }

  function userIdOf(person: string): string {
    return PEOPLE.find((candidate) => candidate.name === person)?.userId ?? '';
  }
}

function tableOf(practice: Practice) {
  const credentials = practice.identities.forRole('arn:aws:iam::900000000000:role/test-reader');
  const db = DynamoDBDocumentClient.from(new DynamoDBClient({ credentials }));
  const TableName = practice.tableName;
  async function items<T>(executionId: string, prefix: string): Promise<T[]> {
    const answer = await db.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'executionId = :id AND begins_with(#item, :prefix)',
        ExpressionAttributeNames: { '#item': 'item' },
        ExpressionAttributeValues: { ':id': executionId, ':prefix': prefix },
        ConsistentRead: true,
      }),
    );
    return (answer.Items ?? []) as T[];
  }
  async function item<T>(executionId: string, key: string): Promise<T | undefined> {
    const answer = await db.send(new GetCommand({ TableName, Key: { executionId, item: key }, ConsistentRead: true }));
    return answer.Item as T | undefined;
  }
  return {
    gates: (executionId: string) => items<GateRecord>(executionId, 'GATE#'),
    batches: (executionId: string) => items<BatchRecord>(executionId, 'BATCH#'),
    waves: (executionId: string) => items<WaveRecord>(executionId, 'WAVE#'),
    actions: (executionId: string) => items<ActionRecord>(executionId, 'ACTION#'),
    /** What was noted for the audit: of an execution, or of a day. */
    notes: (key: string) => items<AuditNote>(key, 'EVENT#'),
    item,
    execution: (executionId: string) => item<ExecutionRecord>(executionId, 'EXECUTION'),
  };
}

/** The execution's id on a card. */
export function executionIdOf(card: SlackMessage | undefined): string {
  return String(card?.metadata?.event_payload?.execution_id ?? '');
}

/** What is stored, as the product's own functions write it. */
export function storeOf({ practice, clock }: World): ExecutionStore {
  const silent = () => {};
  return executionStore({
    environment: { EXECUTION_TABLE: practice.tableName },
    credentials: practice.identities.forRole('arn:aws:iam::900000000000:role/somebody'),
    now: () => clock.now(),
    log: { info: silent, warn: silent, error: silent },
  });
}
