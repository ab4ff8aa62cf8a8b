import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { messageOf } from '../domain/errors.ts';
import { FUNCTIONS, type FunctionName } from '../functions.ts';
import { ScaledClock } from './clock.ts';
import { parseFaults, parseSpeed, readInventory, UsageError } from './command-line.ts';
import { pageControls } from './controls.ts';
import type { Practice } from './practice.ts';
import { FAULT_IDS, type FaultId, faultsOf } from './rehearsal.ts';
import type { SlackMessage } from './slack/model.ts';
import { PEOPLE, WORKSPACE } from './slack/people.ts';
import { plainText, terminalLines } from './slack/terminal.ts';
import { askDecision, askWhatNow, carryOut, type TypedDecision, WHAT_NOW_BUTTONS } from './typed-decision.ts';

const HELP = `Runs a drill in practice mode: everything is simulated, nothing has to be configured.

  npm run drill -- <application> wave <number> [options]

  --approve-as NAME   press Approve as this person (${PEOPLE.map((person) => person.name).join(', ')})
                      instead of asking at the terminal
  --speed N           simulated seconds per real second (default 120; 1 while a gate waits)
  --inventory FILE    another inventory than practice/inventory.json
  --fault ID          something that goes wrong; may be given several times:
                      ${FAULT_IDS.join(', ')}
  --json              print the recovery component's output and nothing else on stdout
  --help              this

Exit code: 0 success, 1 any other outcome, 2 wrong usage.`;

const EXIT = { success: 0, otherOutcome: 1, wrongUsage: 2 } as const;
const DEFAULT_SPEED = 120;
/**
 * Real time that the bot may take to answer. Slack's own limit is 3 s, in which a slow machine has not loaded all of the bot:
 * nothing is learnt from a drill that ends there.
 */
const ANSWERED_WITHIN_MS = 60_000;
/** Real time in which the card follows the answer. */
const CARD_WITHIN_MS = 60_000;
/** Real time in which the result file follows the finished card. */
const FILE_WITHIN_MS = 60_000;

const ENDED = ['completed', 'partial', 'failed', 'rejected', 'expired', 'cancelled'];

interface Options {
  words: string[];
  approveAs?: string;
  speed: number;
  inventory?: string;
  faults: FaultId[];
  json: boolean;
}

