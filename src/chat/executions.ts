import { executionText, type MessagePlace } from '../../blocks/answers.ts';
import { name } from '../../blocks/message.ts';
import type { ExecutionRecord } from '../domain/records.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';
import type { ChatTools } from './tools.ts';

/** Most executions that are listed when several may be meant. */
const MOST_LISTED = 5;

/** The execution that somebody means, or what to ask them. */
export type Meant = { execution: ExecutionRecord } | { problem: string };

/** Finds an execution by its id or the first characters of it, of those that ran recently. Several are asked about. */
export async function findMeant(
  { store }: { store: Pick<ExecutionStore, 'findExecution'> },
  typed: string,
): Promise<Meant> {
  const found = await store.findExecution(typed);
  const [execution, ...others] = found;
  if (execution === undefined) {
    return {
      problem: `There is no execution ${name(typed)} among the recent ones. \`/dr executions\` lists them; an older one is found by its whole id.`,
    };
  }
  if (others.length === 0) return { execution };
  const listed = found.slice(0, MOST_LISTED).map((one) => `• ${executionText(one)}: ${name(one.executionId)}`);
  const rest = found.length - listed.length;
  return {
    problem: `${name(typed)} may be any of these, so give more of its id:\n${listed.join('\n')}${rest > 0 ? `\n… and ${rest} more` : ''}`,
  };
}

/** Where an execution's card stands, once it is shown. */
export async function cardOf(tools: ChatTools, executionId: string): Promise<MessagePlace | undefined> {
  return placeOf(await tools.store.getMessage(executionId, 'card'));
}

/** Where a gate's card stands; where that is not shown, the execution's. */
export async function gateCardOf(
  tools: ChatTools,
  executionId: string,
  gateId: string,
): Promise<MessagePlace | undefined> {
  const [gate, card] = await Promise.all([
    tools.store.getMessage(executionId, `gate-${gateId}`),
    cardOf(tools, executionId),
  ]);
  return placeOf(gate) ?? card;
}

function placeOf(message: { channelId: string; ts?: string } | undefined): MessagePlace | undefined {
  return message?.ts === undefined ? undefined : { channelId: message.channelId, ts: message.ts };
}
