import { createHash, randomUUID } from 'node:crypto';
import type { Identity } from '../aws/identities.ts';
import { type LocalRequest, type LocalResponse, serve } from '../http.ts';
import { decodeUpload } from './aws-chunked.ts';
import { Bucket, type BucketOptions, type StoredObject } from './s3-bucket.ts';
import { ServiceError, type ServiceOptions } from './service.ts';

/** An S3 on a loopback port, addressed path-style (which is what the SDK does by itself when the endpoint is an IP address). */
export interface LocalS3 {
  /** For `AWS_ENDPOINT_URL_S3`. */
  url: string;
  /** Creates an empty bucket; an existing one is kept. */
  createBucket(name: string, options?: BucketOptions): void;
  /** Content of an object. */
  read(bucket: string, key: string): Buffer | undefined;
  /** Keys of a bucket's objects in S3's order (by UTF-8 bytes). */
  keys(bucket: string): string[];
  close(): Promise<void>;
}

/** One request, taken apart. */
interface S3Call {
  action: string;
  resource: string;
  bucketName: string;
  key: string;
}

const PAGE_LIMIT = 1000;

/** Bytes that a bucket holds; then its oldest objects go, as by a lifecycle rule. Some thousand results of a large drill. */
export const MOST_BUCKET_BYTES = 256 * 1024 * 1024;

/**
 * Starts an S3 with PutObject (also If-None-Match: * and If-Match), GetObject, HeadObject and ListObjectsV2 (no
 * delimiter); in a bucket with Object Lock also with versions, DeleteObject and GetObjectLockConfiguration. Everything else is answered with
 * NotImplemented, 501; an unknown signer with InvalidAccessKeyId, 403.
 */
export async function startS3(options: ServiceOptions & { mostBucketBytes?: number }): Promise<LocalS3> {
  const { mostBucketBytes = MOST_BUCKET_BYTES } = options;
  const buckets = new Map<string, Bucket>();
  const server = await serve(async (request) => {
    const release = options.clock.hold();
    try {
      const response = respond(request, buckets, options);
      if (request.method === 'PUT') for (const bucket of buckets.values()) forgetOldest(bucket, mostBucketBytes);
      return response;
    } finally {
      release();
    }
  });
  return {
    url: server.url,
    createBucket(name, bucketOptions = {}) {
      if (!buckets.has(name)) buckets.set(name, new Bucket(bucketOptions));
    },
    read: (bucket, key) => buckets.get(bucket)?.objects.get(key)?.content,
    keys: (bucket) => sortedKeys(buckets.get(bucket)?.objects ?? new Map()),
    close: () => server.close(),
  };
}

function respond(request: LocalRequest, buckets: Map<string, Bucket>, options: ServiceOptions): LocalResponse {
  const caller = options.identities.signer(request.headers.authorization);
  const call = callOf(request);
  try {
    if (caller === undefined) {
      throw new ServiceError(
        'InvalidAccessKeyId',
        'The AWS Access Key Id you provided does not exist in our records.',
        403,
      );
    }
    const response = perform(request, call, { buckets, caller, now: options.clock.now() });
    record(call, caller, 'ok', { request, options });
    return response;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (caller !== undefined) record(call, caller, error.code, { request, options });
    return errorResponse(error, request);
  }
}

