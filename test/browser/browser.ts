import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Where `@sparticuz/chromium` keeps the libraries and the fonts that a bare Linux lacks, below the temporary folder. */
const LIBRARIES = 'al2023/lib';
const FONTS = 'fonts';

/** What a browser talks to by itself is switched off: tests reach nothing beyond loopback. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
];

/**
 * Starts a headless Chromium: the one at CHROME_PATH, else on Linux x64 the one that came with `npm ci`, else an installed
 * Chrome. Closing it removes what was unpacked.
 * @throws when there is none: a test that cannot look at the page must not pass.
 */
export async function startBrowser(): Promise<{ browser: Browser; close(): Promise<void> }> {
  const path = process.env.CHROME_PATH;
  if (path !== undefined) return closing(await chromium.launch({ executablePath: path, args: ARGS }));
  if (process.platform === 'linux' && process.arch === 'x64') return await unpacked();
  return closing(await chromium.launch({ channel: 'chrome', args: ARGS }));
}

function closing(browser: Browser, folder?: string) {
  return {
    browser,
    async close(): Promise<void> {
      await browser.close();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Unpacks the browser into a folder of this process, so that no other run finds half a file. */
async function unpacked() {
  const folder = await mkdtemp(join(tmpdir(), 'dr-chatops-chromium-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    const packed = await import('@sparticuz/chromium');
    packed.default.setGraphicsMode = false;
    const executablePath = await packed.default.executablePath();
    const launch = (env?: NodeJS.ProcessEnv) => chromium.launch({ executablePath, args: ARGS, env: { ...env } });
    try {
      return closing(await launch(process.env), folder);
    } catch {
      // A bare machine lacks some libraries; they are in the package too.
      await packed.inflate(libraryArchive());
      const bare = { LD_LIBRARY_PATH: join(folder, LIBRARIES), FONTCONFIG_PATH: join(folder, FONTS) };
      return closing(await launch({ ...process.env, ...bare }), folder);
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

function libraryArchive(): string {
  const archive = new URL('../bin/al2023.tar.br', import.meta.resolve('@sparticuz/chromium'));
  if (!existsSync(archive))
    throw new Error('The browser could not be started, and its libraries are not packed with it.');
  return archive.pathname;
}
