import {
  BREAK_GLASS_ACTION,
  CANCEL_ACTION,
  CLOSE_EXECUTION,
  KEEP_INSTANCES,
  PAUSE_ACTION,
  RESUME_MACHINE,
  RUN_REST,
  TERMINATE_DRILL,
  VOTE_ACTION,
} from '../../blocks/action-ids.ts';
import type { Inventory } from '../../src/local/inventory.ts';
import type { SlackMessage, SlackView } from '../../src/local/slack/model.ts';
import { PEOPLE, WORKSPACE } from '../../src/local/slack/people.ts';
import type { SlackWorkspace } from '../../src/local/slack/workspace.ts';
import { type Chance, chanceOf } from './chance.ts';
import type { Trace } from './trace.ts';

/** A button somebody can press. */
interface Button {
  message: SlackMessage;
  actionId: string;
  blockId: string;
}

/** What somebody types, and when, in milliseconds since the start. */
export interface Command {
  at: number;
  person: string;
  text: string;
}

/** What the people of some runs do more often than those of others. */
export interface Habits {
  /** Buttons that count as a yes besides the usual ones. */
  alsoYes: readonly string[];
  /** Probability of a press where a button is there, by action. */
  often: Readonly<Record<string, number>>;
}

const VOTES: readonly string[] = Object.values(VOTE_ACTION);

const YES: readonly string[] = [VOTE_ACTION.approve, VOTE_ACTION.resume, VOTE_ACTION.retry, VOTE_ACTION.continue];

/** Cards that people keep open on another device, to press later. */
const MOST_OLD_CARDS = 30;

/** How often somebody asks again after an error. */
const MOST_ASKED_AGAIN = 4;

/** How the people of a run are. */
interface Mood {
  /** Probability that anybody does anything in a turn. */
  activity: number;
  /** How often a question is answered with yes. */
  consent: number;
  /** How often somebody does what they had better not. */
  mischief: number;
}

/** The people of a run: they ask, read cards, press buttons twice, at once, late, on old cards, and change their minds. */
export class People {
  readonly #workspace: SlackWorkspace;
  readonly #chance: Chance;
  readonly #trace: Trace;
  readonly #mood: Mood;
  readonly #habits: Habits;
  readonly #oldCards: SlackMessage[] = [];
  #commands: Command[];
  #askedAgain = 0;
  readonly #from: number;
  readonly #now: () => number;

  constructor(options: {
    seed: number;
    workspace: SlackWorkspace;
    inventory: Inventory;
    trace: Trace;
    now: () => number;
    /** @default - drawn */
    commands?: Command[];
    habits?: Habits;
  }) {
    this.#workspace = options.workspace;
    this.#chance = chanceOf(options.seed, 'people');
    this.#trace = options.trace;
    this.#now = options.now;
    this.#from = options.now();
    const chance = this.#chance;
    this.#mood = {
      activity: chance.between(0.3, 0.9),
      consent: chance.happens(0.15) ? 0.3 : 0.9,
      mischief: chance.happens(0.5) ? chance.between(0, 0.15) : 0,
    };
    this.#habits = options.habits ?? { alsoYes: [], often: {} };
    this.#commands = options.commands ?? drawCommands(chance, options.inventory);
    options.workspace.subscribe((event) => {
      if (event.type !== 'message_posted' && event.type !== 'message_updated') return;
      if (this.#oldCards.length < MOST_OLD_CARDS && buttonsOf(event.message).length > 0)
        this.#oldCards.push(event.message);
    });
  }

  /** True when they will ask for nothing more. */
  get haveAsked(): boolean {
    return this.#commands.length === 0;
  }

