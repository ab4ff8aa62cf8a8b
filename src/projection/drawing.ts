import { executionCard } from '../../blocks/execution-card.ts';
import { gateCard } from '../../blocks/gate-card.ts';
import { breakGlassMessage, escalationMessage, reminderMessage } from '../../blocks/gate-messages.ts';
import type { Message } from '../../blocks/message.ts';
import type { CardFacts } from '../../blocks/progress.ts';
import { findingsTable, serversCsv, serversFileName, serversTable } from '../../blocks/server-list.ts';
import { milestones, resultFileName } from '../../blocks/thread.ts';
import type { ExecutionView, GateRecord } from '../domain/records.ts';
import { countRest } from '../domain/rest.ts';
import { rtoOf } from '../domain/rto.ts';

/** A message that is to stand in Slack, drawn from stored state. */
export interface Drawing {
  key: string;
  /** Where it stands: in the channel, or in the thread of the execution's card. */
  place: 'channel' | 'thread';
  message: Message;
  /** False for a milestone: once told, it is never changed. */
  redrawn: boolean;
  /** True for a reply that is shown in the channel, too. */
  broadcast?: boolean;
  /** True for a message that others link to, and that goes elsewhere when its channel is closed to us. */
  isCard?: boolean;
}

/** What is drawn beside what is stored of the execution. */
export interface Known extends Omit<CardFacts, 'questionUrl' | 'rto' | 'left'> {
  /** When it is drawn, in milliseconds since the epoch: what is late by then is said to be. */
  now?: number;
  /** Addresses of messages that stand in Slack, by their keys. */
  links?: ReadonlyMap<string, string>;
}

/** The key of an execution's card, under which its thread hangs. */
export const CARD = 'card';

/** The key of a gate's card. */
export function gateKey({ gateId }: Pick<GateRecord, 'gateId'>): string {
  return `gate-${gateId}`;
}

/** Every message of an execution, in the order in which they are posted: what people are asked comes before the story. */
export function drawingsOf(view: ExecutionView, known: Known = {}): Drawing[] {
  const open = view.gates.findLast((gate) => gate.status === 'pending');
  const questionUrl = open === undefined ? undefined : known.links?.get(gateKey(open));
  const rto = rtoOf(view, known.now ?? view.execution.startTime);
  const card = executionCard(view, { expected: known.expected, questionUrl, rto, left: countRest(view) });
  return [
    { key: CARD, place: 'channel', message: card, redrawn: true, isCard: true },
    // Votes that are another gate's ask nobody: the execution's card says whose they are.
    ...view.gates
      .filter(({ from }) => from === undefined)
      .flatMap((gate) => gateDrawings(view, gate, known.links?.get(gateKey(gate)))),
    ...milestones(view, rto).map(
      ({ key, message, needsPeople }): Drawing => ({
        key: `thread-${key}`,
        place: 'thread',
        message,
        redrawn: false,
        ...(needsPeople ? { broadcast: true } : {}),
      }),
    ),
    ...tables(view),
  ];
}

/** A gate's card, and what is said about it in messages of their own, each with the address of the card. */
function gateDrawings(view: ExecutionView, gate: GateRecord, url: string | undefined): Drawing[] {
  const key = gateKey(gate);
  const inChannel = (suffix: string, message: Message | undefined): Drawing[] =>
    message === undefined ? [] : [{ key: `${key}-${suffix}`, place: 'channel', message, redrawn: true }];
  return [
    { key, place: 'channel', message: gateCard(view, gate), redrawn: true, isCard: true },
    ...(gate.reminders ?? []).flatMap((_, index) =>
      inChannel(`reminder-${index + 1}`, reminderMessage(view, gate, index + 1, url)),
    ),
    ...(gate.escalatedAt === undefined ? [] : inChannel('escalation', escalationMessage(view, gate, url))),
    ...inChannel('break-glass', breakGlassMessage(view, gate, url)),
  ];
}

/** Lists that are too long for the card. */
function tables(view: ExecutionView): Drawing[] {
  const { execution, plan } = view;
  const found = plan === undefined ? undefined : findingsTable(view);
  const isOver = execution.endTime !== undefined && execution.launchStartedAt !== undefined;
  const servers = isOver ? serversTable(view) : undefined;
  const inThread = (key: string, message: Message | undefined): Drawing[] =>
    message === undefined ? [] : [{ key: `thread-${key}`, place: 'thread', message, redrawn: false }];
  return [...inThread(`findings-${plan?.revision ?? 0}`, found), ...inThread('servers', servers)];
}

/** A file in the card's thread: text of ours, or what is kept at a location of the result bucket. */
export interface DrawnFile {
  key: string;
  name: string;
  content: { text: string } | { location: string };
}

/** The files of an execution that is over: all its servers, and the component's output. */
export function filesOf(view: ExecutionView): DrawnFile[] {
  const { execution, batches } = view;
  if (execution.endTime === undefined) return [];
  const { resultLocation: location } = execution;
  const isList = execution.launchStartedAt !== undefined && batches.length > 0;
  return [
    ...(isList ? [{ key: 'file-servers', name: serversFileName(execution), content: { text: serversCsv(view) } }] : []),
    ...(location === undefined ? [] : [{ key: 'file-result', name: resultFileName(execution), content: { location } }]),
  ];
}
