import { crc32 } from 'node:zlib';
import type { LocalRequest } from '../http.ts';
import { ServiceError } from './service.ts';

/** An uploaded body as its sender meant it, with the checksum that came in a header or trailer. */
export interface Upload {
  content: Buffer;
  /** Header name, e.g. `x-amz-checksum-crc32`, and base64 value. */
  checksum: { name: string; value: string } | undefined;
}

/**
 * Undoes the `aws-chunked` encoding in which the SDK sends streams (the checksum follows in a trailer), and verifies a
 * CRC32, which is the SDK's default; other checksums are kept unverified.
 * @throws {ServiceError} BadDigest, InvalidRequest
 */
export function decodeUpload(request: LocalRequest): Upload {
  const chunked = String(request.headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
  const { content, trailers } = chunked ? decodeChunks(request.body) : { content: request.body, trailers: {} };
  const checksum = checksumIn({ ...request.headers, ...trailers });
  if (checksum?.name === 'x-amz-checksum-crc32' && checksum.value !== crc32Base64(content)) {
    throw new ServiceError('BadDigest', 'The CRC32 you specified did not match the calculated checksum.');
  }
  return { content, checksum };
}

function checksumIn(headers: Record<string, unknown>): Upload['checksum'] {
  for (const [name, value] of Object.entries(headers)) {
    const isChecksum = /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256)$/.test(name);
    if (isChecksum && typeof value === 'string') return { name, value };
  }
  return undefined;
}

/** Chunks are `<hex length>[;extension]\r\n<bytes>\r\n`; the empty chunk is followed by trailers. */
function decodeChunks(body: Buffer): { content: Buffer; trailers: Record<string, string> } {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = body.indexOf('\r\n', at);
    const length = Number.parseInt(body.toString('latin1', at, lineEnd), 16);
    if (lineEnd < 0 || Number.isNaN(length)) {
      throw new ServiceError('InvalidRequest', 'the aws-chunked body is malformed');
    }
    const start = lineEnd + 2;
    if (length === 0)
      return { content: Buffer.concat(chunks), trailers: parseTrailers(body.toString('latin1', start)) };
    chunks.push(body.subarray(start, start + length));
    at = start + length + 2;
  }
}

function parseTrailers(text: string): Record<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}

function crc32Base64(content: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(content));
  return bytes.toString('base64');
}
