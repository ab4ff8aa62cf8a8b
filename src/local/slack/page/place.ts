import { permalinkOf } from './feed-state.ts';
import type { Directory } from './protocol.ts';

/** Where the page is: the id of a channel, or the app's Home tab. */
export type Place = string;

/** The app's Home tab among the places; no channel has such an id. */
export const HOME: Place = 'home';

const FIRST_PERSON = 'requester';

/** What an address asks for. */
export interface Asked {
  /** Name of the person whose screen it is. */
  as: string;
  /** A channel's id or name, or {@link HOME}; undefined for the first channel. */
  place: string | undefined;
  /** The element id of the message that a permalink leads to. */
  anchor: string | undefined;
}

/** Reads the page's address: `/?as=…&channel=…`, or a permalink. */
export function askedBy(address: URL): Asked {
  const permalink = permalinkOf(address.pathname);
  return {
    as: address.searchParams.get('as') ?? FIRST_PERSON,
    place: permalink?.channelId ?? address.searchParams.get('channel') ?? undefined,
    anchor: permalink?.anchor,
  };
}

/** The address of a place on somebody's screen, so that two tabs can be two people and a reload changes nothing. */
export function addressOf(as: string, place: Place | undefined): string {
  return `/?${new URLSearchParams({ as, ...(place === undefined ? {} : { channel: place }) })}`;
}

/** The place that is shown: the one asked for when this person has it, else their first channel. */
export function placeIn({ channels }: Directory, asked: string | undefined): Place {
  if (asked === HOME) return HOME;
  const found = channels.find(({ id, name }) => id === asked || name === asked);
  return found?.id ?? channels[0]?.id ?? HOME;
}
