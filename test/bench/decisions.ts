import { APPROVE_ACTION } from '../../blocks/action-ids.ts';
import type { GateRecord } from '../../src/domain/records.ts';
import { EXECUTION_STATUSES } from '../../src/domain/status.ts';
import { VirtualClock } from '../../src/local/clock.ts';
import type { Inventory } from '../../src/local/inventory.ts';
import { type Practice, startPractice } from '../../src/local/practice.ts';
import type { SlackMessage } from '../../src/local/slack/model.ts';
import { WORKSPACE } from '../../src/local/slack/people.ts';
import { executionStore } from '../../src/platform/execution-store.ts';
import { type Benchmark, grouped, markdownTable, type Report } from './benchmark.ts';
import { fleetOf } from './component-size.ts';
import { counted, percentile } from './statistics.ts';

/** Clicks that are timed, each on a question of its own, and those before them that only warm up. */
const CLICKS = 100;
const WARM_UP = 5;
/** Decisions on one question, all sent at once. */
const RACERS = 1_000;
const MINUTE_MS = 60_000;
/** How long the preparation and the cards of all questions may take, in simulated minutes. */
const MOST_MINUTES = 60;

/** Real milliseconds of what was timed, one for each click. */
export interface Clicks {
  /** From the click to the answer that Slack gets. */
  answered: number[];
  /** From the click to SendTaskSuccess at Step Functions. */
  delivered: number[];
  /** `/dr help`, each before a click, from Slack's request to its answer: how fast the machine is. */
  helped: number[];
}

/** What a thousand people did to one question. */
export interface Race {
  racers: number;
  /** Answers of the bot, by HTTP status; 0 where Slack waited no longer than 3 s. */
  answers: Record<string, number>;
  /** How the gate ended. */
  status: string;
  votes: number;
  /** Writes by which the gate left `pending`. */
  settles: number;
  /** SendTaskSuccess that Step Functions took. */
  delivered: number;
  /** Real milliseconds from the first click until nothing was going on any more. */
  wallMs: number;
}

/** A deployment in which somebody waits for a decision about each application. */
interface Waiting {
  clock: VirtualClock;
  practice: Practice;
  /** The card with the buttons of each question. */
  cards: readonly SlackMessage[];
  /** Real time of each SendTaskSuccess that Step Functions took, as `performance.now` has it. */
  deliveries: number[];
}

/** One server for each application. */
function inventoryOf(applications: number): Inventory {
  const fleet = fleetOf({ accounts: 2, serversEach: Math.ceil(applications / 2) });
  const sourceServers = fleet.sourceServers
    .slice(0, applications)
    .map((server, index) => ({ ...server, tags: { 'DR-Application': `App${index}`, 'DR-Wave': '1' } }));
  return { ...fleet, sourceServers };
}

/** Asks for a drill of each application and waits until all questions are on the screen. */
async function inPractice<T>(applications: number, work: (waiting: Waiting) => Promise<T>): Promise<T> {
  const clock = new VirtualClock();
  const deliveries: number[] = [];
  const practice = await startPractice({
    ...{ clock, wallClock: clock, inventory: inventoryOf(applications) },
    drsEvents: false,
    schedules: ['sweep-messages'],
    onCall: ({ action, outcome }) => {
      if (action === 'SendTaskSuccess' && outcome === 'ok') deliveries.push(performance.now());
    },
  });
  try {
    const requester = practice.workspace.as('requester');
    for (let index = 0; index < applications; index += 1) {
      await requester.command('/dr', `drill App${index} wave 1`, WORKSPACE.channelId);
      // Nobody asks faster than Slack lets the bot show it.
      await clock.advance(MINUTE_MS / 10);
    }
    const questions = () =>
      practice.workspace
        .messages(WORKSPACE.channelId)
        .filter(({ metadata }) => String(metadata?.event_payload?.key).startsWith('gate-'));
    for (let minutes = 0; questions().length < applications; minutes += 1) {
      if (minutes > MOST_MINUTES) throw new Error(`Only ${questions().length} of ${applications} questions were asked`);
      await clock.advance(MINUTE_MS);
    }
    return await work({ clock, practice, cards: questions(), deliveries });
  } finally {
    await practice.close();
  }
}

/** Presses Approve on one question after the other, each time after a `/dr help`. */
export async function timeClicks(clicks: number, warmUp = 0): Promise<Clicks> {
  return inPractice(clicks + warmUp, async ({ clock, practice, cards, deliveries }) => {
    const approver = practice.workspace.as('approver');
    const timed: Clicks = { answered: [], delivered: [], helped: [] };
    for (const [index, card] of cards.entries()) {
      const help = await approver.command('/dr', 'help', WORKSPACE.channelId);
      await clock.idle();
      deliveries.length = 0;
      const from = performance.now();
      const { elapsedMs, status } = await approver.click(card, APPROVE_ACTION);
      // What follows takes no simulated time: the clock stands still until it is done.
      await clock.idle();
      const [delivered] = deliveries;
      if (status !== 200 || delivered === undefined) throw new Error(`A click was answered ${status} and rang no bell`);
      if (index < warmUp) continue;
      timed.helped.push(help.elapsedMs);
      timed.answered.push(elapsedMs);
      timed.delivered.push(delivered - from);
    }
    return timed;
  });
}

