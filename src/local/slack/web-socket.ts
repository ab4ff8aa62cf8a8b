import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** From RFC 6455, section 1.3: proves to the client that the server speaks the protocol. */
const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Kinds of frames (RFC 6455, section 5.2). */
const OPCODE = { text: 0x1, close: 0x8, ping: 0x9, pong: 0xa } as const;
/** Set on the last frame of a message; all messages here are of one frame. */
const FINAL = 0x80;

interface Frame {
  isFinal: boolean;
  opcode: number;
  payload: Buffer;
  /** Bytes that the frame takes. */
  length: number;
}

/** The first frame in `bytes`, unmasked; undefined while it has not arrived whole. */
function readFrame(bytes: Buffer): Frame | undefined {
  const first = bytes[0];
  const second = bytes[1];
  if (first === undefined || second === undefined) return undefined;
  const short = second & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  const maskAt = 2 + extra;
  if (bytes.length < maskAt + 4) return undefined;
  const size = extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const payloadAt = maskAt + 4;
  if (bytes.length < payloadAt + size) return undefined;
  const mask = bytes.subarray(maskAt, payloadAt);
  const payload = Buffer.from(bytes.subarray(payloadAt, payloadAt + size));
  for (const [index, byte] of payload.entries()) payload[index] = byte ^ (mask[index % 4] ?? 0);
  return { isFinal: (first & FINAL) !== 0, opcode: first & 0x0f, payload, length: payloadAt + size };
}

/** A frame as a server sends it: not masked. */
function frameOf(opcode: number, payload: Buffer): Buffer {
  const size = payload.length;
  const head = size < 126 ? Buffer.alloc(2) : size < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10);
  head[0] = FINAL | opcode;
  if (size < 126) head[1] = size;
  else if (size < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(size, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(size), 2);
  }
  return Buffer.concat([head, payload]);
}

/**
 * The server's end of a WebSocket, as far as Slack's Socket Mode needs one: whole text messages, pings and the closing
 * handshake. A client that sends anything else is cut off.
 */
export class ServerWebSocket {
  readonly #socket: Duplex;
  #received = Buffer.alloc(0);
  #isClosing = false;

  /** Answers the client's handshake. */
  constructor(request: IncomingMessage, socket: Duplex, listener: { onText(text: string): void; onEnd(): void }) {
    this.#socket = socket;
    const key = String(request.headers['sec-websocket-key']);
    const accept = createHash('sha1').update(`${key}${HANDSHAKE_GUID}`).digest('base64');
    socket.write(
      [
        'HTTP/1.1 101 Switching Protocols',
        'Upgrade: websocket',
        'Connection: Upgrade',
        `Sec-WebSocket-Accept: ${accept}`,
      ]
        .concat('', '')
        .join('\r\n'),
    );
    socket.on('data', (chunk: Buffer) => this.#receive(chunk, listener.onText));
    // A connection that breaks is closed too; there is nobody left to tell.
    socket.on('error', () => socket.destroy());
    socket.once('close', listener.onEnd);
  }

  send(text: string): void {
    this.#socket.write(frameOf(OPCODE.text, Buffer.from(text)));
  }

  /** Says goodbye; the connection ends when the client has answered. */
  close(): void {
    this.#isClosing = true;
    this.#socket.write(frameOf(OPCODE.close, Buffer.from([0x03, 0xe8])));
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer, onText: (text: string) => void): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (let frame = readFrame(this.#received); frame !== undefined; frame = readFrame(this.#received)) {
      this.#received = this.#received.subarray(frame.length);
      this.#handle(frame, onText);
    }
  }

  #handle({ isFinal, opcode, payload }: Frame, onText: (text: string) => void): void {
    if (opcode === OPCODE.text && isFinal) onText(payload.toString('utf8'));
    else if (opcode === OPCODE.ping) this.#socket.write(frameOf(OPCODE.pong, payload));
    else if (opcode === OPCODE.close) {
      if (!this.#isClosing) this.#socket.write(frameOf(OPCODE.close, payload));
      this.#socket.end();
    } else if (opcode !== OPCODE.pong) this.#socket.destroy();
  }
}
