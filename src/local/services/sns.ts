import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { CENTRAL_ACCOUNT, REGION } from '../accounts.ts';
import type { Identity } from '../aws/identities.ts';
import { type QueryOperation, serveQuery } from './query-service.ts';
import { notAuthorized, ServiceError, type ServiceOptions } from './service.ts';

/** A topic and who may publish to it from elsewhere. The account that owns it always may. */
export interface TopicDefinition {
  /** 1 to 256 letters, digits, hyphens and underscores (SNS API reference, CreateTopic). */
  name: string;
  /** @default - the central account */
  accountId?: string;
  /** Accounts that the topic's policy allows sns:Publish. */
  allowedAccounts?: readonly string[];
}

/** One attribute of a message. */
export interface MessageAttribute {
  /** `String`, `String.Array`, `Number` or `Binary`. */
  dataType: string;
  /** Text; of a Binary, its base64. */
  value: string;
}

/** A message that SNS has taken. */
export interface PublishedMessage {
  messageId: string;
  subject: string | undefined;
  message: string;
  attributes: Readonly<Record<string, MessageAttribute>>;
  /** Role that published it. */
  publisher: string;
  /** Time of the simulation's clock, milliseconds since the epoch. */
  publishedAt: number;
}

/** Codes that Publish can be made to fail with, and their HTTP status (SNS API reference, Publish). */
const FAULTS = {
  InternalError: 500,
  Throttled: 429,
  AuthorizationError: 403,
  KMSAccessDenied: 400,
  KMSDisabled: 400,
} as const;

export type TopicFault = keyof typeof FAULTS;

/** Somebody who is told of what is published. Nothing is delivered. */
export interface LocalSubscription {
  /** e.g. `email`. */
  protocol: string;
  endpoint: string;
  /** False while the endpoint's owner has not confirmed it. */
  confirmed: boolean;
}

/** Amazon Simple Notification Service on a loopback port. */
export interface LocalSns {
  /** For `AWS_ENDPOINT_URL_SNS`. */
  url: string;
  /** Creates a topic and answers its ARN. @throws {Error} when it exists, or when its name is not one */
  createTopic(topic: TopicDefinition): string;
  /** The newest messages of a topic, at most {@link KEPT_MESSAGES}, oldest first. @throws {Error} when there is no topic */
  published(topicArn: string): readonly PublishedMessage[];
  /** Subscribes somebody to a topic, in the place of the same protocol and endpoint. @throws {Error} when there is no topic */
  subscribe(topicArn: string, subscription: LocalSubscription): void;
  /** Lets every Publish to a topic fail, until {@link endFault}. @throws {Error} when there is no topic */
  fail(topicArn: string, fault: TopicFault): void;
  /** Ends {@link fail}. @throws {Error} when there is no topic */
  endFault(topicArn: string): void;
  close(): Promise<void>;
}

/** How many messages of a topic can be read back: a long practice session must not grow without end. */
export const KEPT_MESSAGES = 200;

const XML_NAMESPACE = 'http://sns.amazonaws.com/doc/2010-03-31/';
const TOPIC_NAME = /^[\w-]{1,256}$/;

/**
 * Of Publish: "at most 256 KB in size (262,144 bytes)", and "all parts of the message attribute, including name, type, and
 * value, are included in the message size restriction" (SNS API reference, Publish and MessageAttributeValue).
 */
const MESSAGE_LIMIT_BYTES = 262_144;

/**
 * "Subjects must be UTF-8 text with no line breaks or control characters, and less than 100 characters long" (SNS API
 * reference, Publish). Earlier editions asked for ASCII that begins with a letter, digit or punctuation mark.
 */
const SUBJECT = /^[^\p{Cc}\u2028\u2029]{1,99}$/u;

/** Rules of attribute names (SNS developer guide, message attributes). */
const ATTRIBUTE_NAME = /^(?!\.)(?!.*\.\.)(?!aws\.|amazon\.)[\w.-]{1,256}(?<!\.)$/i;
const DATA_TYPES = ['String', 'String.Array', 'Number', 'Binary'];

