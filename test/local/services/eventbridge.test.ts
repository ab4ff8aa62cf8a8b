import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { describe, expect, it } from 'vitest';
import { STAGING_ACCOUNTS } from '../../../src/local/accounts.ts';
import { startEventBridge } from '../../../src/local/services/eventbridge.ts';
import { closing, hostFunction, simulatedAws } from './simulated-aws.ts';

async function world() {
  const aws = simulatedAws();
  const events = closing(await startEventBridge({ ...aws.options, host: aws.host }));
  const busArn = events.createBus({ name: 'progress', allowedAccounts: [STAGING_ACCOUNTS[0]] });
  const received: unknown[] = [];
  hostFunction(aws.host, 'sink', (event) => received.push(event));
  return {
    ...aws,
    events,
    busArn,
    received,
    central: new EventBridgeClient(aws.client(events.url)),
    staging: new EventBridgeClient(aws.stagingClient(events.url)),
  };
}

function entry(changes: PutEventsRequestEntry = {}): PutEventsRequestEntry {
  return { EventBusName: 'progress', Source: 'shop', DetailType: 'Order placed', Detail: '{"n":1}', ...changes };
}

describe('EventBridge', () => {
  it("invokes a rule's function with AWS's envelope, from another account too", async () => {
    const { events, busArn, staging, received, clock, calls } = await world();
    events.addRule({
      busArn,
      pattern: { source: ['shop'], 'detail-type': ['Order placed'] },
      targets: [{ functionName: 'sink' }],
    });
    const answer = await staging.send(
      new PutEventsCommand({ Entries: [entry({ EventBusName: busArn, Resources: ['arn:x'] })] }),
    );
    await clock.idle();
    expect(answer.FailedEntryCount).toBe(0);
    expect(received).toEqual([
      {
        version: '0',
        id: answer.Entries?.[0]?.EventId,
        'detail-type': 'Order placed',
        source: 'shop',
        account: STAGING_ACCOUNTS[0],
        time: '2026-03-02T03:00:00Z',
        region: 'us-east-2',
        resources: ['arn:x'],
        detail: { n: 1 },
      },
    ]);
    expect(calls).toMatchObject([{ service: 'events', action: 'PutEvents', resource: busArn, outcome: 'ok' }]);
  });

  it('sends an event only to the rules whose pattern it matches', async () => {
    const { events, busArn, central, received, clock } = await world();
    events.addRule({ busArn, pattern: { source: ['shop', 'store'] }, targets: [{ functionName: 'sink' }] });
    const Entries = [entry(), entry({ Source: 'other' }), entry({ Source: 'store' })];
    await central.send(new PutEventsCommand({ Entries }));
    await clock.idle();
    expect(received.map((event) => (event as { source: string }).source)).toEqual(['shop', 'store']);
    const pattern = { detail: { ip: [{ cidr: '10.0.0.0/24' }] } };
    expect(() => events.addRule({ busArn, pattern, targets: [] })).toThrow('cidr');
  });

  it('tries a failing function again', async () => {
    const { events, busArn, central, received, clock, host } = await world();
    events.addRule({ busArn, pattern: {}, targets: [{ functionName: 'sink' }] });
    host.crashNext('sink', 'before');
    const start = clock.now();
    await central.send(new PutEventsCommand({ Entries: [entry()] }));
    await clock.runUntil(() => received.length === 1);
    expect(clock.now() - start).toBe(60_000);
  });

  it('answers for each entry what is wrong with it', async () => {
    const { central, busArn, identities, events } = await world();
    const codes = async (client: EventBridgeClient, ...Entries: PutEventsRequestEntry[]) => {
      const answer = await client.send(new PutEventsCommand({ Entries }));
      return [answer.FailedEntryCount, answer.Entries?.map((result) => result.ErrorCode)];
    };
    const wrong = [entry({ Source: undefined }), entry({ Detail: 'no' }), entry({ Detail: '[]' })];
    expect(await codes(central, entry(), ...wrong, entry({ Source: 'aws.ec2' }))).toEqual([
      4,
      [undefined, 'InvalidArgument', 'MalformedDetail', 'MalformedDetail', 'NotAuthorizedForSourceException'],
    ]);
    const outsider = new EventBridgeClient({
      endpoint: events.url,
      region: 'us-east-2',
      credentials: identities.forRole(`arn:aws:iam::${STAGING_ACCOUNTS[1]}:role/tester`),
    });
    expect(await codes(outsider, entry({ EventBusName: busArn }))).toEqual([1, ['AccessDeniedException']]);
  });

  it('loses an event for a bus that does not exist without a word, as AWS does', async () => {
    const { central } = await world();
    const answer = await central.send(new PutEventsCommand({ Entries: [entry({ EventBusName: 'nowhere' })] }));
    expect(answer).toMatchObject({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }] });
  });

  it('refuses more than ten entries or a megabyte at once', async () => {
    const { central } = await world();
    const refused = { name: 'ValidationException' };
    const many = new PutEventsCommand({ Entries: Array.from({ length: 11 }, () => entry()) });
    await expect(central.send(many)).rejects.toMatchObject(refused);
    const large = new PutEventsCommand({
      Entries: [entry({ Detail: JSON.stringify({ x: 'x'.repeat(1024 * 1024) }) })],
    });
    await expect(central.send(large)).rejects.toMatchObject(refused);
  });

  it("forwards an AWS service's event from an account's default bus to another account's bus, once", async () => {
    const { events, busArn, received, clock } = await world();
    const defaultArn = `arn:aws:events:us-east-2:${STAGING_ACCOUNTS[0]}:event-bus/default`;
    events.addRule({ busArn: defaultArn, pattern: { source: ['aws.ec2'] }, targets: [{ busArn }] });
    events.addRule({ busArn, pattern: {}, targets: [{ functionName: 'sink' }, { busArn: defaultArn }] });
    events.emit(STAGING_ACCOUNTS[0], { source: 'aws.ec2', detailType: 'State change', detail: { state: 'running' } });
    await clock.idle();
    expect(received).toMatchObject([{ source: 'aws.ec2', account: STAGING_ACCOUNTS[0], detail: { state: 'running' } }]);
  });

  it("takes DRS's own events of a staging account to the central account's bus, and from there to a function", async () => {
    const { events, busArn, received, clock } = await world();
    const [allowed, refused] = STAGING_ACCOUNTS;
    const fromDrs = { source: ['aws.drs'], 'detail-type': [{ suffix: 'Launch Result' }] };
    for (const accountId of [allowed, refused]) {
      events.addRule({ busArn: events.busArn(accountId), pattern: fromDrs, targets: [{ busArn }] });
    }
    events.addRule({
      busArn,
      pattern: { ...fromDrs, account: [allowed, refused], detail: { state: [{ prefix: 'RECOVERY_LAUNCH' }] } },
      targets: [{ functionName: 'sink' }],
    });
    const launch = { source: 'aws.drs', detailType: 'DRS Source Server Launch Result', resources: ['arn:server'] };
    for (const accountId of [allowed, refused]) {
      events.emit(accountId, { ...launch, detail: { state: 'RECOVERY_LAUNCH_FAILED' } });
    }
    events.emit(allowed, { ...launch, detail: { state: 'OTHER' } });
    events.emit(allowed, { ...launch, detailType: 'DRS Source Server Data Replication Stalled Change', detail: {} });
    await clock.idle();
    // The envelope stays the original one: account, source and time are the sender's.
    expect(received).toMatchObject([
      { source: 'aws.drs', account: allowed, resources: ['arn:server'], detail: { state: 'RECOVERY_LAUNCH_FAILED' } },
    ]);
    expect(received).toHaveLength(1);
  });
});
