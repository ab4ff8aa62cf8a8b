import type { ActionPhase, ActionRecord, PlanRecord } from '../../src/domain/records.ts';
import type { RecoveryPlan, WaveAction } from '../../src/domain/recovery-plan.ts';
import type { RunWave } from '../../src/domain/recovery-run.ts';
import type { BegunAction } from './begun-actions.ts';
import type { Report } from './checks.ts';
import { plain } from './dynamodb/plain.ts';
import type { Launch } from './launches.ts';
import { CLEANED_UP_WITHIN_MS } from './planners.ts';
import { type Timeline, timelinesOf } from './timeline.ts';
import type { World } from './world.ts';

/** A function's clock may differ by this much, in milliseconds: see drawFaults. */
const SKEW_MS = 20_000;
/** Between the look at the library and the write of a request passes less than a function may take. */
const ASKING_MS = 60_000;
/** Of a wave that says nothing (docs/architecture.md: the component's options). */
const DEFAULT_THRESHOLD = 50;
const OVER = ['completed', 'partial', 'failed', 'rejected', 'expired', 'cancelled'];

const short = (id: string) => id.slice(0, 8);

/** A launch of an execution, with the wave of its batch. */
type WaveLaunch = Launch & { wave: number };

/** An execution of a recovery plan, with all that was seen of it. */
interface PlannedRun extends Timeline {
  name: string;
  waves_: readonly RunWave[];
  launches: WaveLaunch[];
  actions: BegunAction[];
}

/** What a run's recovery plans break: what is approved runs, in its order, with its pauses, actions and thresholds. */
export function checkPlans(world: World, report: Report): void {
  if (world.plans === undefined) return;
  const timelines = timelinesOf(world);
  const ids = timelines.map(({ execution }) => execution.executionId);
  for (const { executionId, marker } of world.begunActions.all) {
    if (!ids.includes(executionId)) report('the plan decides', `${marker} was begun for nobody: ${executionId}`);
  }
  checkCleanUps(world, report);
  for (const timeline of timelines) {
    const { execution, recovery, recoveryChanged } = timeline;
    const name = short(execution.executionId);
    const actions = world.begunActions.all.filter(({ executionId }) => executionId === execution.executionId);
    const isLaunch = execution.verb === 'drill' || execution.verb === 'failover';
    if (execution.recoveryPlan === undefined || !isLaunch) {
      for (const { marker } of actions) report('the plan decides', `${name}, a ${execution.verb}, began ${marker}`);
      continue;
    }
    // What a schedule could not ask for was over before it began.
    if (recovery === undefined && OVER.includes(timeline.requested.record.status)) continue;
    if (recovery === undefined) {
      report('the plan decides', `${name} has a recovery plan, and nothing says which`);
      continue;
    }
    if (recoveryChanged) report('the plan decides', `the recovery plan of ${name} was changed after it was stored`);
    const launches = world.launches.all.flatMap((launch) => {
      const [, wave] = /^r\d+-w(\d+)-/.exec(launch.tags['DR-BatchId'] ?? '') ?? [];
      return launch.tags['DR-ExecutionId'] === execution.executionId ? [{ ...launch, wave: Number(wave) }] : [];
    });
    const run: PlannedRun = { ...timeline, name, waves_: recovery.waves, launches, actions };
    checkVersion(world, run, report);
    checkBegun(run, report);
    checkAttempts(run, report);
    checkLaunchOrder(run, report);
    checkThresholds(world, run, report);
    checkResults(world, run, report);
  }
}

/** The instances of a drill are ended at their time, unless somebody keeps them. */
function checkCleanUps(world: World, report: Report): void {
  for (const { executionId, cleanUp } of world.executions()) {
    const { at, kept, executionId: termination } = cleanUp ?? {};
    if (at === undefined || kept !== undefined || termination !== undefined) continue;
    if (at + CLEANED_UP_WITHIN_MS < world.clock.now())
      report('the plan decides', `${short(executionId)} was to be cleaned up, and nobody did`);
  }
}

/** A version of the plan as its table has it. */
interface StoredVersion {
  version: number;
  changedAt: number;
  content?: RecoveryPlan;
}

