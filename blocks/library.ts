import type { Button, KnownBlock } from '@slack/types';
import type { Verification } from '../src/domain/drill-proof.ts';
import type { ChangedBy } from '../src/domain/plan-library.ts';
import type { ProtectionGroup } from '../src/domain/protection-group.ts';
import type { PlanWave, RecoveryPlan, WaveAction } from '../src/domain/recovery-plan.ts';
import { EDIT_GROUP_ACTION, EDIT_PLAN_ACTION, IMPORT_PLAN_ACTION, NEW_PLAN_ACTION } from './action-ids.ts';
import { dotted, listing, spokenAge } from './listing.ts';
import {
  actions,
  button,
  context,
  count,
  dayAndMoment,
  header,
  type Message,
  message,
  name,
  section,
  sentence,
} from './message.ts';
import { verificationText } from './readiness.ts';
import { wavesText } from './verbs.ts';
import { namesText } from './words.ts';

/** What people look at of recovery plans and protection groups. */

/** Ours: characters of a list that stands nearly alone in its message, as JSON. */
const LIST_CHARACTERS = 8_400;
const MOST_LISTED = 100;
const MINUTE_S = 60;

/** Who changed a plan or a group last, and when. */
export interface Changed {
  version: number;
  changedBy: ChangedBy;
  /** Milliseconds since the epoch. */
  changedAt: number;
}

/** One plan of the list. */
export interface ListedPlan extends Changed {
  plan: RecoveryPlan;
  /** How its last drill ended, and when, where one is known. */
  lastDrill?: { status: string; endTime?: number };
  /** Whether a drill has shown that it works as it is; left out for a plan that cannot be drilled by itself. */
  verification?: Verification;
}

/** The answer to `/dr plans`. `mayNew`: the person may make one. */
export function plansList(plans: readonly ListedPlan[], mayNew: boolean): Message {
  const more = mayNew ? [libraryButtons('library')] : [];
  if (plans.length === 0) {
    const text =
      'No recovery plan is stored that you may see. `/dr plan import` reads one from a file, `/dr plan new` makes one by a form.';
    return message(text, [section(text), ...more]);
  }
  return message(`${count(plans.length, 'recovery plan')}.`, [
    header('Recovery plans'),
    ...listing(plans.map(planLine), MOST_LISTED, LIST_CHARACTERS),
    context('`/dr plan show &lt;plan&gt;` shows one; `/dr drill &lt;application&gt;` runs the plan of an application.'),
    ...more,
  ]);
}

/** The buttons by which plans are made. */
export function libraryButtons(blockId: string): KnownBlock {
  return actions(blockId, [
    button(NEW_PLAN_ACTION, 'New Recovery Plan', 'new'),
    button(IMPORT_PLAN_ACTION, 'Import', 'import'),
  ]);
}

/** A plan in two lines. */
export function planLine({ plan, version, changedBy, changedAt, lastDrill, verification }: ListedPlan): string {
  const { planName, planId, application, waves, rtoTargetMinutes } = plan;
  const drilled =
    lastDrill === undefined
      ? 'never drilled as a plan'
      : `last drill ${lastDrill.status}${lastDrill.endTime === undefined ? '' : ` ${dayAndMoment(lastDrill.endTime)}`}`;
  return `• *${name(planName)}* (${name(planId)})\n   ${dotted(
    application === undefined ? 'no application' : name(application),
    wavesText(waves.map(({ waveNumber }) => waveNumber).sort((a, b) => a - b)),
    rtoTargetMinutes === undefined ? undefined : `RTO ${minutesText(rtoTargetMinutes)}`,
    changedText({ version, changedBy, changedAt }),
    drilled,
  )}${verification === undefined ? '' : `\n   ${verificationText(verification)}`}`;
}

/** `version 3, changed by @A on …`. */
function changedText({ version, changedBy, changedAt }: Changed): string {
  return `version ${version}, changed by ${personText(changedBy)} ${dayAndMoment(changedAt)}`;
}

/** A person's mention; what is no person by its ARN. */
export function personText(by: ChangedBy): string {
  return 'userId' in by ? `<@${by.userId}>` : name(by.arn);
}

/** `45 min` or `2 h 30 min`. */
export function minutesText(minutes: number): string {
  return spokenAge(minutes * MINUTE_S);
}