  /** What they do in one moment. */
  act(): void {
    const chance = this.#chance;
    const isDue = ({ at }: Command) => at <= this.#now() - this.#from;
    const due = this.#commands.filter(isDue);
    this.#commands = this.#commands.filter((command) => !isDue(command));
    for (const { person, text } of due) this.#say(person, text);
    if (!chance.happens(this.#mood.activity)) return;
    const buttons = this.#buttons();
    const questions = buttons.filter(({ actionId }) => VOTES.includes(actionId) || actionId === BREAK_GLASS_ACTION);
    if (questions.length > 0) this.#answer(questions);
    const others = buttons.filter((button) => !questions.includes(button));
    if (others.length > 0) this.#intervene(others);
    if (chance.happens(this.#mood.mischief) && this.#oldCards.length > 0) {
      const message = chance.pick(this.#oldCards);
      const button = chance.pick(buttonsOf(message));
      this.#press(chance.pick(PEOPLE).name, button, 'an old card');
    }
  }

  /** What sensible people do to bring things to an end. */
  conclude(): void {
    const buttons = this.#buttons();
    const of = (actionId: string) => buttons.filter((button) => button.actionId === actionId);
    for (const button of of(VOTE_ACTION.approve)) {
      this.#press('approver', button);
      this.#press('second-approver', button);
      this.#press('lead', button);
    }
    for (const button of of(VOTE_ACTION.resume)) this.#press('approver', button);
    const pauses = new Set(of(VOTE_ACTION.resume).map(({ message }) => message.ts));
    for (const button of of(VOTE_ACTION.stop)) if (!pauses.has(button.message.ts)) this.#press('lead', button);
    for (const button of of(RESUME_MACHINE)) this.#press('lead', button);
    if (this.#chance.happens(0.3)) for (const button of of(CLOSE_EXECUTION)) this.#press('lead', button);
  }

  #answer(questions: Button[]): void {
    const chance = this.#chance;
    const message = chance.pick(questions).message;
    const ofMessage = questions.filter((button) => button.message.ts === message.ts);
    const yes = ofMessage.filter(({ actionId }) => [...YES, ...this.#habits.alsoYes].some((one) => one === actionId));
    const button = yes.length > 0 && chance.happens(this.#mood.consent) ? chance.pick(yes) : chance.pick(ofMessage);
    const people = chance.happens(0.8) ? ['approver', 'second-approver', 'lead'] : PEOPLE.map(({ name }) => name);
    // At once, or one after the other; some press twice.
    const pressing = chance.happens(0.3) ? chance.some(people, 0.7) : [chance.pick(people)];
    for (const person of pressing) {
      const isOfOneMind = pressing.length === 1 || chance.happens(0.8);
      this.#press(person, isOfOneMind ? button : chance.pick(ofMessage));
      if (chance.happens(0.1)) this.#press(person, button, 'again');
      if (chance.happens(0.05)) this.#press(person, chance.pick(ofMessage), 'another mind');
    }
  }

  #intervene(buttons: Button[]): void {
    const chance = this.#chance;
    const button = chance.pick(buttons);
    const often = {
      [RESUME_MACHINE]: 0.5,
      [CLOSE_EXECUTION]: 0.1,
      [CANCEL_ACTION]: 0.02,
      [PAUSE_ACTION]: 0.03,
      [RUN_REST]: 0.15,
      [TERMINATE_DRILL]: 0.15,
      [KEEP_INSTANCES]: 0.1,
      ...this.#habits.often,
    }[button.actionId];
    if (often !== undefined && chance.happens(often)) {
      this.#press(chance.pick(['requester', 'approver', 'lead']), button);
    }
  }

  #buttons(): Button[] {
    return this.#workspace.messages(WORKSPACE.channelId).slice(-40).flatMap(buttonsOf);
  }

  #say(person: string, text: string): void {
    this.#trace.note('says', `${person}: /dr ${text}`);
    this.#workspace
      .as(person)
      .command('/dr', text, WORKSPACE.channelId)
      .then(
        ({ status, error, body }) => {
          this.#trace.note('told', `${person} ${status} ${error ?? answerText(body)}`);
          // Who is told that something went wrong asks again, a few times.
          if (error === undefined || this.#askedAgain >= MOST_ASKED_AGAIN) return;
          this.#askedAgain += 1;
          this.#commands.unshift({ at: this.#now() - this.#from + 30_000, person, text });
        },
        (error) => this.#trace.note('told', `${person} ${String(error)}`),
      );
  }

  #press(person: string, { message, actionId, blockId }: Button, how = ''): void {
    const client = this.#workspace.as(person);
    const before = new Set(this.#modals(person).map(({ id }) => id));
    this.#trace.note('presses', `${person} ${actionId} ${how}`);
    client
      .click(message, { actionId, blockId })
      .then(async ({ status, error }) => {
        if (error !== undefined) this.#trace.note('shown', `${person} ${status} ${error}`);
        const form = this.#modals(person).findLast(({ id }) => !before.has(id));
        if (form !== undefined) await this.#fillIn(person, form);
      })
      .catch((error: unknown) => this.#trace.note('shown', `${person} ${String(error)}`));
  }

  /** Types what a form asks for, mostly right. */
  async #fillIn(person: string, form: SlackView): Promise<void> {
    const asked = JSON.stringify(form.blocks);
    const [, name = ''] = /"Type (.*?) to show/.exec(asked) ?? [];
    const values = Object.fromEntries(
      form.blocks.flatMap((block) => {
        const {
          type,
          block_id: blockId,
          element,
        } = block as {
          type: string;
          block_id?: string;
          element?: { type: string; action_id: string };
        };
        if (type !== 'input' || blockId === undefined || element?.type !== 'plain_text_input') return [];
        const wanted = blockId === 'name' ? name : 'as rehearsed';
        const value = this.#chance.happens(this.#mood.mischief) ? 'nonsense' : wanted;
        return [[blockId, { [element.action_id]: { type: 'plain_text_input', value } }]];
      }),
    );
    const { status, error, errors } = await this.#workspace.as(person).submitView(form, values);
    const problems = Object.values(errors).join(' ');
    this.#trace.note('submits', `${person} ${form.callback_id ?? ''} ${status} ${error ?? problems}`);
  }

  #modals(person: string): SlackView[] {
    const userId = PEOPLE.find(({ name }) => name === person)?.userId ?? '';
    return this.#workspace.modals(userId);
  }
}

/** Buttons of a message that anybody could press. */
function buttonsOf(message: SlackMessage): Button[] {
  return (message.blocks ?? []).flatMap((block) => {
    const {
      type,
      block_id: blockId = '',
      elements,
    } = block as {
      type: string;
      block_id?: string;
      elements?: { type: string; action_id?: string }[];
    };
    if (type !== 'actions') return [];
    return (elements ?? []).flatMap((element) =>
      element.type === 'button' && element.action_id !== undefined
        ? [{ message, actionId: element.action_id, blockId }]
        : [],
    );
  });
}

function answerText(body: string): string {
  return body.slice(0, 160);
}

/** One to five commands: one that begins, and what may come of it. */
function drawCommands(chance: Chance, { sourceServers }: Inventory): Command[] {
  const applications = [...new Set(sourceServers.map(({ tags }) => String(tags['DR-Application'])))];
  const scope = () => {
    const application = chance.happens(0.7) ? 'HRP' : chance.pick(applications);
    return `${application}${chance.pick(['', '', '', ' wave 1', ' waves 1-2'])}`;
  };
  const live = sourceServers.flatMap(({ recoveryInstance }) => recoveryInstance?.instanceId ?? []);
  const rest = (verb: string) => {
    if (verb === 'failover' && live.length > 0 && chance.happens(0.5)) return ` replace ${live.join(' ')}`;
    if (verb === 'drill' && chance.happens(0.1)) return ' cleanup 1h';
    return verb === 'terminate' && chance.happens(0.3) ? ' live' : '';
  };
  const say = (verb: string) => `${verb} ${scope()}${rest(verb)}`;
  const commands: Command[] = [{ at: 0, person: 'requester', text: say(chance.pick(['drill', 'drill', 'failover'])) }];
  for (let more = chance.pick([0, 0, 1, 1, 2, 3]); more > 0; more -= 1) {
    const person = chance.pick(['requester', 'requester', 'approver', 'lead', 'stranger']);
    const text = chance.happens(0.15)
      ? chance.pick(['status HRP', 'executions', 'access', 'plan drill HRP', 'help'])
      : say(chance.pick(['drill', 'drill', 'failover', 'failover', 'terminate', 'terminate']));
    commands.push({ at: chance.integer(0, 600_000), person, text });
  }
  return commands.sort((one, other) => one.at - other.at);
}
