import type { App } from '@slack/bolt';
import { helpText } from '../../../blocks/answers.ts';
import { type Access, grantees, type Person } from '../../domain/access.ts';
import { parseCommand } from '../command.ts';
import { requestDrill } from '../request-drill.ts';
import { type ChatTools, explain } from '../tools.ts';

/** `/dr …`: understands it, checks who asks, and stores the request. The answer is only visible to the asker. */
export function drCommand(app: App, tools: ChatTools): void {
  app.command('/dr', async ({ command, ack }) => {
    const asker: Person = { userId: command.user_id, teamId: command.team_id };
    const text = await answer(tools, {
      asker,
      text: command.text ?? '',
      channelId: command.channel_id,
      triggerId: command.trigger_id,
    }).catch((error: unknown) => explain(error, tools.log));
    await ack({ response_type: 'ephemeral', text });
  });
}

interface Typed {
  asker: Person;
  text: string;
  channelId: string;
  triggerId: string;
}

async function answer(tools: ChatTools, typed: Typed): Promise<string> {
  const [access, catalogue] = await Promise.all([tools.directory.access(), tools.store.getCatalogue()]);
  if (!hasAnyRole(access, typed.asker)) {
    const managers = grantees(access, 'drs:ManageAccounts', '').concat(grantees(access, 'drs:ManageExecution', ''));
    return `You have no role here, so I cannot tell or do anything for you. Ask ${mentions(managers)} for access.`;
  }
  const command = parseCommand(typed.text, catalogue);
  switch (command.kind) {
    case 'help':
      return helpText(catalogue);
    case 'problem':
      return command.text;
    case 'request':
      return await requestDrill(tools, { ...typed, ...command, access, catalogue });
  }
}

function hasAnyRole(access: Access, person: Person): boolean {
  return person.teamId === access.teamId && access.grants.some((grant) => grant.users.includes(person.userId));
}

/** Most people named in an answer. */
const MOST_NAMED = 5;

function mentions(userIds: string[]): string {
  const named = [...new Set(userIds)].slice(0, MOST_NAMED).map((userId) => `<@${userId}>`);
  return named.length === 0 ? 'whoever runs dr-chatops' : named.join(', ');
}
