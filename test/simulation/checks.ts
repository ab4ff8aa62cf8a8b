import { isDeepStrictEqual } from 'node:util';
import { VOTE_ACTION } from '../../blocks/action-ids.ts';
import { type AuditRecord, readRecord, verifyChain } from '../../src/domain/audit-chain.ts';
import type { ComponentOutput } from '../../src/domain/contract.ts';
import type { BatchRecord, ExecutionRecord, GateRecord, PlanRecord, WaveRecord } from '../../src/domain/records.ts';
import { SCHEDULES_KEY } from '../../src/domain/schedule.ts';
import { isGone } from '../../src/local/aws/fleet.ts';
import { WORKSPACE } from '../../src/local/slack/people.ts';
import { checkReturns } from './check-failback.ts';
import { checkPlans } from './check-plans.ts';
import { checkSchedules } from './check-schedules.ts';
import { plain } from './dynamodb/plain.ts';
import type { World } from './world.ts';

/** Something that must never be, and was. */
export interface Violation {
  rule: Rule;
  what: string;
}

/** What must hold after every run, whatever went wrong in it. */
export const RULES = [
  'the verb decides',
  'never twice',
  'nobody dropped',
  'no gate below its policy',
  'settled once',
  'drawn from stored state',
  'fail closed',
  'least privilege',
  'every execution ends',
  'every lock is free',
  'the audit tells the whole story',
  'sums agree',
  'the plan decides',
  'schedules are kept',
] as const;
export type Rule = (typeof RULES)[number];

const OVER = ['completed', 'partial', 'failed', 'rejected', 'expired', 'cancelled'];
const DONE = ['launched', 'terminated'];

export type Item = Record<string, unknown> & { executionId: string; item: string };

/** Everything about a run that breaks a rule. It knows DRS's records, Slack's messages and the table, and no rule of the product. */
export function violationsOf(world: World): Violation[] {
  const items = world.items() as Item[];
  const executions = world.executions();
  const found: Violation[] = [];
  const report = (rule: Rule, what: string) => found.push({ rule, what });
  checkEnds(world, executions, report);
  checkLocks(items, executions, report);
  checkLaunches(world, items, executions, report);
  checkGates(world, report);
  checkServers(world, items, executions, report);
  checkReturns(world, items, executions, report);
  checkMessages(world, items, executions, report);
  checkAudit(world, executions, report);
  checkPlans(world, report);
  checkSchedules(world, report);
  for (const stranger of world.strangers) report('least privilege', stranger);
  return found;
}

/** Takes what breaks a rule. */
export type Report = (rule: Rule, what: string) => void;

/** An execution's id, short. */
export const short = (id: string) => id.slice(0, 8);

function checkEnds({ practice }: World, executions: ExecutionRecord[], report: Report): void {
  for (const { executionId, status } of executions) {
    if (!OVER.includes(status)) report('every execution ends', `${short(executionId)} is ${status}`);
  }
  for (const { stateMachineArn } of practice.engine.listStateMachines()) {
    for (const run of practice.engine.listExecutions({
      stateMachineArn: String(stateMachineArn),
      statusFilter: 'RUNNING',
    })) {
      report('every execution ends', `the machine ${run.executionArn} runs`);
    }
  }
}

function checkLocks(items: Item[], executions: ExecutionRecord[], report: Report): void {
  const isOver = (owner: string) =>
    executions.some(({ executionId, status }) => executionId === owner && OVER.includes(status));
  for (const { executionId: name, owner, holders } of items.filter(({ executionId }) =>
    executionId.startsWith('LOCK#'),
  )) {
    const held = [
      ...(typeof owner === 'string' ? [owner] : []),
      ...Object.values((holders ?? {}) as Record<string, string>),
    ];
    for (const holder of held) {
      // A request that died between its two writes leaves a lock of nobody's: the next one takes it over.
      if (isOver(holder)) report('every lock is free', `${name} is held by ${short(holder)}, which is over`);
    }
  }
}

