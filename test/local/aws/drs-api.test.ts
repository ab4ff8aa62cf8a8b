import {
  DescribeJobLogItemsCommand,
  DescribeJobsCommand,
  DescribeLaunchConfigurationTemplatesCommand,
  DescribeRecoveryInstancesCommand,
  DescribeSourceServersCommand,
  ListTagsForResourceCommand,
  paginateDescribeJobLogItems,
  paginateDescribeJobs,
  paginateDescribeRecoveryInstances,
  paginateDescribeSourceServers,
  StartRecoveryCommand,
  TagResourceCommand,
} from '@aws-sdk/client-drs';
import { describe, expect, it } from 'vitest';
import { authorizationsOf } from '../../../src/local/aws/identities.ts';
import { ACCOUNT, awsWorld, MINUTE, OTHER_ACCOUNT, serverRecord, startList } from './aws-world.ts';

describe('a request that does not fit the API model', () => {
  it.each([
    ['an id of the wrong form', { sourceServers: [{ sourceServerID: 's-short' }] }, 'sourceServers.0.sourceServerID'],
    ['no server', { sourceServers: [] }, 'sourceServers'],
    [
      'more than 200 servers',
      { sourceServers: Array(201).fill({ sourceServerID: `s-${'a'.repeat(17)}` }) },
      'sourceServers',
    ],
    ['a missing list', {}, 'sourceServers'],
    [
      'LATEST as a snapshot',
      { sourceServers: [{ sourceServerID: `s-${'a'.repeat(17)}`, recoverySnapshotID: 'LATEST' }] },
      'sourceServers.0.recoverySnapshotID',
    ],
    [
      'a tag that is too long',
      { sourceServers: [{ sourceServerID: `s-${'a'.repeat(17)}` }], tags: { key: 'v'.repeat(257) } },
      'tags.key',
    ],
  ])('is refused: %s', async (_what, input, field) => {
    const { drsClient, drs } = await awsWorld();
    const call = drsClient().send(new StartRecoveryCommand({ sourceServers: undefined, ...input }));
    await expect(call).rejects.toMatchObject({
      name: 'ValidationException',
      reason: 'fieldValidationFailed',
      fieldList: [expect.objectContaining({ name: field })],
      $metadata: { httpStatusCode: 400 },
    });
    expect(drs.jobs.list()).toEqual([]);
  });

  it('is refused for a member that the model does not have, and for what is not JSON', async () => {
    const { drs, identities } = await awsWorld();
    const { accessKeyId } = identities.forRole(`arn:aws:iam::${ACCOUNT}:role/executor`);
    const post = async (body: string) => {
      const headers = { authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/x` };
      const response = await fetch(`${drs.url}/DescribeJobs`, { method: 'POST', body, headers });
      return [response.status, response.headers.get('x-amzn-errortype'), await response.json()];
    };
    expect(await post('{"filters":{"isArchived":false}}')).toEqual([
      400,
      'ValidationException',
      expect.objectContaining({ fieldList: [{ name: 'filters', message: expect.stringContaining('isArchived') }] }),
    ]);
    expect(await post('{')).toEqual([400, 'ValidationException', expect.objectContaining({ reason: 'cannotParse' })]);
    expect(await post('{}')).toEqual([200, null, { items: [] }]);
  });

  it('is refused when it names a server twice', async () => {
    const { drsClient, addServers } = await awsWorld();
    const [server] = startList(addServers(1));
    const sourceServers = [server, server].flatMap((one) => one ?? []);
    await expect(drsClient().send(new StartRecoveryCommand({ sourceServers }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  it('is refused when it names a server of another account', async () => {
    const { drsClient, addServers } = await awsWorld();
    const sourceServers = startList(addServers(1, OTHER_ACCOUNT));
    await expect(drsClient().send(new StartRecoveryCommand({ sourceServers }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('is answered as unknown when the operation is not simulated', async () => {
    const { drsClient } = await awsWorld();
    const call = drsClient().send(new DescribeLaunchConfigurationTemplatesCommand({}));
    await expect(call).rejects.toMatchObject({ name: 'UnknownOperationException', $metadata: { httpStatusCode: 404 } });
  });
});

describe('an answer that does not fit the API model', () => {
  it('never reaches the caller as if it came from AWS', async () => {
    const { drsClient, fleet, addServers } = await awsWorld();
    fleet.setTags(addServers(1)[0]?.sourceServerId ?? '', { key: 'v'.repeat(257) });
    await expect(drsClient().send(new DescribeSourceServersCommand({}))).rejects.toMatchObject({
      name: 'SimulatorDefect',
      message: expect.stringContaining('items[0].tags'),
    });
  });
});

describe('the quotas', () => {
  it('refuse more than 100 servers in one job', async () => {
    const { drsClient, addServers } = await awsWorld();
    const sourceServers = startList(addServers(101));
    await expect(drsClient().send(new StartRecoveryCommand({ sourceServers }))).rejects.toMatchObject({
      name: 'ServiceQuotaExceededException',
      quotaCode: 'L-B827C881',
      serviceCode: 'drs',
      $metadata: { httpStatusCode: 402 },
    });
    const { job } = await drsClient().send(new StartRecoveryCommand({ sourceServers: sourceServers.slice(1) }));
    expect(job?.participatingServers).toHaveLength(100);
  });

  it('refuse the 21st job, and allow it when one has ended', async () => {
    const { drsClient, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    const servers = startList(addServers(21));
    for (const server of servers.slice(0, 20)) await client.send(new StartRecoveryCommand({ sourceServers: [server] }));
    const last = new StartRecoveryCommand({ sourceServers: servers.slice(20) });
    await expect(client.send(last)).rejects.toMatchObject({
      name: 'ServiceQuotaExceededException',
      quotaCode: 'L-D88FAC3A',
      $metadata: { httpStatusCode: 402 },
    });
    await finishJobs();
    expect((await client.send(last)).job?.status).toBe('PENDING');
  });

  it('refuse the 501st server in flight', async () => {
    const { drsClient, addServers } = await awsWorld();
    const client = drsClient();
    const servers = startList(addServers(501));
    for (let at = 0; at < 500; at += 100) {
      await client.send(new StartRecoveryCommand({ sourceServers: servers.slice(at, at + 100) }));
    }
    await expect(client.send(new StartRecoveryCommand({ sourceServers: servers.slice(500) }))).rejects.toMatchObject({
      name: 'ServiceQuotaExceededException',
      quotaCode: 'L-05AFA8C6',
      $metadata: { httpStatusCode: 402 },
    });
  });

  it('are counted for each account', async () => {
    const { drsClient, addServers } = await awsWorld();
    for (const [accountId, client] of [
      [ACCOUNT, drsClient()],
      [OTHER_ACCOUNT, drsClient(OTHER_ACCOUNT)],
    ] as const) {
      for (const server of startList(addServers(20, accountId))) {
        await client.send(new StartRecoveryCommand({ sourceServers: [server] }));
      }
    }
  });

  it('refuse a server that is in an active job, and start nothing of the request', async () => {
    const { drsClient, addServers, drs } = await awsWorld();
    const client = drsClient();
    const servers = startList(addServers(2));
    await client.send(new StartRecoveryCommand({ sourceServers: servers.slice(0, 1) }));
    await expect(client.send(new StartRecoveryCommand({ sourceServers: servers }))).rejects.toMatchObject({
      name: 'ConflictException',
      resourceId: servers[0]?.sourceServerID,
      $metadata: { httpStatusCode: 409 },
    });
    expect(drs.jobs.list()).toHaveLength(1);
  });
});

describe('paging', () => {
  it('gives every source server once, whatever the size of the page', async () => {
    const { drsClient, addServers } = await awsWorld();
    const added = addServers(23).map(({ sourceServerId }) => sourceServerId);
    for (const maxResults of [1, 5, 23, 1000]) {
      const seen: (string | undefined)[] = [];
      for await (const page of paginateDescribeSourceServers({ client: drsClient() }, { maxResults })) {
        seen.push(...(page.items ?? []).map(({ sourceServerID }) => sourceServerID));
      }
      expect(seen).toEqual(added);
    }
  });

  it('does not give a full account on one page', async () => {
    const { drsClient, addServers } = await awsWorld();
    addServers(300);
    const { items, nextToken } = await drsClient().send(new DescribeSourceServersCommand({}));
    expect(items?.length).toBeLessThan(300);
    expect(nextToken).toBeDefined();
  });

  it('neither repeats nor hides a server when another goes in between', async () => {
    const { drsClient, fleet, addServers } = await awsWorld();
    const added = addServers(6).map(({ sourceServerId }) => sourceServerId);
    const first = await drsClient().send(new DescribeSourceServersCommand({ maxResults: 3 }));
    fleet.removeSourceServer(added[0] ?? '');
    const second = await drsClient().send(
      new DescribeSourceServersCommand({ maxResults: 3, nextToken: first.nextToken }),
    );
    expect([...(first.items ?? []), ...(second.items ?? [])].map(({ sourceServerID }) => sourceServerID)).toEqual(
      added,
    );
  });

  it('covers jobs, log items and recovery instances', async () => {
    const { drsClient, addServers, finishJobs } = await awsWorld();
    const client = drsClient();
    const servers = startList(addServers(7));
    for (const server of servers)
      await client.send(new StartRecoveryCommand({ sourceServers: [server], isDrill: true }));
    await finishJobs();
    const count = async (pages: AsyncIterable<{ items?: unknown[] }>) => {
      const seen = new Set<string>();
      for await (const { items } of pages) for (const item of items ?? []) seen.add(JSON.stringify(item));
      return seen.size;
    };
    const input = { maxResults: 2 };
    expect(await count(paginateDescribeJobs({ client }, input))).toBe(7);
    expect(await count(paginateDescribeRecoveryInstances({ client }, input))).toBe(7);
    const jobID = (await client.send(new DescribeJobsCommand({}))).items?.[0]?.jobID;
    expect(await count(paginateDescribeJobLogItems({ client }, { ...input, jobID }))).toBe(7);
  });

  it('refuses a token that is made up, or of another list', async () => {
    const { drsClient, addServers } = await awsWorld();
    const client = drsClient();
    addServers(3);
    const invalid = { name: 'ValidationException' };
    await expect(client.send(new DescribeSourceServersCommand({ nextToken: 'abc' }))).rejects.toMatchObject(invalid);
    const { nextToken } = await client.send(new DescribeSourceServersCommand({ maxResults: 1 }));
    await expect(client.send(new DescribeRecoveryInstancesCommand({ nextToken }))).rejects.toMatchObject(invalid);
    const other = drsClient(OTHER_ACCOUNT).send(new DescribeSourceServersCommand({ nextToken }));
    await expect(other).rejects.toMatchObject(invalid);
  });
});

describe('what DRS describes', () => {
  it('is the source server with its replication, tags and hardware', async () => {
    const { drsClient, fleet, clock } = await awsWorld();
    const replication = { state: 'BACKLOG', lagDuration: 'PT12M', lastSeenAgo: 'PT4S' } as const;
    const server = fleet.addSourceServer(serverRecord('hrp-db-001', { replication }));
    const { items } = await drsClient().send(new DescribeSourceServersCommand({}));
    expect(items?.[0]).toMatchObject({
      sourceServerID: server.sourceServerId,
      arn: `arn:aws:drs:us-east-2:${ACCOUNT}:source-server/${server.sourceServerId}`,
      tags: { 'DR-Application': 'HRP', 'DR-Wave': '1' },
      dataReplicationInfo: { dataReplicationState: 'BACKLOG', lagDuration: 'PT12M' },
      lifeCycle: { lastSeenByServiceDateTime: new Date(clock.now() - 4000).toISOString() },
      sourceProperties: { identificationHints: { hostname: 'hrp-db-001' }, os: { fullString: 'Ubuntu 22.04' } },
      stagingArea: { status: 'NOT_EXTENDED', stagingAccountID: ACCOUNT },
    });
  });

  it('was last heard a moment ago while it replicates, and longer and longer ago when it is stalled', async () => {
    const { drsClient, fleet, clock, addServers, events } = await awsWorld();
    const sourceServerId = addServers(1)[0]?.sourceServerId ?? '';
    const silence = async () => {
      const { items } = await drsClient().send(new DescribeSourceServersCommand({}));
      return clock.now() - Date.parse(items?.[0]?.lifeCycle?.lastSeenByServiceDateTime ?? '');
    };
    await clock.advance(10 * MINUTE);
    expect(await silence()).toBe(10_000);
    fleet.setReplication(sourceServerId, { state: 'STALLED', lagDuration: 'PT1M' });
    await clock.advance(10 * MINUTE);
    expect(await silence()).toBe(10 * MINUTE);
    expect(events.map(({ detail }) => detail)).toEqual([{ state: 'STALLED' }]);
  });

  it('is filtered by ids, and by the staging account', async () => {
    const { drsClient, fleet, addServers } = await awsWorld();
    const [first] = addServers(3);
    const extendedFrom = `arn:aws:drs:us-east-2:${OTHER_ACCOUNT}:source-server/s-${'b'.repeat(17)}`;
    const extended = fleet.addSourceServer(serverRecord('extended', { extendedFrom }));
    const ask = async (filters: { sourceServerIDs?: string[]; stagingAccountIDs?: string[] }) =>
      (await drsClient().send(new DescribeSourceServersCommand({ filters }))).items?.map((item) => item.sourceServerID);
    expect(await ask({ sourceServerIDs: [first?.sourceServerId ?? ''] })).toEqual([first?.sourceServerId]);
    expect(await ask({ stagingAccountIDs: [OTHER_ACCOUNT] })).toEqual([extended.sourceServerId]);
    expect(await ask({ sourceServerIDs: [] })).toHaveLength(4);
  });

  it('is only what the signer has in the account', async () => {
    const { drsClient, addServers } = await awsWorld();
    addServers(2, ACCOUNT);
    addServers(1, OTHER_ACCOUNT);
    const count = async (accountId: string) =>
      (await drsClient(accountId).send(new DescribeSourceServersCommand({}))).items?.length;
    expect(await count(ACCOUNT)).toBe(2);
    expect(await count(OTHER_ACCOUNT)).toBe(1);
  });

  it('shows an instance that was terminated outside of DRS, and then has it as NOT_FOUND', async () => {
    const { drsClient, fleet, clock, addServers } = await awsWorld();
    const { instanceId } = fleet.addRecoveryInstance(addServers(1)[0]?.sourceServerId ?? '', { isDrill: true });
    fleet.setInstanceState(instanceId, 'terminated');
    const state = async () =>
      (await drsClient().send(new DescribeRecoveryInstancesCommand({}))).items?.[0]?.ec2InstanceState;
    expect(await state()).toBe('TERMINATED');
    await clock.advance(61 * MINUTE);
    expect(await state()).toBe('NOT_FOUND');
  });

  it('has jobs by date', async () => {
    const { drsClient, clock, addServers } = await awsWorld();
    const client = drsClient();
    const [first, second] = startList(addServers(2));
    await client.send(new StartRecoveryCommand({ sourceServers: first === undefined ? [] : [first] }));
    await clock.advance(60 * MINUTE);
    const fromDate = new Date(clock.now()).toISOString();
    const { job } = await client.send(
      new StartRecoveryCommand({ sourceServers: second === undefined ? [] : [second] }),
    );
    const { items } = await client.send(new DescribeJobsCommand({ filters: { fromDate } }));
    expect(items?.map(({ jobID }) => jobID)).toEqual([job?.jobID]);
  });

  it('has no log of a job that does not exist', async () => {
    const { drsClient } = await awsWorld();
    const call = new DescribeJobLogItemsCommand({ jobID: `drsjob-${'0'.repeat(17)}` });
    await expect(drsClient().send(call)).rejects.toMatchObject({ name: 'ValidationException', reason: 'other' });
  });

  it('can be tagged: servers, instances and jobs', async () => {
    const { drsClient, addServers } = await awsWorld();
    const client = drsClient();
    const servers = addServers(1);
    const { job } = await client.send(
      new StartRecoveryCommand({ sourceServers: startList(servers), tags: { a: '1' } }),
    );
    for (const resourceArn of [servers[0]?.arn, job?.arn]) {
      await client.send(new TagResourceCommand({ resourceArn, tags: { b: '2' } }));
      const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn }));
      expect(tags).toMatchObject({ b: '2' });
    }
    const resourceArn = `arn:aws:drs:us-east-2:${ACCOUNT}:job/drsjob-nothing`;
    await expect(client.send(new ListTagsForResourceCommand({ resourceArn }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      $metadata: { httpStatusCode: 404 },
    });
  });
});

describe('a call that goes wrong', () => {
  it('is throttled as often as asked, with the seconds to wait', async () => {
    const { drsClient, drs } = await awsWorld();
    const call = new DescribeJobsCommand({});
    drs.faults.throttleNext(1, { accountId: ACCOUNT, operation: 'DescribeJobs', retryAfterSeconds: 7 });
    await drsClient(OTHER_ACCOUNT).send(call);
    await drsClient().send(new DescribeSourceServersCommand({}));
    await expect(drsClient().send(call)).rejects.toMatchObject({
      name: 'ThrottlingException',
      retryAfterSeconds: '7',
      serviceCode: 'drs',
      $metadata: { httpStatusCode: 429 },
    });
    await drsClient().send(call);
  });

  it('fails inside of DRS without any effect', async () => {
    const { drsClient, drs, addServers } = await awsWorld();
    drs.faults.failNext(1);
    const call = drsClient().send(new StartRecoveryCommand({ sourceServers: startList(addServers(1)) }));
    await expect(call).rejects.toMatchObject({ name: 'InternalServerException', $metadata: { httpStatusCode: 500 } });
    expect(drs.jobs.list()).toEqual([]);
  });

  it('is denied in a whole account', async () => {
    const { drsClient, drs, calls } = await awsWorld();
    drs.faults.denyAccount(ACCOUNT);
    const call = new DescribeJobsCommand({});
    await expect(drsClient().send(call)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      $metadata: { httpStatusCode: 403 },
    });
    await drsClient(OTHER_ACCOUNT).send(call);
    drs.faults.allowAccount(ACCOUNT);
    await drsClient().send(call);
    expect(calls.map(({ outcome }) => outcome)).toEqual(['AccessDeniedException', 'ok', 'ok']);
  });

  it('may have been carried out although no answer came', async () => {
    const { drsClient, drs, addServers } = await awsWorld();
    drs.faults.dropNextAnswer(1, { operation: 'StartRecovery' });
    const call = drsClient().send(new StartRecoveryCommand({ sourceServers: startList(addServers(1)) }));
    await expect(call).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(drs.jobs.list()).toHaveLength(1);
  });

  it('is repeated by an SDK that retries, into a conflict', async () => {
    const { drsClient, drs, addServers } = await awsWorld();
    drs.faults.dropNextAnswer(1, { operation: 'StartRecovery' });
    const call = drsClient(ACCOUNT, 2).send(new StartRecoveryCommand({ sourceServers: startList(addServers(1)) }));
    await expect(call).rejects.toMatchObject({ name: 'ConflictException' });
  });

  it('is refused in an account where DRS has not been set up', async () => {
    const { drsClient } = await awsWorld();
    await expect(drsClient('999999999999').send(new DescribeJobsCommand({}))).rejects.toMatchObject({
      name: 'UninitializedAccountException',
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('is refused when nobody has given the caller keys', async () => {
    const { drs } = await awsWorld();
    const response = await fetch(`${drs.url}/DescribeJobs`, { method: 'POST', body: '{}' });
    expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([403, 'UnrecognizedClientException']);
  });
});

describe('the record of calls', () => {
  it('says who did what to which resource, and how it ended', async () => {
    const { drsClient, addServers, calls } = await awsWorld();
    const servers = addServers(2);
    const identity = { accountId: ACCOUNT, roleArn: `arn:aws:iam::${ACCOUNT}:role/executor` };
    await drsClient().send(new StartRecoveryCommand({ sourceServers: startList(servers.slice(0, 1)) }));
    await expect(drsClient().send(new StartRecoveryCommand({ sourceServers: startList(servers) }))).rejects.toThrow();
    expect(calls).toMatchObject([
      { service: 'drs', action: 'StartRecovery', identity, resource: servers[0]?.arn, outcome: 'ok' },
      {
        service: 'drs',
        action: 'StartRecovery',
        identity,
        resource: `arn:aws:drs:us-east-2:${ACCOUNT}:source-server/*`,
        outcome: 'ConflictException',
      },
    ]);
  });

  it('says what IAM is asked: about each server with its tags, the tags of the job, and what DRS does in EC2', async () => {
    const { drsClient, addServers, calls } = await awsWorld();
    const servers = addServers(2);
    await drsClient().send(new StartRecoveryCommand({ sourceServers: startList(servers), tags: { why: 'test' } }));
    const asked = calls.flatMap(authorizationsOf);
    const of = (action: string) => asked.filter((one) => one.action === action);
    expect(of('drs:StartRecovery').map(({ resource }) => resource)).toEqual(servers.map(({ arn }) => arn));
    expect(of('drs:StartRecovery')[0]?.context).toMatchObject({
      'aws:RequestTag/why': ['test'],
      'aws:TagKeys': ['why'],
    });
    expect(of('drs:TagResource')[0]?.context).toMatchObject({ 'drs:CreateAction': ['StartRecovery'] });
    const inEc2 = asked.filter(({ action }) => action.startsWith('ec2:'));
    expect(inEc2.length).toBeGreaterThan(30);
    for (const { context } of inEc2) expect(context['aws:ViaAWSService']).toEqual(['true']);
    expect(of('iam:PassRole').map(({ context }) => context['iam:PassedToService'])).toEqual([
      ['ec2.amazonaws.com'],
      ['ec2.amazonaws.com'],
    ]);
  });
});
