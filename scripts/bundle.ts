/**
 * Writes the Lambda functions' code to dist/functions/<name>/index.js, which the CDK app deploys: `node scripts/bundle.ts`.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { FUNCTIONS } from '../src/functions.ts';

const ROOT = path.join(import.meta.dirname, '..');

/**
 * Packages that Bolt loads at its start and that a receiver behind an HTTP API never uses: without them slack-ingress is
 * a third of its size and starts four times as fast.
 */
const UNUSED_BY_BOLT = ['express', '@slack/oauth', '@slack/socket-mode', 'undici', 'raw-body', 'path-to-regexp'];

/** zod's index of its error messages in forty languages, a quarter of a function's size. English is loaded apart from it. */
const ZOD_LANGUAGES = /\/locales\/index\.js$/;

/** Puts an empty module in the place of these packages, and of zod's languages. */
function emptyModules(packages: readonly string[]): Plugin {
  const empty = (name: string) => ({ path: name, namespace: 'empty' });
  return {
    name: 'empty-modules',
    setup({ onResolve, onLoad }) {
      if (packages.length > 0) {
        onResolve({ filter: new RegExp(`^(${packages.join('|')})$`) }, ({ path: name }) => empty(name));
      }
      onResolve({ filter: ZOD_LANGUAGES }, ({ path: name, importer }) =>
        importer.includes(`${path.sep}zod${path.sep}`) ? empty(name) : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'module.exports = {};' }));
    },
  };
}

/** How every function is bundled; `wholeBolt`: with what Bolt loads and never uses, to measure what leaving it out is worth. */
export function bundleOptions({ wholeBolt = false } = {}) {
  return {
    absWorkingDir: ROOT,
    plugins: [emptyModules(wholeBolt ? [] : UNUSED_BY_BOLT)],
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // ES modules first: esbuild leaves out what they do not use.
    mainFields: ['module', 'main'],
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  } as const satisfies BuildOptions;
}

/**
 * Bundles all functions in one run, which takes a tenth of the time of one run each. Everything is bundled, the SDK too:
 * a function then starts faster than with the runtime's copy, and runs with the version that was tested.
 */
export async function bundleFunctions(outDirectory: string): Promise<Metafile> {
  rmSync(outDirectory, { recursive: true, force: true });
  mkdirSync(outDirectory, { recursive: true });
  // Node would take the bundles for ES modules, as it does all files of this package.
  writeFileSync(path.join(outDirectory, 'package.json'), '{"type":"commonjs"}\n');
  const { metafile } = await build({
    ...bundleOptions(),
    entryPoints: Object.entries(FUNCTIONS).map(([name, file]) => ({ in: file, out: `${name}/index` })),
    outdir: outDirectory,
  });
  return metafile;
}

const DEPLOYED = path.join(ROOT, 'dist/functions');
/** What went into the bundles that are deployed. */
const METAFILE = path.join(ROOT, 'dist/functions-metafile.json');

/**
 * The bundles that are deployed: those that are there, where nothing that went into them has changed since, else made now.
 * A file that is new is in the inputs of one that had to change to import it.
 */
export async function deployedBundles(): Promise<{ directory: string; metafile: Metafile }> {
  const known = knownBundles();
  if (known !== undefined) return { directory: DEPLOYED, metafile: known };
  const metafile = await bundleFunctions(DEPLOYED);
  writeFileSync(METAFILE, JSON.stringify(metafile));
  return { directory: DEPLOYED, metafile };
}

function knownBundles(): Metafile | undefined {
  const changedAt = (file: string) => statSync(path.join(ROOT, file), { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
  const madeAt = statSync(METAFILE, { throwIfNoEntry: false })?.mtimeMs;
  if (madeAt === undefined) return undefined;
  const metafile = JSON.parse(readFileSync(METAFILE, 'utf8')) as Metafile;
  const entries = Object.values(metafile.outputs).flatMap(({ entryPoint }) => entryPoint ?? []);
  const isOfNow = isDeepStrictEqual(entries.toSorted(), Object.values(FUNCTIONS).toSorted());
  const inputs = [...Object.keys(metafile.inputs).filter((file) => !file.startsWith('empty:')), 'scripts/bundle.ts'];
  const isThere = Object.keys(metafile.outputs).every((file) => existsSync(path.join(ROOT, file)));
  return isOfNow && isThere && inputs.every((file) => changedAt(file) <= madeAt) ? metafile : undefined;
}

if (import.meta.main) {
  const started = performance.now();
  const metafile = await bundleFunctions(DEPLOYED);
  writeFileSync(METAFILE, JSON.stringify(metafile));
  const sizes = Object.values(metafile.outputs).map(({ bytes }) => bytes);
  const total = Math.round(sizes.reduce((sum, bytes) => sum + bytes, 0) / 1_000);
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  process.stdout.write(`Bundled ${sizes.length} functions, ${total} kB, in ${seconds} s\n`);
}
