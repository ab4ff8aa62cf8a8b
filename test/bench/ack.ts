import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { APPROVE_ACTION, buttonValue } from '../../blocks/action-ids.ts';
import { bundleOptions } from '../../scripts/bundle.ts';
import type { Catalogue, GateRecord } from '../../src/domain/records.ts';
import { executionIdOf } from '../../src/domain/request.ts';
import { FUNCTIONS } from '../../src/functions.ts';
import { type Clock, VirtualClock } from '../../src/local/clock.ts';
import { deployedName } from '../../src/local/names.ts';
import { type Practice, startPractice } from '../../src/local/practice.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import { slackSignature } from '../../src/local/slack/signature.ts';
import { type ExecutionStore, executionStore } from '../../src/platform/execution-store.ts';
import { wholeInventory } from '../end-to-end/world.ts';
import type { SignedRequest, Took } from './ack-process.ts';
import { type Benchmark, grouped, markdownTable, type Report, type Run } from './benchmark.ts';
import { median, percentile } from './statistics.ts';

/** Slack's limit. */
const SLACK_WAITS_MS = 3_000;
/** Of Slack's limit, what the function itself may take: the rest is for the network, and for what Lambda does before. */
const MOST_COLD_SHARE = 0.5;
const MOST_WARM_SHARE = 0.1;
/** Function instances that are started for each request, and further requests to each. */
const STARTS = 9;
const WARM = 24;
const MINUTE_MS = 60_000;

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

/** Times of one kind of request to one bundle, in milliseconds. */
export interface Measured {
  name: string;
  /** Of the bundle. */
  bytes: number;
  /** To load the bundle, of each new function instance. */
  load: number[];
  /** The first request of each new function instance, from the start of its process. */
  cold: number[];
  /** Later ones. */
  warm: number[];
}

/** A bundle, what it is asked, and what that took so far. */
interface Candidate extends Measured, Pick<Asked, 'request' | 'answer'> {
  file: string;
}

/** What is measured: a machine's own pace, the bot's three ways of answering, and `/dr help` of other ways to build a bot. */
export interface Compared {
  /** A new process with an empty handler. */
  baseline: Measured;
  /** Of slack-ingress as it is deployed; the first is `/dr help`. */
  answers: readonly Measured[];
  /** slack-ingress as it is deployed but with everything that Bolt loads. */
  wholeBolt: Measured;
  /** Handlers that answer `/dr` and do nothing else. */
  minimal: { stubbedBolt: Measured; wholeBolt: Measured; slackEdge: Measured };
}

