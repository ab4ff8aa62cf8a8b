import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/local/clock.ts';
import { serve } from '../../../src/local/http.ts';
import { FunctionHost } from '../../../src/local/lambda/function-host.ts';
import { httpFront } from '../../../src/local/lambda/http-front.ts';
import { closing, hostFunction } from '../services/simulated-aws.ts';

async function world(handle: (event: unknown) => unknown, maxBodyBytes?: number) {
  const events: unknown[] = [];
  const host = new FunctionHost({ clock: new VirtualClock() });
  hostFunction(host, 'web', (event) => {
    events.push(event);
    return handle(event);
  });
  const server = closing(
    await serve(httpFront({ host, functionName: 'web', path: '/hook', ...(maxBodyBytes ? { maxBodyBytes } : {}) })),
  );
  return { url: `${server.url}/hook`, base: server.url, events };
}

describe('httpFront', () => {
  it('makes an event of the payload format 2.0 of a request', async () => {
    const { url, events } = await world(() => ({ statusCode: 204 }));
    const response = await fetch(`${url}?a=1&a=2&b=x%20y`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Signature': 'v0=abc', cookie: 'one=1; two=2' },
      body: '{"text":"é"}',
    });
    expect(response.status).toBe(204);
    expect(events[0]).toMatchObject({
      version: '2.0',
      routeKey: 'ANY /hook',
      rawPath: '/hook',
      rawQueryString: 'a=1&a=2&b=x+y',
      queryStringParameters: { a: '1,2', b: 'x y' },
      cookies: ['one=1', 'two=2'],
      headers: { 'content-type': 'application/json', 'x-signature': 'v0=abc' },
      requestContext: {
        http: { method: 'POST', path: '/hook', protocol: 'HTTP/1.1' },
        stage: '$default',
        time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      },
      body: '{"text":"é"}',
      isBase64Encoded: false,
    });
  });

  it('passes forms and binary bodies on in base64, as API Gateway does', async () => {
    const { url, events } = await world(() => 'ok');
    await fetch(url, { method: 'POST', body: new URLSearchParams({ text: 'é' }) });
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: Uint8Array.of(0, 255),
    });
    expect(events).toEqual([
      expect.objectContaining({ isBase64Encoded: true, body: Buffer.from('text=%C3%A9').toString('base64') }),
      expect.objectContaining({ isBase64Encoded: true, body: 'AP8=' }),
    ]);
  });

  it('makes a response of what the function answers', async () => {
    const answers: unknown[] = [
      { statusCode: 201, headers: { 'X-Kind': 'made' }, body: 'text' },
      { statusCode: 200, headers: { 'content-type': 'image/png' }, body: 'AP8=', isBase64Encoded: true },
      { bare: true },
      'words',
    ];
    const { url } = await world(() => answers.shift());
    const made = await fetch(url);
    expect([made.status, made.headers.get('x-kind'), await made.text()]).toEqual([201, 'made', 'text']);
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(Buffer.from([0, 255]));
    const bare = await fetch(url);
    expect([bare.status, bare.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await bare.json()).toEqual({ bare: true });
    expect(await (await fetch(url)).text()).toBe('words');
  });

  it('answers 500 for a function that fails or answers nonsense, without telling why', async () => {
    const answers = [() => Promise.reject(new Error('secret')), () => ({ statusCode: 'fine' })];
    const { url } = await world(() => answers.shift()?.());
    for (let request = 0; request < 2; request++) {
      const response = await fetch(url);
      expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    }
  });

  it('answers 404 for another path and 413 for too large a body, without calling the function', async () => {
    const { base, url, events } = await world(() => 'ok', 100);
    const missing = await fetch(`${base}/other`);
    expect([missing.status, await missing.json()]).toEqual([404, { message: 'Not Found' }]);
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(101) })).status).toBe(413);
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(100) })).status).toBe(200);
    expect(events).toHaveLength(1);
  });
});