/** @throws {UsageError} with what is wrong and the right form. */
function readOptions(argv: string[]): Options | 'help' {
  const { values, positionals } = parse(argv);
  if (values.help === true) return 'help';
  if (positionals.length === 0) throw new UsageError(`What is to be drilled?\n\n${HELP}`);
  const approveAs = values['approve-as'];
  if (approveAs !== undefined && !PEOPLE.some((person) => person.name === approveAs)) {
    throw new UsageError(
      `--approve-as takes one of ${PEOPLE.map((person) => person.name).join(', ')}, not "${approveAs}".`,
    );
  }
  if (approveAs === undefined && !process.stdin.isTTY) {
    throw new UsageError(
      'A drill has to be approved by a second person, and there is no terminal to ask at. Say who approves: --approve-as approver.',
    );
  }
  return {
    words: positionals,
    approveAs,
    speed: parseSpeed(values.speed, DEFAULT_SPEED),
    inventory: values.inventory,
    faults: parseFaults(values.fault),
    json: values.json === true,
  };
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        'approve-as': { type: 'string' },
        speed: { type: 'string' },
        inventory: { type: 'string' },
        fault: { type: 'string', multiple: true },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n\n${HELP}`);
  }
}

/** Plays a person at a terminal: sends signed requests to the bot, and reads only what the bot sent to Slack. */
class TerminalDrill {
  readonly #practice: Practice;
  readonly #options: Options;
  readonly #say: (line: string) => void;
  readonly #asked = new Set<string>();
  #shownBars = '';
  #finish: (exitCode: number) => void = () => {};
  #output: string | undefined;
  /** Aborted at the end, so that a question that is still open does not keep the process alive. */
  readonly #over = new AbortController();
  #fileTimer: NodeJS.Timeout | undefined;

  constructor(practice: Practice, options: Options, say: (line: string) => void) {
    this.#practice = practice;
    this.#options = options;
    this.#say = say;
  }

  /** The component's output as the bot posted it; undefined when there was none. */
  get output(): string | undefined {
    return this.#output;
  }

  async run(): Promise<number> {
    const { workspace } = this.#practice;
    const ended = new Promise<number>((resolve) => {
      this.#finish = resolve;
    });
    const unsubscribe = workspace.subscribe((event) => {
      if (event.type === 'message_posted' || event.type === 'message_updated') this.#read(event.message);
      if (event.type === 'file_shared') this.#readFile();
    });
    const command = `drill ${this.#options.words.map(quoted).join(' ')}`;
    this.#say(`requester> /dr ${command}`);
    const answer = await workspace.as('requester').command('/dr', command, WORKSPACE.channelId);
    const words = workspace.ephemerals(WORKSPACE.channelId, userIdOf('requester')).at(-1)?.text ?? '';
    if (answer.error !== undefined) {
      this.#say(`The bot did not answer: ${answer.error}`);
      this.#finish(EXIT.otherOutcome);
    } else if (words.startsWith('⚠️')) this.#finish(EXIT.otherOutcome);
    else if (!words.startsWith('Looking at ')) this.#finish(EXIT.wrongUsage);
    const timer = setTimeout(() => {
      if (this.#hasCard()) return;
      this.#say(`The bot has shown no card within ${CARD_WITHIN_MS / 1_000} seconds.`);
      this.#finish(EXIT.otherOutcome);
    }, CARD_WITHIN_MS);
    const exitCode = await ended;
    this.#over.abort();
    clearTimeout(timer);
    clearTimeout(this.#fileTimer);
    unsubscribe();
    return exitCode;
  }

  #hasCard(): boolean {
    return this.#practice.workspace.messages(WORKSPACE.channelId).some((message) => stateOf(message) !== undefined);
  }

  #read(message: SlackMessage): void {
    if (message.ephemeral_user !== undefined) {
      this.#say(`\n(only visible to ${nameOf(message.ephemeral_user)}) ${plainText(message.text ?? '')}`);
      return;
    }
    const state = stateOf(message);
    if (state !== undefined) this.#readCard(message, state);
    else if (hasButton(message, 'gate_approve')) this.#orEnd(this.#decide(message), 'nothing was launched');
    else if (hasButton(message, WHAT_NOW_BUTTONS.retry.actionId))
      this.#orEnd(this.#decideWhatNow(message), 'nothing more was begun');
  }

  /** Ctrl+C or the end of the input at a question: nobody decided. */
  #orEnd(deciding: Promise<void>, consequence: string): void {
    deciding.catch((error: unknown) => {
      if (this.#over.signal.aborted) return;
      this.#say(`\nNobody decided, so ${consequence} (${messageOf(error)}).`);
      this.#finish(EXIT.otherOutcome);
    });
  }

  /** Something failed: what now is asked at the terminal. Where there is none, it is stopped, so that the drill ends. */
  async #decideWhatNow(message: SlackMessage): Promise<void> {
    if (this.#asked.has(message.ts)) return;
    this.#asked.add(message.ts);
    this.#say('');
    for (const line of terminalLines(message.blocks)) this.#say(line);
    const { approveAs } = this.#options;
    const choice = approveAs === undefined ? await askWhatNow((question) => this.#ask(question)) : 'stop';
    const name = approveAs ?? 'approver';
    const { actionId, label } = WHAT_NOW_BUTTONS[choice];
    this.#say(`${name}> [${label}]`);
    await this.#practice.workspace.as(name).click(message, actionId);
  }

  #readCard(message: SlackMessage, state: Record<string, string>): void {
    if (state.status === 'executing') {
      this.#showBars(message);
      return;
    }
    this.#say('');
    for (const line of terminalLines(message.blocks)) this.#say(line);
    if (!ENDED.includes(state.status ?? '')) return;
    // With a result file still to come, the end is when it is there.
    if (state.result_file === '' || this.#output !== undefined) this.#finish(exitCodeOf(state));
    else {
      this.#fileTimer ??= setTimeout(() => {
        this.#say('The result file has not come.');
        this.#finish(EXIT.otherOutcome);
      }, FILE_WITHIN_MS);
    }
  }

  #showBars(message: SlackMessage): void {
    const bars = terminalLines(message.blocks).filter((line) => /[█░]|launched/.test(line));
    const text = bars.join('\n');
    if (text === this.#shownBars) return;
    this.#shownBars = text;
    this.#say(`\n${text}`);
  }

  async #decide(message: SlackMessage): Promise<void> {
    if (this.#asked.has(message.ts)) return;
    this.#asked.add(message.ts);
    this.#say('');
    for (const line of terminalLines(message.blocks)) this.#say(line);
    const ask = (question: string) => this.#ask(question);
    const { approveAs } = this.#options;
    const decision: TypedDecision =
      approveAs === undefined ? await askDecision(ask) : { name: approveAs, choice: 'approve' };
    this.#say(`${decision.name}> [${decision.choice === 'approve' ? 'Approve Drill' : 'Reject Drill'}]`);
    const { workspace } = this.#practice;
    const answers = await carryOut({ workspace, ask, say: this.#say }, decision, message);
    const refused = !answers.some((answer) => /^(✅|🚫|Your (approval|rejection) is)/u.test(answer));
    if (!refused) return;
    if (this.#options.approveAs !== undefined) this.#finish(EXIT.otherOutcome);
    else {
      this.#asked.delete(message.ts);
      await this.#decide(message);
    }
  }

  async #ask(question: string): Promise<string> {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await terminal.question(question, { signal: this.#over.signal });
    } finally {
      terminal.close();
    }
  }

  #readFile(): void {
    const file = this.#practice.workspace.files().at(-1);
    if (file === undefined || !file.file.name?.startsWith('drill-result-')) return;
    this.#output = file.content.toString('utf8');
    const card = this.#practice.workspace
      .messages(WORKSPACE.channelId)
      .find((message) => ENDED.includes(stateOf(message)?.status ?? ''));
    const state = card && stateOf(card);
    if (state !== undefined) this.#finish(exitCodeOf(state));
  }
}

