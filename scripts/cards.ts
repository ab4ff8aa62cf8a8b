/**
 * Writes dist/cards.html: every card, modal and App Home in every state, as wide as a phone and as a desktop, on one page.
 * `npm run cards`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle } from '../src/local/web-page/bundle.ts';
import { FIXTURES } from '../test/blocks/fixtures/all.ts';

const PAGE = new URL('./cards/', import.meta.url);
const OUTPUT = new URL('../dist/cards.html', import.meta.url);

/** One file that needs nothing beside it: it can be sent to somebody. */
export async function cardsPage(): Promise<string> {
  const { script, style } = await bundle(PAGE);
  // What would end the element early is written otherwise; in JSON and in scripts it means the same.
  const safe = (text: string) => text.replaceAll('</', '<\\/');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cards of dr-chatops</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="root"></div>
<script type="application/json" id="fixtures">${safe(JSON.stringify(FIXTURES))}</script>
<script type="module">${safe(script)}</script>
</body>
</html>
`;
}

if (import.meta.main) {
  mkdirSync(new URL('.', OUTPUT), { recursive: true });
  writeFileSync(OUTPUT, await cardsPage());
  process.stdout.write(`${FIXTURES.length} cards are in ${fileURLToPath(OUTPUT)}\n`);
}
