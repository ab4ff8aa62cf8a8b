import { EventEmitter } from 'node:events';
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
}

/** dynalite asks for the form of a signature but does not verify it: the proxy has already looked at the signer. */
const SIGNED_FOR_FORM =
  'AWS4-HMAC-SHA256 Credential=proxy/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0';

/**
 * Makes a dynalite in this process, in memory. It is an HTTP server that listens nowhere: requests are handed to it as they
 * would arrive. A write of the proxy is three of them, and over a connection that took longer than all else the table does.
 */
export function startBackend(): Backend {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  return {
    send: (operation, input) =>
      new Promise((resolve) => {
        const request = new HandedOverRequest(operation);
        server.emit('request', request, new HandedOverResponse(resolve));
        request.emit('data', typeof input === 'string' ? Buffer.from(input) : input);
        request.emit('end');
      }),
  };
}

/** As much of an `http.IncomingMessage` as dynalite reads. */
class HandedOverRequest extends EventEmitter {
  readonly method = 'POST';
  readonly url = '/';
  readonly headers: Record<string, string>;

  constructor(operation: string) {
    super();
    this.headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'x-amz-date': '20260101T000000Z',
      authorization: SIGNED_FOR_FORM,
    };
  }
}

/** As much of an `http.ServerResponse` as dynalite writes. */
class HandedOverResponse {
  statusCode = 200;
  readonly #answer: (answer: BackendAnswer) => void;

  constructor(answer: (answer: BackendAnswer) => void) {
    this.#answer = answer;
  }

  /** Nobody reads the headers. */
  setHeader(): void {}

  end(text = ''): void {
    this.#answer({
      status: this.statusCode,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    });
  }
}