/** What runs is what was stored when it was asked for. */
function checkVersion(world: World, run: PlannedRun, report: Report): void {
  const { execution, requested, recovery, name } = run;
  const { recoveryPlan } = execution;
  if (recoveryPlan === undefined || recovery === undefined) return;
  const { planId, version } = recoveryPlan;
  const of = `${name}, of ${planId} version ${version},`;
  if (recovery.version !== version) report('the plan decides', `${of} runs version ${recovery.version}`);
  const shown = recoveryPlan.waves.map(({ wave, waveName }) => `${wave} ${waveName}`).join(', ');
  const meant = recovery.waves.map(({ wave, waveName }) => `${wave} ${waveName}`).join(', ');
  if (shown !== meant) report('the plan decides', `${of} shows ${shown}, and runs ${meant}`);
  // What an execution has left is a plan of its own.
  if (version === 0) return;
  const versions = world.database
    .items('recovery-plans')
    .map(plain)
    .filter((item) => item.planId === planId && String(item.item).startsWith('VERSION#')) as unknown as StoredVersion[];
  const stored = versions.find((one) => one.version === version);
  if (stored?.content === undefined) {
    report('the plan decides', `${of} runs what was never stored`);
    return;
  }
  const next = versions.find((one) => one.version === version + 1);
  if (stored.changedAt > requested.at + SKEW_MS) report('the plan decides', `${of} was asked for before it was stored`);
  if (next !== undefined && next.changedAt + SKEW_MS < requested.at - ASKING_MS)
    report('the plan decides', `${of} was asked for although version ${next.version} was stored`);
  checkContent(run, stored.content, of, report);
}

/** Each wave of the version, as far as it was asked for: its pauses, its threshold, its actions, what it waits for. */
function checkContent(run: PlannedRun, plan: RecoveryPlan, of: string, report: Report): void {
  for (const wave of plan.waves) {
    // A plan in a wave's place has waves of its own.
    if (wave.recoveryPlanId !== undefined) continue;
    const runs = run.waves_.find(({ waveName }) => waveName === wave.waveName);
    if (runs === undefined) continue;
    const text = (of: Pick<RunWave, 'preWaveActions' | 'postWaveActions'>) =>
      [...of.preWaveActions, ...of.postWaveActions].map(({ actionName }) => actionName).join(', ');
    const differs =
      (runs.pauseBefore === true) !== wave.pauseBeforeWave ||
      (runs.pauseAfter === true) !== wave.pauseAfterWave ||
      runs.successThresholdPercent !== wave.successThresholdPercent ||
      text(runs) !== text(wave);
    if (differs)
      report('the plan decides', `${of} has ${wave.waveName} with ${text(runs)}, the plan with ${text(wave)}`);
    const before = run.waves_.slice(0, run.waves_.indexOf(runs)).map(({ waveName }) => waveName);
    for (const { waveName } of plan.waves.filter(({ waveNumber }) => wave.dependsOn.includes(waveNumber))) {
      const isAsked = run.waves_.some((one) => one.waveName === waveName);
      if (isAsked && !before.includes(waveName)) {
        report('the plan decides', `${of} has ${wave.waveName} before ${waveName}, which it waits for`);
      }
    }
  }
}

/** Where an action stands in the plan that runs; index from 1 among those of the verb. */
interface Place {
  wave: RunWave;
  phase: ActionPhase;
  index: number;
  action: WaveAction;
}

function placeOf({ execution, waves_ }: PlannedRun, marker: string): Place | undefined {
  for (const wave of waves_) {
    for (const phase of ['pre', 'post'] as const) {
      const actions = actionsOf(wave, phase, execution.verb);
      const at = actions.findIndex(({ actionName }) => actionName === marker);
      const action = actions[at];
      if (action !== undefined) return { wave, phase, index: at + 1, action };
    }
  }
  return undefined;
}

function actionsOf(wave: RunWave, phase: ActionPhase, verb: string): WaveAction[] {
  const all = phase === 'pre' ? wave.preWaveActions : wave.postWaveActions;
  return all.filter(({ verbs }) => (verbs as string[]).includes(verb));
}

/** What Systems Manager has begun: of the plan, after its approval and its pause, in its order, by the right verb. */
function checkBegun(run: PlannedRun, report: Report): void {
  const { name, execution } = run;
  for (const { at, marker, isDrill } of run.actions) {
    const place = placeOf(run, marker);
    if (place === undefined) {
      report('the plan decides', `${name} began ${marker}, which is not in its plan for a ${execution.verb}`);
      continue;
    }
    if (isDrill !== undefined && isDrill !== (execution.verb === 'drill'))
      report('the verb decides', `${marker} of ${name}, a ${execution.verb}, was told isDrill ${isDrill}`);
    const { wave, phase, index } = place;
    checkMayBegin(run, at, { wave: wave.wave, what: marker }, report);
    const launchesOfWave = run.launches.filter((launch) => launch.wave === wave.wave);
    if (phase === 'pre' && launchesOfWave.some((launch) => launch.at < at))
      report('the plan decides', `${marker} of ${name} began when its wave was launched already`);
    const hasEnded = run.waves.some(({ at: endedAt, record }) => record.wave === wave.wave && endedAt <= at);
    if (phase === 'post' && !hasEnded)
      report('the plan decides', `${marker} of ${name} began before its wave had ended`);
    if (phase === 'post' && launchesOfWave.some((launch) => launch.at > at))
      report('the plan decides', `the wave of ${marker} of ${name} was launched after it began`);
    for (let earlier = 1; earlier < index; earlier += 1) {
      const why = unpassed(run, { wave, phase, index: earlier }, at);
      if (why !== undefined) report('the plan decides', `${marker} of ${name} began, and ${why}`);
    }
    if (phase === 'post') checkPassed(run, wave.wave, at, marker, report);
  }
}

