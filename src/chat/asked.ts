import type { ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import type { Person } from '../domain/access.ts';

/** Something that somebody typed, and where. */
export interface Asked {
  asker: Person;
  /** What follows `/dr`, or the mention. */
  text: string;
  channelId: string;
  threadTs?: string;
  /** By which Slack's deliveries of one and the same are known: a trigger id, an event id. */
  key: string;
  /** Where answers can be sent later; only of a slash command. */
  responseUrl?: string;
  /** Opens a form; left out for a mention, which Slack lets open none, and which decides nothing. */
  openView?: OpenView;
  slack: WebClient;
}

/** Opens a form on the screen of who has just done something. */
export type OpenView = (view: ModalView) => Promise<unknown>;

/** The person of an interaction. Without a team they count as nobody's. */
export function personOf(body: { user: { id: string; team_id?: string }; team?: { id: string } | null }): Person {
  return { userId: body.user.id, teamId: body.user.team_id ?? body.team?.id ?? '' };
}
