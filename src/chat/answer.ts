import { noRoleText, notMemberText } from '../../blocks/answers.ts';
import { isCommandWord } from '../../blocks/commands.ts';
import { accessText, commandHelpText, helpText } from '../../blocks/help.ts';
import {
  type Access,
  APPROVE_PERMISSION,
  grantees,
  grantsOf,
  may,
  type Person,
  VIEW_PERMISSION,
} from '../domain/access.ts';
import type { Catalogue } from '../domain/records.ts';
import { PLANNED_VERBS } from '../domain/vocabulary.ts';
import { archive } from './archive.ts';
import type { Asked } from './asked.ts';
import { type Membership, membershipIn } from './channel.ts';
import { parseCommand } from './command.ts';
import { decide } from './decide.ts';
import { library } from './library.ts';
import { look } from './look.ts';
import { checked, refused } from './refusal.ts';
import { requestRecovery } from './request.ts';
import { commandsOf, hasAnyRole, managersOf } from './rights.ts';
import { schedule } from './schedule.ts';
import type { ChatTools } from './tools.ts';

/**
 * What somebody is told who typed `/dr …` or mentioned the bot, in mrkdwn; undefined when a form was opened and answers
 * for itself. What is asked for is stored on the way. Slack waits 3 s: what can be read at the same time is.
 * @throws {DrError} ConfigurationError or DirectoryUnavailable when rights cannot be checked.
 */
export async function answer(tools: ChatTools, asked: Asked): Promise<string | undefined> {
  const { asker, text } = asked;
  const wanted = { person: asker, what: `/dr ${firstWordOf(text)}`, text };
  const [access, standing, catalogue, membership] = await checked(tools, wanted, () =>
    Promise.all([
      tools.directory.access(),
      tools.directory.standingOf(asker),
      tools.store.getCatalogue(),
      membershipOf(tools, asked),
    ]),
  );
  if (standing !== 'member') return await refused(tools, { ...wanted, why: standing }, notMemberText(standing));
  if (!hasAnyRole(access, asker)) {
    return await refused(tools, { ...wanted, why: 'no role' }, noRoleText(managersOf(access)));
  }
  const command = parseCommand(text, catalogue);
  switch (command.kind) {
    case 'help': {
      const words = commandsOf(access, asker);
      const { about } = command;
      const known = visible(catalogue, access, asker);
      return about === undefined ? helpText(words, known) : commandHelpText(about, words.includes(about), known);
    }
    case 'access':
      return accessText({
        userId: asker.userId,
        roles: grantsOf(access, asker),
        words: commandsOf(access, asker),
        deciders: decidersFor(access, asker),
        configuredAt: `${tools.configPath}/access`,
      });
    case 'problem':
      return command.text;
    case 'request': {
      const request = { ...command, asker, access, catalogue, standing, membership, text };
      return (await requestRecovery(tools, { ...request, channelId: asked.channelId, key: asked.key })).text;
    }
    case 'decision':
      return await decide(tools, asked, command);
    case 'archive':
      return await archive(tools, asked, command);
    case 'library':
      return await library(tools, asked, command.wanted, access);
    case 'schedule':
      return await schedule(tools, asked, command.wanted, { access, catalogue, membership });
    default:
      return await look(tools, asked, command, access);
  }
}

/** Only for a request, and only where it was typed: a bot that is mentioned is in the channel. */
async function membershipOf(tools: ChatTools, { text, openView, slack, channelId }: Asked): Promise<Membership> {
  const word = firstWordOf(text);
  const isRequest = word === 'schedule' || PLANNED_VERBS.some((verb) => verb === word);
  return isRequest && openView !== undefined ? await membershipIn(slack, channelId, tools.log) : 'member';
}

/** The word of a command, where the text begins with one: what else was typed is kept apart. */
function firstWordOf(text: string): string {
  const word = text.trim().split(/\s/)[0]?.toLowerCase() ?? '';
  return isCommandWord(word) ? word : '';
}

/** The applications that somebody may see: the others are of no use in help. */
function visible(catalogue: Catalogue | undefined, access: Access, person: Person): Catalogue | undefined {
  if (catalogue === undefined) return undefined;
  const applications = catalogue.applications.filter(({ name }) => may(access, person, VIEW_PERMISSION, name));
  return { ...catalogue, applications };
}

/** Who decides about what this person may ask for. */
function decidersFor(access: Access, person: Person): string[] {
  // Nobody names an application ''; who may decide about it may decide about all.
  const own = grantsOf(access, person).flatMap(({ applications }) => applications ?? ['']);
  const deciders = own.flatMap((application) => grantees(access, APPROVE_PERMISSION, application));
  return [...new Set(deciders)].filter((userId) => userId !== person.userId);
}