/** How long the bot takes to answer Slack, with a function instance that is new and with one that runs. */
export const ack: Benchmark = {
  name: 'ack',
  summary:
    'how long Slack waits for the answer to /dr and to a press, cold and warm; the bundle against Bolt and slack-edge',
  isTimed: true,
  async run({ say }: Run): Promise<Report> {
    const folder = mkdtempSync(path.join(tmpdir(), 'dr-chatops-ack-'));
    // Nothing moves on these clocks: no other function runs meanwhile.
    const clock = new VirtualClock(Date.now());
    let slackMinutes = 0;
    const wallClock: Clock = {
      now: () => clock.now() + slackMinutes * MINUTE_MS,
      after: () => () => {},
      hold: () => () => {},
      waitForPerson: () => () => {},
    };
    const practice = await startPractice({ clock, wallClock, inventory: wholeInventory() });
    try {
      // What follows a stored request waits for its next try, which this clock never brings.
      practice.host.crashNext(deployedName('effects'), 'before');
      const bundles = await bundlesIn(folder);
      await executionStore(practice.platformOf('refresh-catalogue')).putCatalogue(CATALOGUE);
      const asking = candidatesOf(practice, bundles);
      const { baseline, answers, wholeBolt, minimal } = asking;
      const all = [baseline, ...answers, wholeBolt, minimal.stubbedBolt, minimal.wholeBolt, minimal.slackEdge];
      for (let start = 0; start < STARTS; start += 1) {
        // One after the other in each round: what slows the machine down for a while slows all of them down.
        for (const candidate of all) await measure(practice, candidate, start);
        // Each new instance asks Slack who is in a group, more often in a minute than Slack answers.
        slackMinutes += 1;
        say(`start ${start + 1} of ${STARTS}`);
      }
      return reportOf(asking);
    } finally {
      await practice.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

type Bundles = Record<
  'empty' | 'deployed' | 'wholeBolt' | 'minimalBolt' | 'minimalWholeBolt' | 'minimalSlackEdge',
  string
>;

/** Bundles everything in this folder by the options of deployed functions; answers the files. */
async function bundlesIn(folder: string): Promise<Bundles> {
  writeFileSync(path.join(folder, 'package.json'), '{"type":"commonjs"}\n');
  const bundled = async (name: string, entry: string, wholeBolt: boolean): Promise<string> => {
    const outfile = path.join(folder, `${name}.js`);
    await build({ ...bundleOptions({ wholeBolt }), entryPoints: [entry], outfile });
    return outfile;
  };
  const ingress = FUNCTIONS['slack-ingress'];
  const empty = path.join(folder, 'empty.js');
  writeFileSync(empty, EMPTY_HANDLER);
  return {
    empty,
    deployed: await bundled('deployed', ingress, false),
    wholeBolt: await bundled('whole-bolt', ingress, true),
    minimalBolt: await bundled('minimal-bolt', 'test/bench/ack/bolt.ts', false),
    minimalWholeBolt: await bundled('minimal-whole-bolt', 'test/bench/ack/bolt.ts', true),
    minimalSlackEdge: await bundled('minimal-slack-edge', 'test/bench/ack/slack-edge.ts', false),
  };
}

function candidatesOf(practice: Practice, bundles: Bundles) {
  const candidate = (file: string, { name, request, answer }: Asked): Candidate => {
    const bytes = statSync(file).size;
    return { name, file, request, bytes, load: [], cold: [], warm: [], ...(answer === undefined ? {} : { answer }) };
  };
  const helped = (file: string, name: string) =>
    candidate(file, { name, answer: '*What you may do*', request: help(practice) });
  return {
    baseline: candidate(bundles.empty, { name: 'an empty handler', request: help(practice) }),
    answers: questions(practice).map((asked) => candidate(bundles.deployed, asked)),
    wholeBolt: helped(bundles.wholeBolt, '`slack-ingress`, Bolt unstubbed'),
    minimal: {
      stubbedBolt: helped(bundles.minimalBolt, 'minimal, Bolt as we stub it'),
      wholeBolt: helped(bundles.minimalWholeBolt, 'minimal, Bolt unstubbed'),
      slackEdge: helped(bundles.minimalSlackEdge, 'minimal, slack-edge'),
    },
  };
}

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

/** Starts a function instance with a first and later requests, and notes what it took. */
async function measure(practice: Practice, candidate: Candidate, start: number): Promise<void> {
  const { name, file, request, answer } = candidate;
  const requests: SignedRequest[] = [];
  for (let n = 0; n <= WARM; n += 1) requests.push(await request(start * (WARM + 1) + n));
  const took = await inProcess(practice, file, requests);
  if ('failed' in took) throw new Error(`${name}: ${took.failed}`);
  const wrong = took.answers.find((text) => answer !== undefined && !text.includes(answer));
  if (wrong !== undefined) throw new Error(`${name} was answered ${wrong}`);
  const [cold = 0, ...warm] = took.ms;
  candidate.load.push(took.loadMs);
  candidate.cold.push(cold);
  candidate.warm.push(...warm);
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
      SLACK_SIGNING_SECRET: practice.signingSecret,
      SLACK_BOT_TOKEN: practice.botToken,
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

/** The tables, which limits are broken, and the ratios. */
export function reportOf({ baseline, answers, wholeBolt, minimal }: Compared): Report {
  const [deployed = baseline] = answers;
  const bots = [{ ...deployed, name: '`slack-ingress`, as deployed' }, wholeBolt, ...Object.values(minimal)];
  return {
    title: 'Time to ack',
    markdown: [
      'How long the bundled `slack-ingress` takes from Slack’s signed request to its answer. Cold: a new process each time, from its start; warm: a later',
      'request to the same process. The baseline is a new process with an empty handler, so it says how fast the machine is.',
      `Of ${STARTS} starts and ${STARTS * WARM} later requests; cold is the median. AWS and Slack are simulated on the same machine: their distance, and what`,
      'Lambda itself does before a function starts, come on top.',
      '',
      timesTable(baseline, answers),
      '',
      '### The bundle',
      '',
      `The same \`/dr help\` to other bundles, made by esbuild with the same options and started in turn with those above: \`slack-ingress\` with the packages`,
      'that Bolt loads and a function behind an HTTP API never uses, which ours leaves out; and the least that answers `/dr` with a fixed text, on Bolt and on slack-edge.',
      '`slack-ingress` is the whole bot, with the AWS SDK, all commands, forms and buttons, and for this answer it reads the secret and who may do what; the minimal ones read nothing. What the framework',
      'costs is the difference of the minimal ones. Load is the time that `require` takes.',
      '',
      bundleTable(bots),
      '',
      `Limits that the command checks: cold at most ${MOST_COLD_SHARE * 100} % and warm at most ${MOST_WARM_SHARE * 100} % of the 3 s that Slack waits.`,
    ].join('\n'),
    broken: answers.flatMap(({ name, cold, warm }) => [
      ...overLimit(name, 'cold', median(cold), MOST_COLD_SHARE),
      ...overLimit(name, 'warm', median(warm), MOST_WARM_SHARE),
    ]),
    ratios: {
      ...ratiosOf('slack-ingress against the same with Bolt unstubbed', deployed, wholeBolt),
      ...ratiosOf('slack-ingress against a minimal bot on Bolt unstubbed', deployed, minimal.wholeBolt),
      ...ratiosOf('slack-ingress against a minimal bot on slack-edge', deployed, minimal.slackEdge),
      ...ratiosOf('minimal bot, Bolt as we stub it against slack-edge', minimal.stubbedBolt, minimal.slackEdge),
      ...Object.fromEntries(
        answers.flatMap(({ name, cold, warm }) => [
          [`${name}, cold, against the start of an empty handler`, median(cold) / median(baseline.cold)],
          [`${name}, warm, against the start of an empty handler`, median(warm) / median(baseline.cold)],
        ]),
      ),
    },
  };
}

function timesTable(baseline: Measured, answers: readonly Measured[]): string {
  const unit = median(baseline.cold);
  const share = (ms: number) => `${((ms / SLACK_WAITS_MS) * 100).toFixed(1)} %`;
  const rows = [baseline, ...answers].map(({ name, cold, warm }) => [
    name,
    ...[`${median(cold).toFixed(0)} ms`, share(median(cold)), `${(median(cold) / unit).toFixed(1)} ×`],
    ...[milliseconds(percentile(warm, 50)), milliseconds(percentile(warm, 99)), share(percentile(warm, 99))],
  ]);
  return markdownTable(['request', 'cold', 'of 3 s', 'of the baseline', 'warm, p50', 'warm, p99', 'p99 of 3 s'], rows);
}

function bundleTable(bots: readonly Measured[]): string {
  const rows = bots.map(({ name, bytes, load, cold, warm }) => [
    name,
    `${grouped(Math.round(bytes / 1_000))} kB`,
    `${median(load).toFixed(0)} ms`,
    `${median(cold).toFixed(0)} ms`,
    milliseconds(percentile(warm, 50)),
    milliseconds(percentile(warm, 99)),
  ]);
  return markdownTable(['bundle', 'size', 'load', 'cold', 'warm, p50', 'warm, p99'], rows);
}

function ratiosOf(name: string, ours: Measured, theirs: Measured): Record<string, number> {
  return {
    [`${name}: bundle`]: ours.bytes / theirs.bytes,
    [`${name}: load`]: median(ours.load) / median(theirs.load),
    [`${name}: cold`]: median(ours.cold) / median(theirs.cold),
  };
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}

function overLimit(name: string, how: string, ms: number, most: number): string[] {
  if (ms <= SLACK_WAITS_MS * most) return [];
  return [`${name} took ${ms.toFixed(0)} ms ${how}; ${SLACK_WAITS_MS * most} ms is the most.`];
}
