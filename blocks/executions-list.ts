import type { ExecutionRecord, ExecutionView } from '../src/domain/records.ts';
import { executionCard } from './execution-card.ts';
import { dotted, listing } from './listing.ts';
import {
  context,
  count,
  dayAndMoment,
  header,
  link,
  type Message,
  message,
  name,
  section,
  sentence,
} from './message.ts';
import { askedBy } from './verbs.ts';
import { shortId, spokenMinutes } from './words.ts';

/** An execution in a list, with the address of its card where that stands in Slack. */
export interface ListedExecution {
  execution: ExecutionRecord;
  /** Everything of it: for one that is not over, whose first line tells how far it is. */
  view?: ExecutionView;
  cardUrl?: string;
}

/** What ran, newest first. */
export interface ExecutionsList {
  /** The application that was asked about. */
  application?: string;
  /** Set where what is listed is archived. */
  archived?: true;
  executions: ListedExecution[];
}

/** Longest first line of a card that is shown in a list, in characters. */
const MAX_HEADLINE = 120;

/** The answer to `/dr executions`: one line for each. */
export function executionsList({ application, archived, executions }: ExecutionsList): Message {
  const of = application === undefined ? '' : ` of ${name(application)}`;
  if (executions.length === 0) {
    const what = archived ? `Nothing is archived${of}` : `Nothing has run${of} yet`;
    const text = `${what}, as far as you may see.`;
    return message(text, [section(text)]);
  }
  const title = archived ? 'Archived executions' : 'Executions';
  return message(`${count(executions.length, archived ? 'archived execution' : 'execution')}${of}, newest first.`, [
    header(application === undefined ? title : `${title}: ${application}`),
    ...listing(executions.map(executionLine), executions.length),
    context(
      'Newest first. `/dr status &lt;execution&gt;` says more of one, `/dr logs &lt;execution&gt;` what DRS noted of it.',
    ),
  ]);
}

/** One execution in one line: what, how it is, when, how long (`time` says it better), who asked, and where its card is. */
export function executionLine(listed: ListedExecution & { time?: string }): string {
  const { execution, cardUrl, time = lastedText(execution) } = listed;
  const { summary, startTime, executionId } = execution;
  return dotted(
    `*${sentence(headlineOf(listed), MAX_HEADLINE)}*`,
    summary === undefined ? undefined : `${summary.succeeded} of ${count(summary.totalServers, 'server')}`,
    dayAndMoment(startTime),
    time,
    askedBy(execution),
    link(cardUrl, shortId(executionId)),
  );
}

/** How long it ran, once it is over; one that did nothing: how long it was asked about. */
function lastedText({ endTime, startTime, launchStartedAt }: ExecutionRecord): string {
  return endTime === undefined ? '' : spokenMinutes(endTime - (launchStartedAt ?? startTime));
}

/** The first line of an execution's card: a list says the same of it. Plain text. */
export function headlineOf({ execution, view }: Pick<ListedExecution, 'execution' | 'view'>): string {
  const [first] = executionCard(view ?? nothingOf(execution)).blocks;
  return first?.type === 'header' ? first.text.text : shortId(execution.executionId);
}

/** An execution without its plan, gates, waves and batches: for the first line of one that is over. */
function nothingOf(execution: ExecutionRecord): ExecutionView {
  return { execution, earlierPlans: [], gates: [], waves: [], batches: [] };
}
