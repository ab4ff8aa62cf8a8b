import { createHash } from 'node:crypto';
import type { Deployment } from '../../infra/deployment.ts';
import { namesOf } from '../../infra/names.ts';
import { type ComponentOutput, inputSchema, type ServerStatus } from '../../src/domain/contract.ts';
import { EXECUTION_STATUSES, type ExecutionStatus, isTerminal } from '../../src/domain/status.ts';
import { TAG } from '../../src/domain/vocabulary.ts';
import { deploymentCalls, type Run } from './deployment-calls.ts';

/** What is tried. */
export interface SmokeOptions {
  application: string;
  wave?: number;
  /** A source server. @default - the healthy one with the freshest copy */
  server?: string;
  /** What the runs are called after: with the same name nothing is launched twice. */
  name: string;
}

/** Where a smoke test runs. */
export interface SmokeWorld {
  print(line: string): void;
  /** Whether to launch what was said. */
  confirm(question: string): Promise<boolean>;
  /** Waits, in milliseconds. @throws {Interrupted} when somebody wants it to end */
  wait(ms: number): Promise<void>;
  now(): number;
}

/** What the command ends with. */
export const EXIT = { ok: 0, trouble: 1, wrongUsage: 2, notConfirmed: 3, interrupted: 130 } as const;

/** Somebody has pressed Ctrl+C. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Something that keeps it from going on, in a sentence that says what is left and what to do. */
class Trouble extends Error {
  override readonly name = 'Trouble';
}

/** Ours: between two looks at what runs, and between two lines that say that it does. */
const LOOK_MS = 15_000;
const TELL_MS = 120_000;
/** A status takes seconds; a drill of one server 20 to 40 minutes; people have until their policy's time is over. */
const STATUS_LASTS_MS = 10 * 60_000;
const DRILL_LASTS_MS = 3 * 3_600_000;
const END_LASTS_MS = 26 * 3_600_000;
/** A machine begins within seconds of its request. */
const BEGINS_WITHIN_MS = 5 * 60_000;
/** Ours: how often the end of an instance is asked for under one name, after it was rejected or came to nothing. */
const MOST_ATTEMPTS = 9;

/**
 * The first run of a deployment: a status, a drill of exactly one server, and the end of its instance. Every step is named
 * after the options, so that a second run takes up what the first one left.
 * @returns what the command ends with: {@link EXIT}
 */
