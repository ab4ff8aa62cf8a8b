import type { CallArguments } from '../call-arguments.ts';
import { SlackRefusal } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { LIMITS } from '../limits.ts';
import type { WebApiMethod } from '../web-api.ts';
import type { SlackWorkspace } from '../workspace.ts';

function sentView(args: CallArguments): unknown {
  args.required('view');
  return args.json('view', 'invalid_arguments');
}

function open(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const userId = workspace.triggers.exchange(args.required('trigger_id'));
  const { view } = workspace.stored.views.put(sentView(args), 'modal', userId);
  workspace.emit({ type: 'view_opened', userId, view });
  return { view };
}

function push(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const userId = workspace.triggers.exchange(args.required('trigger_id'));
  const stack = workspace.modals(userId);
  // There is nothing to push on when the person has closed the modal.
  if (stack.length === 0) throw new SlackRefusal('not_found');
  if (stack.length >= LIMITS.viewStack) throw new SlackRefusal('push_limit_reached');
  const { view } = workspace.stored.views.put(sentView(args), 'modal', userId, undefined, stack.at(-1));
  workspace.emit({ type: 'view_opened', userId, view });
  return { view };
}

function update(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const externalId = args.text('external_id');
  const { views } = workspace.stored;
  const shown = externalId === undefined ? views.find(args.required('view_id')) : views.findExternal(externalId);
  if (shown === undefined) throw new SlackRefusal('not_found');
  refuseOldHash(args, shown.view.hash);
  const { view } = views.put(sentView(args), shown.view.type, shown.userId, shown.view);
  workspace.emit({ type: 'view_updated', userId: shown.userId, view });
  return { view };
}

function publish(workspace: SlackWorkspace, args: CallArguments): JsonObject {
  const userId = args.required('user_id');
  if (!workspace.people.some((person) => person.userId === userId)) throw new SlackRefusal('user_not_found');
  const before = workspace.home(userId);
  if (before !== undefined) refuseOldHash(args, before.hash);
  const { view } = workspace.stored.views.put(sentView(args), 'home', userId, before);
  workspace.emit({ type: 'view_published', userId, view });
  return { view };
}

/** A caller that sends the hash of the view it read wants to know when somebody else has changed it since. */
function refuseOldHash(args: CallArguments, hash: string): void {
  const sent = args.text('hash');
  if (sent !== undefined && sent !== hash) throw new SlackRefusal('hash_conflict');
}

/** Methods `views.*`. */
export const viewMethods: Readonly<Record<string, WebApiMethod>> = {
  'views.open': open,
  'views.push': push,
  'views.update': update,
  'views.publish': publish,
};