function checkLaunches(world: World, items: Item[], executions: ExecutionRecord[], report: Report): void {
  const byBatch = new Map<string, string[]>();
  const launchedBy = new Map<string, number>();
  for (const job of world.practice.drs.jobs.list()) {
    const executionId = job.tags['DR-ExecutionId'];
    if (executionId === undefined) continue;
    // Whoever calls the component directly may only drill here.
    const verb = executions.find((one) => one.executionId === executionId)?.verb ?? 'drill';
    if (job.initiatedBy !== initiatorOf(verb, job.region !== world.practice.fleet.region)) {
      report('the verb decides', `${job.jobId} is a ${job.initiatedBy} of ${short(executionId)}, a ${verb}`);
    }
    // A batch's servers may have come from several places: there is one job for each.
    const batch = `${executionId} ${job.tags['DR-BatchId']} ${job.accountId} ${job.region}`;
    byBatch.set(batch, [...(byBatch.get(batch) ?? []), job.jobId]);
    for (const { sourceServerId, launchStatus } of job.participants) {
      if (launchStatus !== 'LAUNCHED') continue;
      const key = `${executionId} ${sourceServerId}`;
      launchedBy.set(key, (launchedBy.get(key) ?? 0) + 1);
    }
  }
  for (const [batch, jobs] of byBatch) {
    if (jobs.length > 1) report('never twice', `${batch} has the jobs ${jobs.join(', ')}`);
  }
  for (const [key, times] of launchedBy) if (times > 1) report('never twice', `${key} was launched ${times} times`);
  const gates = items.filter(({ item }) => item.startsWith('GATE#')) as unknown as GateRecord[];
  for (const launch of world.launches.all) {
    const execution = executionOf(world, launch, executions);
    if (execution === undefined) continue;
    const approval = gates.find(
      ({ executionId, kind, status, settledAt }) =>
        executionId === execution.executionId &&
        kind === 'approval' &&
        status === 'approved' &&
        (settledAt ?? 0) <= launch.at + 60_000,
    );
    if (approval === undefined) {
      report(
        'no gate below its policy',
        `${launch.jobId} of ${short(execution.executionId)} began without an approval`,
      );
    }
    const denied = world.denials.find(({ from, until }) => from <= execution.startTime && launch.at < until);
    if (launch.isDrill === true && denied !== undefined) {
      report('fail closed', `${launch.jobId}, a drill, began although nobody could look into ${denied.accountId}`);
    }
    const allowed = execution.options.replaceLive ?? [];
    const over = launch.live.filter((id) => !allowed.includes(id));
    if (launch.action === 'StartRecovery' && over.length > 0) {
      report('fail closed', `${launch.jobId} of ${short(execution.executionId)} launched over ${over.join(', ')}`);
    }
    if (launch.action === 'TerminateRecoveryInstances' && execution.verb !== 'terminate') {
      report('the verb decides', `${launch.jobId} of ${short(execution.executionId)}, a ${execution.verb}, terminates`);
    }
    if (launch.action === 'TerminateRecoveryInstances' && launch.live.length > 0 && !execution.options.terminateLive) {
      report('fail closed', `${launch.jobId} ends ${launch.live.join(', ')}, which are live`);
    }
  }
}

/** Who DRS says has begun a job of this verb; undefined of one that begins none with tags there. */
function initiatorOf(verb: ExecutionRecord['verb'], isAtOrigin: boolean): string | undefined {
  switch (verb) {
    case 'drill':
      return isAtOrigin ? undefined : 'START_DRILL';
    case 'failover':
      return isAtOrigin ? undefined : 'START_RECOVERY';
    case 'failback':
      return isAtOrigin ? 'START_RECOVERY' : 'FAILBACK';
    default:
      return undefined;
  }
}

/** Jobs of a termination have no tags: the batch of a termination names its job. */
function executionOf(
  world: World,
  { tags, jobId }: { tags: Record<string, string>; jobId: string },
  executions: ExecutionRecord[],
): ExecutionRecord | undefined {
  const batches = world.items() as unknown as BatchRecord[];
  const id = tags['DR-ExecutionId'] ?? batches.find((item) => item.jobId === jobId)?.executionId;
  return executions.find(({ executionId }) => executionId === id);
}

/** Votes that each verb needs in this workspace, and who of it may decide. */
const QUORUM: Record<string, number> = { drill: 1, terminate: 1, failover: 2, failback: 2, 'terminate live': 2 };
/** What is only approved by typing the application's name. */
const TYPED: readonly string[] = ['failover', 'failback', 'terminate live'];
const DECIDERS = ['U0PAPPROVE1', 'U0PAPPROVE2', 'U0PDRLEAD01'];

