import type { App, SlackViewAction, ViewSubmitAction } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import { z } from 'zod';
import type { GateButton } from '../../../blocks/action-ids.ts';
import { UNKNOWN_QUESTION_TEXT } from '../../../blocks/answers.ts';
import { APPROVE_FORM, NAME_INPUT, wrongNameText } from '../../../blocks/approve-modal.ts';
import { BREAK_GLASS_FORM } from '../../../blocks/break-glass-modal.ts';
import { answerModal, type Field } from '../../../blocks/modal.ts';
import { REASON_INPUT, REJECT_FORM, reasonLengthText } from '../../../blocks/reject-modal.ts';
import { type Decision, REASON_LENGTH, readReason } from '../../domain/gate.ts';
import { personOf } from '../asked.ts';
import { drawHome } from '../home.ts';
import { type ChatTools, explainPlainly } from '../tools.ts';
import { recordVote } from '../votes.ts';

/** What a form carries. Older and newer versions are refused, not guessed at. */
const questionSchema = z.strictObject({ executionId: z.uuid(), gateId: z.string().min(1), planRevision: z.int() });

type View = SlackViewAction['view'];

/** Either the form is over and says what happened, or it stays open with what has to be put right. */
type Outcome = { view: ModalView } | { problem: string; field: Field };

/** A form that a gate's button opens. */
interface VoteForm {
  /** What is decided by what was typed, or what is wrong with it. */
  read: (view: View) => Decision | { problem: string; field: Field };
  /** Where a problem is shown that is about no input. */
  firstInput: Field;
  /** The heading when it is recorded. */
  recorded: string;
}

const FORMS: Record<string, VoteForm> = {
  [REJECT_FORM]: {
    read: (view) => withReason(view, (reason) => ({ choice: 'reject', reason })),
    firstInput: REASON_INPUT,
    recorded: 'Rejected',
  },
  [APPROVE_FORM]: {
    read: (view) => ({ choice: 'approve', typedName: typedIn(view, NAME_INPUT) }),
    firstInput: NAME_INPUT,
    recorded: 'Approved',
  },
  [BREAK_GLASS_FORM]: {
    read: (view) =>
      withReason(view, (reason) => ({
        choice: 'approve',
        breakGlass: true,
        reason,
        typedName: typedIn(view, NAME_INPUT),
      })),
    firstInput: REASON_INPUT,
    recorded: 'Glass broken',
  },
};

/**
 * The forms behind a gate's buttons. One may have been open for long: everything is checked again now, and what happened
 * is said in its place. Where nothing came of it, it stays open with what was typed.
 */
export function voteForms(app: App, tools: ChatTools): void {
  for (const [callbackId, form] of Object.entries(FORMS)) {
    app.view<ViewSubmitAction>({ callback_id: callbackId, type: 'view_submission' }, async ({ ack, body, view }) => {
      const outcome = await submit(tools, form, view, body).catch(
        (error: unknown): Outcome => ({ problem: explainPlainly(error, tools.log), field: form.firstInput }),
      );
      if ('problem' in outcome) {
        await ack({ response_action: 'errors', errors: { [outcome.field.blockId]: outcome.problem } });
        return;
      }
      await ack({ response_action: 'update', view: outcome.view });
      // It may have been opened in App Home, where the question stands.
      await drawHome(tools, personOf(body), body.trigger_id);
    });
  }
}

async function submit(tools: ChatTools, form: VoteForm, view: View, body: ViewSubmitAction): Promise<Outcome> {
  const question = readQuestion(view.private_metadata);
  if (question === undefined) return { view: answerModal('Not recorded', UNKNOWN_QUESTION_TEXT) };
  const decision = form.read(view);
  if ('problem' in decision) return decision;
  const result = await recordVote(tools, { ...question, person: personOf(body) }, decision);
  if (result.kind === 'refused' && result.reason === 'wrong name') {
    const gate = await tools.store.getGate(question.executionId, question.gateId);
    return { problem: wrongNameText(gate?.typedName ?? ''), field: NAME_INPUT };
  }
  return { view: answerModal(result.kind === 'recorded' ? form.recorded : 'Not recorded', result.text) };
}

function withReason(view: View, decision: (reason: string) => Decision): ReturnType<VoteForm['read']> {
  const reason = readReason(typedIn(view, REASON_INPUT));
  return reason === undefined ? { problem: reasonLengthText(REASON_LENGTH), field: REASON_INPUT } : decision(reason);
}

function typedIn(view: View, { blockId, actionId }: Field): string {
  return view.state.values[blockId]?.[actionId]?.value ?? '';
}

function readQuestion(metadata: string): GateButton | undefined {
  try {
    return questionSchema.safeParse(JSON.parse(metadata)).data;
  } catch {
    // Not even JSON: not one of our forms.
    return undefined;
  }
}
