/**
 * Writes the dashboard of the example deployment to docs/examples/dashboard.json (seed 4 §10.2): `node scripts/dashboard.ts`.
 * The central stack makes the very same one of its own deployment file.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dashboardOf } from '../infra/dashboard.ts';
import { readDeployment } from '../infra/deployment.ts';

/** The published file. */
export const DASHBOARD_FILE = new URL('../docs/examples/dashboard.json', import.meta.url);

/** What stands in it. */
export function dashboardText(): string {
  const example = fileURLToPath(new URL('../config/example.json', import.meta.url));
  return `${JSON.stringify(dashboardOf(readDeployment(example)), null, 2)}\n`;
}

if (import.meta.main) writeFileSync(DASHBOARD_FILE, dashboardText());
