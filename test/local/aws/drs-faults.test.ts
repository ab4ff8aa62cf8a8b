import { DescribeJobsCommand, DescribeSourceServersCommand, StartRecoveryCommand } from '@aws-sdk/client-drs';
import { describe, expect, it } from 'vitest';
import { ACCOUNT, awsWorld, MINUTE, ORIGIN, OTHER_ACCOUNT, startList } from './aws-world.ts';

describe('faults of DRS', () => {
  it('throttle without saying how long to wait', async () => {
    const { drs, drsClient } = await awsWorld();
    drs.faults.throttleNext(1, { operation: 'DescribeJobs', retryAfterSeconds: null });
    const refused = drsClient().send(new DescribeJobsCommand({}));
    await expect(refused).rejects.toMatchObject({ name: 'ThrottlingException', $metadata: { httpStatusCode: 429 } });
    await expect(refused).rejects.not.toHaveProperty('retryAfterSeconds', expect.anything());
    await drsClient().send(new DescribeJobsCommand({}));
  });

  it('exceed a quota, whatever is in progress', async () => {
    const { drs, drsClient, addServers } = await awsWorld();
    const launch = new StartRecoveryCommand({ sourceServers: startList(addServers(1)) });
    drs.faults.exceedQuotaNext(1, { operation: 'StartRecovery', accountId: ACCOUNT });
    drs.faults.exceedQuotaNext(1, { operation: 'StartRecovery', quotaCode: 'L-B827C881' });
    for (const quotaCode of ['L-D88FAC3A', 'L-B827C881']) {
      await expect(drsClient().send(launch)).rejects.toMatchObject({
        name: 'ServiceQuotaExceededException',
        quotaCode,
        $metadata: { httpStatusCode: 402 },
      });
    }
    expect((await drsClient().send(launch)).job?.status).toBe('PENDING');
  });

  it('deny one operation, in one account or in all', async () => {
    const { drs, drsClient } = await awsWorld();
    const denied = { name: 'AccessDeniedException', message: expect.stringContaining('drs:DescribeJobs') };
    drs.faults.denyOperation('DescribeJobs', { accountId: ACCOUNT });
    await expect(drsClient().send(new DescribeJobsCommand({}))).rejects.toMatchObject(denied);
    await drsClient().send(new DescribeSourceServersCommand({}));
    await drsClient(OTHER_ACCOUNT).send(new DescribeJobsCommand({}));
    drs.faults.denyOperation('DescribeJobs');
    await expect(drsClient(OTHER_ACCOUNT).send(new DescribeJobsCommand({}))).rejects.toMatchObject(denied);
    drs.faults.allowOperation('DescribeJobs');
    await drsClient().send(new DescribeJobsCommand({}));
  });

  it('make DRS unavailable, which does nothing', async () => {
    const { drs, drsClient, addServers } = await awsWorld();
    const launch = new StartRecoveryCommand({ sourceServers: startList(addServers(1)) });
    drs.faults.unavailableNext(1, { operation: 'StartRecovery' });
    const unavailable = { name: 'ServiceUnavailable', $metadata: { httpStatusCode: 503 } };
    await expect(drsClient().send(launch)).rejects.toMatchObject(unavailable);
    expect((await drsClient().send(new DescribeJobsCommand({}))).items).toEqual([]);
    expect((await drsClient().send(launch)).job?.status).toBe('PENDING');
  });

  it('are for one Region of an account when that is named', async () => {
    const { drs, drsClient, fleet } = await awsWorld();
    fleet.initializeAccount(ACCOUNT, ORIGIN.region);
    drs.faults.failNext(1, { region: ORIGIN.region });
    await drsClient().send(new DescribeJobsCommand({}));
    const there = drsClient(ACCOUNT, 1, ORIGIN.region).send(new DescribeJobsCommand({}));
    await expect(there).rejects.toMatchObject({ name: 'InternalServerException' });
  });

  it('include a live instance that appears at a given moment', async () => {
    const { clock, fleet, addServers } = await awsWorld();
    const [server] = addServers(1);
    const sourceServerId = server?.sourceServerId ?? '';
    clock.after(10 * MINUTE, () => void fleet.addRecoveryInstance(sourceServerId, { isDrill: false }));
    await clock.advance(9 * MINUTE);
    expect(fleet.recoveryInstances(ACCOUNT)).toEqual([]);
    await clock.advance(2 * MINUTE);
    expect(fleet.recoveryInstances(ACCOUNT)).toMatchObject([{ isDrill: false, sourceServerId }]);
  });
});
