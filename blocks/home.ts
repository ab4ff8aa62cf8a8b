import type { Button, HomeView, KnownBlock } from '@slack/types';
import type { Role } from '../src/domain/access.ts';
import type { ExecutionView, GateRecord } from '../src/domain/records.ts';
import { buttonValue, OPEN_REQUEST_ACTION, REFRESH_HOME_ACTION } from './action-ids.ts';
import { executionLine, type ListedExecution } from './executions-list.ts';
import { gateCard } from './gate-card.ts';
import { type ListedPlan, libraryButtons, planLine } from './library.ts';
import { dotted, listing } from './listing.ts';
import {
  actions,
  button,
  context,
  count,
  dayAndMoment,
  header,
  link,
  mentions,
  moment,
  name,
  section,
  since,
} from './message.ts';
import { questionTitle } from './question.ts';
import { homeReadiness, type ShownReadiness } from './readiness.ts';
import { askedBy, instancesText, wordsOf } from './verbs.ts';
import { actionOf, outcomeText } from './wave-actions.ts';
import { shortId } from './words.ts';

/** A question that waits for the person, with the address of its message where that stands in Slack. */
export interface WaitingQuestion {
  view: ExecutionView;
  gate: GateRecord;
  messageUrl?: string;
}

/** Something that a new deployment still needs, and how it gets it: mrkdwn of ours. */
export interface MissingPart {
  what: string;
  todo: string;
}

/** What App Home shows to somebody who has a role. */
export interface HomeContent {
  /** Milliseconds since the epoch. */
  now: number;
  /** Questions that the person may answer and has not. */
  waiting: WaitingQuestion[];
  running: ListedExecution[];
  /** What is over, newest first. */
  recent: ListedExecution[];
  roles: { role: Role; applications?: string[] }[];
  /** Whether the person may ask for anything. */
  mayAsk: boolean;
  /** Whether the applications that the person may see could be recovered. */
  readiness?: readonly ShownReadiness[];
  /** The recovery plans that the person may see, and whether they may make one. */
  library?: { plans: readonly ListedPlan[]; mayPlan: boolean };
  /** What is not there yet; empty when everything is. */
  missing: MissingPart[];
}

/** Slack: blocks of a view of App Home. */
const MOST_HOME_BLOCKS = 100;
const MOST_QUESTIONS = 20;
const MOST_RUNNING = 20;
const MOST_RECENT = 10;
const MOST_PLANS = 10;
const MOST_ROLES = 20;
const MOST_MANAGERS = 5;
/** Of a section of App Home, so that no list pushes out the ones below. */
const LIST_CHARACTERS = 6_000;
const MOST_APPLICATIONS = 10;
/** In characters, of what an action said that a question is about. */
const MAX_SAID = 150;

const ROLE_WORDS: Record<Role, string> = {
  DRSOrchestrationAdmin: 'everything, the configuration among it',
  DRSRecoveryManager: 'ask, approve, decide between waves, cancel, terminate, look',
  DRSPlanManager: 'keep protection groups and recovery plans, look',
  DRSOperator: 'ask for drills and recoveries, look',
  DRSReadOnly: 'look',
};

/** App Home of somebody who has a role. */
export function home(content: HomeContent): HomeView {
  const { waiting, running, recent, roles, mayAsk, missing, now } = content;
  return view([
    header('Disaster recovery'),
    actions('home:buttons', [
      ...(mayAsk
        ? [button(OPEN_REQUEST_ACTION, 'Ask for a Drill or Recovery', 'home', { style: 'primary' as const })]
        : []),
      button(REFRESH_HOME_ACTION, 'Refresh', 'home'),
    ]),
    context(`As of ${moment(now)}.`),
    { type: 'divider' },
    section('*Waiting for you*'),
    ...(waiting.length === 0
      ? [section('Nothing waits for your decision.')]
      : waiting.slice(0, MOST_QUESTIONS).flatMap(questionBlocks)),
    ...(waiting.length > MOST_QUESTIONS
      ? [section(`… and ${count(waiting.length - MOST_QUESTIONS, 'more question')}: decide these first, then refresh.`)]
      : []),
    { type: 'divider' },
    ...listing(
      [
        '*Under way*',
        ...orNothing(
          running.map((listed) => executionLine(listed)),
          'Nothing is under way.',
        ),
      ],
      MOST_RUNNING + 1,
      LIST_CHARACTERS,
    ),
    ...listing(
      [
        '*Over*',
        ...orNothing(
          recent.map((listed) => executionLine(listed)),
          'Nothing has run yet.',
        ),
      ],
      MOST_RECENT + 1,
      LIST_CHARACTERS,
    ),
    ...(content.readiness === undefined ? [] : [{ type: 'divider' as const }, ...homeReadiness(content.readiness)]),
    ...libraryBlocks(content),
    ...missingBlocks(missing),
    { type: 'divider' },
    ...listing(['*What you may do*', ...roles.map(roleLine)], MOST_ROLES + 1, LIST_CHARACTERS),
    context(
      '`/dr help` in a channel shows every command. What you decide here stands on the card in the channel, too.',
    ),
  ]);
}