/** By the history of each gate: its last image says nothing of what was before. */
function checkGates(world: World, report: Report): void {
  const settled = new Map<string, string[]>();
  for (const { dynamodb } of world.changes) {
    const { NewImage, OldImage } = dynamodb;
    if (NewImage?.item?.S?.startsWith('GATE#') !== true) continue;
    const gate = plain(NewImage) as unknown as GateRecord;
    const before = OldImage === undefined ? undefined : (plain(OldImage) as unknown as GateRecord);
    const name = `${short(gate.executionId)} ${gate.gateId}`;
    if (gate.status !== 'pending' && before?.status !== gate.status) {
      settled.set(name, [...(settled.get(name) ?? []), gate.status]);
    }
    if (before !== undefined && before.status !== 'pending' && before.status !== gate.status) {
      report('settled once', `${name} was ${before.status} and became ${gate.status}`);
    }
    if (before !== undefined && before.status !== 'pending' && !isDeepStrictEqual(before.votes, gate.votes)) {
      report('settled once', `${name} was ${before.status}, and has other votes`);
    }
    if (gate.status === 'approved' && before?.status === 'pending') checkVotes(world, gate, name, report);
  }
  for (const [name, statuses] of settled) {
    if (statuses.length > 1)
      report('settled once', `${name} was settled ${statuses.length} times: ${statuses.join(', ')}`);
  }
}

function checkVotes(world: World, gate: GateRecord, name: string, report: Report): void {
  if (gate.from !== undefined) return;
  const execution = world.executions().find(({ executionId }) => executionId === gate.executionId);
  const yes = gate.votes.filter(({ choice }) => choice !== 'reject' && choice !== 'stop');
  const people = new Set(yes.map(({ userId }) => userId));
  const isApproval = gate.kind === 'approval';
  const what = execution?.options.terminateLive === true ? 'terminate live' : (execution?.verb ?? '');
  if (isApproval && people.has(execution?.requester.userId ?? 'nobody')) {
    report('no gate below its policy', `${name} was approved by who asked for it`);
  }
  for (const userId of people) {
    if (!DECIDERS.includes(userId) && !world.mayDecide.has(userId)) {
      report('no gate below its policy', `${name} was approved by ${userId}, who may not`);
    }
  }
  // What the gate says it needs counts, too: a policy may have asked for more when it opened.
  const needed = Math.max(isApproval ? (QUORUM[what] ?? 1) : 1, gate.quorum);
  if (people.size < needed && !yes.some(({ breakGlass }) => breakGlass === true)) {
    report('no gate below its policy', `${name}, of a ${what}, was approved by ${people.size} of ${needed}`);
  }
  for (const { userId, at } of isApproval && TYPED.includes(what) ? yes : []) {
    if (!hasTyped(world, gate, userId, execution?.application ?? '', at)) {
      report('no gate below its policy', `${name}, of a ${what}, was approved by ${userId}, who did not type its name`);
    }
  }
}

/** Whether this person has sent the name in a form about this question by then; functions' clocks may differ by some seconds. */
function hasTyped(
  { typedNames }: World,
  { executionId, gateId }: GateRecord,
  userId: string,
  application: string,
  by: number,
): boolean {
  const name = application.toLowerCase();
  return typedNames.all.some(
    (form) =>
      [form.userId, form.executionId, form.gateId].join() === [userId, executionId, gateId].join() &&
      form.name.trim().toLowerCase() === name &&
      form.at <= by + 60_000,
  );
}

function checkServers(world: World, items: Item[], executions: ExecutionRecord[], report: Report): void {
  for (const execution of executions) {
    const { executionId } = execution;
    const own = items.filter((item) => item.executionId === executionId);
    const plans = own.filter(({ item }) => item.startsWith('PLAN#')) as unknown as PlanRecord[];
    const plan = plans.find(({ revision }) => revision === execution.planRevision);
    if (plan === undefined || execution.launchStartedAt === undefined) continue;
    const batches = (own.filter(({ item }) => item.startsWith('BATCH#')) as unknown as BatchRecord[]).filter(
      // A preparation that died may have left batches of a plan that was never stored: nobody was asked about those.
      ({ batchId }) => plan.batchIds.includes(batchId),
    );
    checkBatches(world, execution, batches, report);
    const waves = own.filter(({ item }) => item.startsWith('WAVE#')) as unknown as WaveRecord[];
    for (const wave of waves) checkResult(world, { execution, plan, batches, wave }, report);
    checkSums(execution, plan, batches, waves, report);
  }
}