export async function runSmoke(deployment: Deployment, options: SmokeOptions, world: SmokeWorld): Promise<number> {
  const names = namesOf(deployment);
  const calls = deploymentCalls(names);
  const mayEndDirectly = deployment.component.directActions.includes('terminate');
  const drillName = runName(options.name);
  let left = 'Nothing was launched.';
  let looks = 0;

  try {
    refuseWithoutChannel(deployment, mayEndDirectly);
    const status = await lookAt(scopeOf(options), 'fleet');
    const earlier = await calls.run(drillName);
    const server = earlier === undefined ? chooseServer(status, options) : serverOfRun(earlier, status, options);
    if (earlier === undefined && !(await world.confirm(questionAbout(server)))) {
      world.print('Nothing was launched.');
      return EXIT.notConfirmed;
    }
    const drill = await drillOf(server, earlier !== undefined);
    return await endOf(server, drill);
  } catch (error) {
    if (error instanceof Interrupted) {
      world.print(left);
      return EXIT.interrupted;
    }
    if (!(error instanceof Trouble)) {
      world.print(left);
      throw error;
    }
    world.print(`TROUBLE  ${error.message}`);
    world.print(left);
    return EXIT.trouble;
  }

  /** Step 1: changes nothing. */
  async function lookAt(
    tags: Record<string, string>,
    what: 'fleet' | 'server',
    serverId?: string,
  ): Promise<ComponentOutput> {
    const name = `${runName(options.name)}-status-${world.now()}-${looks}`;
    looks += 1;
    const only = serverId === undefined ? {} : { sourceServerIds: [serverId] };
    await calls.start(name, { action: 'status', tags, options: only, metadata: metadataOf(name) });
    const run = await ended(() => calls.run(name), STATUS_LASTS_MS, 'the status');
    const { output } = run;
    if (output === undefined) {
      throw new Trouble(
        `The status failed: ${run.cause ?? 'no cause is given'}. Run npm run doctor -- --aws --config FILE.`,
      );
    }
    if (what === 'fleet') judge(output);
    return output;
  }

  /** The verdict on the fleet. @throws {Trouble} */
  function judge({ status, summary, accounts = [], missingAccounts, warnings, message }: ComponentOutput): void {
    for (const account of accounts) {
      world.print(
        `ok       ${account.accountId} (${account.region}): ${account.servers} servers, ${account.healthy} healthy, ${account.recoveryInstances} recovery instances`,
      );
    }
    for (const text of warnings) world.print(`look     ${text}`);
    const missing = missingAccounts.map(({ accountId, reason }) => `${accountId} cannot be read (${reason})`);
    if (missing.length > 0) throw new Trouble(`${missing.join('; ')}. Run npm run doctor -- --aws --config FILE.`);
    if (status !== 'success' || summary.succeeded === 0) {
      throw new Trouble(
        `${message ?? `The status ended with ${status}`}. Look at the tags of the source servers in DRS.`,
      );
    }
    world.print(`ok       Status: ${summary.succeeded} servers; nothing was changed.`);
  }

  /** Step 2: one server. */
  async function drillOf(server: ServerStatus, isThere: boolean): Promise<ComponentOutput> {
    if (isThere)
      world.print(`ok       The drill ${drillName} is there already: it is taken up, nothing is launched again.`);
    else {
      await calls.start(drillName, {
        action: 'drill',
        tags: server.tags,
        options: { sourceServerIds: [server.sourceServerId], minServers: 1, successThresholdPercent: 100 },
        metadata: metadataOf(drillName),
      });
      world.print(`ok       Drill of ${nameOf(server)} has begun; it takes 20 to 40 minutes.`);
    }
    left = `The drill of ${nameOf(server)} goes on by itself. ${howToEnd(server)}`;
    const run = await ended(() => calls.run(drillName), DRILL_LASTS_MS, 'the drill');
    if (run.output === undefined) {
      throw new Trouble(
        `The drill failed: ${run.cause ?? 'no cause is given'}. Redrive it: aws stepfunctions redrive-execution --execution-arn ${run.arn}`,
      );
    }
    return run.output;
  }

  /** Step 3: what it has launched, and nothing else. */
  async function endOf(server: ServerStatus, drill: ComponentOutput): Promise<number> {
    const launched = instancesOf(drill);
    for (const { errorCode, errorMessage } of drill.failedServers)
      world.print(`WRONG    Drill: ${errorCode}: ${errorMessage}`);
    if (launched.length === 0) {
      left = 'Nothing was launched: nothing is left running.';
      throw new Trouble(drill.message ?? `The drill ended with ${drill.status}`);
    }
    world.print(`ok       Drill: ${launched.join(', ')} launched; it ended with ${drill.status}.`);
    left = `${launched.join(', ')} of ${nameOf(server)} may still run, and cost. ${howToEnd(server)}`;
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      if ((await running(server, launched)).length === 0) break;
      await endAttempt(server, launched, attempt);
    }
    const still = await running(server, launched);
    if (still.length > 0) throw new Trouble(`${still.join(', ')} could not be ended`);
    left = 'Nothing is left running.';
    world.print(`ok       Gone: ${launched.join(', ')}. Nothing is left running.`);
    if (drill.status === 'success') return EXIT.ok;
    throw new Trouble(`The drill ended with ${drill.status}`);
  }

  /** @throws {Trouble} when an end that was asked for now came to nothing: people have said so. */
  async function endAttempt(server: ServerStatus, instanceIds: string[], attempt: number): Promise<void> {
    const name = `${drillName}-end${attempt === 1 ? '' : `-${attempt}`}`;
    const end = {
      action: 'terminate',
      tags: server.tags,
      options: { instanceIds, minServers: 1 },
      metadata: metadataOf(name),
    };
    const isFresh = mayEndDirectly ? await endDirectly(name, end) : await endByRequest(end);
    const still = await running(server, instanceIds);
    if (isFresh && still.length > 0)
      throw new Trouble(`The end of ${still.join(', ')} was rejected, or failed: its result says why`);
  }

  /** False for a run that was over before: it is of an earlier smoke test. */
  async function endDirectly(name: string, end: object): Promise<boolean> {
    if ((await calls.run(name))?.isOver === true) return false;
    await calls.start(name, end);
    world.print('ok       Its end has begun: this deployment lets terminations be called directly.');
    await ended(() => calls.run(name), DRILL_LASTS_MS, 'the end of the instance');
    return true;
  }

  /** False for a request that was over before. */
  async function endByRequest(end: object): Promise<boolean> {
    const answer = await calls.request(end);
    if ('refused' in answer) throw new Trouble(`Its end could not be asked for: ${answer.refused}`);
    if (isOver(answer.status)) return false;
    const { executionId } = answer;
    world.print(
      `wait     Its end is asked for in Slack (${deployment.requests.channelId}) as ${executionId.slice(0, 8)}: somebody who may terminate approves it there.`,
    );
    const askedAt = world.now();
    await ended(
      async () => {
        const machine = await calls.machineOf(executionId);
        if (machine === 'not begun' && world.now() - askedAt > BEGINS_WITHIN_MS) {
          throw new Trouble(
            `The request ${executionId} has not begun: look at the log of ${names.centralName('effects')}`,
          );
        }
        return { isOver: machine === 'over' };
      },
      END_LASTS_MS,
      'somebody to approve, and the end of the instance',
    );
    return true;
  }

  /** Those of these instances that DRS still knows. */
  async function running(server: ServerStatus, instanceIds: readonly string[]): Promise<string[]> {
    const { servers = [] } = await lookAt(server.tags, 'server', server.sourceServerId);
    const known = servers.flatMap(({ recoveryInstances }) => recoveryInstances.map((one) => one.recoveryInstanceId));
    return instanceIds.filter((id) => known.includes(id));
  }

  /** Looks until it is over, and says now and then that it waits. @throws {Trouble} when it takes too long */
  async function ended<T extends { isOver: boolean }>(
    look: () => Promise<T | undefined>,
    lastsMs: number,
    what: string,
  ): Promise<T> {
    const begun = world.now();
    let told = begun;
    for (;;) {
      const seen = await look();
      if (seen?.isOver === true) return seen;
      const now = world.now();
      if (now - begun > lastsMs) throw new Trouble(`Waited ${minutes(lastsMs)} for ${what}`);
      if (now - told >= TELL_MS) {
        world.print(`wait     ${minutes(now - begun)} for ${what}`);
        told = now;
      }
      await world.wait(LOOK_MS);
    }
  }

  function questionAbout(server: ServerStatus): string {
    const age = server.dataAgeSeconds === undefined ? 'of unknown age' : `${server.dataAgeSeconds} s old`;
    const end = mayEndDirectly ? 'ended right after it' : 'ended after it, when somebody approves that in Slack';
    return `Launch one drill instance of ${nameOf(server)} in ${server.stagingAccountId} (its copy is ${age})? It costs until it is ended; it is ${end}.`;
  }

  function howToEnd(server: ServerStatus): string {
    const application = server.tags[TAG.application] ?? options.application;
    const wave = server.tags[TAG.wave];
    return `The same command again takes it up and launches nothing twice (--name ${options.name}); or in Slack: ${names.named('/dr')} terminate ${application}${wave === undefined ? '' : ` wave ${wave}`}, which ends every drill instance there.`;
  }
}

