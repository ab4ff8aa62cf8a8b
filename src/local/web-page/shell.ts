import type { LocalResponse } from '../http.ts';

/**
 * Nothing is loaded from anywhere else, and what a page shows is never run. Inline style is let through: bars have their
 * place and length as such.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Answers with something of the page that is made anew for each asking: a browser must not keep it. */
export function asset(contentType: string, body: string, more: Record<string, string> = {}): LocalResponse {
  const headers = { 'content-type': `${contentType}; charset=utf-8`, 'cache-control': 'no-store', ...more };
  return { status: 200, headers, body };
}

/** Answers a page's request with JSON. */
export function answer(status: number, body: unknown): LocalResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** Answers with a page that its script draws; `script` and `style` are paths, and nothing of the three is escaped. */
export function html(title: string, script: string, style: string): LocalResponse {
  const text = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${style}">
</head>
<body>
<div id="root"><noscript>This page needs JavaScript.</noscript></div>
<script type="module" src="${script}"></script>
</body>
</html>
`;
  return asset('text/html', text, { 'content-security-policy': POLICY });
}
