import type { Finding, PlannedServer } from './plan.ts';
import type { SourceServer } from './server.ts';

/** What a verb's rules make of the selected servers. */
export interface Verdict {
  /** Servers to act on, in the order of their start. */
  planned: { server: SourceServer; plan: PlannedServer }[];
  failed: { server: SourceServer; errorCode: string; errorMessage: string }[];
  skipped: { server: SourceServer; reason: string }[];
  findings: Finding[];
  /** Reasons for which nothing may be done, other than the findings that stop. */
  stops: string[];
  warnings: string[];
  /** Ids of live instances that would be destroyed. */
  replaced: string[];
}

/** A verdict before the first server has been judged. */
export function emptyVerdict(): Verdict {
  return { planned: [], failed: [], skipped: [], findings: [], stops: [], warnings: [], replaced: [] };
}
