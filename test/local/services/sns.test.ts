import {
  type MessageAttributeValue,
  PublishCommand,
  type PublishCommandInput,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { CENTRAL_ACCOUNT, STAGING_ACCOUNTS } from '../../../src/local/accounts.ts';
import { KEPT_MESSAGES, startSns } from '../../../src/local/services/sns.ts';
import { closing, simulatedAws } from './simulated-aws.ts';

async function world() {
  const aws = simulatedAws();
  const sns = closing(await startSns(aws.options));
  const topicArn = sns.createTopic({ name: 'alerts' });
  const client = new SNSClient(aws.client(sns.url));
  const publish = (input: Partial<PublishCommandInput>) =>
    client.send(new PublishCommand({ TopicArn: topicArn, Message: 'text', ...input }));
  return { ...aws, sns, topicArn, client, publish };
}

describe('SNS', () => {
  it('keeps what was published, with subject and attributes', async () => {
    const { sns, topicArn, publish, clock, calls } = await world();
    expect(topicArn).toBe(`arn:aws:sns:us-east-2:${CENTRAL_ACCOUNT}:alerts`);
    const { MessageId } = await publish({
      Subject: 'Gate "2" <waits> ü',
      Message: 'a & b\n+ c',
      MessageAttributes: {
        kind: { DataType: 'String', StringValue: 'gate' },
        count: { DataType: 'Number', StringValue: '3' },
        raw: { DataType: 'Binary', BinaryValue: Buffer.from('xyz') },
      },
    });
    expect(sns.published(topicArn)).toEqual([
      {
        messageId: MessageId,
        subject: 'Gate "2" <waits> ü',
        message: 'a & b\n+ c',
        attributes: {
          kind: { dataType: 'String', value: 'gate' },
          count: { dataType: 'Number', value: '3' },
          raw: { dataType: 'Binary', value: 'eHl6' },
        },
        publisher: `arn:aws:iam::${CENTRAL_ACCOUNT}:role/tester`,
        publishedAt: clock.now(),
      },
    ]);
    expect(calls).toMatchObject([{ service: 'sns', action: 'Publish', resource: topicArn, outcome: 'ok' }]);
  });

  it('takes a subject of less than 100 characters without line breaks and control characters', async () => {
    const { publish, sns, topicArn } = await world();
    const refused = { name: 'InvalidParameterException', message: 'Invalid parameter: Subject' };
    for (const Subject of ['x'.repeat(100), 'two\nlines', 'bell\u0007', '']) {
      await expect(publish({ Subject })).rejects.toMatchObject(refused);
    }
    await publish({ Subject: 'x'.repeat(99) });
    expect(sns.published(topicArn)).toHaveLength(1);
  });

  it('takes 262,144 bytes of message and attributes together, and no empty message', async () => {
    const { publish } = await world();
    const tooLong = { name: 'InvalidParameterException', message: 'Invalid parameter: Message too long' };
    await publish({ Message: 'x'.repeat(262_144) });
    await expect(publish({ Message: `${'x'.repeat(262_143)}ü` })).rejects.toMatchObject(tooLong);
    const MessageAttributes = { a: { DataType: 'String', StringValue: 'b' } };
    await publish({ Message: 'x'.repeat(262_144 - 8), MessageAttributes });
    await expect(publish({ Message: 'x'.repeat(262_144 - 7), MessageAttributes })).rejects.toMatchObject(tooLong);
    await expect(publish({ Message: '' })).rejects.toThrow('Empty message');
  });

  it('checks names, types and values of attributes', async () => {
    const { publish } = await world();
    const wrong: Record<string, MessageAttributeValue>[] = [
      { 'AWS.x': { DataType: 'String', StringValue: 'v' } },
      { '.x': { DataType: 'String', StringValue: 'v' } },
      { 'a..b': { DataType: 'String', StringValue: 'v' } },
      { x: { DataType: 'Text', StringValue: 'v' } },
      { x: { DataType: 'String', StringValue: '' } },
      { x: { DataType: 'Number', StringValue: 'many' } },
    ];
    for (const MessageAttributes of wrong) {
      await expect(publish({ MessageAttributes })).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
    }
  });

  it('asks for a default text in a JSON message', async () => {
    const { publish, sns, topicArn } = await world();
    const json = { MessageStructure: 'json' };
    await expect(publish({ ...json, Message: '{"email":"x"}' })).rejects.toThrow('No default entry');
    await expect(publish({ ...json, Message: 'no' })).rejects.toThrow('failed to parse');
    await publish({ ...json, Message: '{"default":"x"}' });
    expect(sns.published(topicArn)).toHaveLength(1);
  });

  it('says whether the topic is missing, misspelt or not named at all', async () => {
    const { publish, topicArn } = await world();
    await expect(publish({ TopicArn: `${topicArn}2` })).rejects.toMatchObject({
      name: 'NotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(publish({ TopicArn: 'alerts' })).rejects.toThrow('at least 6 elements, not 1');
    await expect(publish({ TopicArn: undefined })).rejects.toThrow('no value for required parameter');
    await publish({ TopicArn: undefined, TargetArn: topicArn });
  });

  it('lets other accounts publish only where the topic allows it', async () => {
    const { sns, stagingClient, topicArn } = await world();
    const staging = new SNSClient(stagingClient(sns.url));
    const shared = sns.createTopic({ name: 'shared', allowedAccounts: [STAGING_ACCOUNTS[0]] });
    const refused = staging.send(new PublishCommand({ TopicArn: topicArn, Message: 'm' }));
    await expect(refused).rejects.toMatchObject({ name: 'AuthorizationErrorException' });
    await staging.send(new PublishCommand({ TopicArn: shared, Message: 'm' }));
    expect([sns.published(topicArn).length, sns.published(shared).length]).toEqual([0, 1]);
  });

  it('fails as told, until the fault is ended', async () => {
    const { sns, topicArn, publish } = await world();
    sns.fail(topicArn, 'KMSDisabled');
    await expect(publish({})).rejects.toMatchObject({ name: 'KMSDisabledException' });
    sns.fail(topicArn, 'InternalError');
    await expect(publish({})).rejects.toMatchObject({
      name: 'InternalErrorException',
      $metadata: { httpStatusCode: 500 },
    });
    sns.endFault(topicArn);
    await publish({});
    expect(sns.published(topicArn)).toHaveLength(1);
    expect(() => sns.fail('arn:aws:sns:us-east-2:1:none', 'Throttled')).toThrow('no topic');
  });

  it('keeps a bounded number of messages: the newest', async () => {
    const { sns, topicArn, publish } = await world();
    const last = KEPT_MESSAGES + 2;
    for (let from = 1; from <= last; from += 50) {
      const batch = Array.from({ length: Math.min(50, last - from + 1) }, (_, index) => String(from + index));
      await Promise.all(batch.map((Message) => publish({ Message })));
    }
    const kept = sns.published(topicArn).map(({ message }) => message);
    expect(kept).toHaveLength(KEPT_MESSAGES);
    expect([kept.includes('1'), kept.includes(String(last))]).toEqual([false, true]);
  });

  it('refuses unknown signers, what is not simulated, and topics that cannot be', async () => {
    const { sns, client, strangerClient, topicArn } = await world();
    const stranger = new SNSClient(strangerClient(sns.url));
    const publish = new PublishCommand({ TopicArn: topicArn, Message: 'm' });
    await expect(stranger.send(publish)).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
    const subscribe = new SubscribeCommand({ TopicArn: topicArn, Protocol: 'email' });
    await expect(client.send(subscribe)).rejects.toMatchObject({ name: 'InvalidAction' });
    expect(() => sns.createTopic({ name: 'alerts' })).toThrow('exists');
    expect(() => sns.createTopic({ name: 'a b' })).toThrow('not a topic');
  });
});
