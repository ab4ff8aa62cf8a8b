import type { KnownBlock, ModalView } from '@slack/types';
import { ALL_ACCOUNTS, GROUP_FIELD, groupModal } from '../../blocks/group-modal.ts';
import { MAX_TYPED } from '../../blocks/modal.ts';
import { inWords } from '../domain/plan-import/import.ts';
import { type ProtectionGroup, protectionGroupSchema, tagCriteriaSchema } from '../domain/protection-group.ts';
import type { StagingAccount } from '../platform/configuration.ts';
import { chosenIn, type FieldErrors, type FormValues, readTagLines, tagLines, typedIn } from './form-state.ts';

/** A group without anything, for a new one; the id is given when it is submitted. */
export function emptyGroup(groupName: string): ProtectionGroup {
  return { groupId: '', groupName, region: '' };
}

/** The form of a group with what can be chosen. `state`: what the form carries. */
export function groupFormView(
  { groupId, groupName, description, region, accountId, tagCriteria, serverIds }: ProtectionGroup,
  accounts: readonly Pick<StagingAccount, 'accountId' | 'region'>[],
  { state, preview }: { state: string; preview?: readonly KnownBlock[] },
): ModalView {
  const regions = new Set([...accounts.map((account) => account.region), ...(region === '' ? [] : [region])]);
  const known = new Set([
    ...accounts.map((account) => account.accountId),
    ...(accountId === undefined ? [] : [accountId]),
  ]);
  return groupModal({
    state,
    isNew: groupId === '',
    name: groupName,
    description: description ?? '',
    ...(region === '' ? {} : { region }),
    ...(accountId === undefined ? {} : { accountId }),
    tags: tagLines(tagCriteria),
    servers: serversText(serverIds ?? []),
    regions: [...regions],
    accounts: [...known],
    ...(preview === undefined ? {} : { preview }),
  });
}

/** The servers as a form takes them, or how many they are. */
function serversText(serverIds: readonly string[]): string | number {
  const text = serverIds.join('\n');
  return text.length > MAX_TYPED ? serverIds.length : text;
}

/**
 * Reads what is filled in over the group that was there, and what is wrong with it. Hostnames stand among the servers
 * until a worker has found their ids.
 */
export function readGroup(view: FormValues, before: ProtectionGroup): { group: ProtectionGroup; errors: FieldErrors } {
  const errors: FieldErrors = {};
  const groupName = typedIn(view, GROUP_FIELD.name);
  const description = typedIn(view, GROUP_FIELD.description);
  const region = chosenIn(view, GROUP_FIELD.region) ?? before.region;
  const account = chosenIn(view, GROUP_FIELD.account) ?? ALL_ACCOUNTS;
  const hasServers = view.state.values[GROUP_FIELD.servers.blockId] !== undefined;
  const typed = typedIn(view, GROUP_FIELD.servers).split(/[\s,;]+/);
  const servers = hasServers ? typed.filter((one) => one !== '') : (before.serverIds ?? []);
  const read = readTagLines(typedIn(view, GROUP_FIELD.tags));
  const tags = 'tags' in read ? read.tags : undefined;
  const { shape } = protectionGroupSchema;
  note(errors, GROUP_FIELD.name.blockId, shape.groupName.safeParse(groupName));
  if (region === '') errors[GROUP_FIELD.region.blockId] = 'Choose a Region.';
  if ('problem' in read) errors[GROUP_FIELD.tags.blockId] = read.problem;
  else if (tags !== undefined) note(errors, GROUP_FIELD.tags.blockId, tagCriteriaSchema.safeParse(tags));
  if (tags !== undefined && servers.length > 0) {
    const field = hasServers ? GROUP_FIELD.servers : GROUP_FIELD.tags;
    errors[field.blockId] = 'A group has either tags or servers: empty one of the two.';
  } else if (tags === undefined && servers.length === 0 && !('problem' in read)) {
    errors[GROUP_FIELD.tags.blockId] = 'Say which servers it has: by tags here, or by name below.';
  }
  return {
    group: {
      groupId: before.groupId,
      groupName,
      ...(description === '' ? {} : { description }),
      region,
      ...(account === ALL_ACCOUNTS ? {} : { accountId: account }),
      ...(tags === undefined ? {} : { tagCriteria: tags }),
      ...(servers.length === 0 ? {} : { serverIds: servers }),
    },
    errors,
  };
}

/** Notes what a schema says of a field, as Slack shows it there. */
export function note(
  errors: FieldErrors,
  blockId: string,
  parsed: { success: boolean; error?: { issues: Parameters<typeof inWords>[0][] } | undefined },
): void {
  const [issue] = parsed.error?.issues ?? [];
  if (issue !== undefined) errors[blockId] = inWords(issue);
}
