import type { Choice, Vote } from '../src/domain/gate.ts';
import type { ExecutionView, GateRecord } from '../src/domain/records.ts';
import { escapeText, moment } from './message.ts';
import { wordsOf } from './verbs.ts';
import { reasonsText, shortId } from './words.ts';

/** Who decided, what, when and why; and what became of it when the fleet has changed since. */
export function decisionSentence(view: Pick<ExecutionView, 'execution'>, gate: GateRecord): string {
  const at = gate.settledAt === undefined ? '' : ` at ${moment(gate.settledAt)}`;
  switch (gate.status) {
    case 'approved':
      return `${passed(gate, at)}${outdated(view, gate)}`;
    case 'rejected':
      return `${refused(gate, at)} ${consequence(view, gate)}`;
    case 'expired':
      return `⌛ Expired unanswered${at}. ${consequence(view, gate)}`;
    case 'cancelled': {
      const by = gate.cancelledBy === undefined ? '' : ` by <@${gate.cancelledBy.userId}>`;
      return `🚫 Cancelled${by}${at}.`;
    }
    case 'pending':
      return 'Not decided yet.';
  }
}

/** The vote by which one person alone has passed a gate; undefined when nobody has. */
export function breakGlassVote(gate: Pick<GateRecord, 'votes' | 'status'>): Vote | undefined {
  return gate.status === 'approved' ? gate.votes.find((vote) => vote.breakGlass === true) : undefined;
}

function passed(gate: GateRecord, at: string): string {
  const broke = breakGlassVote(gate);
  if (broke !== undefined) {
    return `🚨 *Break-glass:* passed by <@${broke.userId}> alone${at}${reasonsText([broke])}.`;
  }
  const answer = gate.answer ?? 'approve';
  const { mark, words } = PASSED[answer];
  const those = gate.votes.filter(({ choice }) => choice === answer);
  const carried = gate.from === undefined ? '' : ` with drill ${escapeText(shortId(gate.from.executionId))}`;
  return `${mark} ${aboutWhat(answer, words, gate)}${carried} by ${people(those)}${at}${reasonsText(those)}.`;
}

/** How an answer to the question about an action that failed is told, and to the one after the last wave. */
const PASSED_ACTION: Partial<Record<Choice, string>> = {
  retry: 'To be done again: the action',
  continue: 'Continued although the action failed,',
};

function aboutWhat(answer: Choice, words: string, gate: GateRecord): string {
  const ofAction = gate.action === undefined ? undefined : PASSED_ACTION[answer];
  if (ofAction !== undefined) return ofAction;
  if (gate.afterWave === true && answer === 'resume') return `Released to finish after wave ${gate.wave}`;
  return aboutWave(words, gate);
}

/** How each answer is told; a name of a wave is put behind words that end with it. */
const PASSED: Record<Choice, { mark: string; words: string }> = {
  approve: { mark: '✅', words: 'Approved' },
  resume: { mark: '▶️', words: 'Resumed with wave' },
  retry: { mark: '🔁', words: 'To be retried: wave' },
  continue: { mark: '▶️', words: 'Continued after wave' },
  reject: { mark: '🚫', words: 'Rejected' },
  stop: { mark: '⏹️', words: 'Stopped' },
};

/** With the number behind words that end with `wave`; without them where the execution has no waves. */
function aboutWave(words: string, { wave }: GateRecord): string {
  if (!words.endsWith('wave') || wave === undefined) return words;
  return wave === 0 ? words.replace(/(?::| after| with) wave$/, '') : `${words} ${wave}`;
}

function refused(gate: GateRecord, at: string): string {
  const { mark, words } = PASSED[gate.kind === 'approval' ? 'reject' : 'stop'];
  const those = gate.votes.filter(({ choice }) => choice === 'reject' || choice === 'stop');
  return `${mark} ${words} by ${people(those)}${at}${reasonsText(those)}.`;
}

function consequence({ execution }: Pick<ExecutionView, 'execution'>, gate: GateRecord): string {
  return gate.kind === 'approval' ? wordsOf(execution).nothing : 'Nothing more is begun.';
}

function outdated({ execution }: Pick<ExecutionView, 'execution'>, gate: GateRecord): string {
  const isOld = gate.kind === 'approval' && execution.planRevision > gate.planRevision;
  return isOld ? ' The fleet has changed since, so this approval no longer counts.' : '';
}

function people(votes: readonly Vote[]): string {
  return votes.map((vote) => `<@${vote.userId}>`).join(' and ');
}
