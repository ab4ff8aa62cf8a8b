import { nothingAskedText, noVoteByMentionText, otherQuestionText } from '../../blocks/answers.ts';
import type { Choice, GateKind } from '../domain/gate.ts';
import type { ExecutionRecord, GateRecord } from '../domain/records.ts';
import type { Asked } from './asked.ts';
import type { Command, DecisionWord } from './command.ts';
import { cardOf, findMeant } from './executions.ts';
import { refused } from './refusal.ts';
import { cancel, pause, resumeMachine } from './steer.ts';
import type { ChatTools } from './tools.ts';
import { choose } from './votes.ts';

type DecisionCommand = Extract<Command, { kind: 'decision' }>;

/** Which question a word answers. */
const ANSWERS: Record<Exclude<DecisionWord, 'pause' | 'cancel'>, GateKind> = {
  approve: 'approval',
  reject: 'approval',
  resume: 'pause',
};

/**
 * `/dr approve|reject|resume|pause|cancel <execution>`: what the buttons of its cards do. A mention decides nothing. The
 * answer is undefined when a form was opened and answers for itself.
 */
export async function decide(tools: ChatTools, asked: Asked, command: DecisionCommand): Promise<string | undefined> {
  const { word, execution: typed, reason } = command;
  const { asker: person, openView, text } = asked;
  if (openView === undefined) {
    const refusal = { person, what: `mention: ${word}`, why: 'mentions decide nothing', text };
    return await refused(tools, refusal, noVoteByMentionText(word, typed));
  }
  const meant = await findMeant(tools, typed);
  if ('problem' in meant) return meant.problem;
  const { execution } = meant;
  if (word === 'cancel') return await cancel(tools, { person, execution, ...(reason === undefined ? {} : { reason }) });
  if (word === 'pause') return await pause(tools, { person, execution });
  if (word === 'resume' && execution.machineStopped !== undefined)
    return await resumeMachine(tools, { person, execution });

  const gates = await tools.store.getGates(execution.executionId);
  const gate = gates.find(({ status }) => status === 'pending') ?? lastOf(gates, ANSWERS[word]);
  if (gate === undefined || gate.kind !== ANSWERS[word])
    return await noSuchQuestion(tools, asked, word, execution, gate);
  const { executionId, gateId, planRevision } = gate;
  const choice: Choice = word;
  return await choose(tools, { executionId, gateId, planRevision, person }, choice, {
    openView,
    ...(reason === undefined ? {} : { reason }),
  });
}

/** The last question of a kind: who comes too late hears what was decided. */
function lastOf(gates: GateRecord[], kind: GateKind): GateRecord | undefined {
  return gates.filter((gate) => gate.kind === kind).sort((a, b) => b.openedAt - a.openedAt)[0];
}

async function noSuchQuestion(
  tools: ChatTools,
  { asker: person, text }: Asked,
  word: DecisionWord,
  execution: ExecutionRecord,
  open: GateRecord | undefined,
): Promise<string> {
  const { executionId } = execution;
  const card = await cardOf(tools, executionId);
  return await refused(
    tools,
    { person, executionId, what: `vote: ${word}`, why: 'nothing asked', text },
    open === undefined ? nothingAskedText(execution, word, card) : otherQuestionText(execution, open.kind, card),
  );
}
