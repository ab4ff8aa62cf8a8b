import type { KnownBlock } from '@slack/types';
import type { ExecutionView } from '../src/domain/records.ts';
import {
  context,
  count,
  escapeText,
  header,
  LIMITS,
  type Message,
  message,
  moment,
  section,
  sentence,
} from './message.ts';
import { preflightBlocks } from './preflight.ts';
import { wordsOf } from './verbs.ts';
import { listed, scope, verbWord } from './words.ts';

/** What a request would need to be approved. */
export interface NeededApproval {
  quorum: number;
  /** Whether the application's name has to be typed. */
  typeName: boolean;
  /** Why such requests are refused now. */
  freeze?: string;
}

/** What a request would do, as if it had been made. */
export interface PlanPreview {
  /** The execution that there would be, with its plan and batches; nothing of it is stored. */
  view: ExecutionView;
  approval: NeededApproval;
  /** Milliseconds since the epoch. */
  now: number;
}

const ONLY_LOOKED =
  'Only a look: no gate was opened, nobody was asked, nothing was changed and no execution was stored.';

/** The answer to `/dr plan`: the preflight of the card, without a question. */
export function planAnswer({ view, approval, now }: PlanPreview): Message {
  const { execution, plan } = view;
  const title = `${verbWord(execution)} ${scope(execution)}`;
  const stops = plan?.stops.length ?? 0;
  const verdict =
    stops === 0
      ? `would ${wordsOf(execution).order} ${count(plan?.totalServers ?? 0, 'server')}`
      : 'preflight would stop it';
  const told = [
    header(`🔎 Plan: ${title}`),
    section(`*${ONLY_LOOKED}*`),
    ...(stops === 0
      ? [section(approvalText(approval))]
      : listed(
          'Preflight would stop it: nobody would be asked',
          (plan?.stops ?? []).map((stop) => `• ${sentence(stop)}`),
        )),
    ...preflightBlocks(view),
  ];
  const asOf = context(`As of ${moment(now)}. A request looks again, before it asks and before it begins.`);
  return message(`Plan of ${escapeText(title)}: ${verdict}. Nothing was changed.`, [...fitting(told, asOf), asOf]);
}

function approvalText({ quorum, typeName, freeze }: NeededApproval): string {
  const typed = typeName ? ', each typing the name of the application' : '';
  const needed = `A request would need ${count(quorum, 'approval')}${typed}.`;
  return freeze === undefined ? needed : `⛔ *Requests are refused now:* ${sentence(freeze)}. ${needed}`;
}

/** As many of the blocks, in order, as one message takes beside `last`. */
function fitting(blocks: KnownBlock[], last: KnownBlock): KnownBlock[] {
  const shown: KnownBlock[] = [];
  const more = section('… and more: what is left out here is on the card of a request.');
  for (const [index, block] of blocks.entries()) {
    const isLast = index === blocks.length - 1;
    const all = [...shown, block, ...(isLast ? [] : [more]), last];
    if (all.length > LIMITS.blocks || JSON.stringify(all).length > LIMITS.messageCharacters) return [...shown, more];
    shown.push(block);
  }
  return shown;
}
