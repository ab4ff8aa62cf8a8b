import { createHmac } from 'node:crypto';

/**
 * The value of `X-Slack-Signature` for a request: HMAC-SHA256 under the app's signing secret over version, timestamp and
 * body (Slack's documentation, "Verifying requests from Slack").
 * @param timestamp seconds since the Unix epoch, as in `X-Slack-Request-Timestamp`
 * @param body the body's bytes as text, exactly as sent
 */
export function slackSignature(signingSecret: string, timestamp: number, body: string): string {
  return `v0=${createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
}
