import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // End-to-end worlds start several loopback servers, some tests whole processes; the default of 5 s is too tight on a busy
    // 2-core machine.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Vitest leaves one core free by default; of two cores that is half. Browsers and processes of their own are waited for by a
    // worker that does nothing: with one more than there are cores another one works meanwhile.
    maxWorkers: availableParallelism() + 1,
    // A worker keeps what it has loaded (the SDK, Bolt, the CDK) for its next file: isolation costs a third of the time.
    isolate: false,
    restoreMocks: true,
    // For the commands that tests start as processes of their own: most of a short one's time is compiling what it imports.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/node', import.meta.url)) },
  },
});
