import type { KnownBlock } from '@slack/types';
import { matchBlocks, unreadText } from '../../blocks/library.ts';
import { context, dayAndMoment, section, sentence } from '../../blocks/message.ts';
import { groupFormView } from '../chat/group-form.ts';
import { isSamePerson } from '../domain/access.ts';
import type { QueryArgs } from '../domain/query.ts';
import { withServerIds } from './draft.ts';
import { type Fleet, readFleet, shownMatches } from './fleet.ts';
import type { Looker } from './looker.ts';
import type { Replies } from './reply.ts';
import type { QueryTools } from './tools.ts';

/** Shows in the form of a group which servers it would have. A form that has changed since is left as it is. */
export async function previewGroup(
  tools: QueryTools,
  replies: Replies,
  looker: Looker,
  { draftId, viewId, hash, state }: QueryArgs['group preview'],
): Promise<void> {
  const [draft, accounts] = await Promise.all([tools.library.getDraft(draftId), tools.config.stagingAccounts()]);
  const [change] = draft?.changes ?? [];
  if (draft === undefined || !('userId' in draft.by) || !isSamePerson(draft.by, looker.person)) return;
  if (change?.kind !== 'put group') return;
  const fleet = await readFleet(tools);
  const preview = previewBlocks(tools, looker, fleet, change);
  await replies.updateForm(viewId, hash, groupFormView(change.group, accounts, { state, preview }));
}

function previewBlocks(
  tools: QueryTools,
  looker: Looker,
  fleet: Fleet,
  change: Parameters<typeof withServerIds>[0][number] & { kind: 'put group' },
): KnownBlock[] {
  const { changes, problems } = withServerIds([change], fleet.servers);
  const [found] = changes;
  const group = found?.kind === 'put group' ? found.group : change.group;
  return [
    ...problems.map(({ message }) => section(`⚠️ ${sentence(message)}`)).slice(0, MOST_PROBLEMS),
    ...matchBlocks(shownMatches(looker, fleet, group)),
    context([`As of ${dayAndMoment(tools.now())}.`, ...unreadText(fleet.unread)].join(' ')),
  ];
}

const MOST_PROBLEMS = 10;
