import type { KnownBlock, ModalView } from '@slack/types';
import { PREVIEW_GROUP_ACTION } from './action-ids.ts';
import { select } from './form.ts';
import { actions, button, context, count, section } from './message.ts';
import { type Field, MAX_TYPED, plain, textInput, title } from './modal.ts';

/** By what Slack tells us that this form was submitted. Stays the same: a form may be open while we deploy. */
export const GROUP_FORM = 'protection_group_form';

/** Where each part of a group stands. */
export const GROUP_FIELD = {
  name: { blockId: 'group_name', actionId: 'group_name' },
  description: { blockId: 'group_description', actionId: 'group_description' },
  region: { blockId: 'group_region', actionId: 'group_region' },
  account: { blockId: 'group_account', actionId: 'group_account' },
  tags: { blockId: 'group_tags', actionId: 'group_tags' },
  servers: { blockId: 'group_servers', actionId: 'group_servers' },
} as const satisfies Record<string, Field>;

/** The option that means every account. */
export const ALL_ACCOUNTS = 'all';

const MAX_NAME = 100;
const MAX_DESCRIPTION = 1_000;

/** A group as it stands in the form. */
export interface GroupForm {
  /** What the form carries, as text: see `formState` in `src/chat`. */
  state: string;
  isNew: boolean;
  name: string;
  description: string;
  region?: string;
  accountId?: string;
  /** Lines of `key=value`. */
  tags: string;
  /** Hostnames or ids, one a line; where they are too long for a form, how many there are. */
  servers: string | number;
  regions: readonly string[];
  accounts: readonly string[];
  /** What it matches, where that was asked for. */
  preview?: readonly KnownBlock[];
}

/** A protection group by a form: what it matches is shown before anything is stored. */
export function groupModal(form: GroupForm): ModalView {
  const { state, isNew, regions, accounts, preview = [] } = form;
  const only = regions.length === 1 ? regions[0] : undefined;
  return {
    type: 'modal',
    callback_id: GROUP_FORM,
    private_metadata: state,
    title: title(isNew ? 'New protection group' : 'Edit protection group'),
    submit: title('Check'),
    close: plain('Cancel'),
    blocks: [
      context('Nothing is stored by this form: the differences are shown to you first.'),
      textInput(GROUP_FIELD.name, 'Name', { length: { min: 1, max: MAX_NAME }, initial: form.name }),
      textInput(GROUP_FIELD.description, 'Description', {
        length: { min: 0, max: MAX_DESCRIPTION },
        multiline: true,
        optional: true,
        initial: form.description,
      }),
      ...select(
        GROUP_FIELD.region,
        'Region',
        regions.map((region) => ({ value: region, label: region })),
        { chosen: form.region ?? only, hint: 'The DR Region that its servers replicate to.' },
      ),
      ...select(
        GROUP_FIELD.account,
        'Staging account',
        [
          { value: ALL_ACCOUNTS, label: 'All staging accounts' },
          ...accounts.map((account) => ({ value: account, label: account })),
        ],
        { chosen: form.accountId ?? ALL_ACCOUNTS },
      ),
      textInput(GROUP_FIELD.tags, 'Tags', {
        hint: 'Either tags: one key=value a line; a server has to have all of them. For example DR-Application=HRP',
        length: { min: 0, max: MAX_TYPED },
        multiline: true,
        optional: true,
        initial: form.tags,
      }),
      typeof form.servers === 'number'
        ? section(
            `*Servers*\nIts ${count(form.servers, 'server')} are too many for a form and stay as they are: change them in a file, and import it.`,
          )
        : textInput(GROUP_FIELD.servers, 'Servers', {
            hint: 'Or servers: hostnames or ids of source servers, separated by spaces or lines.',
            length: { min: 0, max: MAX_TYPED },
            multiline: true,
            optional: true,
            initial: form.servers,
          }),
      actions('group_preview', [button(PREVIEW_GROUP_ACTION, 'Preview', 'preview')]),
      ...preview,
    ],
  };
}
