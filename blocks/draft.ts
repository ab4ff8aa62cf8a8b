import type { Button, KnownBlock } from '@slack/types';
import type { ChangedBy } from '../src/domain/plan-library.ts';
import { DISCARD_DRAFT_ACTION, EDIT_DRAFT_ACTION, IMPORT_AGAIN_ACTION, STORE_DRAFT_ACTION } from './action-ids.ts';
import { personText, unreadText } from './library.ts';
import { listing } from './listing.ts';
import {
  actions,
  button,
  confirmation,
  context,
  count,
  header,
  type Message,
  message,
  moment,
  name,
  section,
  sentence,
} from './message.ts';

/** What people are told of changes of recovery plans and protection groups before these are stored, and after. */

const CHARACTERS = 5_500;
const LEFT_OUT_CHARACTERS = 1_800;
const MOST_LINES = 200;
const MAX_LINE = 500;

/** How a draft's form is opened again: that of a plan or a group, or that of an import, by the query that it was. */
export type AgainButton = { draftId: string } | { importedBy: string };

/** What a draft would change, for the person who prepared it. */
export interface DraftView {
  /** What it is about, e.g. `Recovery plan HRP`. */
  about: string;
  /** In which form it was read, where it was imported. */
  format?: string;
  /** What is wrong with it, a line each: where, and what. Not escaped. */
  problems: readonly string[];
  /** What it changes, a sentence each. Not escaped. */
  differences: readonly string[];
  /** What each plan would do, a line each. Not escaped. */
  summaries: readonly string[];
  /** What an import has left out, and why, a line each. Not escaped. */
  notRunnable: readonly string[];
  /** What somebody else has stored since the draft was begun. */
  overtaken: readonly { what: string; by: ChangedBy; at: number }[];
  /** Accounts whose servers could not be looked at, and why. */
  unread: readonly string[];
  /** True when the whole list of differences was sent as a file. */
  isSent: boolean;
  again?: AgainButton;
  /** Id of the draft that may be stored; left out where nothing may be. */
  storeId?: string;
}

/** The answer to a draft: its problems, or its differences with Store and Discard. */
export function draftAnswer(view: DraftView): Message {
  const { about, problems, differences, format } = view;
  const read = format === undefined ? [] : [context(`Read as: ${name(format)}.`)];
  if (problems.length > 0) {
    const what = count(problems.length, 'problem');
    return message(`⚠️ ${name(about)}: ${what}. Nothing was stored.`, [
      header(`${about}: not stored`),
      section(`*${what} to put right. Nothing was stored; what you entered is kept.*`),
      ...listed(problems, CHARACTERS),
      ...leftOut(view),
      ...read,
      ...unreadBlocks(view),
      ...buttons(view),
    ]);
  }
  if (differences.length === 0) {
    const text = `${name(about)}: nothing would change, it is stored like this already.`;
    return message(text, [section(text), ...leftOut(view), ...read]);
  }
  return message(`${name(about)}: ${count(differences.length, 'difference')}. Nothing is stored yet.`, [
    header(`${about}: what would change`),
    section('*Nothing is stored yet.* Look at the differences, then store them.'),
    ...overtakenBlocks(view),
    ...listed(differences, CHARACTERS),
    ...(view.isSent ? [context('The whole list was sent to you as a file.')] : []),
    ...(view.summaries.length === 0 ? [] : listed(view.summaries, LEFT_OUT_CHARACTERS)),
    ...leftOut(view),
    ...read,
    ...unreadBlocks(view),
    ...buttons(view),
  ]);
}

/** True when a message does not take them all: then the list is sent as a file, too. */
export function isTooLong(differences: readonly string[]): boolean {
  return differences.length > MOST_LINES || JSON.stringify(differences.map(line)).length > CHARACTERS;
}

function listed(texts: readonly string[], characters: number): KnownBlock[] {
  return listing(texts.map(line), MOST_LINES, characters);
}

function line(text: string): string {
  return `• ${sentence(text, MAX_LINE)}`;
}

function leftOut({ notRunnable }: DraftView): KnownBlock[] {
  if (notRunnable.length === 0) return [];
  return [section('*Not taken over*'), ...listed(notRunnable, LEFT_OUT_CHARACTERS)];
}

function overtakenBlocks({ overtaken }: DraftView): KnownBlock[] {
  if (overtaken.length === 0) return [];
  const lines = overtaken
    .slice(0, 2)
    .map(
      ({ what, by, at }) =>
        `⚠️ *${name(what)} was changed by ${personText(by)} at ${moment(at)}, after you began.* What is listed below may undo that: to keep both, discard this and edit what is stored now.`,
    );
  return [section(lines.join('\n'))];
}

function unreadBlocks({ unread }: DraftView): KnownBlock[] {
  const [told] = unreadText(unread);
  return told === undefined ? [] : [context(`${told}. Servers there were not checked.`)];
}

function buttons({ again, storeId }: DraftView): KnownBlock[] {
  const all = [
    ...(storeId === undefined
      ? []
      : [
          button(STORE_DRAFT_ACTION, 'Store', storeId, {
            style: 'primary',
            confirm: confirmation({
              title: 'Store these changes?',
              text: 'The next drill or recovery of what they are about follows them. Earlier versions are kept.',
              yes: 'Store',
              no: 'Not Yet',
            }),
          }),
          button(DISCARD_DRAFT_ACTION, 'Discard', storeId),
        ]),
    ...(again === undefined ? [] : [againButton(again)]),
  ];
  return all.length === 0 ? [] : [actions('draft', all)];
}

function againButton(again: AgainButton): Button {
  return 'draftId' in again
    ? button(EDIT_DRAFT_ACTION, 'Edit Again', again.draftId)
    : button(IMPORT_AGAIN_ACTION, 'Import Again', again.importedBy);
}

/** What is told when a draft could not be looked at; what was entered is kept. `why`: mrkdwn. */
export function draftNotChecked(why: string, again: AgainButton): Message {
  return message(why, [
    section(why),
    context('Nothing was stored; what you entered is kept.'),
    actions('draft', [againButton(again)]),
  ]);
}

/** The answer to Store. `stored`: what is stored now, e.g. `Recovery plan HRP, version 3`. */
export function storedText(stored: readonly string[]): string {
  return `✅ Stored: ${stored.map((one) => sentence(one, MAX_LINE)).join('; ')}.`;
}

/** The answer to Discard. */
export const DISCARDED_TEXT = '🗑️ Discarded. Nothing was stored.';

/** The answer to Store where the library has moved since the differences were shown. */
export const MOVED_TEXT =
  '⚠️ Plans or groups have been stored since these differences were shown. Nothing was stored: the new differences follow here, only visible to you.';

/** The answer to a press about a draft that is stored, discarded, changed, or too old. */
export const DRAFT_GONE_TEXT =
  'These changes were stored, discarded or edited since they were shown, or are older than a day. Nothing was changed: `/dr plans` shows what is stored.';

/** What is said while a worker looks at a draft. */
export const CHECKING_TEXT =
  'Checking… What would change follows in the channel, only visible to you. Nothing is stored yet.';
