import { onTestFinished, vi } from 'vitest';
import type { AccessDocument } from '../../src/domain/access.ts';
import type { QueryRecord } from '../../src/domain/query.ts';
import type { ExecutionRecord, ExecutionView } from '../../src/domain/records.ts';
import { Identities } from '../../src/local/aws/identities.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import { startDynamoDB } from '../../src/local/dynamodb/dynamodb.ts';
import { executionTable } from '../../src/local/execution-table.ts';
import { type LocalHandler, type LocalResponse, serve } from '../../src/local/http.ts';
import { planTables } from '../../src/local/plan-tables.ts';
import { startSecretsManager } from '../../src/local/services/secrets-manager.ts';
import { startSsm } from '../../src/local/services/ssm.ts';
import type { SlackMessage } from '../../src/local/slack/model.ts';
import { CHANNELS, PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { SlackWorkspace } from '../../src/local/slack/workspace.ts';
import { executionStore } from '../../src/platform/execution-store.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { create as createWorker } from '../../src/queries/answer-query.ts';
import { inProcess } from '../wire.ts';

const REGION = 'us-east-2';
const TABLE = 'executions';
const BOT_TOKEN = 'xoxb-practice';

export const CHANNEL = WORKSPACE.channelId;
/** A channel that the bot is not in. */
export const CLOSED_CHANNEL = 'C0GENERAL01';

export type World = Awaited<ReturnType<typeof startWorld>>;

/** A query without what every one has. */
export type Asked = Pick<QueryRecord, 'kind' | 'args'> & Partial<QueryRecord>;

/** The table, the configuration, Slack, and the worker between them; no staging account can be reached. */
export async function startWorld(options: { sleep?: (ms: number) => Promise<void> } = {}) {
  const services = { clock: new VirtualClock(), identities: new Identities() };
  const [dynamodb, ssm, secretsManager] = await inProcess(() =>
    Promise.all([startDynamoDB(services), startSsm(services), startSecretsManager(services)]),
  );
  const workspace = new SlackWorkspace({ botToken: BOT_TOKEN, channels: CHANNELS });
  const responses: { path: string; body: { text?: string; response_type?: string } }[] = [];
  const calls: string[] = [];
  let refusal: { method: string; answer: LocalResponse; times: number } | undefined;
  const slackApi: LocalHandler = async (request) => {
    const method = request.path.replace(/^\/api\//, '');
    calls.push(method);
    if (refusal !== undefined && refusal.times > 0 && method.startsWith(refusal.method)) {
      refusal.times -= 1;
      return refusal.answer;
    }
    if (!method.startsWith('/response')) return await workspace.handle(request);
    responses.push({ path: request.path, body: JSON.parse(request.body.toString('utf8')) });
    return { status: 200, body: 'ok' };
  };
  const slack = await inProcess(() => serve(slackApi));
  workspace.url = slack.url;
  const endpoints = {
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    AWS_ENDPOINT_URL_SSM: ssm.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
    SLACK_API_URL: `${slack.url}/api/`,
  };
  for (const [name, value] of Object.entries(endpoints)) vi.stubEnv(name, value);
  const running = new Set([slack, dynamodb, ssm, secretsManager]);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await Promise.all([...running].map((server) => server.close()));
  });
  await dynamodb.createTable(executionTable(TABLE));
  for (const table of planTables({ plans: 'plans', groups: 'groups' })) await dynamodb.createTable(table);
  secretsManager.put('slack', JSON.stringify({ botToken: BOT_TOKEN, signingSecret: 'x' }));

  const logLines: string[] = [];
  const line = (message: string, fields?: Record<string, unknown>) => {
    logLines.push(JSON.stringify({ message, ...fields }));
  };
  const platform: Platform = {
    environment: {
      ...{ EXECUTION_TABLE: TABLE, PROTECTION_GROUP_TABLE: 'groups', RECOVERY_PLAN_TABLE: 'plans' },
      ...{ SLACK_SECRET_ID: 'slack', CONFIG_PATH: '/dr', AWS_REGION: REGION, CENTRAL_ACCOUNT: '900000000000' },
    },
    credentials: services.identities.forRole('arn:aws:iam::900000000000:role/dr-chatops-answer-query'),
    now: () => services.clock.now(),
    sleep: options.sleep,
    log: { info: line, warn: line, error: line },
  };
  const store = executionStore(platform);
  const worker = createWorker(platform);
  const idOf = (person: string) => PEOPLE.find(({ name }) => name === person)?.userId ?? '';
  let asked = 0;

  const world = {
    workspace,
    store,
    calls,
    logLines,
    responses,
    idOf,
    responseUrl: `${slack.url}/response/secret`,
    now: () => services.clock.now(),
    advance: (ms: number) => services.clock.advance(ms),

    /** The access document: `grants` of the one workspace. */
    setAccess: (grants: AccessDocument['grants']) =>
      ssm.put('/dr/access', JSON.stringify({ teamId: WORKSPACE.teamId, grants })),
    putDocument: (name: string, content: unknown) => ssm.put(`/dr/${name}`, JSON.stringify(content)),

    /** The next `times` requests to Slack whose method begins so are answered with this. */
    refuseNext(method: string, answer: LocalResponse, times = 1): void {
      refusal = { method, answer, times };
    },

    /** From now on the table cannot be reached. */
    async loseTable(): Promise<void> {
      running.delete(dynamodb);
      await dynamodb.close();
    },

    /** Stores a query of a person; its id. */
    async ask(person: string, { kind, args, ...differs }: Asked): Promise<string> {
      asked += 1;
      const query = {
        queryId: `query-${asked}`,
        kind,
        args,
        asker: { userId: idOf(person), teamId: WORKSPACE.teamId },
        channelId: CHANNEL,
        askedAt: services.clock.now(),
        status: 'waiting',
        ...differs,
      } as QueryRecord;
      await store.createQuery(query);
      return query.queryId;
    },
    /** The bus tells of these queries. */
    deliver: (...queryIds: string[]) => Promise.all(queryIds.map((queryId) => worker({ detail: { queryId } }))),
    /** What only this person sees, newest last. */
    told: (person: string, channel = CHANNEL): SlackMessage[] => workspace.ephemerals(channel, idOf(person)),
    async askAndDeliver(person: string, query: Asked): Promise<string> {
      await world.deliver(await world.ask(person, query));
      return world.told(person).at(-1)?.text ?? '';
    },
    homeOf: (person: string): string => JSON.stringify(workspace.home(idOf(person))?.blocks ?? ''),

    /** Stores the state of an execution, as the handlers would have left it. */
    async put(view: ExecutionView): Promise<void> {
      await store.createExecution(view.execution);
      for (const gate of view.gates) await store.createGate(gate);
      if (view.plan === undefined) return;
      const { batchIds: _, ...plan } = view.plan;
      await store.freezePlan(view.execution.executionId, { ...plan, batches: [] });
    },
    /** Shows a card of an execution in Slack. */
    async show({ executionId }: Pick<ExecutionRecord, 'executionId'>): Promise<SlackMessage> {
      const card = workspace.post({ channel: CHANNEL, user: WORKSPACE.botUserId, text: 'card' });
      const startTime = services.clock.now();
      const message = {
        executionId,
        key: 'card',
        channelId: CHANNEL,
        ts: card.ts,
        status: 'shown' as const,
        startTime,
      };
      await store.putMessage(message);
      return card;
    },
  };
  return world;
}
