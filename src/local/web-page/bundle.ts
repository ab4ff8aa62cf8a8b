import { fileURLToPath } from 'node:url';

/** A page's script and stylesheet, ready to be sent. */
export interface Bundle {
  script: string;
  style: string;
}

async function build(entry: URL): Promise<Bundle> {
  // Loaded only when somebody opens a page: a terminal drill needs no bundler.
  const esbuild = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    entryPoints: ['app.tsx', 'style.css'].map((name) => fileURLToPath(new URL(name, entry))),
    outdir: fileURLToPath(entry),
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
  });
  const text = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return { script: text('.js'), style: text('.css') };
}

const made = new Map<string, Promise<Bundle>>();

/**
 * Bundles a page in memory, once in the life of the process. `entry` is the page's folder, with a slash at the end: in it
 * are `app.tsx` and `style.css`. Rejects with esbuild's error when they cannot be bundled.
 */
export function bundle(entry: URL): Promise<Bundle> {
  const known = made.get(entry.href) ?? build(entry);
  made.set(entry.href, known);
  return known;
}