function libraryBlocks({ library }: HomeContent): KnownBlock[] {
  if (library === undefined) return [];
  const { plans, mayPlan } = library;
  const rows = orNothing(plans.map(planLine), 'No recovery plan is stored that you may see.');
  return [
    { type: 'divider' },
    ...listing(['*Recovery plans*', ...rows], MOST_PLANS + 1, LIST_CHARACTERS),
    ...(mayPlan ? [libraryButtons('home:plans')] : []),
  ];
}

/** App Home of somebody who has no role: polite, and of use. */
export function homeWithoutRole(managers: string[]): HomeView {
  const whom = managers.length === 0 ? 'whoever runs dr-chatops' : mentions(managers, MOST_MANAGERS);
  return view([
    header('Disaster recovery'),
    section(
      `Welcome. This is where people ask for disaster recovery drills and recoveries, and decide about them. You have no role here yet, so there is nothing that I may show you. Ask ${whom} if you need access.`,
    ),
    actions('home:buttons', [button(REFRESH_HOME_ACTION, 'Refresh', 'home')]),
  ]);
}

/** App Home when it could not be drawn. `why` is a sentence for people, in mrkdwn. */
export function homeProblem(why: string, now: number): HomeView {
  return view([
    header('Disaster recovery'),
    section(why),
    actions('home:buttons', [button(REFRESH_HOME_ACTION, 'Refresh', 'home')]),
    context(`As of ${moment(now)}. Nothing was changed.`),
  ]);
}

function view(blocks: KnownBlock[]): HomeView {
  return { type: 'home', blocks: blocks.slice(0, MOST_HOME_BLOCKS) };
}

function orNothing(rows: string[], nothing: string): string[] {
  return rows.length === 0 ? [nothing] : rows;
}

/** The question in short, with the buttons of its message in the channel. */
function questionBlocks({ view: execution, gate, messageUrl }: WaitingQuestion): KnownBlock[] {
  const { mrkdwn } = questionTitle(execution, gate);
  const { plan } = execution;
  const { order, danger } = wordsOf(execution.execution);
  const size =
    plan === undefined || gate.kind !== 'approval'
      ? ''
      : ` ${order} ${instancesText(execution.execution, plan.totalServers)}.`;
  return [
    section(
      [
        `*${mrkdwn}*${size === '' ? '' : `:${size}`}`,
        ...actionLine(execution, gate),
        ...(danger === undefined || gate.kind !== 'approval' ? [] : [danger]),
        dotted(
          `Asked by ${askedBy(execution.execution)} ${since(gate.openedAt)}`,
          `${gate.votes.length} of ${gate.quorum} votes`,
          `expires ${dayAndMoment(gate.expiresAt)}`,
          messageUrl === undefined ? undefined : link(messageUrl, 'open'),
        ),
      ].join('\n'),
    ),
    actions(`home:${shortId(gate.executionId)}:${gate.gateId}:r${gate.planRevision}`, buttonsOf(execution, gate)),
  ];
}

/** What an action said that a question is about. */
function actionLine(execution: ExecutionView, gate: GateRecord): string[] {
  const record = actionOf(execution, gate);
  return record === undefined ? [] : [`❌ ${outcomeText(record, MAX_SAID)}`];
}

/** The very buttons of the gate's own message: an answer is the same from wherever it is given. */
function buttonsOf(execution: ExecutionView, gate: GateRecord): Button[] {
  const own = buttonValue(gate);
  return gateCard(execution, gate).blocks.flatMap((block) =>
    block.type === 'actions'
      ? block.elements.filter((element): element is Button => element.type === 'button' && element.value === own)
      : [],
  );
}

function missingBlocks(missing: MissingPart[]): KnownBlock[] {
  if (missing.length === 0) return [];
  return [
    { type: 'divider' },
    section('*Before the first recovery*\nThis deployment still needs:'),
    ...missing.map(({ what, todo }) => section(`☐ *${what}*\n${todo}`)),
  ];
}

function roleLine({ role, applications }: HomeContent['roles'][number]): string {
  return `• *${role}* for ${applicationsText(applications)}: ${ROLE_WORDS[role]}`;
}

function applicationsText(applications: string[] | undefined): string {
  if (applications === undefined) return 'all applications';
  const named = applications.slice(0, MOST_APPLICATIONS).map(name).join(', ');
  const rest = applications.length - MOST_APPLICATIONS;
  return `${named}${rest > 0 ? ` and ${rest} more` : ''}`;
}
