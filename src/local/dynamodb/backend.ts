import type { AddressInfo } from 'node:net';
import dynalite from 'dynalite';

/** An answer of the database, its body parsed. */
export interface BackendAnswer {
  status: number;
  body: Record<string, unknown>;
}

/** The database behind the proxy. */
export interface Backend {
  /** Sends one DynamoDB operation, its input as JSON text or bytes. */
  send(operation: string, input: string | Buffer): Promise<BackendAnswer>;
  close(): Promise<void>;
}

/** dynalite asks for the form of a signature but does not verify it: the proxy has already looked at the signer. */
const SIGNED_FOR_FORM =
  'AWS4-HMAC-SHA256 Credential=proxy/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0';

/** Starts a dynalite in this process, in memory, on a free loopback port. */
export async function startBackend(): Promise<Backend> {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    async send(operation, input) {
      const response = await fetch(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': `DynamoDB_20120810.${operation}`,
          'x-amz-date': '20260101T000000Z',
          authorization: SIGNED_FOR_FORM,
        },
        body: typeof input === 'string' ? input : new Uint8Array(input),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