/** The actions and resources are IAM's: HeadObject is allowed by GetObject, ListObjectsV2 by ListBucket. */
function callOf(request: LocalRequest): S3Call {
  const [, bucketName = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(request.path) ?? [];
  const bucketArn = `arn:aws:s3:::${bucketName}`;
  if (key === '' && request.query.has('object-lock')) {
    return { action: 'GetBucketObjectLockConfiguration', resource: bucketArn, bucketName, key };
  }
  if (key === '') return { action: 'ListBucket', resource: bucketArn, bucketName, key };
  const action = ACTIONS[request.method] ?? 'GetObject';
  const ofVersion = request.query.has('versionId') ? 'Version' : '';
  return { action: `${action}${ofVersion}`, resource: `${bucketArn}/${key}`, bucketName, key };
}

const ACTIONS: Record<string, string> = { PUT: 'PutObject', DELETE: 'DeleteObject' };

function record(
  { action, resource }: S3Call,
  identity: Identity,
  outcome: string,
  { request, options }: { request: LocalRequest; options: ServiceOptions },
): void {
  const ifNoneMatch = request.headers['if-none-match']?.toString();
  const asked = { action: `s3:${action}`, resource, context: { 's3:if-none-match': [ifNoneMatch ?? ''] } };
  const authorizations = ifNoneMatch === undefined ? {} : { authorizations: [asked] };
  options.onCall?.({ service: 's3', action, identity, resource, outcome, ...authorizations });
}

function perform(
  request: LocalRequest,
  call: S3Call,
  { buckets, caller, now }: { buckets: Map<string, Bucket>; caller: Identity; now: number },
): LocalResponse {
  if (call.key !== '') refuseSubresources(request.query);
  if (request.headers.range !== undefined) throw notImplemented('Range');
  const operation = `${request.method} ${call.key === '' ? 'bucket' : 'object'}`;
  const bucket = buckets.get(call.bucketName);
  if (bucket === undefined) throw new ServiceError('NoSuchBucket', 'The specified bucket does not exist', 404);
  const ifNoneMatch = request.headers['if-none-match'];
  bucket.authorize({ action: call.action, roleArn: caller.roleArn, ifNoneMatch: ifNoneMatch?.toString() });
  const versionId = request.query.get('versionId') ?? undefined;
  if (operation === 'PUT object') return putObject(request, call.key, bucket, now);
  if (operation === 'GET object') return getObject({ key: call.key, versionId }, bucket, true);
  if (operation === 'HEAD object') return getObject({ key: call.key, versionId }, bucket, false);
  if (operation === 'DELETE object' && bucket.isLocked) return deleteObject({ key: call.key, versionId }, bucket, now);
  if (operation === 'GET bucket' && request.query.has('object-lock')) return objectLock(bucket);
  if (operation === 'GET bucket' && request.query.get('list-type') === '2') {
    return listObjects(request.query, call.bucketName, bucket.objects);
  }
  throw notImplemented(operation);
}

/** Sub-resources (`?uploads`, `?tagging`, …) would otherwise be taken for the object itself. `x-id` names the operation, `versionId` a version. */
function refuseSubresources(query: URLSearchParams): void {
  const subresource = [...query.keys()].find((name) => name !== 'x-id' && name !== 'versionId');
  if (subresource !== undefined) throw notImplemented(`?${subresource}`);
}

function putObject(request: LocalRequest, key: string, bucket: Bucket, now: number): LocalResponse {
  if (request.headers['x-amz-copy-source'] !== undefined) throw notImplemented('CopyObject');
  checkConditions(request, bucket.objects.get(key));
  const { content, checksum } = decodeUpload(request);
  const etag = `"${createHash('md5').update(content).digest('hex')}"`;
  const headers: Record<string, string> = {
    'content-type': request.headers['content-type'] ?? 'application/octet-stream',
    ...(checksum === undefined ? {} : { [checksum.name]: checksum.value }),
  };
  for (const [name, value] of Object.entries(request.headers)) {
    if (name.startsWith('x-amz-meta-') && typeof value === 'string') headers[name] = value;
  }
  if (bucket.isLocked && checksum === undefined && request.headers['content-md5'] === undefined) {
    const text =
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters';
    throw new ServiceError('InvalidRequest', text);
  }
  const stored = bucket.put(key, { content, etag, headers, modifiedAt: now });
  return {
    status: 200,
    headers: {
      etag,
      ...(checksum === undefined ? {} : { [checksum.name]: checksum.value }),
      ...(stored.versionId === undefined ? {} : { 'x-amz-version-id': stored.versionId }),
    },
  };
}

function deleteObject({ key, versionId }: ObjectAddress, bucket: Bucket, now: number): LocalResponse {
  if (versionId !== undefined) {
    bucket.deleteVersion(key, versionId, now);
    return { status: 204, headers: { 'x-amz-version-id': versionId } };
  }
  return { status: 204, headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': bucket.hide(key) } };
}

/** GetObjectLockConfiguration. */
function objectLock({ retentionDays }: Bucket): LocalResponse {
  if (retentionDays === undefined) {
    const text = 'Object Lock configuration does not exist for this bucket';
    throw new ServiceError('ObjectLockConfigurationNotFoundError', text, 404);
  }
  const rule = `<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>${retentionDays}</Days></DefaultRetention></Rule>`;
  const body = `<ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule}</ObjectLockConfiguration>`;
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}

function forgetOldest(bucket: Bucket, most: number): void {
  if (bucket.isLocked) return;
  let bytesKept = 0;
  for (const { content } of bucket.objects.values()) bytesKept += content.length;
  for (const [key, { content }] of bucket.objects) {
    if (bytesKept <= most) return;
    bytesKept -= content.length;
    bucket.objects.delete(key);
  }
}

function checkConditions(request: LocalRequest, existing: StoredObject | undefined): void {
  const ifMatch = request.headers['if-match'];
  const ifNoneMatch = request.headers['if-none-match'];
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw notImplemented('If-None-Match with an ETag on a write');
  if (ifMatch !== undefined && existing === undefined) throw noSuchKey();
  const failed =
    (ifNoneMatch === '*' && existing !== undefined) || (ifMatch !== undefined && existing?.etag !== ifMatch);
  if (failed) {
    const text = 'At least one of the pre-conditions you specified did not hold';
    throw new ServiceError('PreconditionFailed', text, 412);
  }
}

interface ObjectAddress {
  key: string;
  /** Left out for the current version. */
  versionId: string | undefined;
}

function getObject({ key, versionId }: ObjectAddress, bucket: Bucket, withContent: boolean): LocalResponse {
  const found = versionId === undefined ? bucket.objects.get(key) : bucket.version(key, versionId);
  if (found === undefined) throw noSuchKey();
  return {
    status: 200,
    headers: {
      ...found.headers,
      etag: found.etag,
      'content-length': String(found.content.length),
      'last-modified': new Date(found.modifiedAt).toUTCString(),
      ...(found.versionId === undefined ? {} : { 'x-amz-version-id': found.versionId }),
      ...(found.retainUntil === undefined
        ? {}
        : {
            'x-amz-object-lock-mode': 'COMPLIANCE',
            'x-amz-object-lock-retain-until-date': new Date(found.retainUntil).toISOString(),
          }),
    },
    ...(withContent ? { body: found.content } : {}),
  };
}

function listObjects(query: URLSearchParams, bucketName: string, bucket: Map<string, StoredObject>): LocalResponse {
  if (query.has('delimiter')) throw notImplemented('ListObjectsV2 with a delimiter');
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const limit = Math.min(Number(query.get('max-keys') ?? PAGE_LIMIT), PAGE_LIMIT);
  const left = sortedKeys(bucket).filter(
    (key) => key.startsWith(prefix) && Buffer.compare(bytes(key), bytes(after)) > 0,
  );
  const page = left.slice(0, limit);
  const truncated = page.length < left.length;
  const contents = page.map((key) => contentsElement(key, bucket.get(key)));
  const next = truncated ? `<NextContinuationToken>${escapeXml(page.at(-1) ?? after)}</NextContinuationToken>` : '';
  return xml(
    200,
    `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${escapeXml(bucketName)}</Name>` +
      `<Prefix>${escapeXml(prefix)}</Prefix><MaxKeys>${limit}</MaxKeys><KeyCount>${page.length}</KeyCount>` +
      `<IsTruncated>${truncated}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`,
  );
}

function contentsElement(key: string, stored: StoredObject | undefined): string {
  if (stored === undefined) return '';
  return (
    `<Contents><Key>${escapeXml(key)}</Key><LastModified>${new Date(stored.modifiedAt).toISOString()}</LastModified>` +
    `<ETag>${escapeXml(stored.etag)}</ETag><Size>${stored.content.length}</Size>` +
    '<StorageClass>STANDARD</StorageClass></Contents>'
  );
}

function sortedKeys(bucket: Map<string, StoredObject>): string[] {
  return [...bucket.keys()].sort((a, b) => Buffer.compare(bytes(a), bytes(b)));
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

function noSuchKey(): ServiceError {
  return new ServiceError('NoSuchKey', 'The specified key does not exist.', 404);
}

function notImplemented(what: string): ServiceError {
  return new ServiceError('NotImplemented', `not simulated: ${what}`, 501);
}

function errorResponse(error: ServiceError, request: LocalRequest): LocalResponse {
  // An answer to HEAD has no body: the SDK then only sees the status.
  if (request.method === 'HEAD') return { status: error.status };
  const requestId = randomUUID();
  return xml(
    error.status,
    `<Error><Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message><RequestId>${requestId}</RequestId></Error>`,
  );
}

function xml(status: number, content: string): LocalResponse {
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${content}`,
  };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