/** Asked before anything is launched: otherwise nobody could be asked for its end. @throws {Trouble} */
function refuseWithoutChannel({ requests }: Deployment, mayEndDirectly: boolean): void {
  if (mayEndDirectly || requests.channelId !== undefined) return;
  throw new Trouble(
    'Nobody could be asked for the end of the instance: set requests.channelId in the deployment’s file, and deploy',
  );
}

/** The named server, or the healthy one with the freshest copy. @throws {Trouble} when it is none to try with */
function chooseServer({ servers = [] }: ComponentOutput, { server: named }: SmokeOptions): ServerStatus {
  if (named !== undefined) {
    const found = servers.find(({ sourceServerId }) => sourceServerId === named);
    if (found === undefined) throw new Trouble(`${named} is not among the servers that were found`);
    const why = whyNot(found);
    if (why !== undefined) throw new Trouble(`${nameOf(found)} ${why}: name another one`);
    return found;
  }
  const age = ({ dataAgeSeconds }: ServerStatus) => dataAgeSeconds ?? Number.POSITIVE_INFINITY;
  const [freshest] = servers
    .filter((server) => whyNot(server) === undefined)
    .sort((a, b) => age(a) - age(b) || a.sourceServerHostname.localeCompare(b.sourceServerHostname));
  if (freshest !== undefined) return freshest;
  const [first] = servers;
  const example = first === undefined ? '' : `, e.g. ${nameOf(first)} ${whyNot(first)}`;
  throw new Trouble(`None of ${servers.length} servers can be tried with${example}`);
}

