import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { APPROVE_ACTION, decisionSentence, REJECT_ACTION, readButtonValue } from '../../../blocks/gate-card.ts';
import { moment, name } from '../../../blocks/message.ts';
import type { Choice, Refusal } from '../../domain/gate.ts';
import type { GateRecord } from '../../domain/records.ts';
import { type PressResult, vote } from '../../gates/vote.ts';
import { type ChatTools, explain } from '../tools.ts';

/** Approve and Reject on a gate's card. Every press is answered, only visible to who pressed; the card follows the table. */
export function gateButtons(app: App, tools: ChatTools): void {
  const listen = (actionId: string, choice: Choice) =>
    app.action<BlockAction<ButtonAction>>(actionId, async ({ ack, action, body, respond }) => {
      const person = { userId: body.user.id, teamId: body.user.team_id ?? body.team?.id ?? '' };
      const text = await press(tools, action.value, choice, person).catch((error: unknown) =>
        explain(error, tools.log),
      );
      await ack();
      await respond({ response_type: 'ephemeral', replace_original: false, text });
    });
  listen(APPROVE_ACTION, 'approve');
  listen(REJECT_ACTION, 'reject');
}

async function press(
  tools: ChatTools,
  value: string | undefined,
  choice: Choice,
  person: { userId: string; teamId: string },
): Promise<string> {
  const button = readButtonValue(value);
  if (button === undefined) return 'This button is not one of ours, or is from an older version. Nothing was recorded.';
  const result = await vote(tools, { ...button, choice, person });
  tools.log.info('A button of a gate was pressed', {
    executionId: button.executionId,
    gateId: button.gateId,
    userId: person.userId,
    choice,
    outcome: result.kind === 'recorded' ? result.gate.status : result.reason,
  });
  return result.kind === 'recorded' ? recordedText(result.gate, choice) : await refusedText(tools, result);
}

function recordedText(gate: GateRecord, choice: Choice): string {
  if (gate.status === 'approved')
    return '✅ Your approval is recorded. The fleet is looked at once more, then the launch begins.';
  if (gate.status === 'rejected') return '🚫 Your rejection is recorded. Nothing will be launched.';
  const given = gate.votes.filter((earlier) => earlier.choice === 'approve').length;
  return `Your ${choice === 'approve' ? 'approval' : 'rejection'} is recorded: ${given} of ${gate.quorum} approvals.`;
}

async function refusedText(tools: ChatTools, result: Extract<PressResult, { kind: 'refused' }>): Promise<string> {
  const { gate } = result;
  const asked = gate.approvers
    .slice(0, 5)
    .map((userId) => `<@${userId}>`)
    .join(', ');
  const texts: Record<Refusal, () => Promise<string> | string> = {
    'own request': () => `You asked for this drill, so somebody else has to decide: ${asked}. Nothing was recorded.`,
    'no permission': () =>
      `You may not decide about ${name(gate.application)}. Asked are ${asked}. Nothing was recorded.`,
    'already voted': () => 'Your vote is recorded already; it counts once.',
    expired: () =>
      `⌛ This question expired at ${moment(gate.expiresAt)}. Nothing was recorded and nothing is launched; ask again with the same command.`,
    'old card': () =>
      'This card is out of date: the question has changed. Use the newest card of this execution. Nothing was recorded.',
    settled: async () => {
      const execution = await tools.store.getExecution(gate.executionId);
      const decided = execution === undefined ? 'It is decided.' : decisionSentence({ execution }, gate);
      return `This is decided already: ${decided} Your press changed nothing.`;
    },
  };
  return await texts[result.reason]();
}
