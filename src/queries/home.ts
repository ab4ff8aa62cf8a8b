import type { HomeView } from '@slack/types';
import type { ListedExecution } from '../../blocks/executions-list.ts';
import { home, homeWithoutRole, type MissingPart, type WaitingQuestion } from '../../blocks/home.ts';
import { managersOf, maySomewhere } from '../chat/rights.ts';
import { ASK_PERMISSION, grantsOf, type Person } from '../domain/access.ts';
import { DrError, nameOf } from '../domain/errors.ts';
import { breakGlassRefusalOf, type Gate, refusalOf } from '../domain/gate.ts';
import { EXECUTION_STATUSES, isTerminal } from '../domain/status.ts';
import { visible } from './executions.ts';
import { cardOf, listed } from './find.ts';
import { plansFor } from './library.ts';
import { type Looker, lookerOf } from './looker.ts';
import { shownReadiness } from './readiness.ts';
import type { Replies } from './reply.ts';
import { activeExecutions } from './status.ts';
import type { QueryTools } from './tools.ts';

const OVER = EXECUTION_STATUSES.filter(isTerminal);
const MOST_RECENT = 10;
/** The name of SSM's error for a parameter that is not there. */
const PARAMETER_NOT_FOUND = 'ParameterNotFound';
const FIRST_DRILLS_LOOKED_AT = 200;

/** Somebody's App Home as it is now, from what is stored. @throws {DrError} as `lookerOf`. */
export async function homeView(tools: QueryTools, replies: Replies, person: Person): Promise<HomeView> {
  const looker = await knownLooker(tools, person);
  const roles = grantsOf(looker.access, person);
  if (roles.length === 0) return homeWithoutRole(managersOf(looker.access));
  const [active, recent, missing, library, report] = await Promise.all([
    activeExecutions(tools, replies, looker),
    visible(tools.store, looker, { statuses: OVER, most: MOST_RECENT }),
    missingParts(tools),
    plansFor(tools, looker),
    tools.readiness.report(),
  ]);
  const now = tools.now();
  return home({
    now,
    waiting: await questionsFor(tools, replies, looker, active),
    running: active,
    recent: await listed(tools, replies, recent),
    roles,
    mayAsk: maySomewhere(looker.access, person, ASK_PERMISSION),
    readiness: shownReadiness(report ?? { applications: [] }, looker, now),
    library,
    missing,
  });
}

/** @throws {DrError} ConfigurationError where nobody has been given access yet, which is how a deployment begins. */
async function knownLooker(tools: QueryTools, person: Person): Promise<Looker> {
  try {
    return await lookerOf(tools.directory, person);
  } catch (error) {
    if (nameOf(error) !== PARAMETER_NOT_FOUND) throw error;
    throw new DrError(
      'ConfigurationError',
      'Nobody has access yet. Put the access document, which says who has which role, into the configuration: `npm run check-config` says what is wrong.',
      { cause: error },
    );
  }
}

/** The open questions that this person's vote would count for now, or that they may pass alone, oldest first. */
async function questionsFor(
  tools: QueryTools,
  replies: Replies,
  { person }: Looker,
  active: readonly ListedExecution[],
): Promise<WaitingQuestion[]> {
  const questions = await Promise.all(
    active.map(async ({ execution, view }): Promise<WaitingQuestion[]> => {
      const pending = (view?.gates ?? []).filter(({ status }) => status === 'pending');
      if (view === undefined || pending.length === 0) return [];
      // As at the vote: a group that the requester changed after asking does not count.
      const access = await tools.directory.access(execution);
      const mayNow = (gate: Gate, rule: typeof refusalOf) =>
        rule(gate, { person, planRevision: gate.planRevision }, access, tools.now()) === undefined;
      const theirs = pending.filter((gate) => mayNow(gate, refusalOf) || mayNow(gate, breakGlassRefusalOf));
      return await Promise.all(
        theirs.map(async (stored) => {
          // A home is one person's: it offers what this person may do.
          const { breakGlass, ...others } = stored;
          const gate = mayNow(stored, breakGlassRefusalOf) ? { ...others, breakGlass } : others;
          const place = await cardOf(tools, execution.executionId, `gate-${gate.gateId}`);
          const messageUrl = place === undefined ? undefined : await replies.permalink(place.channelId, place.ts);
          return { view, gate, ...(messageUrl === undefined ? {} : { messageUrl }) };
        }),
      );
    }),
  );
  return questions.flat().sort((a, b) => a.gate.openedAt - b.gate.openedAt);
}

/** What a new deployment still needs before anybody can rely on it. The access document is there, or nobody would see this. */
async function missingParts(tools: QueryTools): Promise<MissingPart[]> {
  const { config, store } = tools;
  const [accounts, policies, channel, catalogue, ended] = await Promise.all([
    isThere(config.stagingAccounts()),
    isThere(config.policies()),
    isThere(config.requests().then(({ channelId }) => channelId)),
    store.getCatalogue(),
    store.newestExecutions({
      statuses: ['completed', 'partial'],
      limit: FIRST_DRILLS_LOOKED_AT,
      archived: 'too',
    }),
  ]);
  const applications = catalogue?.applications ?? [];
  const parts: [isThere: boolean, part: MissingPart][] = [
    [
      accounts,
      {
        what: 'Staging accounts',
        todo: 'Deploy the staging stack in each account and name it in the configuration: `npm run doctor` says what is wrong.',
      },
    ],
    [
      policies,
      {
        what: 'Approval policies',
        todo: 'Put the policies into the configuration: `npm run check-config` says what is wrong.',
      },
    ],
    [
      channel,
      {
        what: 'A channel',
        todo: 'Name the channel for requests of machines in the configuration, and invite the bot to each channel in which people ask.',
      },
    ],
    [
      applications.length > 0,
      {
        what: 'Applications',
        todo: 'Tag the source servers with `DR-Application` and `DR-Wave`: they are read anew every five minutes.',
      },
    ],
    [
      ended.some(({ verb }) => verb === 'drill'),
      {
        what: 'A first drill',
        todo: 'Ask for one, e.g. `/dr drill &lt;application&gt; wave 1`: a recovery that was never tried is a hope.',
      },
    ],
  ];
  return parts.flatMap(([there, part]) => (there ? [] : [part]));
}

/** False for a document that is missing or wrong, and for a value that is not set. */
async function isThere(read: Promise<unknown>): Promise<boolean> {
  try {
    return (await read) !== undefined;
  } catch (error) {
    if (isConfigurationProblem(error)) return false;
    throw error;
  }
}

function isConfigurationProblem(error: unknown): boolean {
  return (error instanceof DrError && error.code === 'ConfigurationError') || nameOf(error) === PARAMETER_NOT_FOUND;
}
