import type { KnownBlock } from '@slack/types';
import type {
  ApplicationReadiness,
  FleetReadiness,
  ReadinessFinding,
  ReadinessState,
} from '../src/domain/readiness.ts';
import { dotted, listing, spokenAge } from './listing.ts';
import {
  context,
  count,
  dayAndMoment,
  header,
  type Message,
  message,
  name,
  oneLine,
  section,
  sentence,
  since,
} from './message.ts';
import { namesText, shortId } from './words.ts';

/** Whether applications could be recovered now: what people look at, and what a channel is told each day. */

/** An application as it is shown. */
export interface ShownReadiness extends Omit<ApplicationReadiness, 'state'> {
  /** At this moment: what was looked at too long ago is not known. */
  state: ReadinessState;
  /** The last check is too old to go by. */
  isStale: boolean;
  /** Since when the state is what the check found; milliseconds since the epoch. */
  since: number;
}

const MARKS: Record<ReadinessState, string> = { ready: '✅', 'at risk': '⚠️', 'not ready': '❌', 'not known': '❔' };
const FINDING_MARKS: Record<ReadinessFinding['severity'], string> = { stop: '❌', unknown: '❔', warning: '⚠️' };
/** The worst first. */
const ORDER: readonly ReadinessState[] = ['not ready', 'not known', 'at risk', 'ready'];
const MOST_LISTED = 100;
const MOST_IN_HOME = 12;
const MOST_IN_DIGEST = 40;
const LIST_CHARACTERS = 8_400;
const HOME_CHARACTERS = 5_000;
/** In characters, of a finding in a line with others. */
const SHORT = 140;
const LONG = 400;

/** The answer to `/dr readiness HRP`. */
export function readinessCard(shown: ShownReadiness): Message {
  const { application, state, findings, findingCount } = shown;
  const rest = findingCount - findings.length;
  const lines = findings.map(findingText);
  return message(`${MARKS[state]} ${name(application)} is ${state}.`, [
    header(`Readiness of ${oneLine(application)}`),
    section([stateLine(shown), factsLine(shown), ...planLines(shown)].filter((line) => line !== '').join('\n')),
    ...(lines.length === 0
      ? [section('Nothing speaks against a recovery.')]
      : listing(lines, MOST_LISTED, LIST_CHARACTERS)),
    ...(rest > 0 ? [section(`… and ${count(rest, 'more finding')}: put these right first.`)] : []),
    context(asOfText(shown)),
  ]);
}

/** The answer to `/dr readiness`: one line each, the worst first. `fleet`: for those who may see what is of no application. */
export function readinessList(
  applications: readonly ShownReadiness[],
  fleet: Pick<FleetReadiness, 'findings'> | undefined,
): Message {
  if (applications.length === 0) return notChecked();
  const findings = fleet?.findings ?? [];
  const oldest = worstFirst(applications)[0];
  return message(countsText(applications), [
    header('Readiness'),
    section(countsText(applications)),
    ...listing(worstFirst(applications).map(lineOf), MOST_LISTED, findings.length === 0 ? LIST_CHARACTERS : 5_500),
    ...(findings.length === 0
      ? []
      : listing(['*Of no single application*', ...findings.map(findingText)], MOST_LISTED, 3_000)),
    context(
      dotted(oldest === undefined ? '' : asOfText(oldest), '`/dr readiness &lt;application&gt;` says what to do.'),
    ),
  ]);
}

/** The answer where no check has come to its end yet. */
export function notChecked(): Message {
  const text =
    'Readiness is not known: no check has come to its end yet, or there is no application that you may see. It is checked every 30 minutes.';
  return message(text, [section(`❔ ${text}`)]);
}

/** The part of App Home; `applications`: those that the person may see. */
export function homeReadiness(applications: readonly ShownReadiness[]): KnownBlock[] {
  const [first] = worstFirst(applications);
  if (first === undefined) {
    return [section('*Readiness*\n❔ Not known: no check has come to its end yet. It is checked every 30 minutes.')];
  }
  const unready = worstFirst(applications).filter(({ state }) => state !== 'ready');
  return [
    ...listing([`*Readiness*\n${countsText(applications)}`, ...unready.map(lineOf)], MOST_IN_HOME + 1, HOME_CHARACTERS),
    context(dotted(asOfText(first), '`/dr readiness &lt;application&gt;` says what to do.')),
  ];
}

/** What a channel is told each day: what is not ready, and how many are. `day`: as `2026-03-02`. */
export function readinessDigest(
  day: string,
  applications: readonly ShownReadiness[],
  fleet: Pick<FleetReadiness, 'checkedAt'> | undefined,
): Message {
  const title = `Readiness on ${day}`;
  if (fleet === undefined || applications.length === 0) {
    const text = `${title} is not known: no check has come to its end yet. Look at the log of check-readiness.`;
    return message(text, [section(`❔ ${text}`)]);
  }
  const named = worstFirst(applications).filter(({ state }) => state === 'not ready' || state === 'not known');
  const [first] = worstFirst(applications);
  return message(`${title}: ${countsText(applications)}`, [
    header(title),
    section(countsText(applications)),
    ...listing(named.map(lineOf), MOST_IN_DIGEST, LIST_CHARACTERS),
    context(dotted(first === undefined ? '' : asOfText(first), '`/dr readiness &lt;application&gt;` says what to do.')),
  ]);
}

