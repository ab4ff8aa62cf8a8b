import { type AuditRecord, auditFile, type Verified, verifyChain } from '../domain/audit-chain.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';

/** An execution's audit as the table shows it; what counts are the objects of the audit's bucket. */
export interface ReadAudit {
  records: AuditRecord[];
  verified: Verified;
  jsonLines: string;
  csv: string;
}

/** Reads an execution's chain, checked, with its files. Without records when nothing is known of the execution. */
export async function readAudit(store: Pick<ExecutionStore, 'auditRecords'>, executionId: string): Promise<ReadAudit> {
  const records = await store.auditRecords(executionId);
  return { records, verified: verifyChain(records), ...auditFile(records) };
}
