import { createHash } from 'node:crypto';

/** What happened in a run, in order: two runs of one seed have the same lines. */
export class Trace {
  readonly lines: string[] = [];
  readonly #now: () => number;
  readonly #hash = createHash('sha256');
  readonly #from: number;
  #isClosed = false;

  constructor(now: () => number) {
    this.#now = now;
    this.#from = now();
  }

  /** Adds a line with its time. */
  note(what: string, text: string): void {
    if (this.#isClosed) return;
    const line = `${clockText(this.#now() - this.#from)} ${what.padEnd(9)} ${text}`;
    this.lines.push(line);
    this.#hash.update(`${line}\n`);
  }

  /** Of all lines, in hexadecimal. Nothing is added after it. */
  digest(): string {
    this.#isClosed = true;
    return this.#hash.digest('hex').slice(0, 16);
  }
}

/** e.g. `0:04:12.350` */
function clockText(ms: number): string {
  const part = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, '0');
  return `${part(ms / 3_600_000, 1)}:${part((ms / 60_000) % 60, 2)}:${part((ms / 1000) % 60, 2)}.${part(ms % 1000, 3)}`;
}
