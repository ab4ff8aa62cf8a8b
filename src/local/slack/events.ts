import { type AppResponse, sendToApp, VERIFICATION_TOKEN } from './app-request.ts';
import { slackId } from './ids.ts';
import type { JsonObject } from './json.ts';
import { LIMITS } from './limits.ts';
import { WORKSPACE } from './people.ts';
import type { SlackApp } from './person.ts';
import type { SlackWorkspace } from './workspace.ts';

/** The events that people of the workspace can cause. */
export type AppEventType = 'app_mention' | 'app_home_opened';

/** An event as its reference page shows it, without the envelope. */
export interface AppEvent extends JsonObject {
  type: AppEventType;
  event_ts: string;
}

/** What became of an event. */
export interface EventDelivery {
  eventId: string;
  /** Requests that were sent, the first one among them. */
  attempts: number;
  /** True when one of them was answered with a 2xx. */
  delivered: boolean;
}

/** Why a request counts as failed, in the words of `x-slack-retry-reason`. */
function failureOf({ status, failure }: AppResponse): string | undefined {
  if (failure === 'timeout') return 'http_timeout';
  if (failure === 'connection') return 'connection_failed';
  return status >= 200 && status < 300 ? undefined : 'http_error';
}

/** Waits on the workspace's clock, or in real time without keeping the process alive. */
function wait(workspace: SlackWorkspace, ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (workspace.clock === undefined) setTimeout(resolve, ms).unref();
    else workspace.clock.after(ms, resolve);
  });
}

/**
 * Sends an event to the app in the envelope of the Events API (Slack's documentation, "The Events API"), and again at
 * once, after one minute and after five when it is not answered with a 2xx in time, unless the app answers with
 * `x-slack-no-retry: 1`. An event that the app has not subscribed to is not sent.
 * @returns what became of it, after the last attempt; undefined when it was not sent
 */
export async function deliverEvent(
  workspace: SlackWorkspace,
  app: SlackApp,
  event: AppEvent,
): Promise<EventDelivery | undefined> {
  if (!workspace.events.includes(event.type)) return undefined;
  const eventId = slackId('Ev');
  const body = JSON.stringify({
    token: VERIFICATION_TOKEN,
    team_id: WORKSPACE.teamId,
    context_team_id: WORKSPACE.teamId,
    context_enterprise_id: null,
    api_app_id: WORKSPACE.appId,
    event,
    type: 'event_callback',
    event_id: eventId,
    event_time: Math.floor(workspace.now() / 1_000),
    authorizations: [
      {
        enterprise_id: null,
        team_id: WORKSPACE.teamId,
        user_id: WORKSPACE.botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: false,
    event_context: `4-${eventId}`,
  });
  let retryHeaders: Record<string, string> = {};
  for (let attempt = 0; ; attempt += 1) {
    const answer = await sendToApp(workspace, app, { contentType: 'application/json', body, headers: retryHeaders });
    const reason = failureOf(answer);
    const delay = LIMITS.eventRetriesMs[attempt];
    const isFinal = reason === undefined || delay === undefined || answer.headers.get('x-slack-no-retry') === '1';
    if (isFinal) return { eventId, attempts: attempt + 1, delivered: reason === undefined };
    retryHeaders = { 'x-slack-retry-num': String(attempt + 1), 'x-slack-retry-reason': reason };
    if (delay > 0) await wait(workspace, delay);
  }
}
