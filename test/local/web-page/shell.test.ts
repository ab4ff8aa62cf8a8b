import { expect, test } from 'vitest';
import { answer, asset, html } from '../../../src/local/web-page/shell.ts';

test('a page may load its own script and style, and nothing from anywhere else', () => {
  const { status, headers, body } = html('Title', '/app.js', '/style.css');
  expect(status).toBe(200);
  expect(headers).toEqual({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
      "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  });
  expect(body).toContain('<title>Title</title>');
  expect(body).toContain('<link rel="stylesheet" href="/style.css">');
  expect(body).toContain('<script type="module" src="/app.js"></script>');
});

test('what a page is made of is not kept by the browser', () => {
  expect(asset('text/css', 'a{}')).toEqual({
    status: 200,
    headers: { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'no-store' },
    body: 'a{}',
  });
});

test('a request is answered with JSON', () => {
  expect(answer(409, null)).toEqual({ status: 409, headers: { 'content-type': 'application/json' }, body: 'null' });
});
