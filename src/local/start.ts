import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { messageOf } from '../domain/errors.ts';
import type { Log } from '../platform/platform.ts';
import { ScaledClock } from './clock.ts';
import { parseFaults, parseSpeed, readInventory, UsageError } from './command-line.ts';
import { pageControls } from './controls.ts';
import type { ConnectedTeam } from './real-workspace.ts';
import { FAULT_IDS, faultsOf } from './rehearsal.ts';

const HELP = `Starts practice mode: a Slack look-alike in the browser, the bot, and a simulated AWS behind it.

  npm start [-- options]

  --port N          port of the page (default 3000)
  --speed N         simulated seconds per real second (default 60; 1 while a gate waits)
  --inventory FILE  another inventory than practice/inventory.json
  --fault ID        something that goes wrong from the start; may be given several times:
                    ${FAULT_IDS.join(', ')}
  --verbose         the bot's log on stderr
  --access FILE     who may do what in a real workspace (below); a deployment's file will do
  --help            this

With SLACK_BOT_TOKEN and SLACK_APP_TOKEN set it connects to a real Slack workspace by Socket Mode, and simulates AWS only.

Practice state is in memory: it ends with the process.`;

const DEFAULT_PORT = 3_000;
const DEFAULT_SPEED = 60;

function readOptions(argv: string[]) {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        port: { type: 'string' },
        speed: { type: 'string' },
        inventory: { type: 'string' },
        fault: { type: 'string', multiple: true },
        verbose: { type: 'boolean' },
        access: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n\n${HELP}`);
  }
}

function parsePort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new UsageError(`--port takes a number from 0 to 65535, not "${text}".`);
  return port;
}

/** A real workspace to connect to, and what its people may do; undefined for the simulated one. */
async function readRealWorkspace(access: string | undefined, log: Log) {
  const isSet = process.env.SLACK_BOT_TOKEN !== undefined || process.env.SLACK_APP_TOKEN !== undefined;
  if (!isSet && access === undefined) return undefined;
  // Loaded where it is needed: wrong usage is answered at once.
  const { readDocuments, readTeam, readTokens } = await import('./real-workspace.ts');
  const tokens = readTokens(process.env);
  if (tokens === undefined) {
    if (access === undefined) return undefined;
    throw new UsageError('--access is for a real workspace: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN, too.');
  }
  const team = await readTeam(tokens, log);
  return { tokens, team, documents: readDocuments(access, team) };
}

/** What is printed once people can begin. */
function greeting(pageUrl: string, team: ConnectedTeam | undefined): string {
  if (team === undefined) {
    return `dr-chatops in practice mode: ${pageUrl}\nEverything is simulated and in memory. Type /dr drill HRP wave 1. Stop with Ctrl+C.\n`;
  }
  const { teamName, botName } = team;
  return [
    `dr-chatops is connected to the Slack workspace ${teamName} as @${botName}. AWS is simulated and in memory.`,
    `In Slack: /invite @${botName} in a channel, then /dr drill HRP wave 1 there.`,
    `Behind the scenes: ${pageUrl}/behind-the-scenes. Stop with Ctrl+C.`,
    '',
  ].join('\n');
}

const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };

function stderrLog(): Log {
  const line = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
  };
  return { info: line('INFO'), warn: line('WARN'), error: line('ERROR') };
}

/**
 * Runs `npm start -- …`, until a signal ends the process.
 * @throws {UsageError} with what is wrong and the right form
 */
export async function start(argv: string[]): Promise<void> {
  const values = readOptions(argv);
  if (values.help === true) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const log = values.verbose === true ? stderrLog() : quiet;
  const faultIds = parseFaults(values.fault);
  const speed = parseSpeed(values.speed, DEFAULT_SPEED);
  const port = parsePort(values.port);
  const inventory = readInventory(values.inventory);
  const real = await readRealWorkspace(values.access, log);
  const clock = new ScaledClock({ speed });
  const wallClock = new ScaledClock({ speed: 1 });
  const banner = () => {
    if (real !== undefined) return `connected to ${real.team.teamName}: use Slack itself; nobody is at this page`;
    if (clock.paused) return 'practice · paused';
    return clock.waitingForPerson
      ? `practice · 1× while a gate waits, else ${clock.speed}×`
      : `practice · ${clock.speed}× time`;
  };
  const [{ startPractice }, { connect }] = await Promise.all([import('./practice.ts'), import('./real-workspace.ts')]);
  const practice = await startPractice({
    clock,
    wallClock,
    sleep: (ms) => sleep(ms),
    inventory,
    port,
    banner,
    controls: (parts) => pageControls(clock, faultsOf(parts), faultIds),
    behindTheScenes: true,
    log,
    realWorkspace: real === undefined ? undefined : { botToken: real.tokens.botToken, ...real.documents },
  });
  const connection =
    real === undefined
      ? undefined
      : await connect({
          tokens: real.tokens,
          platform: practice.platformOf('slack-ingress'),
          say: (line) => process.stderr.write(`${line}\n`),
        });
  process.stdout.write(greeting(practice.pageUrl, real?.team));
  const stop = () => {
    clock.stop();
    wallClock.stop();
    Promise.all([connection?.close(), practice.close()]).finally(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

if (import.meta.main) {
  start(process.argv.slice(2)).catch((error: unknown) => {
    const inUse = (error as { code?: string }).code === 'EADDRINUSE';
    const message = inUse ? 'The port is in use: choose another with --port.' : messageOf(error);
    process.stderr.write(`${message}\n`);
    process.exit(error instanceof UsageError || inUse ? 2 : 1);
  });
}
