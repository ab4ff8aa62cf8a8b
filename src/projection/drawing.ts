import { executionCard } from '../../blocks/execution-card.ts';
import { gateCard } from '../../blocks/gate-card.ts';
import type { Message } from '../../blocks/message.ts';
import { milestones, resultFileName } from '../../blocks/thread.ts';
import type { ExecutionView } from '../domain/records.ts';

/** A message that is to stand in Slack, drawn from stored state. */
export interface Drawing {
  key: string;
  /** Where it stands: in the channel, or in the thread of the execution's card. */
  place: 'channel' | 'thread';
  message: Message;
  /** False for a milestone: once told, it is never changed. */
  redrawn: boolean;
}

/** The key of an execution's card, under which its thread hangs. */
export const CARD = 'card';

/** Every message of an execution, in the order in which they are posted: what people are asked comes before the story. */
export function drawingsOf(view: ExecutionView): Drawing[] {
  return [
    { key: CARD, place: 'channel', message: executionCard(view), redrawn: true },
    ...view.gates.map(
      (gate): Drawing => ({
        key: `gate-${gate.gateId}`,
        place: 'channel',
        message: gateCard(view, gate),
        redrawn: true,
      }),
    ),
    ...milestones(view).map(
      ({ key, message }): Drawing => ({ key: `thread-${key}`, place: 'thread', message, redrawn: false }),
    ),
  ];
}

/** The file with the component's output, once there is one. */
export function resultFileOf(view: ExecutionView): { key: string; name: string; location: string } | undefined {
  const { execution } = view;
  if (execution.endTime === undefined || execution.resultLocation === undefined) return undefined;
  return { key: 'file-result', name: resultFileName(execution), location: execution.resultLocation };
}