/** Why a server is none for a first drill; undefined for one that is. */
function whyNot({ replicationState, recoveryInstances, jobInProgress }: ServerStatus): string | undefined {
  if (recoveryInstances.length > 0) {
    const ids = recoveryInstances.map(({ recoveryInstanceId }) => recoveryInstanceId).join(', ');
    return `has a recovery instance already (${ids})`;
  }
  if (jobInProgress !== undefined) return `is in the job ${jobInProgress}`;
  return replicationState === 'CONTINUOUS' ? undefined : `does not replicate continuously (${replicationState})`;
}

/** Of a drill that is there by this name. @throws {Trouble} when it is of another server than is named, or that is gone */
function serverOfRun(
  { input }: Run,
  { servers = [] }: ComponentOutput,
  { server: named, name }: SmokeOptions,
): ServerStatus {
  const [sourceServerId] = inputSchema.parse(input).options.sourceServerIds ?? [];
  if (named !== undefined && named !== sourceServerId) {
    throw new Trouble(`The drill ${name} was of ${sourceServerId}, not of ${named}: give another --name`);
  }
  const found = servers.find((server) => server.sourceServerId === sourceServerId);
  if (found === undefined)
    throw new Trouble(
      `${sourceServerId} of the drill ${name} is not among the servers that were found: give the same --application and --wave`,
    );
  return found;
}

/** Also of a server that failed: one may have been launched and be of no use. */
function instancesOf({ recoveryInstances, failedServers }: ComponentOutput): string[] {
  const all = [...recoveryInstances, ...failedServers].map(({ recoveryInstanceId = '' }) => recoveryInstanceId);
  return [...new Set(all.filter((id) => id !== ''))];
}

function scopeOf({ application, wave }: SmokeOptions): Record<string, string> {
  return { [TAG.application]: application, ...(wave === undefined ? {} : { [TAG.wave]: String(wave) }) };
}

function isOver(status: string): boolean {
  const known: ExecutionStatus | undefined = EXECUTION_STATUSES.find((one) => one === status);
  return known !== undefined && isTerminal(known);
}

/** Of the 80 characters of a run's name there is room for what is put behind it: an end, or a status with its time. */
const LONGEST_NAME = 55;

/**
 * The name of a run, of what Step Functions takes. One that is too long keeps its beginning and tells itself from others by
 * a hash: the same name on another day is another one.
 */
export function runName(name: string): string {
  const whole = `smoke-${name.replace(/[^\w-]+/g, '-')}`;
  if (whole.length <= LONGEST_NAME) return whole;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${whole.slice(0, LONGEST_NAME - hash.length - 1)}-${hash}`;
}

function metadataOf(correlationId: string) {
  return { correlationId, initiatedBy: 'npm run smoke' };
}

function nameOf({ sourceServerHostname, sourceServerId }: ServerStatus): string {
  return `${sourceServerHostname} (${sourceServerId})`;
}

function minutes(ms: number): string {
  return `${Math.round(ms / 60_000)} min`;
}
