import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ListServiceQuotasCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { describe, expect, it } from 'vitest';
import { CENTRAL_ACCOUNT, STAGING_ACCOUNTS } from '../../../src/local/accounts.ts';
import { startServiceQuotas } from '../../../src/local/services/service-quotas.ts';
import { closing, simulatedAws } from './simulated-aws.ts';

const CONCURRENT_JOBS = { ServiceCode: 'drs', QuotaCode: 'L-D88FAC3A' };
const VCPUS = { ServiceCode: 'ec2', QuotaCode: 'L-1216C47A' };

async function world() {
  const aws = simulatedAws();
  const quotas = closing(await startServiceQuotas(aws.options));
  return { ...aws, quotas, client: new ServiceQuotasClient(aws.client(quotas.url)) };
}

describe('Service Quotas', () => {
  it("answers AWS's defaults until told otherwise", async () => {
    const { client, calls } = await world();
    const { Quota } = await client.send(new GetServiceQuotaCommand(CONCURRENT_JOBS));
    const arn = `arn:aws:servicequotas:us-east-2:${CENTRAL_ACCOUNT}:drs/L-D88FAC3A`;
    expect(Quota).toMatchObject({ QuotaName: 'Concurrent jobs in progress', Value: 20, Adjustable: false });
    expect(Quota?.QuotaArn).toBe(arn);
    expect(calls).toMatchObject([
      { service: 'servicequotas', action: 'GetServiceQuota', resource: arn, outcome: 'ok' },
    ]);
    const fallback = await client.send(new GetAWSDefaultServiceQuotaCommand(VCPUS));
    expect(fallback.Quota).toMatchObject({ Value: 5, QuotaArn: 'arn:aws:servicequotas:us-east-2::ec2/L-1216C47A' });
  });

  // AWS General Reference, "AWS Elastic Disaster Recovery endpoints and quotas".
  it.each([
    ['L-B827C881', 100],
    ['L-05AFA8C6', 500],
    ['L-C1D14A2B', 300],
    ['L-E28BE5E0', 4000],
  ])('knows the quota %s of DRS', async (QuotaCode, value) => {
    const { client } = await world();
    const { Quota } = await client.send(new GetServiceQuotaCommand({ ServiceCode: 'drs', QuotaCode }));
    expect(Quota?.Value).toBe(value);
  });

  it('keeps applied values apart by account and by Region', async () => {
    const { quotas, client, stagingClient } = await world();
    const set = { serviceCode: 'ec2', quotaCode: 'L-1216C47A' };
    quotas.setQuota({ ...set, accountId: STAGING_ACCOUNTS[0], value: 1920 });
    quotas.setQuota({ ...set, accountId: STAGING_ACCOUNTS[0], value: 64, region: 'us-west-2' });
    const valueFor = async (asked: ServiceQuotasClient) =>
      (await asked.send(new GetServiceQuotaCommand(VCPUS))).Quota?.Value;
    const settings = stagingClient(quotas.url);
    expect(await valueFor(client)).toBe(5);
    expect(await valueFor(new ServiceQuotasClient(settings))).toBe(1920);
    expect(await valueFor(new ServiceQuotasClient({ ...settings, region: 'us-west-2' }))).toBe(64);
    expect(() => quotas.setQuota({ ...set, quotaCode: 'L-0', accountId: CENTRAL_ACCOUNT, value: 1 })).toThrow('exist');
  });

  it('finds no applied value where there is only a default one', async () => {
    const { quotas, client } = await world();
    quotas.setQuota({ accountId: CENTRAL_ACCOUNT, serviceCode: 'drs', quotaCode: 'L-D88FAC3A', value: undefined });
    const missing = { name: 'NoSuchResourceException' };
    await expect(client.send(new GetServiceQuotaCommand(CONCURRENT_JOBS))).rejects.toMatchObject(missing);
    expect((await client.send(new GetAWSDefaultServiceQuotaCommand(CONCURRENT_JOBS))).Quota?.Value).toBe(20);
    const listed = await client.send(new ListServiceQuotasCommand({ ServiceCode: 'drs' }));
    expect(listed.Quotas?.map(({ QuotaCode }) => QuotaCode)).not.toContain('L-D88FAC3A');
  });

  it('lists the quotas of a service in pages, or one of them', async () => {
    const { client } = await world();
    const seen: string[] = [];
    let NextToken: string | undefined;
    let pages = 0;
    do {
      const page = await client.send(new ListServiceQuotasCommand({ ServiceCode: 'drs', MaxResults: 4, NextToken }));
      seen.push(...(page.Quotas ?? []).map(({ QuotaCode }) => String(QuotaCode)));
      NextToken = page.NextToken;
      pages += 1;
    } while (NextToken !== undefined);
    expect([pages, new Set(seen).size]).toEqual([3, 9]);
    const one = await client.send(new ListServiceQuotasCommand(CONCURRENT_JOBS));
    expect(one.Quotas).toMatchObject([{ QuotaCode: 'L-D88FAC3A' }]);
    const wrong = client.send(new ListServiceQuotasCommand({ ServiceCode: 'drs', NextToken: 'other' }));
    await expect(wrong).rejects.toMatchObject({ name: 'InvalidPaginationTokenException' });
  });

  it('knows no other quota and no other service', async () => {
    const { client } = await world();
    const missing = { name: 'NoSuchResourceException' };
    const get = (ServiceCode: string, QuotaCode: string) =>
      client.send(new GetServiceQuotaCommand({ ServiceCode, QuotaCode }));
    await expect(get('drs', 'L-00000000')).rejects.toMatchObject(missing);
    await expect(get('s3', 'L-DC2B2D3D')).rejects.toMatchObject(missing);
    await expect(client.send(new ListServiceQuotasCommand({ ServiceCode: 's3' }))).rejects.toMatchObject(missing);
  });

  it('refuses an account or a role that is denied, until it is allowed', async () => {
    const { quotas, client, stagingClient, calls } = await world();
    const staging = new ServiceQuotasClient(stagingClient(quotas.url));
    const get = new GetServiceQuotaCommand(CONCURRENT_JOBS);
    const role = `arn:aws:iam::${CENTRAL_ACCOUNT}:role/tester`;
    quotas.deny(STAGING_ACCOUNTS[0]);
    await expect(staging.send(get)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect((await client.send(get)).Quota?.Value).toBe(20);
    quotas.allow(STAGING_ACCOUNTS[0]);
    expect((await staging.send(get)).Quota?.Value).toBe(20);
    quotas.deny(role);
    await expect(client.send(get)).rejects.toThrow(`User: ${role} is not authorized`);
    expect(calls.at(-1)?.outcome).toBe('AccessDeniedException');
  });
});
