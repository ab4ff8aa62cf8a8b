import { ServiceError } from '../services/service.ts';
import { listParameter, type XmlValue } from './query-protocol.ts';

/** Most values in a filter (EC2 API reference, "Filter"). */
const MAX_FILTER_VALUES = 200;

/** How a `Describe…` operation reads its items. */
export interface ListOf<Item> {
  /** What each filter looks at; the real EC2 has many more filters. */
  readonly filters: Readonly<Record<string, (item: Item) => string[]>>;
  readonly tags?: (item: Item) => Readonly<Record<string, string>>;
  readonly order: (item: Item) => number;
  /** Bounds of MaxResults. */
  readonly maxResults: { readonly least: number; readonly most: number };
  /** The list of ids in a request, as the error of ids on pages calls it. */
  readonly idSet: string;
}

/**
 * One page of the items that the request's filters let through, in the order of the list. `items` is asked once the page size
 * and the filters are known to be good.
 * @throws {ServiceError} for filters, page sizes and tokens that EC2 refuses
 */
export function pageOf<Item>(
  items: () => readonly Item[],
  parameters: URLSearchParams,
  list: ListOf<Item>,
  options: { hasIds: boolean },
): { page: Item[]; nextToken: XmlValue } {
  const maxResults = maxResultsOf(parameters, list, options.hasIds);
  const filters = filtersOf(parameters, list);
  const found = items().filter((item) => filters.every((filter) => filter(item)));
  const after = tokenOf(parameters);
  const rest = found.filter((item) => list.order(item) > after);
  const page = rest.slice(0, maxResults);
  const last = page.at(-1);
  return {
    page,
    nextToken: last !== undefined && page.length < rest.length ? writeToken(list.order(last)) : undefined,
  };
}

function filtersOf<Item>(parameters: URLSearchParams, list: ListOf<Item>): ((item: Item) => boolean)[] {
  const numbers = [...parameters.keys()].flatMap((key) => /^Filter\.(\d+)\.Name$/.exec(key)?.[1] ?? []);
  return numbers.map((number) => {
    const name = parameters.get(`Filter.${number}.Name`) ?? '';
    const values = listParameter(parameters, `Filter.${number}.Value`);
    if (values.length > MAX_FILTER_VALUES) {
      throw new ServiceError(
        'FilterLimitExceeded',
        `The maximum length for a filter value list is ${MAX_FILTER_VALUES}.`,
      );
    }
    const read = filterSubject(name, list);
    const patterns = values.map(wildcard);
    return (item) => read(item).some((value) => patterns.some((pattern) => pattern.test(value)));
  });
}

function filterSubject<Item>(name: string, { filters, tags }: ListOf<Item>): (item: Item) => string[] {
  if (tags !== undefined && name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return (item) => (Object.hasOwn(tags(item), key) ? [tags(item)[key] ?? ''] : []);
  }
  if (tags !== undefined && name === 'tag-key') return (item) => Object.keys(tags(item));
  const subject = Object.hasOwn(filters, name) ? filters[name] : undefined;
  if (subject !== undefined) return subject;
  throw new ServiceError('InvalidParameterValue', `The filter '${name}' is invalid`);
}

/** A filter's value with `*` and `?`, as EC2 reads it. */
function wildcard(value: string): RegExp {
  const source = value
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}

function maxResultsOf<Item>(parameters: URLSearchParams, list: ListOf<Item>, hasIds: boolean): number {
  const { least, most } = list.maxResults;
  const text = parameters.get('MaxResults');
  if (text === null) return most;
  if (hasIds) {
    const message = `The parameter ${list.idSet} cannot be used with the parameter maxResults`;
    throw new ServiceError('InvalidParameterCombination', message);
  }
  const maxResults = Number(text);
  if (Number.isInteger(maxResults) && maxResults >= least && maxResults <= most) return maxResults;
  throw new ServiceError(
    'InvalidParameterValue',
    `Value (${text}) for parameter maxResults is invalid. Expecting a value from ${least} to ${most}.`,
  );
}

/** The token names the last item of the page before, so that changes in between hide nothing. */
function writeToken(order: number): string {
  return Buffer.from(`after ${order}`).toString('base64url');
}

function tokenOf(parameters: URLSearchParams): number {
  const token = parameters.get('NextToken');
  if (token === null) return -1;
  const order = /^after (\d+)$/.exec(Buffer.from(token, 'base64url').toString('utf8'))?.[1];
  if (order !== undefined) return Number(order);
  throw new ServiceError('InvalidParameterValue', 'Unable to parse pagination token');
}
