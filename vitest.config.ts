import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongFirst } from './test/long-first.ts';

/** `--sequence.shuffle.files` is for finding what one file leaves behind for the next. */
const isShuffled = process.argv.some((argument) => argument.startsWith('--sequence.shuffle'));

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // End-to-end worlds start a whole deployment, some tests whole processes. A machine that is three times as slow as one
    // with two cores, or is busy, must not fail them; who waits for something that never comes is told sooner what it is.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Vitest leaves one core free by default; of two cores that is half. Browsers and processes of their own are waited for by a
    // worker that does nothing: with one more than there are cores another one works meanwhile.
    maxWorkers: availableParallelism() + 1,
    // A worker keeps what it has loaded (the SDK, Bolt, the CDK) for its next file: isolation costs a third of the time.
    isolate: false,
    restoreMocks: true,
    // What a file has changed in its worker is put back after it.
    setupFiles: ['test/worker-state.ts'],
    sequence: isShuffled ? {} : { sequencer: LongFirst },
    // For the commands that tests start as processes of their own: most of a short one's time is compiling what it imports.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/node', import.meta.url)) },
  },
});
