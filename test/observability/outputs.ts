import type { ComponentOutput } from '../../src/domain/contract.ts';

export const ACCOUNT = '111111111111';
export const OTHER_ACCOUNT = '222222222222';

/** The output of a failover of 6 servers in two accounts: one failed, one was left out by its tag. */
export function anOutput(differs: Partial<ComponentOutput> = {}): ComponentOutput {
  return {
    status: 'partial',
    action: 'failover',
    isDrill: false,
    summary: { totalServers: 6, succeeded: 4, failed: 1, skipped: 1 },
    timing: {
      startTime: '2026-03-02T03:00:00.000Z',
      endTime: '2026-03-02T04:20:05.000Z',
      durationSeconds: 4_805,
      durationFormatted: 'PT1H20M5S',
    },
    recoveryInstances: [],
    failedServers: [aFailure(1)],
    skippedServers: [],
    stagingAccountResults: [
      account(ACCOUNT, { serversProcessed: 3, succeeded: 2, failed: 1 }),
      account(OTHER_ACCOUNT, { serversProcessed: 2, succeeded: 2, failed: 0 }),
    ],
    missingAccounts: [],
    warnings: [],
    metadata: {},
    nextPhaseReady: true,
    truncated: false,
    resultLocation: 's3://results/results/DR-1/wave-01.json',
    ...differs,
  };
}

export function account(
  accountId: string,
  counts: { serversProcessed: number; succeeded: number; failed: number },
  region = 'us-east-2',
): ComponentOutput['stagingAccountResults'][number] {
  return { accountId, region, ...counts, jobId: '', jobIds: [] };
}

export function aFailure(number: number): ComponentOutput['failedServers'][number] {
  return {
    sourceServerId: `s-${String(number).padStart(17, '0')}`,
    sourceServerHostname: `hrp-${String(number).padStart(3, '0')}`,
    stagingAccountId: ACCOUNT,
    errorCode: 'LaunchFailed',
    errorMessage: 'The launch ended as FAILED.',
  };
}

/** A log that keeps its lines. */
export function keptLog() {
  const lines: { level: string; message: string; fields?: Record<string, unknown> }[] = [];
  const keep = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    lines.push({ level, message, ...(fields === undefined ? {} : { fields }) });
  };
  return { lines, log: { info: keep('info'), warn: keep('warn'), error: keep('error') } };
}
