import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Platform } from './platform.ts';

/** The bucket with whole results, which are too large for a state machine or an item. */
export interface ResultStore {
  /** Stores JSON at an `s3://bucket/key` location. */
  write(location: string, json: string): Promise<void>;
  /** Reads what was stored at a location. */
  read(location: string): Promise<string>;
}

export function resultStore(platform: Platform): ResultStore {
  // Path style: the address is the same for every bucket, whatever the endpoint.
  const s3 = new S3Client({ credentials: platform.credentials, forcePathStyle: true });
  return {
    async write(location, json) {
      await s3.send(new PutObjectCommand({ ...parse(location), Body: json, ContentType: 'application/json' }));
    },
    async read(location) {
      const answer = await s3.send(new GetObjectCommand(parse(location)));
      return (await answer.Body?.transformToString()) ?? '';
    },
  };
}

/** @throws {Error} when `location` is none: locations are stored by the product itself. */
function parse(location: string): { Bucket: string; Key: string } {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  if (Bucket === undefined || Key === undefined) throw new Error(`not the location of a result: ${location}`);
  return { Bucket, Key };
}
