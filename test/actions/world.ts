import { onTestFinished, vi } from 'vitest';
import { create } from '../../src/actions/take-action.ts';
import { freezePlan } from '../../src/domain/plan.ts';
import type { ActionKey, ExecutionRecord } from '../../src/domain/records.ts';
import { type WaveAction, waveActionSchema } from '../../src/domain/recovery-plan.ts';
import { ACTION_DOCUMENTS_ROLE, ACTIONS_ROLE, CENTRAL_ACCOUNT, READER_ROLE, REGION } from '../../src/local/accounts.ts';
import { startEc2 } from '../../src/local/aws/ec2.ts';
import { Fleet } from '../../src/local/aws/fleet.ts';
import { startSts } from '../../src/local/aws/sts.ts';
import { startDynamoDB } from '../../src/local/dynamodb/dynamodb.ts';
import { executionTable } from '../../src/local/execution-table.ts';
import { LocalNetwork } from '../../src/local/network.ts';
import { startSsm } from '../../src/local/services/ssm.ts';
import type { ManagedNode } from '../../src/local/services/ssm-run-command.ts';
import { executionStore } from '../../src/platform/execution-store.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { anExecution, EXECUTION_ID } from '../blocks/views.ts';
import { aRequest, aServer, discovered } from '../domain/fleet.ts';
import { serverRecord } from '../local/aws/aws-world.ts';
import { closing, simulatedAws } from '../local/services/simulated-aws.ts';
import { inProcess } from '../wire.ts';

const TABLE = 'executions';
const CONFIG_PATH = '/dr';
const EXTERNAL_ID = 'external';
/** Accounts in which actions are done: the central one, one of the old site, and a staging account. */
export const OLD_SITE = '555555555555';
export const STAGING = '111111111111';
export const MINUTE = 60_000;

export const role = (accountId: string, name: string): string => `arn:aws:iam::${accountId}:role/${name}`;

export interface WorldOptions {
  /** How many servers the wave has launched. @default 0 */
  launched?: number;
  execution?: Partial<ExecutionRecord>;
}

