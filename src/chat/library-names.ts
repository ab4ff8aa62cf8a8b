import { distance } from 'fastest-levenshtein';
import { name } from '../../blocks/message.ts';

const MOST_SUGGESTED = 5;
const MOST_LISTED = 40;

/** What somebody means, or what to tell them, in mrkdwn. */
export type FoundByName<T> = { found: T } | { problem: string };

/** How a kind of thing is spoken of, and how each is called. */
export interface Naming<T> {
  /** e.g. `recovery plan`. */
  what: string;
  idOf: (item: T) => string;
  nameOf: (item: T) => string;
}

/** Finds what somebody means by its name or id, whatever the case, among those that they may see. */
export function findByName<T>(typed: string, all: readonly T[], { what, idOf, nameOf }: Naming<T>): FoundByName<T> {
  const wanted = typed.trim().toLowerCase();
  const exact = all.find((item) => nameOf(item) === typed || idOf(item) === typed);
  const found = exact ?? all.find((item) => [nameOf(item), idOf(item)].some((known) => known.toLowerCase() === wanted));
  if (found !== undefined) return { found };
  const near = all
    .filter((item) => [nameOf(item), idOf(item)].some((known) => isNear(known.toLowerCase(), wanted)))
    .slice(0, MOST_SUGGESTED)
    .map((item) => name(nameOf(item)));
  const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
  const known = all.slice(0, MOST_LISTED).map((item) => name(nameOf(item)));
  const rest = all.length - known.length;
  const list =
    known.length === 0
      ? `No ${what} is stored that you may see.`
      : `There ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`;
  return { problem: `There is no ${what} “${name(typed)}”.${hint}\n${list}` };
}

function isNear(known: string, wanted: string): boolean {
  return distance(known, wanted) <= Math.max(2, known.length / 3) || (wanted.length >= 3 && known.includes(wanted));
}
