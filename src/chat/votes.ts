import type { ModalView } from '@slack/types';
import { formNotOpenedText, recordedText, refusedText } from '../../blocks/answers.ts';
import { approveModal } from '../../blocks/approve-modal.ts';
import { breakGlassModal } from '../../blocks/break-glass-modal.ts';
import { reasonLengthText, rejectModal } from '../../blocks/reject-modal.ts';
import { DrError, messageOf } from '../domain/errors.ts';
import { type Choice, type Decision, REASON_LENGTH, type Refusal, readReason } from '../domain/gate.ts';
import type { ExecutionRecord, GateRecord } from '../domain/records.ts';
import { gateIdOf } from '../gates/gate-timing.ts';
import { mayVote, type Press, vote } from '../gates/vote.ts';
import type { OpenView } from './asked.ts';
import { gateCardOf } from './executions.ts';
import { checked, refused } from './refusal.ts';
import { type ChatTools, noteVote } from './tools.ts';

/** What somebody wants to choose; `break glass`: to pass the question alone. */
export type Wish = Choice | 'break glass';

/** Recorded or not, with what the person is told in mrkdwn. */
export type VoteAnswer = { kind: 'recorded'; text: string } | { kind: 'refused'; reason: Refusal; text: string };

const BUTTONS: Record<'approve' | 'reject' | 'break glass', string> = {
  approve: 'Approve',
  reject: 'Reject',
  'break glass': 'Break Glass',
};

/**
 * What a press of a gate's button, or a command, leads to: a vote that is recorded at once, or a form for what is to be
 * typed first. The answer is what the person is told; undefined when a form was opened and answers for itself.
 * @throws {DrError} NotFound when the gate does not exist; ConfigurationError or DirectoryUnavailable when rights cannot
 *   be checked.
 */
export async function choose(
  tools: ChatTools,
  press: Press,
  wish: Wish,
  { openView, reason }: { openView: OpenView; reason?: string },
): Promise<string | undefined> {
  if (wish === 'reject') {
    if (reason === undefined) return await openForm(tools, press, wish, openView);
    const whole = readReason(reason);
    if (whole === undefined) return reasonLengthText(REASON_LENGTH);
    return (await recordVote(tools, press, { choice: wish, reason: whole })).text;
  }
  if (wish === 'break glass') return await openForm(tools, press, wish, openView);
  if (wish === 'approve') {
    const gate = await tools.store.getGate(press.executionId, press.gateId);
    if (gate?.typedName !== undefined) return await openForm(tools, press, wish, openView);
    return (await recordVote(tools, press, { choice: wish })).text;
  }
  return (await recordVote(tools, press, { choice: wish, ...(reason === undefined ? {} : { reason }) })).text;
}

/** Records a vote, or says why it does not count. Every refusal is noted. */
export async function recordVote(tools: ChatTools, press: Press, decision: Decision): Promise<VoteAnswer> {
  const { choice } = decision;
  const breakGlass = 'breakGlass' in decision;
  const result = await checked(tools, refusalOf(press, breakGlass ? 'break glass' : choice), () =>
    vote(tools, { ...press, decision }),
  );
  noteVote(tools.log, press, choice, result);
  if (result.kind === 'recorded') {
    return { kind: 'recorded', text: recordedText(result.gate, choice, { breakGlass }) };
  }
  const execution = await tools.store.getExecution(press.executionId);
  const text = await refuseVote(tools, press, breakGlass ? 'break glass' : choice, result, execution);
  return { kind: 'refused', reason: result.reason, text };
}

function refusalOf({ executionId, gateId, person }: Press, wish: Wish) {
  return { executionId, gateId, person, what: `vote: ${wish}` };
}

async function refuseVote(
  tools: ChatTools,
  press: Press,
  wish: Wish,
  { reason, gate }: { reason: Refusal; gate: GateRecord },
  execution: ExecutionRecord | undefined,
): Promise<string> {
  const { executionId, gateId } = press;
  const current = gate.kind === 'approval' && execution !== undefined ? gateIdOf(execution.planRevision) : gateId;
  const card = await gateCardOf(tools, executionId, current);
  return await refused(
    tools,
    { ...refusalOf(press, wish), planHash: gate.planHash, why: reason },
    refusedText(reason, gate, execution, card),
  );
}

async function openForm(
  tools: ChatTools,
  press: Press,
  wish: 'approve' | 'reject' | 'break glass',
  openView: OpenView,
): Promise<string | undefined> {
  // Together: the trigger that opens a form lives for 3 s.
  const [result, execution] = await Promise.all([
    checked(tools, refusalOf(press, wish), () => mayVote(tools, press, { breakGlass: wish === 'break glass' })),
    tools.store.getExecution(press.executionId),
  ]);
  if (result.kind === 'refused') {
    noteVote(tools.log, press, wish === 'break glass' ? 'approve' : wish, result);
    return await refuseVote(tools, press, wish, result, execution);
  }
  if (execution === undefined) throw new DrError('NotFound', 'This question no longer exists.');
  try {
    await openView(formOf(wish, execution, result.gate));
    return undefined;
  } catch (error) {
    const { executionId, gateId } = press;
    tools.log.warn('The form of a gate could not be opened', { executionId, gateId, wish, error: messageOf(error) });
    return formNotOpenedText(BUTTONS[wish], messageOf(error));
  }
}

function formOf(wish: 'approve' | 'reject' | 'break glass', execution: ExecutionRecord, gate: GateRecord): ModalView {
  switch (wish) {
    case 'approve':
      return approveModal(execution, gate, gate.typedName ?? '');
    case 'reject':
      return rejectModal(execution, gate, REASON_LENGTH);
    case 'break glass':
      return breakGlassModal(execution, gate, REASON_LENGTH);
  }
}
