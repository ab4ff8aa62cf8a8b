/** The least that answers `/dr` on Bolt: what is compared with slack-ingress and with slack-edge. It looks nothing up. */
import { App, AwsLambdaReceiver } from '@slack/bolt';

const receiver = new AwsLambdaReceiver({ signingSecret: process.env.SLACK_SIGNING_SECRET ?? '' });
const app = new App({
  receiver,
  authorize: async () => ({ botToken: process.env.SLACK_BOT_TOKEN ?? '' }),
  convoStore: false,
});
app.command('/dr', async ({ ack }) => {
  await ack({ response_type: 'ephemeral', text: '*What you may do*' });
});

export const handler = receiver.toHandler();