/** What holds for a launch and for an action: the approval, the pause, the waves before. */
function checkMayBegin(
  run: PlannedRun,
  at: number,
  { wave, what }: { wave: number; what: string },
  report: Report,
): void {
  const { name } = run;
  const approved = (gateId: (id: string) => boolean) =>
    run.settled.some(
      ({ at: settledAt, record }) => gateId(record.gateId) && record.status === 'approved' && settledAt <= at,
    );
  if (!approved((id) => id.startsWith('approval-')))
    report('no gate below its policy', `${what} of ${name} began before its approval`);
  const place = run.waves_.findIndex((one) => one.wave === wave);
  const wantsPause = run.waves_[place]?.pauseBefore === true || run.waves_[place - 1]?.pauseAfter === true;
  // Of the rest of an execution some pauses are over, and its request says which are not.
  const isPause =
    run.execution.recoveryPlan?.version === 0 ? run.execution.pauseBefore?.includes(wave) === true : wantsPause;
  if (isPause && !approved((id) => id === `pause-${wave}`))
    report('the plan decides', `${what} of ${name} began before anybody released the pause before wave ${wave}`);
  for (const { wave: earlier } of run.waves_.slice(0, place)) checkPassed(run, earlier, at, what, report);
  for (const earlier of run.waves_.slice(0, place)) {
    for (const index of actionsOf(earlier, 'post', run.execution.verb).keys()) {
      const why = unpassed(run, { wave: earlier, phase: 'post', index: index + 1 }, at);
      if (why !== undefined) report('the plan decides', `${what} of ${name} began, and ${why}`);
    }
  }
}

/** What comes after a wave comes when it has ended well, or people continue. */
function checkPassed(run: PlannedRun, wave: number, at: number, what: string, report: Report): void {
  const { name, execution } = run;
  const ended = run.waves.filter(({ record, at: endedAt }) => record.wave === wave && endedAt <= at);
  const last = ended.at(-1)?.record;
  if (last === undefined) {
    report('the plan decides', `${what} of ${name} began before wave ${wave} had ended`);
    return;
  }
  if (last.nextPhaseReady || execution.options.continueOnFailure) return;
  const gateId = `decision-${wave}-${last.attempt ?? 1}`;
  if (!isDecided(run, gateId, 'continue', at))
    report(
      'the plan decides',
      `${what} of ${name} began, although wave ${wave} ended as ${last.outcome} and nobody continued`,
    );
}

function isDecided(run: PlannedRun, gateId: string, answer: string, at: number): boolean {
  return run.settled.some(
    ({ record, at: settledAt }) =>
      record.gateId === gateId && record.status === 'approved' && record.answer === answer && settledAt <= at,
  );
}

/** Why what follows an action may not begin yet; undefined when it may. */
function unpassed(
  run: PlannedRun,
  { wave, phase, index }: { wave: RunWave; phase: ActionPhase; index: number },
  at: number,
): string | undefined {
  const isOf = ({ wave: number, phase: when, index: place }: ActionRecord) =>
    number === wave.wave && when === phase && place === index;
  const action = actionsOf(wave, phase, run.execution.verb)[index - 1];
  const begun = run.begun.filter(({ record, at: begunAt }) => isOf(record) && begunAt <= at);
  const ended = run.ended.filter(({ record, at: endedAt }) => isOf(record) && endedAt <= at);
  const what = `${action?.actionName}`;
  if (begun.length === 0) return `${what} before it was not begun`;
  if (ended.length < begun.length) return `${what} before it had not ended`;
  const last = ended.at(-1)?.record;
  if (last === undefined || last.status === 'succeeded' || action?.onFailure === 'continue') return undefined;
  if (action?.onFailure === 'stop') return `${what} had failed, after which nothing may begin`;
  if (run.execution.options.continueOnFailure) return undefined;
  const gateId = `action-${wave.wave}-${phase}-${index}-${last.attempt}`;
  return isDecided(run, gateId, 'continue', at) ? undefined : `${what} had failed, and nobody continued`;
}

