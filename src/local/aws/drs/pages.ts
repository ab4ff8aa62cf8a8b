import { createHash } from 'node:crypto';
import { validation } from './errors.ts';

/** Something that a list is made of. `order` rises through the list and never changes. */
interface Listed {
  readonly order: number;
}

/** What a list is asked with. */
interface ListRequest {
  filters?: unknown;
  order?: string;
  maxResults?: number;
  nextToken?: string;
}

/**
 * Most items on a page. DRS does not publish it; this is less than a full account, so that a caller who forgets
 * nextToken is found out.
 */
const PAGE_LIMIT = 200;

/**
 * One page of `items`, which begins after the item that `nextToken` names: what is added or removed between two pages
 * neither repeats nor hides another item.
 * @throws {DrsError} ValidationException when the token is not one that this list has given for these filters.
 */
export function paginate<Item extends Listed>(
  items: readonly Item[],
  list: string,
  request: ListRequest,
): { items: Item[]; nextToken: string | undefined } {
  const question = fingerprint(list, request);
  const after = request.nextToken === undefined ? undefined : readToken(request.nextToken, question);
  const rest = after === undefined ? items : items.filter(({ order }) => order > after);
  const page = rest.slice(0, Math.min(request.maxResults ?? PAGE_LIMIT, PAGE_LIMIT));
  const last = page.at(-1);
  const hasMore = last !== undefined && page.length < rest.length;
  return { items: page, nextToken: hasMore ? writeToken(last.order, question) : undefined };
}

function fingerprint(list: string, { filters, order }: ListRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([list, filters, order]))
    .digest('base64url')
    .slice(0, 16);
}

function writeToken(order: number, question: string): string {
  return Buffer.from(JSON.stringify([order, question])).toString('base64url');
}

function readToken(token: string, question: string): number {
  try {
    const [order, asked]: unknown[] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (typeof order === 'number' && asked === question) return order;
  } catch {
    // Falls through: what cannot be read is as invalid as what belongs to another list.
  }
  throw validation('fieldValidationFailed', 'The pagination token is invalid.', [
    { name: 'nextToken', message: 'is not a token of this list' },
  ]);
}
