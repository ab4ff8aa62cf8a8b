import { LIMITS } from './limits.ts';
import type { SlackApp } from './person.ts';
import { slackSignature } from './signature.ts';
import type { SlackWorkspace } from './workspace.ts';

/** Slack still sends the deprecated verification token with every request. */
export const VERIFICATION_TOKEN = 'practice-verification-token';

/** A body for the app, and what says how to read it. */
export interface AppRequest {
  contentType: 'application/x-www-form-urlencoded' | 'application/json';
  body: string;
  headers?: Record<string, string>;
}

/** What came back; `failure` says why nothing did. */
export interface AppResponse {
  /** HTTP status; 0 when there was no answer. */
  status: number;
  headers: Headers;
  body: string;
  elapsedMs: number;
  failure?: 'timeout' | 'connection';
}

/**
 * Sends one request to the app: signed in real time, or through its WebSocket where Socket Mode is on. A virtual clock is
 * held until it is answered. Never throws.
 */
export async function sendToApp(workspace: SlackWorkspace, app: SlackApp, request: AppRequest): Promise<AppResponse> {
  const { requestUrl, signingSecret, answerMs = LIMITS.answerMs } = app;
  const timestamp = Math.floor(workspace.now() / 1000);
  const release = workspace.clock?.hold();
  const started = performance.now();
  try {
    if (workspace.socketMode !== undefined) return await workspace.socketMode.send(request, answerMs);
    const response = await fetch(typeof requestUrl === 'string' ? requestUrl : requestUrl(), {
      method: 'POST',
      headers: {
        'content-type': request.contentType,
        'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
        accept: 'application/json,*/*',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': slackSignature(signingSecret, timestamp, request.body),
        ...request.headers,
      },
      body: request.body,
      redirect: 'manual',
      signal: AbortSignal.timeout(answerMs),
    });
    const body = await response.text();
    return { status: response.status, headers: response.headers, body, elapsedMs: performance.now() - started };
  } catch (error) {
    const failure = error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'connection';
    return { status: 0, headers: new Headers(), body: '', elapsedMs: performance.now() - started, failure };
  } finally {
    release?.();
  }
}
