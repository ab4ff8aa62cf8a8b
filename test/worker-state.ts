import { afterAll, vi } from 'vitest';

/*
 * Files of tests share a worker, so what one leaves behind is what the next one begins with: whatever a file has changed in
 * the process is put back after it. Practice mode, for one, says in the environment where its services are.
 */

const environment = { ...process.env };
const directory = process.cwd();

afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  if (process.cwd() !== directory) process.chdir(directory);
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
});
