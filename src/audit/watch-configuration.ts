import { createHash } from 'node:crypto';
import type { SeenDocument } from '../domain/audit.ts';
import { policyVersionOf } from '../domain/policy.ts';
import type { Configuration } from '../platform/configuration.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';

/**
 * Looks whether the policies or who may do what have changed since they were seen last, and keeps what has: the table's
 * stream takes the difference to the audit. Gates name the version of the policies that they were frozen from.
 * @throws {DrError} ConfigurationError when a document cannot be read.
 */
export async function watchConfiguration(
  tools: { store: ExecutionStore; configuration: Configuration },
  now: number,
): Promise<void> {
  const [policies, access] = await Promise.all([tools.configuration.policies(), tools.configuration.accessDocument()]);
  await Promise.all([
    see(tools.store, { name: 'policies', version: policyVersionOf(policies), document: policies, seenAt: now }),
    see(tools.store, { name: 'access', version: versionOf(access), document: access, seenAt: now }),
  ]);
}

async function see(store: ExecutionStore, seen: SeenDocument): Promise<void> {
  const earlier = await store.getSeenDocument(seen.name);
  // Of two that see the same change at the same moment one keeps it.
  if (earlier?.version !== seen.version) await store.putSeenDocument(seen, earlier);
}

function versionOf(document: unknown): string {
  return createHash('sha256').update(JSON.stringify(document)).digest('hex').slice(0, 12);
}
