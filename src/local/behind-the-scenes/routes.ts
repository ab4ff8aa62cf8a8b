import type { ServerResponse } from 'node:http';
import type { LocalRequest, LocalResponse, MorePages } from '../http.ts';
import { bundle } from '../web-page/bundle.ts';
import { answer, asset, html } from '../web-page/shell.ts';
import { SceneFeed } from './feed.ts';
import { type Backstage, Scenes } from './scenes.ts';

/** Where the page is. */
export const SCENES_PATH = '/behind-the-scenes';

const page = () => bundle(new URL('.', import.meta.url));

/**
 * The page that shows what a practice does in the simulated AWS: state machine runs, AWS calls and DRS jobs. It only reads;
 * nothing can be changed from it.
 */
export function behindTheScenes(backstage: Backstage): MorePages {
  const scenes = new Scenes(backstage);
  const feed = new SceneFeed(scenes, () => backstage.clock.now());
  const pages: Readonly<Record<string, (query: URLSearchParams) => LocalResponse | Promise<LocalResponse>>> = {
    [SCENES_PATH]: () => html('Behind the scenes', `${SCENES_PATH}/app.js`, `${SCENES_PATH}/style.css`),
    [`${SCENES_PATH}/app.js`]: async () => asset('text/javascript', (await page()).script),
    [`${SCENES_PATH}/style.css`]: async () => asset('text/css', (await page()).style),
    [`${SCENES_PATH}/job`]: (query) => {
      const job = scenes.job(query.get('id') ?? '');
      return job === undefined ? answer(404, null) : asset('application/json', JSON.stringify(job));
    },
  };
  return {
    async handle({ method, path, query }: LocalRequest, outgoing: ServerResponse) {
      if (method !== 'GET') return undefined;
      if (path === `${SCENES_PATH}/events`) {
        feed.open(query.get('execution') ?? undefined, outgoing);
        return 'open';
      }
      return Object.hasOwn(pages, path) ? pages[path]?.(query) : undefined;
    },
    close: () => feed.close(),
  };
}