function checkBatches(world: World, execution: ExecutionRecord, batches: BatchRecord[], report: Report): void {
  const name = short(execution.executionId);
  for (const batch of batches) {
    if (['planned', 'running'].includes(batch.status))
      report('nobody dropped', `${name} ${batch.batchId} is ${batch.status}`);
    const job = batch.jobId === undefined ? undefined : world.practice.drs.jobs.get(batch.jobId);
    for (const { sourceServerId, hostname, state, errorCode, ec2InstanceId } of batch.servers) {
      if (['planned', 'launching', 'terminating'].includes(state)) {
        report('nobody dropped', `${name}: ${hostname} is left ${state} in ${batch.batchId}`);
      }
      const participant = job?.participants.find((one) => one.sourceServerId === sourceServerId);
      if (
        state === 'failed' &&
        batch.status === 'finished' &&
        participant?.launchStatus === 'LAUNCHED' &&
        errorCode === undefined
      ) {
        report('sums agree', `${name}: ${hostname} has failed, and DRS says that it is launched`);
      }
      const machine =
        ec2InstanceId === undefined
          ? undefined
          : world.practice.fleet.ec2Instances(batch.accountId).find((one) => one.instanceId === ec2InstanceId);
      if (state === 'terminated' && machine !== undefined && !isGone(machine)) {
        report('sums agree', `${name}: ${hostname} is terminated, and ${ec2InstanceId} is ${machine.state}`);
      }
      // What has gone back is checked by what runs there.
      if (state === 'launched' && execution.verb !== 'failback' && participant?.launchStatus !== 'LAUNCHED') {
        report(
          'sums agree',
          `${name}: ${hostname} is launched, and DRS says ${participant?.launchStatus ?? 'nothing'}`,
        );
      }
    }
  }
}

interface EndedWave {
  execution: ExecutionRecord;
  plan: PlanRecord;
  batches: BatchRecord[];
  wave: WaveRecord;
}

