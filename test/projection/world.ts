import { LogLevel, WebClient } from '@slack/web-api';
import { onTestFinished, vi } from 'vitest';
import type { ExecutionRecord, ExecutionView, MessageRecord } from '../../src/domain/records.ts';
import { Identities } from '../../src/local/aws/identities.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import { startDynamoDB } from '../../src/local/dynamodb/dynamodb.ts';
import { executionTable } from '../../src/local/execution-table.ts';
import { type LocalHandler, type LocalResponse, serve } from '../../src/local/http.ts';
import { startS3 } from '../../src/local/services/s3.ts';
import { startSecretsManager } from '../../src/local/services/secrets-manager.ts';
import { startSsm } from '../../src/local/services/ssm.ts';
import type { SlackMessage } from '../../src/local/slack/model.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { SlackWorkspace } from '../../src/local/slack/workspace.ts';
import { executionStore, ITEM } from '../../src/platform/execution-store.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { resultStore } from '../../src/platform/result-store.ts';
import { create as createProjector } from '../../src/projection/projector.ts';
import { create as createSweep } from '../../src/projection/sweep-messages.ts';
import { MemoryDynamoDB } from '../simulation/dynamodb/memory.ts';
import { inProcess } from '../wire.ts';

const REGION = 'us-east-2';
const TABLE = 'executions';
const BUCKET = 'results';
export const BOT_TOKEN = 'xoxb-practice';
const CHANNEL = WORKSPACE.channelId;
const CONFIG_PATH = '/dr-chatops/test';
/** Where cards go whose channel is closed. */
export const FALLBACK = 'C0FALLBACK1';

/** What goes wrong with a call to Slack. */
export type Fault =
  /** Slack does what was asked, and the answer never arrives. */
  | 'lost answer'
  | 'unavailable'
  | 'rate limited'
  /** A rate limit that is over in three seconds. */
  | 'too fast'
  /** Refused with an error's code. */
  | { refused: string };

export type World = Awaited<ReturnType<typeof startWorld>>;

interface WorldOptions {
  /** Functions can wait, as they can on Lambda; time then passes at once. Otherwise nothing waits. */
  canWait?: boolean;
  /** Configured as the channel of requests. */
  fallback?: string;
}

