import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium } from 'playwright-core';

/** Where `@sparticuz/chromium` keeps the libraries and the fonts that a bare Linux lacks, below the temporary folder. */
const LIBRARIES = 'al2023/lib';
const FONTS = 'fonts';
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/chromium', import.meta.url));

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
 * Chrome.
 * @throws when there is none: a test that cannot look at the page must not pass.
 */
export async function startBrowser(): Promise<{ browser: Browser; close(): Promise<void> }> {
  const browser = await launched();
  return { browser, close: () => browser.close() };
}

async function launched(): Promise<Browser> {
  const path = process.env.CHROME_PATH;
  if (path !== undefined) return await chromium.launch({ executablePath: path, args: ARGS });
  if (process.platform === 'linux' && process.arch === 'x64') return await unpacked();
  return await chromium.launch({ channel: 'chrome', args: ARGS });
}

async function unpacked(): Promise<Browser> {
  const packed = await import('@sparticuz/chromium');
  packed.default.setGraphicsMode = false;
  const folder = await kept('browser', () => packed.default.executablePath());
  const executablePath = join(folder, 'chromium');
  try {
    return await chromium.launch({ executablePath, args: ARGS });
  } catch {
    // A bare machine lacks some libraries; they are in the package too.
    const libraries = await kept('libraries', () => packed.inflate(libraryArchive()));
    const bare = { LD_LIBRARY_PATH: join(libraries, LIBRARIES), FONTCONFIG_PATH: join(folder, FONTS) };
    return await chromium.launch({ executablePath, args: ARGS, env: { ...process.env, ...bare } });
  }
}

/**
 * What `unpack` leaves in the temporary folder, kept beside the package for the next run: unpacking takes seconds. It becomes
 * visible as a whole, so that no other run finds half a file.
 */
async function kept(name: string, unpack: () => Promise<unknown>): Promise<string> {
  const { version } = JSON.parse(readFileSync(ofPackage('package.json'), 'utf8')) as { version: string };
  const folder = join(CACHE, `${name}-${version}`);
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const mine = await mkdtemp(`${folder}-`);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = mine;
  try {
    await unpack();
    await rename(mine, folder);
  } catch (error) {
    await rm(mine, { recursive: true, force: true });
    // Another run was quicker.
    if (!existsSync(folder)) throw error;
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
  return folder;
}

/** A file of the browser's package. */
function ofPackage(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.resolve('@sparticuz/chromium')));
}

function libraryArchive(): string {
  const archive = ofPackage('bin/al2023.tar.br');
  if (!existsSync(archive))
    throw new Error('The browser could not be started, and its libraries are not packed with it.');
  return archive;
}