/** A wave as it is shown: what its ids mean, and what it matches now. */
export interface ShownWave {
  wave: PlanWave;
  /** The names of its groups; an id where there is no such group. */
  groups: readonly string[];
  /** The name of the plan that it runs. */
  runs?: string;
  /** Hostnames of what it matches; left out where no server could be looked at. */
  servers?: readonly string[];
  /** How many more it matches that this person may not see. */
  hidden?: number;
}

/** A plan as it is shown. */
export interface ShownPlan extends Changed {
  plan: RecoveryPlan;
  /** In the order in which they run. */
  waves: readonly ShownWave[];
  /** The version that holds now, where an older one is shown. */
  current?: number;
  /** Waves that wait for each other or for what is not there: they have no place in the order. */
  isStuck: boolean;
  /** Accounts whose servers could not be looked at, and why. */
  unread: readonly string[];
  mayEdit: boolean;
  /** As of a plan of the list; left out for an older version. */
  verification?: Verification;
  /** Milliseconds since the epoch. */
  now: number;
}

/** The answer to `/dr plan show`. */
export function planCard(shown: ShownPlan): Message {
  const { plan, waves, version, current, isStuck, unread, mayEdit, verification, now } = shown;
  const { planName, planId, application, description, rtoTargetMinutes, cleanUpAfterHours } = plan;
  const facts = [
    dotted(
      application === undefined ? 'For no application' : `For *${name(application)}*`,
      `id ${name(planId)}`,
      rtoTargetMinutes === undefined ? undefined : `RTO target ${minutesText(rtoTargetMinutes)}`,
      cleanUpAfterHours === undefined
        ? undefined
        : `drill instances are terminated ${count(cleanUpAfterHours, 'hour')} after a drill, unless kept`,
    ),
    ...(description === undefined ? [] : [sentence(description)]),
    dotted(changedText(shown), current === undefined ? undefined : `*not the current version, which is ${current}*`),
    ...(verification === undefined ? [] : [verificationText(verification)]),
  ];
  const blocks: KnownBlock[] = [
    header(`Recovery plan ${planName}`),
    section(facts.join('\n')),
    ...(isStuck
      ? [section('⚠️ Some waves wait for each other or for a wave that is not there: they are listed by number.')]
      : []),
    ...waveBlocks(waves),
    context(dotted(`Matches as of ${dayAndMoment(now)}`, ...unreadText(unread))),
    ...(mayEdit && current === undefined ? [actions('plan', [button(EDIT_PLAN_ACTION, 'Edit', planId)])] : []),
  ];
  return message(`Recovery plan ${name(planName)}, version ${version}: ${count(waves.length, 'wave')}.`, blocks);
}

/** With as much of each wave as one message takes. */
function waveBlocks(waves: readonly ShownWave[]): KnownBlock[] {
  if (waves.length === 0) return [section('It has no waves.')];
  const details: Detail[] = ['all', 'counts', 'line'];
  const texts = details.map((detail) => waves.map((wave, at) => waveText(wave, at, detail)));
  const fitting = texts.find((all) => JSON.stringify(all).length <= LIST_CHARACTERS) ?? texts.at(-1) ?? [];
  return listing(fitting, MOST_LISTED, LIST_CHARACTERS);
}

/** How much is said of a wave: its servers and actions by name, by number, or its first line alone. */
type Detail = 'all' | 'counts' | 'line';

function waveText({ wave, groups, runs, servers, hidden = 0 }: ShownWave, at: number, detail: Detail): string {
  const { waveNumber, waveName, dependsOn, pauseBeforeWave, pauseAfterWave } = wave;
  const total = servers === undefined ? undefined : servers.length + hidden;
  const first = `${at + 1}. *Wave ${waveNumber}: ${name(waveName)}*${total === undefined ? '' : ` (${total === 0 ? '⚠️ ' : ''}${count(total, 'server')})`}`;
  if (detail === 'line') return first;
  const pauses = [pauseBeforeWave ? 'before' : '', pauseAfterWave ? 'after' : ''].filter((when) => when !== '');
  const settings = dotted(
    pauses.length === 0 ? undefined : `⏸️ pause ${pauses.join(' and ')} it`,
    dependsOn.length === 0 ? undefined : `after ${wavesText(dependsOn.toSorted((a, b) => a - b))}`,
    wave.maxWaitMinutes === undefined ? undefined : `waits at most ${minutesText(wave.maxWaitMinutes)}`,
    wave.successThresholdPercent === undefined ? undefined : `success threshold ${wave.successThresholdPercent}%`,
    wave.rtoTargetMinutes === undefined ? undefined : `RTO target ${minutesText(wave.rtoTargetMinutes)}`,
    wave.estimatedDuration === undefined ? undefined : `expected ${spokenAge(wave.estimatedDuration)}`,
  );
  const lines = [
    first,
    `   ${selectionText({ wave, groups, ...(runs === undefined ? {} : { runs }) })}`,
    ...(wave.description === undefined || detail !== 'all' ? [] : [`   ${sentence(wave.description)}`]),
    ...(settings === '' ? [] : [`   ${settings}`]),
    ...(servers === undefined || servers.length === 0 || detail !== 'all'
      ? []
      : [`   ${namesText(servers)}${hidden > 0 ? ` and ${hidden} that you may not see` : ''}`]),
    ...actionTexts('before it', wave.preWaveActions, detail),
    ...actionTexts('after it', wave.postWaveActions, detail),
  ];
  return lines.join('\n');
}

