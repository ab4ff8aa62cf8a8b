/**
 * The first run of a deployment: `npm run smoke -- --config FILE --application APP`. A status, then a drill of exactly one
 * server, then the end of its instance.
 */
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DeploymentError, readDeployment } from '../infra/deployment.ts';
import { messageOf } from '../src/domain/errors.ts';
import { sourceServerIdSchema } from '../src/domain/vocabulary.ts';
import { EXIT, Interrupted, runSmoke, type SmokeOptions, type SmokeWorld } from './smoke/run.ts';

const HELP = `Tries a deployment, with your AWS credentials (AWS_PROFILE and the like): looks at the fleet, drills one server, and
ends the instance that it has launched.

  npm run smoke -- --config FILE --application APP [options]

  --config FILE      the deployment's file
  --application APP  whose servers: the tag DR-Application
  --wave N           only those of this wave
  --server ID        this source server (s-…), instead of the healthy one with the freshest copy
  --name NAME        what it is called; the same name takes up what was begun (default: application and day)
  --yes              launches without asking
  --help             this

It needs states:StartExecution and states:DescribeExecution on drs-orchestration-main, kms:Decrypt on the deployment's
key, and, where terminations may not be called directly, lambda:InvokeFunction on dr-chatops-request-recovery and
states:DescribeExecution on dr-execution.
It ends with 0 when the instance was launched and is gone, 1 for trouble, 2 for wrong usage, 3 when nobody said yes.`;

/** What was typed. @throws {Error} when it cannot be understood */
export function readSmokeArguments(
  argv: string[],
  now: number,
): (SmokeOptions & { config: string; yes: boolean }) | 'help' {
  const { values } = parseArgs({
    args: argv,
    options: {
      config: { type: 'string' },
      application: { type: 'string' },
      wave: { type: 'string' },
      server: { type: 'string' },
      name: { type: 'string' },
      yes: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return 'help';
  const { config, application, wave, server, yes } = values;
  if (config === undefined || application === undefined) throw new Error('--config and --application are needed.');
  if (wave !== undefined && !/^[1-9]\d*$/.test(wave)) throw new Error(`--wave ${wave} is no number of a wave.`);
  if (server !== undefined && !sourceServerIdSchema.safeParse(server).success) {
    throw new Error(`--server ${server} is no source server's id: s- and 17 letters or digits.`);
  }
  const { name = `${application}-${new Date(now).toISOString().slice(0, 10)}` } = values;
  return {
    config,
    application,
    name,
    yes,
    ...(wave === undefined ? {} : { wave: Number(wave) }),
    ...(server === undefined ? {} : { server }),
  };
}

/** Nothing but `yes` is a yes; without a terminal only --yes is. */
async function askInTerminal(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(`${question} Type yes: `, { signal })).trim() === 'yes';
  } catch (error) {
    if (signal.aborted) throw new Interrupted();
    throw error;
  } finally {
    terminal.close();
  }
}

function terminalWorld(yes: boolean): SmokeWorld {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  return {
    print: (line) => void process.stdout.write(`${line}\n`),
    confirm: async (question) => yes || (await askInTerminal(question, stop.signal)),
    now: Date.now,
    async wait(ms) {
      await sleep(ms, undefined, { signal: stop.signal }).catch(() => {
        throw new Interrupted();
      });
    },
  };
}

async function main(): Promise<number> {
  const typed = readSmokeArguments(process.argv.slice(2), Date.now());
  if (typed === 'help') {
    process.stdout.write(`${HELP}\n`);
    return EXIT.ok;
  }
  const { config, yes, ...options } = typed;
  const deployment = readDeployment(config);
  return await runSmoke(deployment, options, terminalWorld(yes)).catch((error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    return EXIT.trouble;
  });
}

if (import.meta.main) {
  process.exitCode = await main().catch((error: unknown) => {
    process.stderr.write(error instanceof DeploymentError ? `${error.message}\n` : `${messageOf(error)}\n\n${HELP}\n`);
    return EXIT.wrongUsage;
  });
}