interface Topic {
  arn: string;
  accountId: string;
  allowedAccounts: readonly string[];
  messages: PublishedMessage[];
  subscriptions: LocalSubscription[];
  fault: TopicFault | undefined;
}

/** Starts SNS with Publish to topics and ListSubscriptionsByTopic (in one page). PublishBatch, FIFO topics, SMS and mobile push are not simulated. */
export async function startSns(options: ServiceOptions & { region?: string }): Promise<LocalSns> {
  const { clock, region = REGION } = options;
  const topics = new Map<string, Topic>();
  const known = (arn: string): Topic => {
    const topic = topics.get(arn);
    if (topic === undefined) throw new Error(`there is no topic ${arn}`);
    return topic;
  };

  const publish: QueryOperation = {
    resource: (parameters) => targetOf(parameters) ?? '*',
    run(parameters, caller) {
      const topic = findTopic(topics, targetOf(parameters));
      authorize(topic, caller);
      const content = contentOf(parameters);
      if (topic.fault !== undefined) {
        throw new ServiceError(topic.fault, `Publish failed: ${topic.fault}.`, FAULTS[topic.fault]);
      }
      const message = { messageId: randomUUID(), ...content, publisher: caller.roleArn, publishedAt: clock.now() };
      topic.messages = [...topic.messages, message].slice(-KEPT_MESSAGES);
      return { MessageId: message.messageId };
    },
  };

  const listSubscriptionsByTopic: QueryOperation = {
    resource: (parameters) => targetOf(parameters) ?? '*',
    run(parameters, caller) {
      const topic = findTopic(topics, targetOf(parameters));
      authorize(topic, caller);
      const Subscriptions = topic.subscriptions.map(({ protocol, endpoint, confirmed }) => ({
        SubscriptionArn: confirmed ? `${topic.arn}:${randomUUID()}` : 'PendingConfirmation',
        Owner: topic.accountId,
        Protocol: protocol,
        Endpoint: endpoint,
        TopicArn: topic.arn,
      }));
      return { Subscriptions };
    },
  };

  const operations = { Publish: publish, ListSubscriptionsByTopic: listSubscriptionsByTopic };
  const server = await serveQuery({ service: 'sns', xmlns: XML_NAMESPACE, operations }, options);
  return {
    url: server.url,
    createTopic({ name, accountId = CENTRAL_ACCOUNT, allowedAccounts = [] }) {
      if (!TOPIC_NAME.test(name)) throw new Error(`"${name}" is not a topic's name`);
      const arn = `arn:aws:sns:${region}:${accountId}:${name}`;
      if (topics.has(arn)) throw new Error(`topic ${arn} exists`);
      topics.set(arn, { arn, accountId, allowedAccounts, messages: [], subscriptions: [], fault: undefined });
      return arn;
    },
    published: (topicArn) => known(topicArn).messages,
    subscribe(topicArn, subscription) {
      const topic = known(topicArn);
      const isSame = ({ protocol, endpoint }: LocalSubscription) =>
        protocol === subscription.protocol && endpoint === subscription.endpoint;
      topic.subscriptions = [...topic.subscriptions.filter((one) => !isSame(one)), subscription];
    },
    fail(topicArn, fault) {
      known(topicArn).fault = fault;
    },
    endFault(topicArn) {
      known(topicArn).fault = undefined;
    },
    close: () => server.close(),
  };
}

function invalid(reason: string): ServiceError {
  return new ServiceError('InvalidParameter', `Invalid parameter: ${reason}`);
}

/** A topic may be named by TopicArn or by TargetArn (SNS API reference, Publish). */
function targetOf(parameters: URLSearchParams): string | undefined {
  return parameters.get('TopicArn') ?? parameters.get('TargetArn') ?? undefined;
}