/** What selects a wave's servers. */
function selectionText({ wave, groups, runs }: Pick<ShownWave, 'wave' | 'groups' | 'runs'>): string {
  return (
    dotted(
      groups.length === 0 ? undefined : `groups ${groups.map(name).join(', ')}`,
      wave.tagCriteria === undefined ? undefined : `tags ${tagsText(wave.tagCriteria)}`,
      runs === undefined ? undefined : `runs the recovery plan ${name(runs)}`,
    ) || '⚠️ names no servers'
  );
}

/** `DR-Application=HRP, DR-Wave=1`, for mrkdwn. */
export function tagsText(tags: Record<string, string>): string {
  return Object.entries(tags)
    .map(([key, value]) => `${name(key)}=${name(value)}`)
    .join(', ');
}

function actionTexts(when: string, list: readonly WaveAction[], detail: Detail): string[] {
  if (list.length === 0) return [];
  if (detail !== 'all') return [`   ${count(list.length, 'action')} ${when}`];
  return list.map((action) => `   ⚙️ ${when}: ${actionText(action)}`);
}

const ON_FAILURE = { ask: 'people are asked', stop: 'nothing more is begun', continue: 'it goes on' } as const;

/** An action in one line. */
export function actionText(action: WaveAction): string {
  const { actionName, timeoutMinutes, onFailure, verbs } = action;
  return dotted(
    `${name(actionName)} (${whatText(action)})`,
    `at most ${minutesText(timeoutMinutes)}`,
    `when it fails ${ON_FAILURE[onFailure]}`,
    verbs.length === 1 ? `only in a ${verbs[0]}` : undefined,
  );
}

function whatText(action: WaveAction): string {
  switch (action.actionType) {
    case 'automation': {
      const where = [action.accountId, action.region].filter((part) => part !== undefined).join(' ');
      return `automation ${name(action.documentName)}${where === '' ? '' : ` in ${name(where)}`}`;
    }
    case 'http':
      return `${name(action.url)} answers ${action.expectedStatus}`;
    case 'tcp':
      return `${name(action.host)}:${action.port} answers`;
    case 'ec2Status':
      return 'EC2 status checks';
    case 'command':
      return `command ${name(action.documentName)}`;
  }
}

/** Says which accounts could not be looked at; nothing when all could. */
export function unreadText(unread: readonly string[]): string[] {
  return unread.length === 0
    ? []
    : [
        `⚠️ not looked at: ${unread
          .slice(0, 3)
          .map((why) => sentence(why, 120))
          .join('; ')}`,
      ];
}

/** One group of the list. */
export interface ListedGroup extends Changed {
  group: ProtectionGroup;
  /** The names of the plans that use it. */
  usedBy: readonly string[];
}

/** The answer to `/dr groups`. */
export function groupsList(groups: readonly ListedGroup[]): Message {
  if (groups.length === 0) {
    const text =
      'No protection group is stored that you may see. `/dr group new` makes one by a form, `/dr plan import` reads them from a file.';
    return message(text, [section(text)]);
  }
  return message(`${count(groups.length, 'protection group')}.`, [
    header('Protection groups'),
    ...listing(groups.map(groupLine), MOST_LISTED, LIST_CHARACTERS),
    context('`/dr group show &lt;group&gt;` shows one with the servers that it matches now.'),
  ]);
}

