/**
 * Prints the Slack app manifest: `npm run manifest -- --url https://…/slack/events` for the deployed stack, `-- --socket` for
 * trying the bot in a real workspace by Socket Mode.
 */
import { parseArgs } from 'node:util';
import { environmentSchema } from '../infra/deployment.ts';
import { type SlackConnection, slackManifest } from '../infra/slack-manifest.ts';
import { messageOf } from '../src/domain/errors.ts';

const HELP = `Prints the manifest from which a Slack app is created.

  npm run -s manifest -- --url https://…/slack/events   Slack calls this URL: the stack's output SlackRequestUrl
  npm run -s manifest -- --socket                       the bot opens a WebSocket to Slack (Socket Mode)

  --environment NAME                                    of the deployment's file: the command is /dr-NAME`;

/** @throws {Error} that says what is wrong with the arguments */
function readArguments(args: string[]): { connection: SlackConnection; environment?: string } | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      ...{ url: { type: 'string' }, socket: { type: 'boolean' } },
      ...{ environment: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    },
  });
  if (values.help === true) return 'help';
  if (values.socket === true && values.url !== undefined) throw new Error('Give either --url or --socket, not both.');
  const { environment } = values;
  if (environment !== undefined && !environmentSchema.safeParse(environment).success) {
    throw new Error(`--environment takes the name in the deployment's file, not "${environment}".`);
  }
  const named = environment === undefined ? {} : { environment };
  if (values.socket === true) return { connection: 'socket mode', ...named };
  if (values.url === undefined) throw new Error('Give --url, the address that Slack is to call, or --socket.');
  if (!URL.canParse(values.url) || new URL(values.url).protocol !== 'https:') {
    throw new Error(`--url takes an address that begins with https://, not "${values.url}": Slack calls no other.`);
  }
  return { connection: { requestUrl: values.url }, ...named };
}

try {
  const given = readArguments(process.argv.slice(2));
  const text = given === 'help' ? HELP : JSON.stringify(slackManifest(given.connection, given.environment), null, 2);
  process.stdout.write(`${text}\n`);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n\n${HELP}\n`);
  process.exitCode = 2;
}
