import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { startS3 } from '../../../src/local/services/s3.ts';
import type { BucketOptions } from '../../../src/local/services/s3-bucket.ts';
import { closing, simulatedAws } from './simulated-aws.ts';

async function world() {
  const aws = simulatedAws();
  const s3 = closing(await startS3(aws.options));
  s3.createBucket('results');
  return { ...aws, s3, client: new S3Client(aws.client(s3.url)) };
}

describe('S3', () => {
  it('keeps what was put, with type and metadata, under keys of any kind', async () => {
    const { client, s3, clock, calls } = await world();
    const at = { Bucket: 'results', Key: 'runs/é & <1>/result #1.json' };
    const put = await client.send(
      new PutObjectCommand({ ...at, Body: '{"a":"ü"}', ContentType: 'application/json', Metadata: { run: '7' } }),
    );
    const got = await client.send(new GetObjectCommand(at));
    expect(await got.Body?.transformToString()).toBe('{"a":"ü"}');
    expect(got).toMatchObject({ ContentType: 'application/json', Metadata: { run: '7' }, ETag: put.ETag });
    expect(s3.read('results', at.Key)?.toString()).toBe('{"a":"ü"}');
    const head = await client.send(new HeadObjectCommand(at));
    expect(head).toMatchObject({ ContentLength: 10, LastModified: new Date(clock.now()) });
    const resource = `arn:aws:s3:::results/${at.Key}`;
    expect(calls.map((call) => [call.action, call.resource])).toEqual([
      ['PutObject', resource],
      ['GetObject', resource],
      ['GetObject', resource],
    ]);
  });

  it('decodes a stream, which the SDK sends in chunks with a trailing checksum', async () => {
    const { client, s3 } = await world();
    const content = Buffer.alloc(200_000, 'chunk\r\n');
    await client.send(
      new PutObjectCommand({
        Bucket: 'results',
        Key: 'stream',
        Body: Readable.from([content.subarray(0, 70_000), content.subarray(70_000)]),
        ContentLength: content.length,
      }),
    );
    expect(s3.read('results', 'stream')?.equals(content)).toBe(true);
    const got = await client.send(new GetObjectCommand({ Bucket: 'results', Key: 'stream' }));
    expect((await got.Body?.transformToByteArray())?.length).toBe(content.length);
  });

  it('refuses content that does not fit its checksum', async () => {
    const { client, s3 } = await world();
    const put = new PutObjectCommand({ Bucket: 'results', Key: 'k', Body: 'text', ChecksumCRC32: 'AAAAAA==' });
    await expect(client.send(put)).rejects.toMatchObject({ name: 'BadDigest' });
    expect(s3.keys('results')).toEqual([]);
  });

  it('writes only once under If-None-Match, and only over the expected content under If-Match', async () => {
    const { client, s3 } = await world();
    const put = (Body: string, condition: { IfNoneMatch?: string; IfMatch?: string | undefined }) =>
      client.send(new PutObjectCommand({ Bucket: 'results', Key: 'k', Body, ...condition }));
    const { ETag } = await put('1', { IfNoneMatch: '*' });
    await expect(put('2', { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
    await expect(put('2', { IfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await put('3', { IfMatch: ETag });
    expect(s3.read('results', 'k')?.toString()).toBe('3');
  });

  it('says whether the key or the bucket is missing', async () => {
    const { client } = await world();
    const get = (Bucket: string) => client.send(new GetObjectCommand({ Bucket, Key: 'none' }));
    await expect(get('results')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(get('nowhere')).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await expect(client.send(new HeadObjectCommand({ Bucket: 'results', Key: 'none' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  it('lists keys with a prefix in pages', async () => {
    const { client } = await world();
    for (const Key of ['b/2', 'a/1', 'b/1', 'b/3&']) {
      await client.send(new PutObjectCommand({ Bucket: 'results', Key, Body: Key }));
    }
    const list = (ContinuationToken?: string) =>
      client.send(new ListObjectsV2Command({ Bucket: 'results', Prefix: 'b/', MaxKeys: 2, ContinuationToken }));
    const first = await list();
    expect(first.Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([
      ['b/1', 3],
      ['b/2', 3],
    ]);
    expect(first).toMatchObject({ IsTruncated: true, KeyCount: 2 });
    const second = await list(first.NextContinuationToken);
    expect([second.Contents?.map(({ Key }) => Key), second.IsTruncated]).toEqual([['b/3&'], false]);
    const none = await client.send(new ListObjectsV2Command({ Bucket: 'results', Prefix: 'zzz' }));
    expect(none.KeyCount).toBe(0);
  });

  it('refuses unknown signers and what is not simulated', async () => {
    const { client, s3, strangerClient } = await world();
    const at = { Bucket: 'results', Key: 'k' };
    await client.send(new PutObjectCommand({ ...at, Body: 'text' }));
    const stranger = new S3Client(strangerClient(s3.url));
    await expect(stranger.send(new GetObjectCommand(at))).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
    await expect(client.send(new DeleteObjectCommand(at))).rejects.toMatchObject({ name: 'NotImplemented' });
    await expect(client.send(new GetObjectTaggingCommand(at))).rejects.toMatchObject({ name: 'NotImplemented' });
    expect(s3.keys('results')).toEqual(['k']);
  });
});

describe('A bucket that is full', () => {
  it('forgets what was written longest ago, and a second write counts', async () => {
    const aws = simulatedAws();
    const s3 = closing(await startS3({ ...aws.options, mostBucketBytes: 30 }));
    s3.createBucket('results');
    const client = new S3Client(aws.client(s3.url));
    const put = (Key: string) => client.send(new PutObjectCommand({ Bucket: 'results', Key, Body: 'ten bytes.' }));
    for (const key of ['a', 'b', 'c', 'a', 'd']) await put(key);
    expect(s3.keys('results')).toEqual(['a', 'c', 'd']);
  });
});

describe('a bucket with Object Lock', () => {
  const DAY = 86_400_000;
  const at = { Bucket: 'locked', Key: 'k' };

  async function lockedWorld(options: Partial<BucketOptions> = {}) {
    const { s3, client, ...rest } = await world();
    s3.createBucket('locked', { objectLock: { retentionDays: 1 }, ...options });
    const put = (Body: string) => client.send(new PutObjectCommand({ ...at, Body }));
    return { ...rest, s3, client, put };
  }

  it('keeps each version of an object until its time is over', async () => {
    const { s3, client, put, clock } = await lockedWorld();
    const { VersionId: first } = await put('1');
    await put('2');
    expect(s3.read('locked', 'k')?.toString()).toBe('2');

    const old = await client.send(new GetObjectCommand({ ...at, VersionId: first }));
    expect(await old.Body?.transformToString()).toBe('1');
    expect(old).toMatchObject({ ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: new Date(clock.now() + DAY) });

    const remove = new DeleteObjectCommand({ ...at, VersionId: first });
    await expect(client.send(remove)).rejects.toMatchObject({
      name: 'AccessDenied',
      $metadata: { httpStatusCode: 403 },
    });
    await clock.advance(DAY);
    await client.send(remove);
    const gone = client.send(new GetObjectCommand({ ...at, VersionId: first }));
    await expect(gone).rejects.toMatchObject({ name: 'NoSuchVersion' });
  });

  it('hides an object behind a delete marker, and shows it again when the marker is deleted', async () => {
    const { s3, client, put } = await lockedWorld();
    await put('1');
    const { DeleteMarker, VersionId } = await client.send(new DeleteObjectCommand(at));
    expect(DeleteMarker).toBe(true);
    expect(s3.keys('locked')).toEqual([]);
    await client.send(new DeleteObjectCommand({ ...at, VersionId }));
    expect(s3.read('locked', 'k')?.toString()).toBe('1');
  });

  it("refuses what the bucket's policy denies", async () => {
    const { client, put, calls } = await lockedWorld({
      denies: ({ action, roleArn, ifNoneMatch }) =>
        roleArn.endsWith(':role/tester') && (action === 'DeleteObject' || ifNoneMatch !== '*'),
    });
    await expect(put('1')).rejects.toMatchObject({ name: 'AccessDenied' });
    await client.send(new PutObjectCommand({ ...at, Body: '1', IfNoneMatch: '*' }));
    await expect(client.send(new DeleteObjectCommand(at))).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(calls.map(({ action, outcome }) => [action, outcome])).toEqual([
      ['PutObject', 'AccessDenied'],
      ['PutObject', 'ok'],
      ['DeleteObject', 'AccessDenied'],
    ]);
  });
});
