import { fileURLToPath } from 'node:url';

/** The page's script and stylesheet, ready to be sent. */
export interface SceneBundle {
  script: string;
  style: string;
}

async function bundle(): Promise<SceneBundle> {
  // Loaded only when somebody opens the page.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: ['app.tsx', 'style.css'].map((name) => fileURLToPath(new URL(name, import.meta.url))),
    outdir: fileURLToPath(new URL('.', import.meta.url)),
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

let made: Promise<SceneBundle> | undefined;

/** Bundles the page in memory, once in the life of the process. */
export function sceneBundle(): Promise<SceneBundle> {
  made ??= bundle();
  return made;
}
