import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { CENTRAL_ACCOUNT, REGION } from '../accounts.ts';
import type { Clock } from '../clock.ts';
import type { FunctionHost } from '../lambda/function-host.ts';
import { compilePattern, type EventPattern } from './event-pattern.ts';
import { operation, serveJson } from './json-service.ts';
import { notAuthorized, ServiceError, type ServiceOptions } from './service.ts';

/** An event as EventBridge delivers it. */
export interface BusEvent {
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  /** Account of whoever put the event. */
  account: string;
  /** ISO 8601 to the second, of the simulation's clock. */
  time: string;
  region: string;
  resources: string[];
  detail: unknown;
}

/** An event bus and who may put events onto it from elsewhere. The account that owns it always may. */
export interface BusDefinition {
  name: string;
  /** Default: the central account. */
  accountId?: string;
  /** Accounts that the bus's resource policy allows events:PutEvents. */
  allowedAccounts?: readonly string[];
}

/** Where a rule sends events: a function (invoked asynchronously, with Lambda's retries) or another bus. */
export type RuleTarget = { functionName: string } | { busArn: string };

/** A rule of a bus. To take events from one account to another, give the first account's bus a rule whose target is the other's. */
export interface Rule {
  /** The bus's ARN; {@link LocalEventBridge.busArn} gives that of an account's default bus. */
  busArn: string;
  pattern: EventPattern;
  targets: readonly RuleTarget[];
}

/** An EventBridge on a loopback port. */
export interface LocalEventBridge {
  /** For `AWS_ENDPOINT_URL_EVENTBRIDGE`. */
  url: string;
  /** Creates a bus and answers its ARN. @throws {Error} when it exists */
  createBus(bus: BusDefinition): string;
  /** The ARN of an account's bus. @default - the bus named `default`, onto which AWS services put their events */
  busArn(accountId: string, name?: string): string;
  /** Adds a rule. @throws {Error} when its pattern has an operator that is not simulated, or there is no such bus */
  addRule(rule: Rule): void;
  /** Puts an event of an AWS service (source `aws.…`) onto the default bus of an account, as the service itself does. */
  emit(accountId: string, event: { source: string; detailType: string; detail: unknown; resources?: string[] }): void;
  close(): Promise<void>;
}

interface Bus {
  arn: string;
  accountId: string;
  allowedAccounts: readonly string[];
  rules: { matches: (event: unknown) => boolean; targets: readonly RuleTarget[] }[];
}

/** PutEvents takes at most this many entries, of this many bytes together. */
const ENTRIES_LIMIT = 10;
const REQUEST_LIMIT_BYTES = 1024 * 1024;
/** A rule may send an event on to another bus; from there it goes to no third one (EventBridge user guide). */
const MOST_BUSES = 2;

const entrySchema = z.object({
  Source: z.string().nullish(),
  DetailType: z.string().nullish(),
  Detail: z.string().nullish(),
  EventBusName: z.string().nullish(),
  Resources: z.array(z.string()).nullish(),
  Time: z.number().nullish(),
});
type Entry = z.infer<typeof entrySchema>;

/** Starts an EventBridge with PutEvents. Rules invoke functions in `host`. Every account has a bus named `default`. */
export async function startEventBridge(
  options: ServiceOptions & { host: FunctionHost; region?: string },
): Promise<LocalEventBridge> {
  const { region = REGION, clock } = options;
  const buses = new Buses(options.host, region);

  const putEvents = operation(
    z.object({ Entries: z.array(entrySchema).min(1).max(ENTRIES_LIMIT) }),
    ({ Entries }, { accountId }) => buses.arn(Entries[0]?.EventBusName ?? 'default', accountId),
    ({ Entries }, caller) => {
      if (Entries.reduce((sum, entry) => sum + entryBytes(entry), 0) > REQUEST_LIMIT_BYTES) {
        throw new ServiceError('ValidationException', 'Total size of the entries in the request is over the limit.');
      }
      const results = Entries.map((entry) => {
        try {
          const event = toEvent(entry, { account: caller.accountId, region, clock });
          const busArn = buses.arn(entry.EventBusName ?? 'default', caller.accountId);
          if (!buses.allows(busArn, caller.accountId)) {
            const because = 'no resource-based policy allows the events:PutEvents action';
            throw new ServiceError('AccessDeniedException', notAuthorized(caller, 'events:PutEvents', busArn, because));
          }
          buses.deliver(busArn, event);
          return { EventId: event.id };
        } catch (error) {
          if (!(error instanceof ServiceError)) throw error;
          return { ErrorCode: error.code, ErrorMessage: error.message };
        }
      });
      return { Entries: results, FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length };
    },
    ({ Entries }, { accountId }) =>
      Entries.map(({ EventBusName, Source, DetailType }) => ({
        action: 'events:PutEvents',
        resource: buses.arn(EventBusName ?? 'default', accountId),
        context: { 'events:source': [Source ?? ''], 'events:detail-type': [DetailType ?? ''] },
      })),
  );

  const server = await serveJson(
    { service: 'events', targetPrefix: 'AWSEvents', operations: { PutEvents: putEvents } },
    options,
  );
  return {
    url: server.url,
    createBus: (bus) => buses.create(bus),
    busArn: (accountId, name = 'default') => buses.arn(name, accountId),
    addRule: (rule) => buses.addRule(rule),
    emit(accountId, { source, detailType, detail, resources = [] }) {
      const event = newEvent({ source, detailType, detail, resources }, { account: accountId, region, clock });
      buses.deliver(buses.arn('default', accountId), event);
    },
    close: () => server.close(),
  };
}