/** One automation an attempt, one command an account and attempt, and another attempt only where people chose it. */
function checkAttempts(run: PlannedRun, report: Report): void {
  const times = new Map<string, { count: number; begun: BegunAction }>();
  for (const begun of run.actions) {
    const key = `${begun.marker} in ${begun.accountId}`;
    times.set(key, { count: (times.get(key)?.count ?? 0) + 1, begun });
  }
  for (const [what, { count, begun }] of times) {
    const place = placeOf(run, begun.marker);
    if (place === undefined) continue;
    const prefix = `action-${place.wave.wave}-${place.phase}-${place.index}-`;
    const retries = run.settled.filter(
      ({ record }) => record.gateId.startsWith(prefix) && record.status === 'approved' && record.answer === 'retry',
    ).length;
    if (count > 1 + retries)
      report('never twice', `${what} of ${run.name} was begun ${count} times, and people chose Retry ${retries} times`);
  }
}

function checkLaunchOrder(run: PlannedRun, report: Report): void {
  for (const launch of run.launches) {
    const wave = run.waves_.find((one) => one.wave === launch.wave);
    if (wave === undefined) {
      report(
        'the plan decides',
        `${launch.jobId} of ${run.name} is of wave ${launch.wave}, which its plan does not have`,
      );
      continue;
    }
    checkMayBegin(run, launch.at, { wave: wave.wave, what: launch.jobId }, report);
    for (const index of actionsOf(wave, 'pre', run.execution.verb).keys()) {
      const why = unpassed(run, { wave, phase: 'pre', index: index + 1 }, launch.at);
      if (why !== undefined) report('the plan decides', `${launch.jobId} of ${run.name} began, and ${why}`);
    }
  }
}

/** A wave is good when nothing of it failed, or more than its share of what was to be launched was. */
function checkThresholds(world: World, { name, execution, waves, waves_ }: PlannedRun, report: Report): void {
  const { executionId, planRevision } = execution;
  const plan = world.items().find((item) => item.executionId === executionId && item.revision === planRevision) as
    | Pick<PlanRecord, 'skipped'>
    | undefined;
  for (const { record } of waves) {
    const planned = waves_.find(({ wave }) => wave === record.wave);
    const threshold = planned?.successThresholdPercent ?? DEFAULT_THRESHOLD;
    const { totalServers, succeeded, failed } = record.summary;
    const meant = totalServers - (plan?.skipped ?? []).filter(({ wave }) => wave === record.wave).length;
    const isGood = record.outcome === 'success' ? failed === 0 : succeeded * 100 > meant * threshold;
    if (record.nextPhaseReady && !isGood)
      report(
        'the plan decides',
        `wave ${record.wave} of ${name} is good with ${succeeded} of ${meant} at ${threshold} %`,
      );
  }
}

/** What is stored of actions says what Systems Manager says; nothing is left running; the end was released. */
function checkResults(world: World, run: PlannedRun, report: Report): void {
  const { name, execution } = run;
  const isEnded = OVER.includes(execution.status);
  if (isEnded && run.begun.length > run.ended.length)
    report(
      'every execution ends',
      `${name} is ${execution.status}, and ${run.begun.length - run.ended.length} of its actions run`,
    );
  for (const { record } of run.ended) {
    if (record.action.actionType !== 'automation' || record.status !== 'succeeded') continue;
    const [id] = record.references ?? [];
    const seen = world.begunActions.all.find((one) => one.id === id);
    if (seen?.status !== 'Success')
      report(
        'sums agree',
        `${record.action.actionName} of ${name} has succeeded, and Systems Manager says ${seen?.status}`,
      );
  }
  if (execution.status !== 'completed') return;
  const last = run.waves_.at(-1);
  if (last?.pauseAfter === true && !isDecided(run, `pause-after-${last.wave}`, 'resume', Number.POSITIVE_INFINITY))
    report('the plan decides', `${name} is completed, and nobody released its end`);
  for (const wave of run.waves_) {
    for (const index of actionsOf(wave, 'post', execution.verb).keys()) {
      const why = unpassed(run, { wave, phase: 'post', index: index + 1 }, Number.POSITIVE_INFINITY);
      if (why !== undefined) report('the plan decides', `${name} is completed, and ${why}`);
    }
  }
}
