import { randomBytes } from 'node:crypto';
import { ServiceError } from './service.ts';

/** An object, or one version of it. */
export interface StoredObject {
  content: Buffer;
  /** Quoted MD5, as S3 has it for objects uploaded in one piece. */
  etag: string;
  /** Headers given back as they came: content type, user metadata, checksum. */
  headers: Record<string, string>;
  /** Milliseconds since the epoch. */
  modifiedAt: number;
  /** Of a bucket with versions. */
  versionId?: string;
  /** Until when Object Lock keeps the version, in milliseconds since the epoch. */
  retainUntil?: number;
}

/** A call as the bucket's policy sees it. */
export interface PolicyRequest {
  /** IAM's action without the service, e.g. `PutObject`. */
  action: string;
  /** ARN of the caller's role. */
  roleArn: string;
  /** The header that is the condition key `s3:if-none-match`. */
  ifNoneMatch: string | undefined;
}

export interface BucketOptions {
  /**
   * Object Lock with a default retention in compliance mode: the bucket has versions, and none is deleted before its time.
   * @default - no lock, no versions
   */
  objectLock?: { retentionDays: number };
  /** What the bucket's policy denies. @default - nothing */
  denies?: (request: PolicyRequest) => boolean;
}

interface Version {
  key: string;
  versionId: string;
  /** Left out for a delete marker. */
  object?: StoredObject;
}

/** A bucket's objects; with Object Lock also their versions, as S3's user guide has them. */
export class Bucket {
  /** The current objects, in the order of their last write. */
  readonly objects = new Map<string, StoredObject>();
  readonly #options: BucketOptions;
  /** Oldest first. */
  readonly #versions: Version[] = [];

  constructor(options: BucketOptions) {
    this.#options = options;
  }

  /** For how long an object is kept at least; undefined without Object Lock. */
  get retentionDays(): number | undefined {
    return this.#options.objectLock?.retentionDays;
  }

  get isLocked(): boolean {
    return this.#options.objectLock !== undefined;
  }

  /** @throws {ServiceError} AccessDenied when the bucket's policy denies it. */
  authorize(request: PolicyRequest): void {
    if (this.#options.denies?.(request) !== true) return;
    const because = 'with an explicit deny in a resource-based policy';
    throw new ServiceError(
      'AccessDenied',
      `User: ${request.roleArn} is not authorized to perform: s3:${request.action} ${because}`,
      403,
    );
  }

  /** Puts an object; with versions the one before stays. Answers what is stored. */
  put(key: string, object: StoredObject): StoredObject {
    const lock = this.#options.objectLock;
    const retainUntil = lock && object.modifiedAt + lock.retentionDays * 86_400_000;
    const stored = lock === undefined ? object : { ...object, versionId: newVersionId(), retainUntil };
    this.objects.delete(key);
    this.objects.set(key, stored);
    if (stored.versionId !== undefined) this.#versions.push({ key, versionId: stored.versionId, object: stored });
    return stored;
  }

  /** One version. @throws {ServiceError} NoSuchVersion */
  version(key: string, versionId: string): StoredObject {
    const found = this.#versions.find((version) => version.key === key && version.versionId === versionId);
    if (found?.object !== undefined) return found.object;
    throw new ServiceError('NoSuchVersion', 'The specified version does not exist.', 404);
  }

  /** Hides an object behind a delete marker, whose version it answers: versions are not touched, locked or not. */
  hide(key: string): string {
    const versionId = newVersionId();
    this.#versions.push({ key, versionId });
    this.objects.delete(key);
    return versionId;
  }

  /** Deletes one version for good. @throws {ServiceError} AccessDenied while Object Lock keeps it. */
  deleteVersion(key: string, versionId: string, now: number): void {
    const index = this.#versions.findIndex((version) => version.key === key && version.versionId === versionId);
    const retainUntil = this.#versions[index]?.object?.retainUntil;
    if (retainUntil !== undefined && now < retainUntil) {
      throw new ServiceError('AccessDenied', 'Access Denied because object protected by object lock.', 403);
    }
    if (index >= 0) this.#versions.splice(index, 1);
    const newest = this.#versions.findLast((version) => version.key === key)?.object;
    if (newest === undefined) this.objects.delete(key);
    else this.objects.set(key, newest);
  }
}

function newVersionId(): string {
  return randomBytes(16).toString('hex');
}