/** `2 of 14 applications are not ready, 1 is not known, 3 are at risk, 8 are ready.` */
function countsText(applications: readonly ShownReadiness[]): string {
  const parts = ORDER.flatMap((state) => {
    const number = applications.filter((one) => one.state === state).length;
    return number === 0 ? [] : [{ state, number }];
  });
  const [first, ...more] = parts;
  if (first === undefined) return 'There is no application.';
  const { number, state } = first;
  const all = applications.length;
  if (state === 'not known' && more.length === 0) {
    return all === 1
      ? 'It is not known whether the one application is ready.'
      : `It is not known whether the ${all} applications are ready.`;
  }
  const of =
    more.length === 0
      ? all === 1
        ? 'The one application'
        : `All ${all} applications`
      : `${number} of ${count(all, 'application')}`;
  const be = (n: number) => (n === 1 ? 'is' : 'are');
  const rest = more.map((part) => `, ${part.number} ${be(part.number)} ${part.state}`).join('');
  return `${of} ${be(number)} ${state}${rest}.`;
}

/** An application in one line, with its worst finding. */
function lineOf({ application, state, findings, findingCount, isStale }: ShownReadiness): string {
  const [worst] = findings;
  const more = findingCount > 1 ? ` (and ${findingCount - 1} more)` : '';
  const why = isStale
    ? 'it was not looked at for more than 90 min'
    : worst === undefined
      ? ''
      : `${sentence(worst.message, SHORT)}${more}`;
  return `${MARKS[state]} *${name(application)}* ${state}${why === '' ? '' : `: ${why}`}`;
}

function stateLine({ state, since: began, isStale, checkedAt }: ShownReadiness): string {
  if (isStale) {
    return `${MARKS[state]} *Not known*: the last check was ${dayAndMoment(checkedAt)}, longer ago than 90 min. What it found then:`;
  }
  return `${MARKS[state]} *${state.charAt(0).toUpperCase()}${state.slice(1)}*, since ${dayAndMoment(began)}`;
}

function factsLine({ servers, skipped, accounts, worstDataAgeSeconds, lastDrill }: ShownReadiness): string {
  return dotted(
    `${count(servers, 'server')}${skipped === 0 ? '' : ` (${skipped} left out)`}`,
    accounts.length === 0 ? undefined : count(accounts.length, 'account'),
    worstDataAgeSeconds === undefined ? undefined : `oldest copy ${spokenAge(worstDataAgeSeconds)}`,
    lastDrill === undefined ? 'never drilled as a whole' : `last drill ${dayAndMoment(lastDrill.endedAt)}`,
  );
}

function planLines({ plan }: ShownReadiness): string[] {
  return plan === undefined ? [] : [`Recovery plan: ${verificationText(plan.verification)}`];
}

/** Whether a plan is verified, and by which drill; or why not. In lower case, as a part of a line. */
export function verificationText(verification: NonNullable<ApplicationReadiness['plan']>['verification']): string {
  if (verification.verified) {
    return `✅ *verified* by drill \`${shortId(verification.executionId)}\` ${dayAndMoment(verification.at)}`;
  }
  switch (verification.why) {
    case 'not drilled':
      return '☐ not verified: no drill of all its waves has succeeded';
    case 'changed':
      return `☐ not verified: changed after drill \`${shortId(verification.executionId)}\``;
    case 'other servers':
      return `☐ not verified: ${count(verification.waves.length, 'wave')} with other servers than in drill \`${shortId(verification.executionId)}\``;
    case 'servers not known':
      return `❔ not known whether it is still verified by drill \`${shortId(verification.executionId)}\`: not all of its servers were seen`;
  }
}

function findingText({ severity, message: what, servers = [], todo, count: all }: ReadinessFinding): string {
  const rest = all - servers.length;
  const named = servers.length === 0 ? '' : `\n   ${namesText(servers)}${rest > 0 ? ` and ${rest} more` : ''}`;
  return `${FINDING_MARKS[severity]} ${sentence(what, LONG)}${named}\n   → ${sentence(todo, LONG)}`;
}

function asOfText({ checkedAt }: Pick<ShownReadiness, 'checkedAt'>): string {
  return `Checked ${since(checkedAt)}, every 30 min`;
}

function worstFirst(applications: readonly ShownReadiness[]): ShownReadiness[] {
  return applications.toSorted(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.application.localeCompare(b.application),
  );
}