class Buses {
  readonly #host: FunctionHost;
  readonly #region: string;
  readonly #byArn = new Map<string, Bus>();

  constructor(host: FunctionHost, region: string) {
    this.#host = host;
    this.#region = region;
  }

  create({ name, accountId = CENTRAL_ACCOUNT, allowedAccounts = [] }: BusDefinition): string {
    const arn = this.arn(name, accountId);
    if (this.#byArn.has(arn)) throw new Error(`event bus ${arn} exists`);
    this.#byArn.set(arn, { arn, accountId, allowedAccounts, rules: [] });
    return arn;
  }

  /** ARN of a bus that is named as in PutEvents: an ARN, or a name in the caller's account. */
  arn(nameOrArn: string, accountId: string): string {
    return nameOrArn.startsWith('arn:')
      ? nameOrArn
      : `arn:aws:events:${this.#region}:${accountId}:event-bus/${nameOrArn}`;
  }

  addRule(rule: Rule): void {
    const matches = compilePattern(rule.pattern);
    const bus = this.#find(rule.busArn);
    if (bus === undefined) throw new Error(`event bus ${rule.busArn} does not exist`);
    bus.rules.push({ matches, targets: rule.targets });
  }

  allows(busArn: string, accountId: string): boolean {
    const owner = busArn.split(':')[4];
    return owner === accountId || (this.#find(busArn)?.allowedAccounts.includes(accountId) ?? false);
  }

  /**
   * Sends an event to the targets of the matching rules. An event for a bus that does not exist is lost without a word,
   * as on AWS (https://github.com/aws/aws-sdk/issues/186).
   */
  deliver(busArn: string, event: BusEvent, busesPassed = 0): void {
    const bus = this.#find(busArn);
    if (bus === undefined || busesPassed >= MOST_BUSES) return;
    for (const target of bus.rules.filter((rule) => rule.matches(event)).flatMap((rule) => rule.targets)) {
      if ('functionName' in target) this.#host.invokeAsync(target.functionName, event);
      else if (this.allows(target.busArn, bus.accountId)) this.deliver(target.busArn, event, busesPassed + 1);
    }
  }

  #find(arn: string): Bus | undefined {
    const isDefault = arn.endsWith(':event-bus/default');
    if (isDefault && !this.#byArn.has(arn)) this.create({ name: 'default', accountId: arn.split(':')[4] ?? '' });
    return this.#byArn.get(arn);
  }
}

interface Origin {
  account: string;
  region: string;
  clock: Clock;
}

function toEvent(entry: Entry, origin: Origin): BusEvent {
  const source = required('Source', entry.Source);
  const detailType = required('DetailType', entry.DetailType);
  const detail = parseDetail(required('Detail', entry.Detail));
  if (source.startsWith('aws.')) {
    throw new ServiceError('NotAuthorizedForSourceException', 'Not authorized for the source.');
  }
  return newEvent({ source, detailType, detail, resources: entry.Resources ?? [], time: entry.Time }, origin);
}

function newEvent(
  content: { source: string; detailType: string; detail: unknown; resources: string[]; time?: number | null },
  { account, region, clock }: Origin,
): BusEvent {
  const milliseconds = content.time == null ? clock.now() : content.time * 1000;
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': content.detailType,
    source: content.source,
    account,
    time: `${new Date(milliseconds).toISOString().slice(0, 19)}Z`,
    region,
    resources: content.resources,
    detail: content.detail,
  };
}

function required(name: string, value: string | null | undefined): string {
  if (value) return value;
  throw new ServiceError('InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
}

/** Detail must be the text of a JSON object. */
function parseDetail(text: string): unknown {
  try {
    const detail: unknown = JSON.parse(text);
    if (typeof detail === 'object' && detail !== null && !Array.isArray(detail)) return detail;
  } catch {
    // Reported below, like JSON that is no object.
  }
  throw new ServiceError('MalformedDetail', 'Detail is malformed.');
}

/** Size of an entry by EventBridge's rule: its texts in UTF-8, and 14 bytes when it has a time. */
function entryBytes({ Source, DetailType, Detail, Resources, Time }: Entry): number {
  const texts = [Source, DetailType, Detail, ...(Resources ?? [])];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), Time == null ? 0 : 14);
}