function groupLine({ group, usedBy, ...changed }: ListedGroup): string {
  return `• *${name(group.groupName)}* (${name(group.groupId)})\n   ${dotted(
    ...groupFacts(group),
    usedText(usedBy),
    changedText(changed),
  )}`;
}

function groupFacts({ region, accountId, serverIds, tagCriteria }: ProtectionGroup): string[] {
  return [
    name(region),
    accountId === undefined ? 'every account' : `account ${name(accountId)}`,
    tagCriteria === undefined ? count(serverIds?.length ?? 0, 'server') : `tags ${tagsText(tagCriteria)}`,
  ];
}

function usedText(usedBy: readonly string[]): string {
  return usedBy.length === 0 ? 'no plan uses it' : `used by ${namesText(usedBy)}`;
}

/** A group as it is shown. */
export interface ShownGroup extends ListedGroup {
  /** Hostnames of what it matches; left out where no server could be looked at. */
  servers?: readonly string[];
  hidden?: number;
  /** Records of these machines in other accounts, which the group does not have. */
  outside?: readonly { hostname: string; accountId: string }[];
  unread: readonly string[];
  mayEdit: boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

/** The answer to `/dr group show`. */
export function groupCard(shown: ShownGroup): Message {
  const { group, usedBy, unread, mayEdit, now } = shown;
  const buttons: Button[] = mayEdit ? [button(EDIT_GROUP_ACTION, 'Edit', group.groupId)] : [];
  return message(`Protection group ${name(group.groupName)}: ${matchesText(shown)}.`, [
    header(`Protection group ${group.groupName}`),
    section(
      [
        dotted(`id ${name(group.groupId)}`, ...groupFacts(group)),
        ...(group.description === undefined ? [] : [sentence(group.description)]),
        dotted(usedText(usedBy), changedText(shown)),
      ].join('\n'),
    ),
    ...matchBlocks(shown),
    context(dotted(`Matches as of ${dayAndMoment(now)}`, ...unreadText(unread))),
    ...(buttons.length === 0 ? [] : [actions('group', buttons)]),
  ]);
}

/** What a group matches. */
export type Matches = Pick<ShownGroup, 'servers' | 'hidden' | 'outside'>;

function matchesText({ servers, hidden = 0 }: Matches): string {
  return servers === undefined ? 'its servers could not be looked at' : count(servers.length + hidden, 'server');
}

/** The servers that a group matches, by name. */
export function matchBlocks({ servers, hidden = 0, outside = [] }: Matches): KnownBlock[] {
  if (servers === undefined) return [section('⚠️ No account could be looked at: what it matches is not known.')];
  if (servers.length + hidden === 0) return [section('⚠️ It matches no server.')];
  const more = hidden === 0 ? [] : [`and ${hidden} that you may not see`];
  return [
    section(`*It matches ${count(servers.length + hidden, 'server')}*`),
    ...listing([...nameLines(servers.toSorted().map(name)), ...more], MOST_MATCHES, MATCH_CHARACTERS),
    ...(outside.length === 0 ? [] : [section(sentence(outsideText(outside), OUTSIDE_CHARACTERS))]),
  ];
}

/**
 * Said of a group that has one record alone of machines which were extended to another account; empty where there are none.
 * Names as they are: whoever shows it escapes it.
 */
export function outsideText(outside: readonly { hostname: string; accountId: string }[]): string {
  const [first] = outside;
  if (first === undefined) return '';
  const named = outside
    .slice(0, MOST_OUTSIDE)
    .map(({ hostname, accountId }) => `${hostname} (${accountId})`)
    .join(', ');
  const rest = outside.length > MOST_OUTSIDE ? ` and ${outside.length - MOST_OUTSIDE} more` : '';
  const are = outside.length === 1 ? 'is' : 'are';
  return `⚠️ ${named}${rest} ${are} known in that account, too (an extended source server), and the group does not have that record. What runs of it there is not seen before a launch: have the group look in every account, or name the ids of both records.`;
}

/** Names, some in a line. */
function nameLines(names: readonly string[]): string[] {
  return Array.from({ length: Math.ceil(names.length / NAMES_A_LINE) }, (_, at) =>
    names.slice(at * NAMES_A_LINE, (at + 1) * NAMES_A_LINE).join(', '),
  );
}

const NAMES_A_LINE = 8;
const MOST_MATCHES = 300;
const MOST_OUTSIDE = 10;
const OUTSIDE_CHARACTERS = 2_900;
const MATCH_CHARACTERS = 6_000;
