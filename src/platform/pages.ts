/** Most ids in one filter (DRS API model; EC2 takes as many values). */
const MAX_FILTER_IDS = 200;

/** All items of a question that is answered in pages. An empty token is none. */
export async function pages<T>(
  ask: (nextToken: string | undefined) => Promise<{ items?: T[]; nextToken?: string }>,
): Promise<T[]> {
  const items: T[] = [];
  let nextToken: string | undefined;
  do {
    const page = await ask(nextToken);
    items.push(...(page.items ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined && nextToken !== '');
  return items;
}

/** Asks about ids in chunks of what one request takes. */
export async function inChunks<T>(
  ids: readonly string[],
  ask: (chunk: string[]) => Promise<T[]>,
  size = MAX_FILTER_IDS,
): Promise<T[]> {
  const answers: T[] = [];
  for (let start = 0; start < ids.length; start += size) {
    answers.push(...(await ask(ids.slice(start, start + size))));
  }
  return answers;
}
