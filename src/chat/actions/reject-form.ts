import type { App, SlackViewAction, ViewSubmitAction } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import { z } from 'zod';
import type { GateButton } from '../../../blocks/action-ids.ts';
import { recordedText, refusedText, UNKNOWN_QUESTION_TEXT } from '../../../blocks/answers.ts';
import { answerModal, REASON_INPUT, REJECT_FORM, reasonLengthText } from '../../../blocks/reject-modal.ts';
import type { Person } from '../../domain/access.ts';
import { REASON_LENGTH, readReason } from '../../domain/gate.ts';
import { vote } from '../../gates/vote.ts';
import { type ChatTools, explainPlainly, noteVote } from '../tools.ts';

/** What the form carries. Older and newer versions are refused, not guessed at. */
const questionSchema = z.strictObject({ executionId: z.uuid(), gateId: z.string().min(1), planRevision: z.int() });

/** Either the form is over and says what happened, or it stays open with what has to be put right. */
type Outcome = { view: ModalView } | { problem: string };

/**
 * The form with the reason of a rejection. It may have been open for long: everything is checked again now, and what
 * happened is said in its place. Where nothing came of it, it stays open with what was typed.
 */
export function rejectForm(app: App, tools: ChatTools): void {
  app.view<ViewSubmitAction>({ callback_id: REJECT_FORM, type: 'view_submission' }, async ({ ack, body, view }) => {
    const person: Person = { userId: body.user.id, teamId: body.user.team_id ?? body.team?.id ?? '' };
    const outcome = await submit(tools, view, person).catch(
      (error: unknown): Outcome => ({ problem: explainPlainly(error, tools.log) }),
    );
    if ('view' in outcome) await ack({ response_action: 'update', view: outcome.view });
    else await ack({ response_action: 'errors', errors: { [REASON_INPUT.blockId]: outcome.problem } });
  });
}

async function submit(tools: ChatTools, view: SlackViewAction['view'], person: Person): Promise<Outcome> {
  const question = readQuestion(view.private_metadata);
  if (question === undefined) return { view: answerModal('Not recorded', UNKNOWN_QUESTION_TEXT) };
  const typed = view.state.values[REASON_INPUT.blockId]?.[REASON_INPUT.actionId]?.value ?? '';
  const reason = readReason(typed);
  if (reason === undefined) return { problem: reasonLengthText(REASON_LENGTH) };
  const press = { ...question, person };
  const result = await vote(tools, { ...press, decision: { choice: 'reject', reason } });
  noteVote(tools.log, press, 'reject', result);
  if (result.kind === 'recorded') return { view: answerModal('Rejected', recordedText(result.gate, 'reject')) };
  const execution = await tools.store.getExecution(question.executionId);
  return { view: answerModal('Not recorded', refusedText(result.reason, result.gate, execution)) };
}

function readQuestion(metadata: string): GateButton | undefined {
  try {
    return questionSchema.safeParse(JSON.parse(metadata)).data;
  } catch {
    // Not even JSON: not one of our forms.
    return undefined;
  }
}