/** The table, Slack, and the functions of the projection between them; closed when the test has ended. */
export async function startWorld({ canWait = false, fallback }: WorldOptions = {}) {
  const waits: number[] = [];
  const hooks = { onCall: async (_method: string) => {}, onWait: async () => {} };
  if (canWait) vi.useFakeTimers({ toFake: ['Date'] });
  const sleep = async (ms: number): Promise<void> => {
    waits.push(ms);
    vi.setSystemTime(Date.now() + ms);
    await hooks.onWait();
  };
  const services = { clock: new VirtualClock(), identities: new Identities() };
  const [dynamodb, s3, secretsManager, ssm] = await inProcess(() =>
    Promise.all([
      startDynamoDB({ ...services, backend: new MemoryDynamoDB() }),
      startS3(services),
      startSecretsManager(services),
      startSsm(services),
    ]),
  );
  const everybody = [WORKSPACE.botUserId, ...PEOPLE.map(({ userId }) => userId)];
  const incident = { id: CHANNEL, name: WORKSPACE.channelName, memberIds: everybody, isArchived: false };
  const workspace = new SlackWorkspace({
    botToken: BOT_TOKEN,
    channels: [incident, { id: FALLBACK, name: 'dr-requests', memberIds: everybody }],
  });
  const calls: string[] = [];
  let isDown = false;
  const held: { method: string; until: Promise<void>; done: () => void }[] = [];
  const faults: { method: string; key: string; fault: Fault; times: number }[] = [];
  const slackApi: LocalHandler = async (request) => {
    const method = request.path.replace(/^\/api\//, '');
    calls.push(method);
    await hooks.onCall(method);
    if (isDown) return answerOf('unavailable');
    const at = held.findIndex((one) => one.method === method);
    const [late] = at === -1 ? [] : held.splice(at, 1);
    if (late !== undefined) {
      await late.until;
      const answer = await workspace.handle(request);
      late.done();
      return answer;
    }
    const sent = request.body.toString('utf8');
    const next = faults.find((one) => one.times > 0 && one.method === method && isAbout(sent, one.key));
    if (next === undefined) return await workspace.handle(request);
    next.times -= 1;
    if (next.fault === 'lost answer') await workspace.handle(request);
    return answerOf(next.fault);
  };
  const slack = await inProcess(() => serve(slackApi));
  workspace.url = slack.url;
  const endpoints = {
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    AWS_ENDPOINT_URL_S3: s3.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
    AWS_ENDPOINT_URL_SSM: ssm.url,
    SLACK_API_URL: `${slack.url}/api/`,
  };
  for (const [name, value] of Object.entries(endpoints)) vi.stubEnv(name, value);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    vi.useRealTimers();
    await Promise.all([slack, dynamodb, s3, secretsManager, ssm].map((server) => server.close()));
  });

  await dynamodb.createTable(executionTable(TABLE));
  s3.createBucket(BUCKET);
  const setFallback = (channelId: string) => ssm.put(`${CONFIG_PATH}/requests`, JSON.stringify({ channelId }));
  if (fallback !== undefined) setFallback(fallback);
  secretsManager.put('slack', JSON.stringify({ botToken: BOT_TOKEN, signingSecret: 'x' }));

  const logLines: string[] = [];
  const metricLines: string[] = [];
  const line = (message: string, fields?: Record<string, unknown>) => {
    logLines.push(JSON.stringify({ message, ...fields }));
  };
  const platform: Platform = {
    environment: {
      EXECUTION_TABLE: TABLE,
      RESULT_BUCKET: BUCKET,
      SLACK_SECRET_ID: 'slack',
      CONFIG_PATH,
      AWS_REGION: REGION,
    },
    credentials: services.identities.forRole('arn:aws:iam::900000000000:role/dr-chatops-projector'),
    now: () => services.clock.now(),
    sleep: canWait ? sleep : undefined,
    log: { info: line, warn: line, error: line },
    printLine: (text) => metricLines.push(text),
  };
  const store = executionStore(platform);
  const projector = createProjector(platform);
  const sweep = createSweep(platform);

  return {
    workspace,
    store,
    calls,
    /** How long the functions have waited, each time, in milliseconds. */
    waits,
    logLines,
    /** The values of a metric, in the order in which they were written. */
    measured: (name: string): number[] => metricLines.flatMap((text) => JSON.parse(text)[name] ?? []),
    /** The unmodified client with the bot's token, for what the bot did not do itself. */
    client: new WebClient(BOT_TOKEN, { slackApiUrl: `${slack.url}/api/`, logLevel: LogLevel.ERROR }),

    /** The next calls of `method` (about the message `key`, where one is given) go wrong. */
    failNext(method: string, fault: Fault, { key = '', times = 1 }: { key?: string; times?: number } = {}): void {
      faults.push({ method, key, fault, times });
    },

    /** Slack carries out the next call of all only when the answer is called; the client gives up before. */
    holdNext(method: string): () => Promise<void> {
      const timeout = AbortSignal.timeout.bind(AbortSignal);
      vi.spyOn(AbortSignal, 'timeout').mockImplementationOnce(() => timeout(100));
      const release = Promise.withResolvers<void>();
      const done = Promise.withResolvers<void>();
      held.push({ method, until: release.promise, done: done.resolve });
      return async () => {
        release.resolve();
        await done.promise;
      };
    },

    /** What was to fail yet, does not. */
    endFaults(): void {
      faults.length = 0;
    },

    /** From now on Slack answers nothing, or does so again. */
    setDown(down: boolean): void {
      isDown = down;
    },
    /** What happens while a function waits. */
    set onWait(listener: () => Promise<void>) {
      hooks.onWait = listener;
    },
    /** What happens when Slack is called. */
    set onCall(listener: (method: string) => Promise<void>) {
      hooks.onCall = listener;
    },
    setFallback,
    /** The bot is invited again. */
    openChannel(): void {
      incident.memberIds = everybody;
    },
    /** Somebody archives the channel of the incident, or removes the bot from it. */
    closeChannel(how: 'archived' | 'bot removed'): void {
      if (how === 'archived') incident.isArchived = true;
      else incident.memberIds = everybody.filter((userId) => userId !== WORKSPACE.botUserId);
    },

    /** Stores the state of an execution, as the handlers would have left it. */
    async put(view: ExecutionView): Promise<void> {
      await putExecution(view.execution);
      for (const gate of view.gates) {
        if (!(await store.createGate(gate))) await store.decideGate(gate, { version: 1 });
      }
      for (const wave of view.waves) await store.recordWave(wave);
      for (const action of view.actions ?? []) await store.createAction(action);
      if (view.recoveryPlan !== undefined) await store.createRecoveryPlan(view.recoveryPlan);
      if (view.plan === undefined) return;
      const { batchIds: _, ...plan } = view.plan;
      await store.freezePlan(view.execution.executionId, {
        ...plan,
        batches: view.batches.map(({ batchId, wave, accountId, region, servers }) => ({
          batchId,
          wave,
          accountId,
          region,
          servers,
        })),
      });
    },

    /** The stream delivers a change of each of these executions' items. */
    async draw(...executionIds: string[]) {
      return await projector({ Records: executionIds.map((id, index) => change(id, ITEM.execution, index)) });
    },
    deliverItem: (executionId: string, item: string) => projector({ Records: [change(executionId, item, 1)] }),
    sweep: () => sweep({}),
    /** By another process of the same function. */
    nextSweep: () => createSweep(platform)({}),
    now: () => services.clock.now(),
    /** Lets this many milliseconds pass. */
    advance: (ms: number) => services.clock.advance(ms),

    putResult: (location: string, json: string) => resultStore(platform).write(location, json),
    /** Rotates Slack's secret; `undefined` leaves one that cannot be used. */
    setSecret: (botToken: string | undefined) =>
      secretsManager.put('slack', botToken === undefined ? 'broken' : JSON.stringify({ botToken, signingSecret: 'x' })),

    message: (executionId: string, key: string): Promise<MessageRecord | undefined> =>
      store.getMessage(executionId, key),
    /** What stands in the channel and its threads for a message of an execution. */
    shown: (executionId: string, key: string, channelId: string = CHANNEL): SlackMessage[] =>
      workspace
        .messages(channelId)
        .filter(
          ({ metadata }) => metadata?.event_payload.execution_id === executionId && metadata.event_payload.key === key,
        ),
  };

  /** A change of this moment, as the stream tells of it. */
  function change(executionId: string, item: string, sequence: number) {
    return streamRecord(executionId, item, sequence, services.clock.now());
  }

  async function putExecution(execution: ExecutionRecord): Promise<void> {
    if (await store.createExecution(execution)) return;
    const { status, planRevision, launchStartedAt, endTime, outcome, summary, resultLocation, problem } = execution;
    const changes = { planRevision, launchStartedAt, endTime, outcome, summary, resultLocation, problem };
    await store.moveExecution(execution.executionId, status, changes);
  }
}

/** True when a request's body speaks of the message with this key; a form's body is encoded. */
function isAbout(sent: string, key: string): boolean {
  return key === '' || decodeURIComponent(sent).includes(`"key":"${key}"`);
}

function answerOf(fault: Fault): LocalResponse {
  const headers = { 'content-type': 'application/json' };
  if (fault === 'lost answer') return { status: 200, dropConnection: true };
  if (fault === 'unavailable') return { status: 503, body: 'unavailable' };
  if (fault === 'rate limited' || fault === 'too fast') {
    const seconds = fault === 'too fast' ? '3' : '30';
    return { status: 429, headers: { ...headers, 'retry-after': seconds }, body: '{"ok":false,"error":"ratelimited"}' };
  }
  return { status: 200, headers, body: JSON.stringify({ ok: false, error: fault.refused }) };
}

function streamRecord(executionId: string, item: string, sequence: number, at: number) {
  return {
    eventName: 'MODIFY' as const,
    dynamodb: {
      // Whole seconds, as in AWS.
      ApproximateCreationDateTime: Math.floor(at / 1_000),
      Keys: { executionId: { S: executionId }, item: { S: item } },
      SequenceNumber: String(sequence),
    },
  };
}
