import type { ServerStatus } from '../src/domain/contract.ts';
import { dotted, listing, spokenAge } from './listing.ts';
import {
  context,
  count,
  dayAndMoment,
  header,
  lines,
  type Message,
  message,
  moment,
  name,
  section,
} from './message.ts';

/** A disk of a server; sizes in bytes. */
export interface DiskView {
  deviceName: string;
  bytes: number;
  /** Absent for a disk that is not replicated. */
  replicatedBytes?: number;
  backloggedBytes?: number;
}

/** One source server as it is now. */
export interface ServerView {
  /** Milliseconds since the epoch. */
  now: number;
  status: ServerStatus;
  fqdn?: string;
  /** How far the copy is behind, in words, e.g. `1 h 20 min`. */
  lag?: string;
  /** What DRS says of a copy that does not get on. */
  replicationError?: string;
  disks: DiskView[];
  operatingSystem?: string;
  ramBytes?: number;
  cores?: number;
  recommendedInstanceType?: string;
}

/** A server that may have been meant. */
export interface NearServer {
  hostname: string;
  sourceServerId: string;
  accountId: string;
  application: string;
}

const MOST_DISKS = 20;
const MOST_TAGS = 20;
const MOST_INSTANCES = 10;
const MARKS: Record<ServerStatus['replicationHealth'], string> = {
  ok: '✅',
  lagging: '⚠️',
  paused: '⏸️',
  stalled: '❌',
  'not ready': '⏳',
  unknown: '⚠️',
};
const APPLICATION_TAG = 'DR-Application';
const WAVE_TAG = 'DR-Wave';

/** The answer to `/dr server <hostname>`. */
export function serverCard(view: ServerView): Message {
  const { status, now } = view;
  const { sourceServerHostname, replicationHealth, tags } = status;
  const mark = MARKS[replicationHealth];
  const application = tags[APPLICATION_TAG];
  const wave = tags[WAVE_TAG];
  const belongs = [
    application === undefined ? 'no application' : `*${name(application)}*`,
    wave === undefined ? 'no wave' : `wave ${name(wave)}`,
    `account \`${status.stagingAccountId}\``,
    name(status.region),
  ];
  const machine = dotted(
    view.operatingSystem === undefined ? undefined : name(view.operatingSystem),
    view.cores === undefined ? undefined : count(view.cores, 'core'),
    view.ramBytes === undefined ? undefined : `${gibibytes(view.ramBytes)} of memory`,
    view.recommendedInstanceType === undefined ? undefined : `DRS would take ${name(view.recommendedInstanceType)}`,
  );
  return message(`${name(sourceServerHostname)}: replication is ${replicationHealth}.`, [
    header(`${mark} ${sourceServerHostname} · replication ${replicationHealth}`),
    section([belongs.join(' · '), machine].filter((line) => line !== '').join('\n')),
    section(replicationLines(view).join('\n')),
    section(`*Disks*\n${view.disks.length === 0 ? 'DRS names none.' : lines(view.disks.map(diskLine), MOST_DISKS)}`),
    section(launchLines(view).join('\n')),
    ...listing(['*Tags*', ...tagLines(tags)], MOST_TAGS + 1, 3_000),
    context(
      `As of ${moment(now)} · ${name(status.sourceServerId)}${view.fqdn === undefined || view.fqdn === sourceServerHostname ? '' : ` · ${name(view.fqdn)}`}`,
    ),
  ]);
}

function replicationLines({ status, lag, replicationError }: ServerView): string[] {
  const { replicationState, dataAgeSeconds, lastSeen } = status;
  const seen = Date.parse(lastSeen ?? '');
  return [
    dotted(
      `*Replication* ${name(replicationState)}`,
      lag === undefined ? undefined : `${name(lag)} behind`,
      dataAgeSeconds === undefined ? 'data age not known' : `data ${spokenAge(dataAgeSeconds)} old`,
    ),
    ...(replicationError === undefined ? [] : [`⚠️ DRS says ${name(replicationError)}.`]),
    ...(Number.isNaN(seen) ? [] : [`DRS last heard of it ${dayAndMoment(seen)}.`]),
  ];
}

function diskLine({ deviceName, bytes, replicatedBytes, backloggedBytes }: DiskView): string {
  const copied =
    replicatedBytes === undefined
      ? '⚠️ not replicated'
      : replicatedBytes >= bytes
        ? 'all copied'
        : `${percent(replicatedBytes, bytes)} copied`;
  const behind =
    backloggedBytes === undefined || backloggedBytes === 0 ? undefined : `${gibibytes(backloggedBytes)} behind`;
  return `• ${dotted(`\`${name(deviceName).replaceAll('`', "'")}\` ${gibibytes(bytes)}`, copied, behind)}`;
}

function launchLines({ status }: ServerView): string[] {
  const { lastLaunch, recoveryInstances, jobInProgress } = status;
  const at = Date.parse(lastLaunch?.at ?? '');
  const last =
    lastLaunch === undefined
      ? 'It was never launched.'
      : dotted(
          `${lastLaunch.type === 'DRILL' ? 'Drill' : 'Recovery'}${Number.isNaN(at) ? '' : ` ${dayAndMoment(at)}`}: ${name(lastLaunch.status)}`,
          lastLaunch.jobId === undefined ? undefined : name(lastLaunch.jobId),
        );
  const instances = recoveryInstances.map(
    (instance) =>
      `• ${dotted(
        `${instance.isDrill ? 'drill' : '*live*'} ${name(instance.ec2InstanceId)}`,
        name(instance.state.toLowerCase()),
        instance.failbackState === undefined ? undefined : `failback ${name(instance.failbackState)}`,
      )}`,
  );
  return [
    `*Last launch* ${last}`,
    ...(jobInProgress === undefined ? [] : [`⏳ A job works on it now: ${name(jobInProgress)}`]),
    instances.length === 0
      ? 'No recovery instance of it exists.'
      : `*Recovery instances*\n${lines(instances, MOST_INSTANCES)}`,
  ];
}

function tagLines(tags: Record<string, string>): string[] {
  const all = Object.entries(tags).sort(([a], [b]) => (a < b ? -1 : 1));
  return all.length === 0 ? ['none'] : all.map(([key, value]) => `• ${name(key)} = ${name(value)}`);
}

/** The answer when nobody can tell which server is meant: those that are called so, or nearly so. */
export function serversToChooseFrom(typed: string, near: NearServer[], isAmbiguous: boolean): Message {
  const what = isAmbiguous
    ? `“${name(typed)}” is the name of ${count(near.length, 'server')}. Say which by its id, e.g. \`/dr server ${name(near[0]?.sourceServerId ?? '')}\`.`
    : `There is no server “${name(typed)}”, as far as you may see.${near.length === 0 ? '' : ' Did you mean one of these?'}`;
  const known = near.map(
    ({ hostname, sourceServerId, accountId, application }) =>
      `• ${dotted(`*${name(hostname)}*`, name(sourceServerId), application === '' ? undefined : name(application), `\`${accountId}\``)}`,
  );
  return message(what, [section(what), ...listing(known, MOST_INSTANCES)]);
}

function gibibytes(bytes: number): string {
  const amount = bytes / 2 ** 30;
  return `${amount >= 10 || Number.isInteger(amount) ? Math.round(amount).toLocaleString('en-US') : amount.toFixed(1)} GiB`;
}

/** Never 100 %: that is said otherwise. */
function percent(part: number, whole: number): string {
  return `${Math.min(99, Math.floor((part / whole) * 100))} %`;
}
