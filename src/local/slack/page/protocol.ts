import type { SlackMessage } from '../model.ts';

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

/** Who and what there is; it does not change while the page is open. */
export interface Directory {
  /** Name of the person whose screen this is. */
  me: string;
  channel: { id: string; name: string };
  people: PagePerson[];
  bot: { userId: string; name: string };
}

/** Everything on the screen of one person, sent whenever the page connects. */
export interface Snapshot {
  directory: Directory;
  hints: string[];
  banner: string;
  messages: PageMessage[];
}

/** What the server tells the page, one JSON text per Server-Sent Event. */
export type PageEvent =
  | { kind: 'snapshot'; snapshot: Snapshot }
  | { kind: 'message'; message: PageMessage; isNew: boolean }
  | { kind: 'removed'; ts: string }
  | { kind: 'banner'; text: string }
  /** Something for this person that the page cannot show. */
  | { kind: 'notice'; text: string };

/** Body of `POST /page/command`: what the person typed. */
export interface TypedText {
  as: string;
  text: string;
}

/** Body of `POST /page/click`. */
export interface ClickedButton {
  as: string;
  ts: string;
  blockId: string;
  actionId: string;
}

/** Answer to both. */
export interface PageAnswer {
  /** A sentence for the person when it did not work; absent when it did. */
  problem?: string;
}
