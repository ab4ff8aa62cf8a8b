import { z } from 'zod';
import { REGION } from '../accounts.ts';
import type { Identity } from '../aws/identities.ts';
import { operation, serveJson } from './json-service.ts';
import { notAuthorized, ServiceError, type ServiceOptions } from './service.ts';

/** An applied quota of an account in a Region. */
export interface AppliedQuota {
  accountId: string;
  /** e.g. `drs`. */
  serviceCode: string;
  /** e.g. `L-D88FAC3A`. */
  quotaCode: string;
  /**
   * The applied value; undefined when Service Quotas has no applied value for it, only the default one: it is then neither
   * found by GetServiceQuota nor listed (Service Quotas API reference, GetServiceQuota).
   */
  value: number | undefined;
  /** @default - the Region of practice mode */
  region?: string;
}

/** Service Quotas on a loopback port, with applied quotas of their own for each account and Region. */
export interface LocalServiceQuotas {
  /** For `AWS_ENDPOINT_URL_SERVICE_QUOTAS`. */
  url: string;
  /** Sets an applied quota; until then it is AWS's default. @throws {Error} when the quota is not one of {@link QUOTAS} */
  setQuota(quota: AppliedQuota): void;
  /** Refuses every call of an account (its id) or of a role (its ARN) with AccessDeniedException, until {@link allow}. */
  deny(accountIdOrRoleArn: string): void;
  /** Ends {@link deny}. */
  allow(accountIdOrRoleArn: string): void;
  close(): Promise<void>;
}

/** A quota as AWS defines it. */
export interface QuotaDefinition {
  serviceCode: string;
  quotaCode: string;
  quotaName: string;
  /** AWS's default. */
  value: number;
  adjustable: boolean;
}

const SERVICE_NAMES: Readonly<Record<string, string>> = {
  drs: 'AWS Elastic Disaster Recovery',
  ec2: 'Amazon Elastic Compute Cloud (Amazon EC2)',
};

function drs(quotaCode: string, quotaName: string, value: number, adjustable = false): QuotaDefinition {
  return { serviceCode: 'drs', quotaCode, quotaName, value, adjustable };
}

/**
 * The quotas that exist here. Sources: AWS General Reference, "AWS Elastic Disaster Recovery endpoints and quotas" (names,
 * defaults), Service Quotas itself (codes); EC2 user guide, "Amazon EC2 service quotas" (on-demand vCPUs: 5).
 */
export const QUOTAS: readonly QuotaDefinition[] = [
  drs('L-D88FAC3A', 'Concurrent jobs in progress', 20),
  drs('L-DD6D028C', 'Max concurrent Jobs per source server', 1),
  drs('L-0588D03B', 'Max number of launch actions per resource', 200),
  drs('L-1F3FAE4D', 'Max number of launch configuration templates per AWS account', 1),
  drs('L-4B0323BD', 'Max number of source networks per AWS account', 100, true),
  drs('L-05AFA8C6', 'Max source servers in all Jobs', 500),
  drs('L-B827C881', 'Max source servers in a single Job', 100),
  drs('L-C1D14A2B', 'Max Total replicating source servers Per AWS Account', 300),
  drs('L-E28BE5E0', 'Max Total source servers Per AWS Account', 4000, true),
  {
    serviceCode: 'ec2',
    quotaCode: 'L-1216C47A',
    quotaName: 'Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances',
    value: 5,
    adjustable: true,
  },
];

/** Limits of the members (Service Quotas API reference). */
const PAGE_LIMIT = 100;
const code = z.string().regex(/^[a-zA-Z][a-zA-Z0-9-]{1,128}$/);

