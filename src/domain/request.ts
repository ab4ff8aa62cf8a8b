import { createHash } from 'node:crypto';
import type { ExecutionRecord } from './records.ts';
import { TAG } from './vocabulary.ts';

/** What a request's tags say of it. A request may select servers by any tags, not only by application and wave. */

/** The application that the tags name; empty when they name none. */
export function applicationOf(tags: Record<string, string>): string {
  return tags[TAG.application] ?? '';
}

/** The number of the wave that the tags name; 0 when they name none, or one that is no number from 1. */
export function waveNumberOf(tags: Record<string, string>): number {
  const wave = Number(tags[TAG.wave] ?? 0);
  return Number.isSafeInteger(wave) && wave >= 1 ? wave : 0;
}

/** How a selection is called: `HRP wave 1`, `HRP wave 1 (DR-Tier=Critical)`, or the tags as they are. */
export function selectionOf(tags: Record<string, string>): string {
  const [application, wave] = [applicationOf(tags), waveNumberOf(tags)];
  if (application === '' || wave === 0) return tagsText(tags);
  const { [TAG.application]: _, [TAG.wave]: __, ...others } = tags;
  return `${application} wave ${wave}${Object.keys(others).length === 0 ? '' : ` (${tagsText(others)})`}`;
}

/**
 * What an execution locks, so that no second one runs for it: its application, or its tags where they name none. Two
 * selections that overlap without being the same do not lock each other out: DRS's jobs and the looks right before a
 * launch keep them apart.
 */
export function lockNameOf({ application, tags }: Pick<ExecutionRecord, 'application' | 'tags'>): string {
  return application === '' ? `tags ${tagsText(tags)}` : application;
}

/** `DR-Tier=Critical, DR-Wave=1`, in the order of their names. */
function tagsText(tags: Record<string, string>): string {
  return Object.entries(tags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

/** One id for one request, however often it is delivered: a UUID (version 8, RFC 9562) of what tells it from others. */
export function executionIdOf(...key: string[]): string {
  const hex = createHash('sha256').update(key.join('/')).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
