/**
 * A function instance of its own: a process that loads a bundle and calls its handler once for each event, as Lambda does.
 * Started by ack.ts with the bundle's file; gets the events and sends back what each took, both as one message.
 */
import { createRequire } from 'node:module';
import { messageOf } from '../../src/domain/errors.ts';

/** A request of Slack's as API Gateway gives it to a function. */
export interface SignedRequest {
  headers: Record<string, string>;
  body: string;
}

/** What one function instance took, in milliseconds: to load its bundle, and for each request, the first from the start of the process. */
export type Took = { loadMs: number; ms: number[]; answers: string[] } | { failed: string };

type Handler = (event: unknown, context: unknown) => Promise<{ statusCode?: number; body?: string }>;

async function main(file: string, requests: readonly SignedRequest[]): Promise<Took> {
  const from = performance.now();
  const { handler } = createRequire(import.meta.url)(file) as { handler: Handler };
  const loadMs = performance.now() - from;
  const ms: number[] = [];
  const answers: string[] = [];
  let started = 0;
  for (const request of requests) {
    const { statusCode, body = '' } = await handler({ version: '2.0', isBase64Encoded: false, ...request }, {});
    ms.push(performance.now() - started);
    if (statusCode !== 200) return { failed: `the answer was ${statusCode}: ${body}` };
    answers.push(body);
    started = performance.now();
  }
  return { loadMs, ms, answers };
}

const [file = '', requests = '[]'] = process.argv.slice(2);
const took = await main(file, JSON.parse(requests) as SignedRequest[]).catch(
  (error: unknown): Took => ({ failed: messageOf(error) }),
);
process.send?.(took, () => process.exit());