/** All but what looks at the fleet for App Home and a channel: a terminal shows neither, and faults are for the drill. */
const CALLED_BY_THE_CLOCK = (Object.keys(FUNCTIONS) as FunctionName[]).filter(
  (name) => name !== 'check-readiness' && name !== 'send-digest',
);

/** The state that the bot keeps with its card, for programs (message metadata). */
function stateOf(message: SlackMessage): Record<string, string> | undefined {
  const payload = message.metadata?.event_payload as Record<string, string> | undefined;
  return payload?.key === 'card' ? payload : undefined;
}

function exitCodeOf(state: Record<string, string>): number {
  return state.outcome === 'success' ? EXIT.success : EXIT.otherOutcome;
}

function hasButton(message: SlackMessage, actionId: string): boolean {
  return JSON.stringify(message.blocks ?? []).includes(`"${actionId}"`);
}

function userIdOf(name: string): string {
  return PEOPLE.find((person) => person.name === name)?.userId ?? '';
}

function nameOf(userId: string): string {
  return PEOPLE.find((person) => person.userId === userId)?.name ?? userId;
}

function quoted(word: string): string {
  return /\s/.test(word) ? `"${word}"` : word;
}

/** Where a command writes. */
export interface Streams {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
}

/** Runs `npm run drill -- …`. The answer is its exit code; what went wrong is said on stderr. */
export async function drill(argv: string[], streams: Streams): Promise<number> {
  try {
    return await run(argv, streams);
  } catch (error) {
    const isWrongUsage = error instanceof UsageError;
    streams.stderr.write(`${isWrongUsage ? error.message : `The drill could not be run: ${messageOf(error)}`}\n`);
    return isWrongUsage ? EXIT.wrongUsage : EXIT.otherOutcome;
  }
}

async function run(argv: string[], { stdout, stderr }: Streams): Promise<number> {
  const options = readOptions(argv);
  if (options === 'help') {
    stdout.write(`${HELP}\n`);
    return EXIT.success;
  }
  const inventory = readInventory(options.inventory);
  const clock = new ScaledClock({ speed: options.speed });
  const wallClock = new ScaledClock({ speed: 1 });
  // Only now: wrong usage is answered at once, without loading all of AWS.
  const { startPractice } = await import('./practice.ts');
  const practice = await startPractice({
    clock,
    wallClock,
    sleep: (ms) => sleep(ms),
    slackWaitsMs: ANSWERED_WITHIN_MS,
    inventory,
    schedules: CALLED_BY_THE_CLOCK,
    controls: (parts) => pageControls(clock, faultsOf(parts), options.faults),
  });
  const said = options.json ? stderr : stdout;
  try {
    const terminal = new TerminalDrill(practice, options, (line) => said.write(`${line}\n`));
    const exitCode = await terminal.run();
    if (options.json && terminal.output !== undefined) stdout.write(`${terminal.output}\n`);
    return exitCode;
  } finally {
    clock.stop();
    wallClock.stop();
    await practice.close();
  }
}

if (import.meta.main) process.exitCode = await drill(process.argv.slice(2), process);
