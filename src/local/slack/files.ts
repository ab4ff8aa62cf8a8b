import type { LocalRequest } from '../http.ts';
import { slackId } from './ids.ts';
import { KEPT } from './limits.ts';
import type { SlackFile } from './model.ts';

/** A file together with its bytes. */
export interface StoredFile {
  file: SlackFile;
  content: Buffer;
}

/** An upload that was announced by files.getUploadURLExternal. */
export interface Upload {
  fileId: string;
  filename: string;
  /** Bytes, as announced. */
  length: number;
  content?: Buffer;
}

/** Files and announced uploads, bounded in number and in bytes. */
export class Files {
  readonly #uploads = new Map<string, Upload>();
  readonly #stored = new Map<string, StoredFile>();

  announce(filename: string, length: number): Upload {
    const upload: Upload = { fileId: slackId('F'), filename, length };
    this.#uploads.set(upload.fileId, upload);
    for (const oldest of this.#uploads.keys()) {
      if (this.#uploads.size <= KEPT.files) break;
      this.#uploads.delete(oldest);
    }
    return upload;
  }

  /** Takes the bytes of an announced upload; those of the oldest unfinished ones are forgotten when they are too many. */
  receive(upload: Upload, content: Buffer): void {
    upload.content = content;
    let bytes = [...this.#uploads.values()].reduce((sum, held) => sum + (held.content?.length ?? 0), 0);
    for (const [oldest, held] of this.#uploads) {
      if (bytes <= KEPT.fileBytes || oldest === upload.fileId) break;
      this.#uploads.delete(oldest);
      bytes -= held.content?.length ?? 0;
    }
  }

  upload(fileId: string): Upload | undefined {
    return this.#uploads.get(fileId);
  }

  /** Stores a finished upload's file, or a file whose title or channels have changed. */
  put(stored: StoredFile): void {
    this.#uploads.delete(stored.file.id);
    this.#stored.set(stored.file.id, stored);
    let bytes = this.all().reduce((sum, { content }) => sum + content.length, 0);
    for (const [oldest, { content }] of this.#stored) {
      if (this.#stored.size <= KEPT.files && bytes <= KEPT.fileBytes) break;
      this.#stored.delete(oldest);
      bytes -= content.length;
    }
  }

  find(fileId: string): StoredFile | undefined {
    return this.#stored.get(fileId);
  }

  all(): StoredFile[] {
    return [...this.#stored.values()];
  }
}

const MIME_TYPES: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  json: 'application/json',
  md: 'text/markdown',
  yaml: 'text/yaml',
  yml: 'text/yaml',
  pdf: 'application/pdf',
  png: 'image/png',
  txt: 'text/plain',
};

/** The type that Slack would give to a file of this name; unknown endings are bytes. */
export function mimeType(filename: string): string {
  return MIME_TYPES[filename.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/octet-stream';
}

/** The file in an upload's body: raw bytes, or the first file of a multipart form, as Slack takes both. */
export async function uploadedContent(request: LocalRequest): Promise<Buffer> {
  const contentType = request.headers['content-type'] ?? '';
  if (!contentType.startsWith('multipart/form-data')) return request.body;
  const body = new Uint8Array(request.body);
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
  for (const part of form.values()) {
    if (typeof part !== 'string') return Buffer.from(await part.arrayBuffer());
  }
  return Buffer.alloc(0);
}
