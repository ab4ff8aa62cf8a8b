import { parse as parseForm } from 'node:querystring';
import { isValidSlackRequest } from '@slack/bolt';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { z } from 'zod';
import { isSlacks } from '../platform/slack.ts';
import { isCommand, isDelivery, isInteraction } from './payload.ts';

/** Requests from Slack are far smaller; a card with its message is under 64 KiB. */
const MAX_BODY_BYTES = 512 * 1_024;
/** Slack's own advice: a timestamp further away than five minutes may be a replay. Both ways, in real time. */
const MAX_SKEW_SECONDS = 300;

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

/** Where a request of Slack's says that answers go. Of a submitted form there may be several. */
const answersToSchema = z.object({
  response_url: z.string().optional(),
  response_urls: z.array(z.object({ response_url: z.string() })).optional(),
});

/** A request from Slack that may be given to Bolt. */
export interface VerifiedRequest {
  /** The event as AwsLambdaReceiver expects it: text body, exact content type. */
  event: APIGatewayProxyEventV2;
}

/** Why a request was turned away. */
export interface TurnedAway {
  answer: APIGatewayProxyStructuredResultV2;
  why: string;
}

/**
 * Checks a request before Bolt sees it: size, then signature and age, then form and where its answer would go. Bolt
 * reads the body (with `node:querystring`, as it is read here) before it checks the signature, takes timestamps from the future, decodes base64 as ASCII, and answers
 * to whatever address a request names.
 */
export function verifyRequest(
  event: APIGatewayProxyEventV2,
  signingSecret: string,
  realNow: number,
): VerifiedRequest | TurnedAway {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES) return turnAway(413, 'the request is too large');
  const body = bytes.toString('utf8');

  const header = (name: string): string | undefined =>
    Object.entries(event.headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];
  const signature = header('x-slack-signature');
  const timestamp = header('x-slack-request-timestamp');
  if (signature === undefined || timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) {
    return turnAway(401, 'the request is not signed');
  }
  if (Math.abs(realNow / 1_000 - Number(timestamp)) > MAX_SKEW_SECONDS)
    return turnAway(401, 'the request is too old or from the future');
  const headers = { 'x-slack-signature': signature, 'x-slack-request-timestamp': Number(timestamp) };
  if (!isValidSlackRequest({ signingSecret, body, headers, nowMilliseconds: realNow })) {
    return turnAway(401, 'the signature is wrong');
  }

  const contentType = (header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!isWellFormed(contentType, body)) return turnAway(400, 'the body is malformed');
  if (!answersToSlack(contentType, body)) return turnAway(400, 'its answer would not go to Slack');
  return {
    event: {
      ...event,
      body,
      isBase64Encoded: false,
      headers: {
        'content-type': contentType,
        'x-slack-signature': signature,
        'x-slack-request-timestamp': timestamp,
      },
    },
  };
}

function turnAway(statusCode: number, why: string): TurnedAway {
  return { why, answer: { statusCode, headers: { 'content-type': JSON_TYPE }, body: JSON.stringify({ error: why }) } };
}

/** True for what Slack sends: a command, a payload, an ssl_check, or an event. */
function isWellFormed(contentType: string, body: string): boolean {
  if (contentType === JSON_TYPE) return isDelivery(jsonIn(body));
  if (contentType !== FORM) return false;
  const form = parseForm(body);
  // Slack sends none twice.
  if (!Object.values(form).every((value) => typeof value === 'string')) return false;
  if (typeof form.payload === 'string') return isInteraction(jsonIn(form.payload));
  return form.ssl_check !== undefined || isCommand(form);
}

/** True when no address in the body, to which Bolt would send an answer, is another than Slack's. */
function answersToSlack(contentType: string, body: string): boolean {
  if (contentType !== FORM) return true;
  const form = parseForm(body);
  const given = typeof form.payload === 'string' ? jsonIn(form.payload) : form;
  const parsed = answersToSchema.safeParse(given);
  if (!parsed.success) return false;
  const { response_url: one, response_urls: more = [] } = parsed.data;
  const addresses = [...(one === undefined ? [] : [one]), ...more.map(({ response_url }) => response_url)];
  return addresses.every((address) => address === '' || isSlacks(address));
}

/** What JSON says; undefined for no JSON. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
