/**
 * Prints the Slack app manifest: `npm run manifest -- --url https://…/slack/events` for the deployed stack, `-- --socket` for
 * trying the bot in a real workspace by Socket Mode.
 */
import { parseArgs } from 'node:util';
import { type SlackConnection, slackManifest } from '../infra/slack-manifest.ts';
import { messageOf } from '../src/domain/errors.ts';

const HELP = `Prints the manifest from which a Slack app is created.

  npm run -s manifest -- --url https://…/slack/events   Slack calls this URL: the stack's output SlackRequestUrl
  npm run -s manifest -- --socket                       the bot opens a WebSocket to Slack (Socket Mode)`;

/** @throws {Error} that says what is wrong with the arguments */
function readConnection(args: string[]): SlackConnection | 'help' {
  const { values } = parseArgs({
    args,
    options: { url: { type: 'string' }, socket: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) return 'help';
  if (values.socket === true && values.url !== undefined) throw new Error('Give either --url or --socket, not both.');
  if (values.socket === true) return 'socket mode';
  if (values.url === undefined) throw new Error('Give --url, the address that Slack is to call, or --socket.');
  if (!URL.canParse(values.url) || new URL(values.url).protocol !== 'https:') {
    throw new Error(`--url takes an address that begins with https://, not "${values.url}": Slack calls no other.`);
  }
  return { requestUrl: values.url };
}

try {
  const connection = readConnection(process.argv.slice(2));
  process.stdout.write(connection === 'help' ? `${HELP}\n` : `${JSON.stringify(slackManifest(connection), null, 2)}\n`);
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n\n${HELP}\n`);
  process.exitCode = 2;
}