function findTopic(topics: ReadonlyMap<string, Topic>, arn: string | undefined): Topic {
  if (arn === undefined) throw invalid('TopicArn or TargetArn Reason: no value for required parameter');
  const elements = arn.split(':').length;
  if (elements < 6) throw invalid(`TopicArn Reason: An ARN must have at least 6 elements, not ${elements}`);
  const topic = topics.get(arn);
  if (topic === undefined) throw new ServiceError('NotFound', 'Topic does not exist', 404);
  return topic;
}

function authorize(topic: Topic, caller: Identity): void {
  if (topic.accountId === caller.accountId || topic.allowedAccounts.includes(caller.accountId)) return;
  const because = 'no resource-based policy allows the SNS:Publish action';
  throw new ServiceError('AuthorizationError', notAuthorized(caller, 'SNS:Publish', topic.arn, because), 403);
}

function contentOf(parameters: URLSearchParams): Pick<PublishedMessage, 'subject' | 'message' | 'attributes'> {
  const subject = parameters.get('Subject') ?? undefined;
  if (subject !== undefined && !SUBJECT.test(subject)) throw invalid('Subject');
  const message = parameters.get('Message') ?? '';
  if (message === '') throw invalid('Empty message');
  const attributes = attributesOf(parameters);
  const bytes = Object.entries(attributes).reduce(
    (sum, [name, { dataType, value }]) => sum + Buffer.byteLength(name + dataType) + valueBytes(dataType, value),
    Buffer.byteLength(message),
  );
  if (bytes > MESSAGE_LIMIT_BYTES) throw invalid('Message too long');
  checkStructure(parameters.get('MessageStructure'), message);
  return { subject, message, attributes };
}

function valueBytes(dataType: string, value: string): number {
  return Buffer.byteLength(value, dataType === 'Binary' ? 'base64' : 'utf8');
}

/** With MessageStructure `json`, the message is a JSON object with a text of the key `default` (SNS API reference, Publish). */
function checkStructure(structure: string | null, message: string): void {
  if (structure === null) return;
  if (structure !== 'json') throw invalid('MessageStructure');
  let parsed: unknown;
  try {
    parsed = JSON.parse(message);
  } catch {
    throw invalid('Message Structure - JSON message body failed to parse');
  }
  const body = z.object({ default: z.string() }).safeParse(parsed);
  if (!body.success) {
    throw invalid('Message Structure - No default entry in JSON message body');
  }
}

/** A map in a query request: `MessageAttributes.entry.1.Name`, `MessageAttributes.entry.1.Value.DataType`, … */
function attributesOf(parameters: URLSearchParams): Record<string, MessageAttribute> {
  const prefixes = [...parameters.keys()].flatMap(
    (key) => /^(MessageAttributes\.entry\.\d+\.)Name$/.exec(key)?.[1] ?? [],
  );
  const attributes: Record<string, MessageAttribute> = {};
  for (const prefix of prefixes) {
    const name = parameters.get(`${prefix}Name`) ?? '';
    if (!ATTRIBUTE_NAME.test(name) || Object.hasOwn(attributes, name)) {
      throw invalidAttribute(`The message attribute name '${name}' is not valid or not unique.`);
    }
    attributes[name] = attributeOf(parameters, prefix, name);
  }
  return attributes;
}

function attributeOf(parameters: URLSearchParams, prefix: string, name: string): MessageAttribute {
  const dataType = parameters.get(`${prefix}Value.DataType`) ?? '';
  if (!DATA_TYPES.includes(dataType)) {
    throw invalidAttribute(`The message attribute '${name}' has an invalid message attribute type.`);
  }
  const member = dataType === 'Binary' ? 'BinaryValue' : 'StringValue';
  const value = parameters.get(`${prefix}Value.${member}`) ?? '';
  if (value === '') {
    throw invalidAttribute(
      `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${dataType}'.`,
    );
  }
  if (dataType === 'Number' && !Number.isFinite(Number(value))) {
    throw invalidAttribute(`Could not cast message attribute '${name}' value to number.`);
  }
  return { dataType, value };
}

function invalidAttribute(message: string): ServiceError {
  return new ServiceError('ParameterValueInvalid', message);
}
