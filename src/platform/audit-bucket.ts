import { PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { type AuditRecord, recordLine } from '../domain/audit-chain.ts';
import { readSettings } from './environment.ts';
import type { Platform } from './platform.ts';

/** The bucket whose objects nobody can change: one object a record. */
export interface AuditBucket {
  /** Keeps a record. One that is there already is left alone. */
  keep(chain: string, record: AuditRecord): Promise<void>;
}

export function auditBucket(platform: Platform): AuditBucket {
  const { AUDIT_BUCKET: Bucket } = readSettings(platform.environment, 'AUDIT_BUCKET');
  // Path style: the address is the same for every bucket, whatever the endpoint.
  const s3 = new S3Client({ credentials: platform.credentials, forcePathStyle: true });
  return {
    async keep(chain, record) {
      const put = new PutObjectCommand({
        Bucket,
        Key: objectKeyOf(chain, record),
        Body: recordLine(record),
        ContentType: 'application/json',
        // The bucket takes nothing without it: an object is written once.
        IfNoneMatch: '*',
      });
      try {
        await s3.send(put);
      } catch (error) {
        // It is there, and it is this one: its name holds its hash.
        if (!isThereAlready(error)) throw error;
      }
    },
  };
}

/**
 * Where a record stands, e.g. `audit/executions/<id>/000001-0a1b2c3d4e5f.json`: the objects of a chain, in the order of
 * their names and put together, are its JSON lines.
 */
export function objectKeyOf(chain: string, { seq, hash }: Pick<AuditRecord, 'seq' | 'hash'>): string {
  return `audit/${folderOf(chain)}/${String(seq).padStart(6, '0')}-${hash.slice(0, 12)}.json`;
}

function folderOf(chain: string): string {
  const [kind, day] = chain.split('#');
  // A `#` would have to be escaped in addresses.
  if (day !== undefined) return `${kind?.toLowerCase()}/${day}`;
  return chain === 'CONFIGURATION' ? 'configuration' : `executions/${chain}`;
}

function isThereAlready(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'PreconditionFailed';
}