/** The table, the configuration, Systems Manager, EC2 and STS around take-action, whose steps are taken one by one. */
export async function startWorld({ launched = 0, execution = {} }: WorldOptions = {}) {
  const aws = simulatedAws();
  const { clock, identities, options } = aws;
  const fleet = new Fleet({ clock });
  const offline = new Set<string>();
  const nodes = (accountId: string, region: string): ManagedNode[] =>
    fleet.ec2Instances(accountId, region).map(({ instanceId, windows }) => ({
      instanceId,
      platform: windows ? 'Windows' : 'Linux',
      isOnline: !offline.has(instanceId),
    }));
  const [dynamodb, ssm, sts, ec2] = await inProcess(() =>
    Promise.all([
      startDynamoDB(options),
      startSsm({ ...options, nodes }),
      startSts(options),
      startEc2({ ...options, fleet }),
    ]),
  );
  for (const server of [dynamodb, ssm, sts, ec2]) closing(server);
  const endpoints = {
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    AWS_ENDPOINT_URL_SSM: ssm.url,
    AWS_ENDPOINT_URL_STS: sts.url,
    AWS_ENDPOINT_URL_EC2: ec2.url,
  };
  for (const [name, value] of Object.entries(endpoints)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  await dynamodb.createTable(executionTable(TABLE));

  const caller = role(CENTRAL_ACCOUNT, 'dr-chatops-take-action');
  const put = (name: string, content: unknown) => ssm.put(`${CONFIG_PATH}/${name}`, JSON.stringify(content));
  for (const accountId of [CENTRAL_ACCOUNT, OLD_SITE, STAGING]) {
    put(`target-accounts/${accountId}`, {
      accountId,
      roleArn: role(accountId, ACTIONS_ROLE),
      documentsRoleArn: role(accountId, ACTION_DOCUMENTS_ROLE),
      externalId: EXTERNAL_ID,
      regions: accountId === OLD_SITE ? ['us-east-1'] : [REGION],
    });
    for (const name of [ACTIONS_ROLE, ACTION_DOCUMENTS_ROLE]) {
      sts.addRole({ roleArn: role(accountId, name), trustedPrincipals: [caller], externalId: EXTERNAL_ID });
    }
  }
  put(`staging-accounts/${STAGING}`, {
    accountId: STAGING,
    region: REGION,
    roleArn: role(STAGING, READER_ROLE),
    invokeRoleArn: role(STAGING, 'invoke'),
    executorArn: `arn:aws:states:${REGION}:${STAGING}:stateMachine:executor`,
    externalId: EXTERNAL_ID,
  });
  sts.addRole({ roleArn: role(STAGING, READER_ROLE), trustedPrincipals: [caller], externalId: EXTERNAL_ID });

  const logLines: string[] = [];
  const line = (message: string, fields?: Record<string, unknown>) => {
    logLines.push(JSON.stringify({ message, ...fields }));
  };
  const network = new LocalNetwork();
  const platform: Platform = {
    environment: { EXECUTION_TABLE: TABLE, CONFIG_PATH, AWS_REGION: REGION, CENTRAL_ACCOUNT },
    credentials: identities.forRole(caller),
    now: () => clock.now(),
    network,
    log: { info: line, warn: line, error: line },
  };
  const store = executionStore(platform);
  const instanceIds = await launch(launched);
  const takeAction = create(platform);

  return {
    ...aws,
    ssm,
    sts,
    fleet,
    network,
    platform,
    store,
    logLines,
    /** Of the wave's servers, in their order. */
    instanceIds,
    /** The agents of these instances do not answer. */
    loseAgents: (...ids: string[]) => {
      for (const id of ids) offline.add(id);
    },
    findAgents: () => offline.clear(),
    putTarget: (accountId: string, content: unknown) => put(`target-accounts/${accountId}`, content),
    /** How often each operation was called, whatever came of it. */
    callsOf: (action: string) => aws.calls.filter((call) => call.action === action),

    /** An execution whose wave 1 has these actions around it; the answer takes the steps of one of them. */
    async begin(
      actions: readonly { actionType: WaveAction['actionType']; [field: string]: unknown }[],
      { index = 1, phase = 'post' }: Partial<Pick<ActionKey, 'index' | 'phase'>> = {},
    ) {
      const executionId = EXECUTION_ID;
      await store.createExecution(anExecution({ status: 'executing', ...execution, executionId, planRevision: 1 }));
      const waveActions = actions.map((action, at) =>
        waveActionSchema.parse({ actionName: `Action ${at + 1}`, ...action }),
      );
      await store.createRecoveryPlan({
        executionId,
        version: 1,
        applications: ['HRP'],
        waves: [
          {
            wave: 1,
            waveName: 'Database Tier',
            selectors: [],
            preWaveActions: phase === 'pre' ? waveActions : [],
            postWaveActions: phase === 'post' ? waveActions : [],
          },
        ],
      });
      return takerOf({ executionId, wave: 1, phase, index, attempt: 1 });
    },
  };

  /** Takes the steps of one action. */
  function takerOf(event: ActionKey & { executionId: string }) {
    const { executionId, ...key } = event;
    return {
      event,
      /** Another action of the same wave, or another attempt of this one. */
      other: (differs: Partial<ActionKey>) => takerOf({ ...event, ...differs }),
      step: () => takeAction(event),
      record: async () => await store.getAction(executionId, key),
      /** How it stands and what is said of it. */
      async told(): Promise<string> {
        const record = await store.getAction(executionId, key);
        return `${record?.status}: ${record?.detail}`;
      },
      /** Takes steps, waiting as told, until it is done; the answer is how long each wait was, in seconds. */
      async toTheEnd(): Promise<number[]> {
        const waits: number[] = [];
        for (let answer = await takeAction(event); answer.next === 'wait'; answer = await takeAction(event)) {
          waits.push(answer.seconds);
          if (waits.length > 500) throw new Error('it never ends');
          await clock.advance(answer.seconds * 1_000);
        }
        return waits;
      },
    };
  }

  /** A wave 1 whose servers run, each with its instance. */
  async function launch(count: number): Promise<string[]> {
    if (count === 0) return [];
    const servers = Array.from({ length: count }, (_, at) => {
      const { sourceServerId } = fleet.addSourceServer(serverRecord(`hrp-${at + 1}`));
      const { instanceId } = fleet.addRecoveryInstance(sourceServerId, { isDrill: true });
      return { server: aServer(at + 1, { sourceServerId }), instanceId };
    });
    const plan = freezePlan(aRequest(), discovered(servers.map(({ server }) => server)));
    const frozen = await store.freezePlan(EXECUTION_ID, plan);
    for (const batch of await store.getBatches(frozen)) {
      await store.replaceBatch({
        ...batch,
        status: 'finished',
        servers: batch.servers.map((server) => {
          const known = servers.find(({ server: { sourceServerId } }) => sourceServerId === server.sourceServerId);
          const ec2InstanceId = known?.instanceId ?? '';
          return { ...server, state: 'launched', ec2InstanceId, recoveryInstanceId: ec2InstanceId };
        }),
      });
    }
    return servers.map(({ instanceId }) => instanceId);
  }
}
