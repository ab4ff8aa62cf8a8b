import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { z } from 'zod';
import { CENTRAL_ACCOUNT } from '../accounts.ts';
import type { LocalHandler, LocalRequest, LocalResponse } from '../http.ts';
import type { FunctionHost } from './function-host.ts';
import { LambdaError } from './lambda-error.ts';

/** API Gateway's limit for the body of a request to an HTTP API: 10 MB. */
const BODY_LIMIT_BYTES = 10 * 1024 * 1024;

/** Types whose bodies API Gateway passes on as text. Anything else, forms too, travels in base64. */
const TEXT_TYPES = /^(text\/.*|application\/(json|javascript|xml|.*\+json|.*\+xml))$/;

const proxyAnswer = z.object({
  statusCode: z.number(),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/**
 * An API Gateway HTTP API with one route (any method on `path`), in front of a function: requests become events of the
 * payload format 2.0, the function's answer becomes the response. A failed function is 500, another path 404, a body
 * over `maxBodyBytes` (default: API Gateway's 10 MB) 413. Cookies are passed in and not out.
 */
export function httpFront(options: {
  host: FunctionHost;
  functionName: string;
  path: string;
  maxBodyBytes?: number;
}): LocalHandler {
  const { host, functionName, path, maxBodyBytes = BODY_LIMIT_BYTES } = options;
  return async (request) => {
    if (request.path !== path) return json(404, { message: 'Not Found' });
    if (request.body.length > maxBodyBytes) return json(413, { message: 'Request Entity Too Large' });
    try {
      return toResponse(await host.invoke(functionName, toEvent(request)));
    } catch (error) {
      if (error instanceof LambdaError) return json(500, { message: 'Internal Server Error' });
      throw error;
    }
  };
}

/** The event of the payload format 2.0. Its times are real: what checks them (signatures) is never on simulated time. */
function toEvent(request: LocalRequest): APIGatewayProxyEventV2 {
  const headers = joinedHeaders(request);
  const now = new Date();
  const routeKey = `ANY ${request.path}`;
  const isText = TEXT_TYPES.test((headers['content-type'] ?? 'text/plain').split(';')[0]?.trim().toLowerCase() ?? '');
  const query = joinedQuery(request.query);
  return {
    version: '2.0',
    routeKey,
    rawPath: request.path,
    rawQueryString: request.query.toString(),
    ...(request.headers.cookie === undefined ? {} : { cookies: request.headers.cookie.split(/;\s*/) }),
    headers,
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: CENTRAL_ACCOUNT,
      apiId: 'local',
      domainName: headers.host ?? 'localhost',
      domainPrefix: 'local',
      http: {
        method: request.method,
        path: request.path,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(request.body.length === 0 ? {} : { body: request.body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: request.body.length > 0 && !isText,
  };
}

/** e.g. `12/Mar/2026:19:03:58 +0000` */
function commonLogTime(time: Date): string {
  const [, day, month, year, clock] = time.toUTCString().split(' ');
  return `${day}/${month}/${year}:${clock} +0000`;
}

function joinedHeaders({ headers }: LocalRequest): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && name !== 'cookie') joined[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return joined;
}

function joinedQuery(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name).join(',')]));
}

/** An answer without a status code is the body of a 200, as the payload format 2.0 has it. */
function toResponse(answer: unknown): LocalResponse {
  if (typeof answer !== 'object' || answer === null || !('statusCode' in answer)) return json(200, answer);
  const parsed = proxyAnswer.safeParse(answer);
  if (!parsed.success) return json(500, { message: 'Internal Server Error' });
  const { statusCode, headers, body, isBase64Encoded } = parsed.data;
  const named = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return {
    status: statusCode,
    headers: { 'content-type': 'text/plain;charset=UTF-8', ...Object.fromEntries(named) },
    body: isBase64Encoded ? Buffer.from(body ?? '', 'base64') : (body ?? ''),
  };
}

function json(status: number, body: unknown): LocalResponse {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}