/** Sends so many decisions about one question at once: every second an approval, the others a rejection, by three people. */
export async function race(racers: number): Promise<Race> {
  return inPractice(1, async ({ clock, practice, cards, deliveries }) => {
    const [card] = cards;
    const store = executionStore(practice.platformOf('answer-query'));
    const [execution] = await store.newestExecutions({ statuses: EXECUTION_STATUSES, limit: 1 });
    if (card === undefined || execution === undefined) throw new Error('There is no question to decide');
    const { executionId } = execution;
    let settles = 0;
    practice.dynamodb.stream(practice.tableName).subscribe(({ dynamodb: { Keys, OldImage, NewImage } }) => {
      const isGate = Keys.item?.S?.startsWith('GATE#') === true;
      if (isGate && OldImage?.status?.S === 'pending' && NewImage?.status?.S !== 'pending') settles += 1;
    });
    const people = ['approver', 'second-approver', 'lead'].map((name) => practice.workspace.as(name));
    const from = performance.now();
    const answers = await Promise.all(
      Array.from({ length: racers }, async (_, index) => {
        const person = people[index % people.length] ?? practice.workspace.as('approver');
        const { status } =
          index % 2 === 0
            ? await person.click(card, APPROVE_ACTION)
            : await person.command('/dr', `reject ${executionId} reason a race`, WORKSPACE.channelId);
        return String(status);
      }),
    );
    await clock.idle();
    const wallMs = performance.now() - from;
    const [gate]: GateRecord[] = await store.getGates(executionId);
    return {
      ...{ racers, answers: counted(answers), settles, wallMs },
      status: gate?.status ?? 'none',
      votes: gate?.votes.length ?? 0,
      delivered: deliveries.length,
    };
  });
}

/** A sentence for each rule that a race has broken. */
export function brokenRace({ racers, status, votes, settles, delivered }: Race): string[] {
  const rules: [holds: boolean, otherwise: string][] = [
    [status === 'approved' || status === 'rejected', `the question ended as ${status}`],
    [votes === 1, `${votes} votes were counted where one decides`],
    [settles === 1, `the question was settled ${settles} times`],
    [delivered === 1, `${delivered} bells were taken`],
  ];
  return rules
    .filter(([holds]) => !holds)
    .map(([, otherwise]) => `Of ${grouped(racers)} racing decisions ${otherwise}.`);
}

const ABOUT = `A press of *Approve* that settles a question, in practice mode on this machine: from Slack's signed request to the answer that Slack gets, and to the \`SendTaskSuccess\` that
Step Functions takes, by way of the conditional write, the table's stream and \`effects\`. ${CLICKS} clicks, each on an execution of its own, one after the other, in turn with a \`/dr help\`
that says how fast the machine is.

Simulated AWS answers on the same machine, and its stream brings a change at once. Not in these figures, and not known to a tenth of a second: in AWS a stream's record is there within about a second, Lambda
asks each shard for records four times a second (so up to 250 ms), \`effects\` collects nothing (its window is 0), and may be started anew (the start of such a function is in *Time to ack*).`;

function racesText({ racers, answers, status, votes, settles, delivered, wallMs }: Race): string {
  const { 200: answered = 0 } = answers;
  return `**${grouped(racers)} racing decisions** on one question, all sent at once by three people who may decide, every second an approval, the others rejections: it ended as ${status}, with ${votes} vote,
${settles} settling write and ${delivered} \`SendTaskSuccess\`. All of them were through after ${(wallMs / 1_000).toFixed(1)} s; ${grouped(answered)} were answered within the 3 s that Slack waits, by one process that does
everybody's work here.`;
}

/** The section of what was measured. */
export function decisionsReport({ answered, delivered, helped }: Clicks, raced: Race): Report {
  const row = (name: string, values: readonly number[]) => [
    name,
    ...[50, 99].map((percent) => `${percentile(values, percent).toFixed(1)} ms`),
  ];
  const against = (values: readonly number[], others: readonly number[]) =>
    percentile(values, 50) / percentile(others, 50);
  return {
    title: 'Decisions',
    markdown: [
      ABOUT,
      markdownTable(
        ['', 'p50', 'p99'],
        [
          row('click → answer', answered),
          row('click → `SendTaskSuccess` taken', delivered),
          row('`/dr help` → answer', helped),
        ],
      ),
      racesText(raced),
      'Limits that the command checks: of the racing decisions exactly one counts, settles the question once and rings one bell.',
    ].join('\n\n'),
    broken: brokenRace(raced),
    ratios: {
      'click to SendTaskSuccess against /dr help': against(delivered, helped),
      'click to SendTaskSuccess against the answer to the click': against(delivered, answered),
    },
  };
}

/** "Decisions": from a click to the machine's bell, and a thousand at once. */
export const decisions: Benchmark = {
  name: 'decisions',
  summary: 'from a click to SendTaskSuccess, p50 and p99; 1,000 racing decisions',
  isTimed: true,
  async run({ say }): Promise<Report> {
    say(`${CLICKS} clicks …`);
    const clicks = await timeClicks(CLICKS, WARM_UP);
    say(`${grouped(RACERS)} racing decisions …`);
    return decisionsReport(clicks, await race(RACERS));
  },
};
