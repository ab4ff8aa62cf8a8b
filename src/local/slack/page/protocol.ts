import type { AppShortcut, SlackBlock, SlackMessage, UserGroup } from '../model.ts';
import type { PracticeTime, RehearsedFault } from './controls.ts';

/** Somebody in the page's switch. */
export interface PagePerson {
  name: string;
  userId: string;
  realName: string;
  /** What they may do, in a few words. */
  may: string;
}

/** A message as the page gets it: what the Web API received, without the app's metadata. */
export type PageMessage = Omit<SlackMessage, 'metadata'>;

/** A modal as the page gets it, without what the app keeps in it for itself; the texts are Slack's text objects. */
export interface PageModal {
  id: string;
  title: unknown;
  submit: unknown;
  close: unknown;
  blocks: SlackBlock[];
}

/** A person's App Home tab of the app, as it was published last. */
export type PageHome = Pick<PageModal, 'id' | 'blocks'>;

/** A channel that the person is in. */
export interface PageChannel {
  id: string;
  name: string;
  /** Whether the bot is in it too; it can post nowhere else. */
  hasBot: boolean;
  /** It is the person's own conversation with the bot. */
  isDirect?: boolean;
}

/** A command of the app as the composer explains it. */
export interface CommandUsage {
  /** What is typed, from the slash on; `<…>` and `[…]` stand for what the person puts there. */
  usage: string;
  /** One line: what it does. */
  about: string;
}

/** A global shortcut of the app in the composer's menu. */
export type PageShortcut = AppShortcut;

/** Time and faults of the practice, as they are at this moment. */
export interface PracticeState {
  time: PracticeTime;
  faults: RehearsedFault[];
}

/** Who and what there is; it does not change while the page is open. */
export interface Directory {
  /** Name of the person whose screen this is. */
  me: string;
  /** The first one is shown where the address names none. */
  channels: PageChannel[];
  people: PagePerson[];
  /** The user groups, with their members when the page connected. */
  userGroups: Pick<UserGroup, 'id' | 'handle' | 'userIds'>[];
  bot: { userId: string; name: string };
}

/** Everything on the screen of one person, sent whenever the page connects. */
export interface Snapshot {
  directory: Directory;
  hints: string[];
  commands: CommandUsage[];
  shortcuts: PageShortcut[];
  banner: string;
  /** The newest of every channel of the person, oldest first. */
  messages: PageMessage[];
  /** The person's open modals, the topmost last. */
  modals: PageModal[];
  /** Absent when the app has published none for this person. */
  home?: PageHome;
  /** Address of a page that shows what happens behind Slack. */
  behindTheScenes?: string;
  /** Absent when the page may not change the practice. */
  practice?: PracticeState;
}

/** What the server tells the page, one JSON text per Server-Sent Event. */
export type PageEvent =
  | { kind: 'snapshot'; snapshot: Snapshot }
  | { kind: 'message'; message: PageMessage; isNew: boolean }
  | { kind: 'removed'; ts: string }
  | { kind: 'banner'; text: string }
  | { kind: 'modals'; modals: PageModal[] }
  | { kind: 'home'; home: PageHome }
  | { kind: 'practice'; practice: PracticeState };

/** Body of `POST /page/command`: what the person typed. */
export interface TypedText {
  as: string;
  /** Id of the channel. */
  channel: string;
  text: string;
  /** The first message of the thread it is typed in. */
  threadTs?: string;
}

/** Body of `POST /page/click`. */
export interface ClickedButton {
  as: string;
  /** Id of the channel. */
  channel: string;
  ts: string;
  blockId: string;
  actionId: string;
}

/** What was typed or chosen in a modal, by block id: one text, or the values of the chosen options. */
export type TypedInputs = Record<string, string[]>;

/** Body of `POST /page/home`: the person opens the app's Home tab. */
export interface OpenedHome {
  as: string;
}

/** Body of `POST /page/submit`. */
export interface SubmittedModal {
  as: string;
  viewId: string;
  inputs: TypedInputs;
}

/** Body of `POST /page/view-click`: a button inside a modal or App Home. */
export interface ClickedViewButton extends SubmittedModal {
  blockId: string;
  actionId: string;
}

/** Body of `POST /page/choose`: a choice in an input of a view of which the app is told at once. */
export type ChosenInView = ClickedViewButton;

/** Body of `POST /page/suggest`: somebody opens a menu whose options the app is asked for, or types into it. */
export interface AskedOptions extends ClickedViewButton {
  typed: string;
}

/** Body of `POST /page/upload`: a file for an input of a modal; `content` in base64. */
export interface UploadedFile {
  as: string;
  name: string;
  content: string;
}

/** Body of `POST /page/shortcut`. */
export interface UsedShortcut {
  as: string;
  callbackId: string;
}

/** Body of `POST /page/close`. */
export interface ClosedModal {
  as: string;
  viewId: string;
  how: 'cancel' | 'cross';
}

/**
 * Body of `POST /page/time`: a speed, 0 for a pause, or a jump to what is due next; `letWait`: also while a person is
 * waited for.
 */
export type ChangedTime = { speed: number } | { next: true; letWait: boolean };

/** Body of `POST /page/fault`. */
export interface SwitchedFault {
  id: string;
  active: boolean;
}

/** Answer to all of them. */
export interface PageAnswer {
  /** A sentence for the person when it did not work; absent when it did. */
  problem?: string;
  /** Messages beside the inputs of a modal, by block id. */
  errors?: Record<string, string>;
  /** What a menu offers, where it was asked for. */
  options?: OfferedOption[];
  /** Id of the file that was uploaded. */
  fileId?: string;
}

/** An option that the app offers for a menu. */
export interface OfferedOption {
  value: string;
  label: string;
}
