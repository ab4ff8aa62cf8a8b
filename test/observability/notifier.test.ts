import { SNSClient } from '@aws-sdk/client-sns';
import { expect, onTestFinished, test, vi } from 'vitest';
import { CENTRAL_ACCOUNT } from '../../src/local/accounts.ts';
import { startSns } from '../../src/local/services/sns.ts';
import { notifier } from '../../src/observability/notifier.ts';
import { closing, simulatedAws } from '../local/services/simulated-aws.ts';
import { keptLog } from './outputs.ts';

const STARTED = {
  action: 'drill',
  executionId: 'DR-1',
  correlationId: 'incident-7',
  tags: { 'DR-Wave': '1' },
  startedAt: Date.parse('2026-03-02T03:00:00Z'),
} as const;

/** A topic of the simulated SNS in a Region that is not the function's own, and a notifier. */
async function world() {
  const aws = simulatedAws();
  const sns = closing(await startSns({ ...aws.options, region: 'eu-west-1' }));
  onTestFinished(() => void vi.unstubAllEnvs());
  vi.stubEnv('AWS_ENDPOINT_URL_SNS', sns.url);
  vi.stubEnv('AWS_REGION', 'us-east-2');
  const { log, lines } = keptLog();
  const credentials = aws.identities.forRole(`arn:aws:iam::${CENTRAL_ACCOUNT}:role/finish`);
  return {
    sns,
    lines,
    topicArn: sns.createTopic({ name: 'dr-notifications' }),
    notify: notifier({ credentials, log }),
  };
}

test('a notification is published in the Region of its topic, with its subject and its attributes', async () => {
  const { sns, topicArn, notify, lines } = await world();
  const send = vi.spyOn(SNSClient.prototype, 'send');

  expect(await notify(topicArn, 'executionStarted', STARTED)).toBe(true);

  const client = send.mock.contexts[0] as SNSClient | undefined;
  expect(await client?.config.region()).toBe('eu-west-1');
  expect(sns.published(topicArn)).toMatchObject([
    {
      subject: 'DRS Orchestration Started: drill of DR-Wave=1',
      message: expect.stringMatching(/^The drill of DR-Wave=1 has started\.\n/),
      attributes: {
        kind: { dataType: 'String', value: 'executionStarted' },
        action: { dataType: 'String', value: 'drill' },
        status: { dataType: 'String', value: 'executing' },
        executionId: { dataType: 'String', value: 'DR-1' },
        correlationId: { dataType: 'String', value: 'incident-7' },
      },
    },
  ]);
  expect(lines).toEqual([]);
});

test('a topic that refuses is logged and stops nothing', async () => {
  const { sns, topicArn, notify, lines } = await world();
  sns.fail(topicArn, 'AuthorizationError');

  expect(await notify(topicArn, 'executionStarted', STARTED)).toBe(false);

  expect(lines).toMatchObject([
    {
      level: 'error',
      message: 'A notification could not be published; the recovery goes on',
      fields: {
        kind: 'executionStarted',
        topicArn,
        executionId: 'DR-1',
        correlationId: 'incident-7',
        error: expect.stringContaining('AuthorizationError'),
      },
    },
  ]);
});

test('facts that cannot be told stop nothing either', async () => {
  const { topicArn, notify, lines } = await world();
  expect(await notify(topicArn, 'executionStarted', { ...STARTED, startedAt: Number.NaN })).toBe(false);
  expect(lines).toMatchObject([{ level: 'error', fields: { error: 'RangeError' } }]);
});

test('an ARN that is none stops nothing either', async () => {
  const { notify, lines } = await world();
  expect(await notify('dr-notifications', 'executionStarted', STARTED)).toBe(false);
  expect(lines).toHaveLength(1);
});
