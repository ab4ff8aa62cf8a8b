import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { APPROVE_ACTION, buttonValue } from '../../blocks/action-ids.ts';
import { bundleFunctions } from '../../scripts/bundle.ts';
import type { Catalogue, GateRecord } from '../../src/domain/records.ts';
import { executionIdOf } from '../../src/domain/request.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import { deployedName } from '../../src/local/names.ts';
import { type Practice, startPractice } from '../../src/local/practice.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { slackSignature } from '../../src/local/slack/signature.ts';
import { type ExecutionStore, executionStore } from '../../src/platform/execution-store.ts';
import { wholeInventory } from '../end-to-end/world.ts';
import type { SignedRequest, Took } from './ack-process.ts';
import { type Benchmark, markdownTable, type Report } from './benchmark.ts';

/** Slack's limit. */
const SLACK_WAITS_MS = 3_000;
/** Of Slack's limit, what the function itself may take: the rest is for the network, and for what Lambda does before. */
const MOST_COLD_SHARE = 0.5;
const MOST_WARM_SHARE = 0.1;
/** Function instances that are started for each request, and further requests to each. */
const STARTS = 9;
const WARM = 8;

const PROCESS = fileURLToPath(new URL('ack-process.ts', import.meta.url));
const EMPTY_HANDLER = "exports.handler = async () => ({ statusCode: 200, body: '' });\n";

/** What is asked of the bot: one request for each call. */
interface Asked {
  name: string;
  /** What its answer says, where it has a text. */
  answer?: string;
  request: (n: number) => Promise<SignedRequest>;
}

/** An application for each request. */
const CATALOGUE: Catalogue = {
  refreshedAt: Date.now(),
  applications: Array.from({ length: STARTS * (WARM + 1) }, (_, n) => ({
    name: `HRP-${n}`,
    waves: [{ wave: 1, servers: 10 }],
  })),
};

/** Times of one kind of request, in milliseconds. */
export interface Measured {
  name: string;
  /** The first request of each new function instance. */
  cold: number[];
  /** Later ones. */
  warm: number[];
}