/** Starts Service Quotas with GetServiceQuota, ListServiceQuotas and GetAWSDefaultServiceQuota. */
export async function startServiceQuotas(options: ServiceOptions): Promise<LocalServiceQuotas> {
  const applied = new Map<string, number | undefined>();
  const denied = new Set<string>();
  const keyOf = (accountId: string, region: string, serviceCode: string, quotaCode: string): string =>
    [accountId, region, serviceCode, quotaCode].join('/');
  const appliedValue = (quota: QuotaDefinition, accountId: string, region: string): number | undefined => {
    const key = keyOf(accountId, region, quota.serviceCode, quota.quotaCode);
    return applied.has(key) ? applied.get(key) : quota.value;
  };
  const check = (action: string, caller: Identity): void => {
    if (!denied.has(caller.accountId) && !denied.has(caller.roleArn)) return;
    const because = `no identity-based policy allows the servicequotas:${action} action`;
    throw new ServiceError('AccessDeniedException', notAuthorized(caller, `servicequotas:${action}`, '*', because));
  };

  const one = z.object({ ServiceCode: code, QuotaCode: code });
  const getServiceQuota = operation(
    one,
    ({ ServiceCode, QuotaCode }, { accountId }, region) => arnOf(ServiceCode, QuotaCode, region, accountId),
    ({ ServiceCode, QuotaCode }, caller, region) => {
      check('GetServiceQuota', caller);
      const quota = definition(ServiceCode, QuotaCode);
      const value = appliedValue(quota, caller.accountId, region);
      if (value === undefined) throw noSuchQuota();
      return { Quota: describe(quota, value, region, caller.accountId) };
    },
  );

  const getDefault = operation(
    one,
    () => '*',
    ({ ServiceCode, QuotaCode }, caller, region) => {
      check('GetAWSDefaultServiceQuota', caller);
      const quota = definition(ServiceCode, QuotaCode);
      // A default is no account's: its ARN names none.
      return { Quota: describe(quota, quota.value, region, '') };
    },
  );

  const listServiceQuotas = operation(
    z.object({
      ServiceCode: code,
      QuotaCode: code.nullish(),
      MaxResults: z.int().min(1).max(PAGE_LIMIT).nullish(),
      NextToken: z.string().nullish(),
    }),
    () => '*',
    ({ ServiceCode, QuotaCode, MaxResults, NextToken }, caller, region) => {
      check('ListServiceQuotas', caller);
      const found = quotasOf(ServiceCode).flatMap((quota) => {
        const value = appliedValue(quota, caller.accountId, region);
        const wanted = (QuotaCode ?? quota.quotaCode) === quota.quotaCode;
        return value === undefined || !wanted ? [] : [describe(quota, value, region, caller.accountId)];
      });
      const start = startOf(NextToken);
      const end = start + (MaxResults ?? PAGE_LIMIT);
      return { Quotas: found.slice(start, end), ...(end < found.length ? { NextToken: tokenFor(end) } : {}) };
    },
  );

  const server = await serveJson(
    {
      service: 'servicequotas',
      targetPrefix: 'ServiceQuotasV20190624',
      operations: {
        GetServiceQuota: getServiceQuota,
        GetAWSDefaultServiceQuota: getDefault,
        ListServiceQuotas: listServiceQuotas,
      },
    },
    options,
  );
  return {
    url: server.url,
    setQuota({ accountId, serviceCode, quotaCode, value, region = REGION }) {
      definition(serviceCode, quotaCode);
      applied.set(keyOf(accountId, region, serviceCode, quotaCode), value);
    },
    deny: (accountIdOrRoleArn) => void denied.add(accountIdOrRoleArn),
    allow: (accountIdOrRoleArn) => void denied.delete(accountIdOrRoleArn),
    close: () => server.close(),
  };
}

function quotasOf(serviceCode: string): QuotaDefinition[] {
  const quotas = QUOTAS.filter((quota) => quota.serviceCode === serviceCode);
  if (quotas.length > 0) return quotas;
  throw new ServiceError('NoSuchResourceException', 'The request failed because the specified service does not exist.');
}

function definition(serviceCode: string, quotaCode: string): QuotaDefinition {
  const quota = quotasOf(serviceCode).find((candidate) => candidate.quotaCode === quotaCode);
  if (quota === undefined) throw noSuchQuota();
  return quota;
}

function noSuchQuota(): ServiceError {
  return new ServiceError('NoSuchResourceException', 'The request failed because the specified quota does not exist.');
}

function arnOf(serviceCode: string, quotaCode: string, region: string, accountId: string): string {
  return `arn:aws:servicequotas:${region}:${accountId}:${serviceCode}/${quotaCode}`;
}

function describe(quota: QuotaDefinition, value: number, region: string, accountId: string): object {
  const { serviceCode, quotaCode, quotaName, adjustable } = quota;
  return {
    ServiceCode: serviceCode,
    ServiceName: SERVICE_NAMES[serviceCode],
    QuotaArn: arnOf(serviceCode, quotaCode, region, accountId),
    QuotaCode: quotaCode,
    QuotaName: quotaName,
    Value: value,
    Unit: 'None',
    Adjustable: adjustable,
    GlobalQuota: false,
    QuotaAppliedAtLevel: 'ACCOUNT',
  };
}

function tokenFor(start: number): string {
  return Buffer.from(`from ${start}`).toString('base64url');
}

function startOf(token: string | null | undefined): number {
  if (token == null) return 0;
  const start = /^from (\d+)$/.exec(Buffer.from(token, 'base64url').toString('utf8'))?.[1];
  if (start !== undefined) return Number(start);
  throw new ServiceError('InvalidPaginationTokenException', 'Invalid input was provided: the token is not valid.');
}
