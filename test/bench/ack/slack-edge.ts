/** The least that answers `/dr` on slack-edge: what is compared with slack-ingress and with Bolt. It looks nothing up. */
import { SlackApp } from 'slack-edge';

/** What API Gateway gives to a function, as far as it is needed. */
interface HttpEvent {
  headers: Record<string, string>;
  body: string;
}

const app = new SlackApp({
  env: {
    SLACK_SIGNING_SECRET: process.env.SLACK_SIGNING_SECRET ?? '',
    SLACK_BOT_TOKEN: process.env.SLACK_BOT_TOKEN ?? '',
    SLACK_LOGGING_LEVEL: 'WARN',
  },
  // As of the others: whose token it is is not asked at the start.
  authorize: async () => ({
    botToken: process.env.SLACK_BOT_TOKEN ?? '',
    ...{ botId: 'B0', botUserId: 'U0', botScopes: [] },
  }),
});
app.command('/dr', async () => ({ response_type: 'ephemeral', text: '*What you may do*' }));

export async function handler({ headers, body }: HttpEvent) {
  const answer = await app.run(new Request('https://bot.example/slack/events', { method: 'POST', headers, body }));
  return { statusCode: answer.status, body: await answer.text() };
}