function checkResult({ practice }: World, { execution, plan, batches, wave }: EndedWave, report: Report): void {
  const name = `${short(execution.executionId)} wave ${wave.wave}`;
  const [, bucket = '', key = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(wave.resultLocation) ?? [];
  const stored = practice.s3.read(bucket, key);
  if (stored === undefined) {
    report('nobody dropped', `${name} has no result at ${wave.resultLocation}`);
    return;
  }
  const output = JSON.parse(stored.toString('utf8')) as ComponentOutput;
  const lists = [output.recoveryInstances, output.failedServers, output.skippedServers];
  const ids = lists.flat().map(({ sourceServerId }) => sourceServerId);
  const planned = [
    ...batches.filter((batch) => batch.wave === wave.wave).flatMap((batch) => batch.servers),
    ...[...plan.failed, ...plan.skipped].filter((server) => server.wave === wave.wave),
  ];
  for (const { sourceServerId } of output.truncated ? [] : planned) {
    if (!ids.includes(sourceServerId))
      report('nobody dropped', `${name}: ${sourceServerId} is in no list of the result`);
  }
  if (new Set(ids).size !== ids.length) report('nobody dropped', `${name} has a server in two lists`);
  const { totalServers, succeeded, failed, skipped } = output.summary;
  const counted = lists.map(({ length }) => length).join();
  if (counted !== [succeeded, failed, skipped].join() || totalServers !== ids.length) {
    report('sums agree', `${name}: the lists have ${counted}, the summary ${JSON.stringify(output.summary)}`);
  }
  if (JSON.stringify(output.summary) !== JSON.stringify(wave.summary)) {
    report(
      'sums agree',
      `${name}: the result says ${JSON.stringify(output.summary)}, the wave ${JSON.stringify(wave.summary)}`,
    );
  }
}

function checkSums(
  execution: ExecutionRecord,
  plan: PlanRecord,
  batches: BatchRecord[],
  waves: WaveRecord[],
  report: Report,
): void {
  const name = short(execution.executionId);
  if (execution.summary === undefined || waves.length === 0) return;
  const servers = new Set(batches.flatMap((batch) => batch.servers.map(({ sourceServerId }) => sourceServerId)));
  const total = servers.size + plan.failed.length + plan.skipped.length;
  const done = new Set(
    batches.flatMap((batch) =>
      batch.servers.filter(({ state }) => DONE.includes(state)).map((server) => server.sourceServerId),
    ),
  );
  const { totalServers, succeeded, failed, skipped } = execution.summary;
  if (totalServers !== succeeded + failed + skipped)
    report('sums agree', `${name}: ${JSON.stringify(execution.summary)}`);
  if (totalServers !== total)
    report('nobody dropped', `${name}: ${total} servers were planned, ${totalServers} counted`);
  if (succeeded !== done.size) report('sums agree', `${name}: ${done.size} servers are done, ${succeeded} counted`);
}

function checkMessages(world: World, items: Item[], executions: ExecutionRecord[], report: Report): void {
  const messages = world.practice.workspace.messages(WORKSPACE.channelId);
  const records = items.filter(({ item }) => item.startsWith('MESSAGE#'));
  for (const { executionId, status } of executions) {
    const name = short(executionId);
    const own = messages.filter(({ metadata }) => metadata?.event_payload?.execution_id === executionId);
    const cards = own.filter(({ metadata }) => metadata?.event_payload?.key === 'card');
    if (cards.length !== 1) report('drawn from stored state', `${name} has ${cards.length} cards`);
    for (const card of cards) {
      const shown = String(card.metadata?.event_payload?.status);
      if (shown !== status) report('drawn from stored state', `the card of ${name} says ${shown}, stored is ${status}`);
    }
    if (!OVER.includes(status)) continue;
    for (const message of own) {
      const text = JSON.stringify(message.blocks ?? []);
      const button = Object.values(VOTE_ACTION).find((action) => text.includes(`"${action}"`));
      if (button !== undefined)
        report('drawn from stored state', `${name} is ${status}, and a card still has ${button}`);
    }
    for (const record of records.filter((one) => one.executionId === executionId && one.status === 'dirty')) {
      report('drawn from stored state', `${name} ${record.item} is dirty`);
    }
  }
}

function checkAudit(world: World, executions: ExecutionRecord[], report: Report): void {
  const { practice } = world;
  const keys = practice.s3.keys(practice.auditBucket);
  const chains = [...executions.map(({ executionId }) => executionId), ...(world.schedules ? [SCHEDULES_KEY] : [])];
  for (const executionId of chains) {
    const name = short(executionId);
    const records: AuditRecord[] = keys
      .filter((key) => key.startsWith(`audit/executions/${executionId}/`))
      .map((key) => readRecord(practice.s3.read(practice.auditBucket, key)?.toString('utf8') ?? ''));
    const verified = verifyChain(records);
    if (!verified.intact) report('the audit tells the whole story', `${name}: ${verified.why} (${verified.at})`);
    const told = records.map(({ event }) => event);
    const kinds = told.map(({ kind }) => kind as string);
    const expected = historyOf(world, executionId);
    for (const [kind, times] of expected) {
      const has = kinds.filter((one) => one === kind).length;
      if (has !== times) report('the audit tells the whole story', `${name}: ${times} × ${kind} happened, ${has} told`);
    }
    if (kinds.includes('tampered') || kinds.includes('not understood')) {
      report(
        'the audit tells the whole story',
        `${name} has ${kinds.filter((one) => one === 'tampered' || one === 'not understood')}`,
      );
    }
  }
}

/** What the table went through, in the audit's words, each with how often it happened. */
function historyOf(world: World, executionId: string): Map<string, number> {
  const times = new Map<string, number>();
  const add = (kind: string, count = 1) => times.set(kind, (times.get(kind) ?? 0) + count);
  for (const { dynamodb } of world.changes) {
    const { Keys, NewImage, OldImage } = dynamodb;
    if (Keys.executionId?.S !== executionId || NewImage === undefined) continue;
    const item = Keys.item?.S ?? '';
    const after = plain(NewImage);
    const before = OldImage === undefined ? undefined : plain(OldImage);
    if (item === 'EXECUTION') {
      if (before === undefined) add('requested');
      else if (OVER.includes(String(after.status)) && !OVER.includes(String(before.status))) add('ended');
    }
    if (item.startsWith('GATE#')) {
      if (before === undefined) add('gate opened');
      if (after.status !== 'pending' && (before?.status ?? 'pending') === 'pending') add('decision');
    }
    if (item.startsWith('WAVE#') && before === undefined) add('wave ended');
    if (item.startsWith('ACTION#')) {
      if (before === undefined) add('action begun');
      if (after.status !== 'running' && (before?.status ?? 'running') === 'running') add('action ended');
    }
    if (item.startsWith('SCHEDULE#')) {
      if (before === undefined) add('schedule made');
      if (after.deleted !== undefined && before?.deleted === undefined) add('schedule deleted');
    }
    if (item.startsWith('PLAN#') && before === undefined) add('preflight');
  }
  return times;
}