/** How long the bot takes to answer Slack, with a function instance that is new and with one that runs. */
export const ack: Benchmark = {
  name: 'ack',
  summary: 'how long Slack waits for the answer to /dr and to a press, cold and warm',
  async run(say) {
    const folder = mkdtempSync(path.join(tmpdir(), 'dr-chatops-ack-'));
    // Nothing moves on this clock: no other function runs meanwhile.
    const clock = new VirtualClock(Date.now());
    const practice = await startPractice({ clock, wallClock: clock, inventory: wholeInventory() });
    try {
      // What follows a stored request waits for its next try, which this clock never brings.
      practice.host.crashNext(deployedName('effects'), 'before');
      const functions = path.join(folder, 'functions');
      await bundleFunctions(functions);
      const empty = path.join(functions, 'empty.js');
      writeFileSync(empty, EMPTY_HANDLER);
      const bot = path.join(functions, 'slack-ingress', 'index.js');
      await executionStore(practice.platformOf('refresh-catalogue')).putCatalogue(CATALOGUE);
      const baseline = await measure(practice, empty, { name: 'an empty handler', request: help(practice) });
      const measured: Measured[] = [];
      for (const asked of questions(practice)) {
        measured.push(await measure(practice, bot, asked));
        say(`${asked.name}: ${median(measured.at(-1)?.cold ?? []).toFixed(0)} ms cold`);
      }
      return reportOf(baseline, measured);
    } finally {
      await practice.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function questions(practice: Practice): Asked[] {
  const store = executionStore(practice.platformOf('slack-ingress'));
  return [
    { name: '`/dr help`', answer: '*What you may do*', request: help(practice) },
    {
      name: '`/dr drill HRP wave 1`',
      answer: 'Looking at HRP-',
      // Each for an application of its own: one request at a time holds one.
      request: async (n) => command(practice, `drill HRP-${n} wave 1`, `drill-${n}`),
    },
    { name: 'a press of *Approve*', request: (n) => press(practice, store, n) },
  ];
}

/** Starts function instances one after the other, each with a first and later requests. */
async function measure(practice: Practice, file: string, asked: Asked): Promise<Measured> {
  const measured: Measured = { name: asked.name, cold: [], warm: [] };
  for (let start = 0; start < STARTS; start += 1) {
    const requests: SignedRequest[] = [];
    for (let n = 0; n <= WARM; n += 1) requests.push(await asked.request(start * (WARM + 1) + n));
    const took = await inProcess(practice, file, requests);
    if ('failed' in took) throw new Error(`${asked.name}: ${took.failed}`);
    const wrong = took.answers.find((answer) => asked.answer !== undefined && !answer.includes(asked.answer));
    if (wrong !== undefined && file.includes('slack-ingress')) throw new Error(`${asked.name} was answered ${wrong}`);
    const [cold = 0, ...warm] = took.ms;
    measured.cold.push(cold);
    measured.warm.push(...warm);
  }
  return measured;
}

function inProcess(practice: Practice, file: string, requests: readonly SignedRequest[]): Promise<Took> {
  const {
    accessKeyId,
    secretAccessKey,
    sessionToken = '',
  } = practice.platformOf('slack-ingress').credentials ?? {
    accessKeyId: '',
    secretAccessKey: '',
  };
  const child = fork(PROCESS, [file, JSON.stringify(requests)], {
    silent: true,
    env: {
      ...process.env,
      ...practice.environment,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    },
  });
  return new Promise((resolve, reject) => {
    child.once('message', (took) => resolve(took as Took));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the function instance ended with ${code}`)));
  });
}

const idOf = (name: string) => PEOPLE.find((person) => person.name === name)?.userId ?? '';

function help(practice: Practice): Asked['request'] {
  return async (n) => command(practice, 'help', `help-${n}`);
}

function command({ workspace, signingSecret }: Practice, text: string, triggerId: string): SignedRequest {
  return signed(signingSecret, {
    command: '/dr',
    text,
    user_id: idOf('requester'),
    team_id: WORKSPACE.teamId,
    channel_id: WORKSPACE.channelId,
    trigger_id: `${triggerId}-${Date.now()}`,
    response_url: `${workspace.url}/response/none`,
  });
}

/** A press on a question of its own, so that each is a vote that is recorded. */
async function press({ workspace, signingSecret }: Practice, store: ExecutionStore, n: number): Promise<SignedRequest> {
  const gate = aGate(executionIdOf('bench', String(n), String(Date.now())));
  await store.createGate(gate);
  const userId = idOf('approver');
  const target = { channelId: WORKSPACE.channelId, userId };
  return signed(signingSecret, {
    payload: JSON.stringify({
      type: 'block_actions',
      team: { id: WORKSPACE.teamId },
      user: { id: userId, team_id: WORKSPACE.teamId },
      container: { type: 'message', channel_id: WORKSPACE.channelId },
      channel: { id: WORKSPACE.channelId },
      trigger_id: workspace.triggers.issue(userId),
      response_url: `${workspace.url}/response/${workspace.responseUrls.issue(target)}`,
      actions: [{ type: 'button', action_id: APPROVE_ACTION, block_id: 'gate', value: buttonValue(gate) }],
    }),
  });
}

function aGate(executionId: string): GateRecord {
  const now = Date.now();
  return {
    executionId,
    gateId: 'approval-1',
    kind: 'approval',
    status: 'pending',
    version: 1,
    planRevision: 1,
    planHash: 'bench',
    application: 'HRP',
    requester: { userId: idOf('requester'), teamId: WORKSPACE.teamId },
    requestedAt: now,
    permissions: ['drs:ManageExecution'],
    quorum: 1,
    approvers: [idOf('approver')],
    openedAt: now,
    expiresAt: now + 3_600_000,
    votes: [],
  };
}

function signed(secret: string, fields: Record<string, string>): SignedRequest {
  const body = new URLSearchParams(fields).toString();
  const timestamp = Math.floor(Date.now() / 1_000);
  return {
    body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': String(timestamp),
      'x-slack-signature': slackSignature(secret, timestamp, body),
    },
  };
}

/** The table, and which limits are broken. */
export function reportOf(baseline: Measured, measured: readonly Measured[]): Report {
  const unit = median(baseline.cold);
  const times = (ms: number) => `${(ms / unit).toFixed(1)} ×`;
  const share = (ms: number) => `${((ms / SLACK_WAITS_MS) * 100).toFixed(1)} %`;
  const rows = [baseline, ...measured].map(({ name, cold, warm }) => [
    name,
    `${median(cold).toFixed(0)} ms`,
    share(median(cold)),
    times(median(cold)),
    `${median(warm).toFixed(1)} ms`,
    share(median(warm)),
    times(median(warm)),
  ]);
  const head = ['request', 'cold', 'of 3 s', 'of a baseline', 'warm', 'of 3 s', 'of a baseline'];
  return {
    title: 'Time to ack',
    markdown: [
      'How long the bundled `slack-ingress` takes from Slack’s signed request to its answer. Cold: a new process each time, from its start; warm: a later',
      'request to the same process. The baseline is a new process with an empty handler, so it says how fast the machine is. Medians of',
      `${STARTS} starts and of ${STARTS * WARM} later requests. AWS and Slack are simulated on the same machine: their distance, and what Lambda itself`,
      'does before a function starts, come on top.',
      '',
      markdownTable(head, rows),
      '',
      `Limits that the command checks: cold at most ${MOST_COLD_SHARE * 100} % and warm at most ${MOST_WARM_SHARE * 100} % of the 3 s that Slack waits.`,
    ].join('\n'),
    broken: measured.flatMap(({ name, cold, warm }) => [
      ...overLimit(name, 'cold', median(cold), MOST_COLD_SHARE),
      ...overLimit(name, 'warm', median(warm), MOST_WARM_SHARE),
    ]),
  };
}

function overLimit(name: string, how: string, ms: number, most: number): string[] {
  if (ms <= SLACK_WAITS_MS * most) return [];
  return [`${name} took ${ms.toFixed(0)} ms ${how}; ${SLACK_WAITS_MS * most} ms is the most.`];
}

/** The middle of some numbers; 0 of none. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
