import type { ServerResponse } from 'node:http';
import type { LocalRequest, LocalResponse, MorePages } from '../http.ts';
import { sceneBundle } from './bundle.ts';
import { SceneFeed } from './feed.ts';
import { type Backstage, Scenes } from './scenes.ts';

/** Where the page is. */
export const SCENES_PATH = '/behind-the-scenes';

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Behind the scenes</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${SCENES_PATH}/style.css">
</head>
<body>
<div id="root"><noscript>This page needs JavaScript.</noscript></div>
<script type="module" src="${SCENES_PATH}/app.js"></script>
</body>
</html>
`;

/** Nothing is loaded from anywhere else. Bars have their place and length as inline style. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function answer(contentType: string, body: string, more: Record<string, string> = {}): LocalResponse {
  const headers = { 'content-type': `${contentType}; charset=utf-8`, 'cache-control': 'no-store', ...more };
  return { status: 200, headers, body };
}

const NO_SUCH_JOB: LocalResponse = { status: 404, headers: { 'content-type': 'application/json' }, body: 'null' };

/**
 * The page that shows what a practice does in the simulated AWS: state machine runs, AWS calls and DRS jobs. It only reads;
 * nothing can be changed from it.
 */
export function behindTheScenes(backstage: Backstage): MorePages {
  const scenes = new Scenes(backstage);
  const feed = new SceneFeed(scenes, () => backstage.clock.now());
  const pages: Readonly<Record<string, (query: URLSearchParams) => LocalResponse | Promise<LocalResponse>>> = {
    [SCENES_PATH]: () => answer('text/html', HTML, { 'content-security-policy': POLICY }),
    [`${SCENES_PATH}/app.js`]: async () => answer('text/javascript', (await sceneBundle()).script),
    [`${SCENES_PATH}/style.css`]: async () => answer('text/css', (await sceneBundle()).style),
    [`${SCENES_PATH}/job`]: (query) => {
      const job = scenes.job(query.get('id') ?? '');
      return job === undefined ? NO_SUCH_JOB : answer('application/json', JSON.stringify(job));
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
