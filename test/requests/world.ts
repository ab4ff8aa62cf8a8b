import { onTestFinished, vi } from 'vitest';
import type { ExecutionRecord } from '../../src/domain/records.ts';
import { CENTRAL_ACCOUNT, REGION } from '../../src/local/accounts.ts';
import { startDynamoDB } from '../../src/local/dynamodb/dynamodb.ts';
import { executionTable } from '../../src/local/execution-table.ts';
import { type LocalHandler, serve } from '../../src/local/http.ts';
import { planTables } from '../../src/local/plan-tables.ts';
import { startSsm } from '../../src/local/services/ssm.ts';
import { stepFunctionsApi } from '../../src/local/step-functions/api.ts';
import { StepFunctionsEngine } from '../../src/local/step-functions/engine.ts';
import { executionStore } from '../../src/platform/execution-store.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { closing, simulatedAws } from '../local/services/simulated-aws.ts';
import { inProcess } from '../wire.ts';

const TABLE = 'executions';
const TABLES = { plans: 'plans', groups: 'groups' };
const CONFIG_PATH = '/dr-chatops/test';

/** A parent that waits for an answer, and lets its token be seen. */
const PARENT = JSON.stringify({
  QueryLanguage: 'JSONata',
  StartAt: 'Ask',
  States: {
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Arguments: { FunctionName: 'asked', Payload: { taskToken: '{% $states.context.Task.Token %}' } },
      End: true,
    },
  },
});

/** The table, the configuration and Step Functions, without anything that follows the table's stream. */
export async function startWorld() {
  const aws = simulatedAws();
  const { clock, identities, options } = aws;
  const tokens: string[] = [];
  const engine = new StepFunctionsEngine({
    clock,
    region: REGION,
    integrations: {
      invokeLambda: async ({ payload }) => void tokens.push((payload as { taskToken: string }).taskToken),
      sdk: async () => ({}),
      putEvents: async () => ({ FailedEntryCount: 0, Entries: [] }),
    },
  });
  const api = stepFunctionsApi({ engine, identities, onCall: options.onCall });
  let broken: ((handle: LocalHandler) => LocalHandler) | undefined;
  const [dynamodb, ssm, stepFunctions] = await inProcess(() =>
    Promise.all([
      startDynamoDB(options),
      startSsm(options),
      serve((request) => (broken === undefined ? api(request) : broken(api)(request))),
    ]),
  );
  for (const server of [dynamodb, ssm, stepFunctions]) closing(server);
  const endpoints = {
    AWS_REGION: REGION,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
    AWS_ENDPOINT_URL_SSM: ssm.url,
    AWS_ENDPOINT_URL_SFN: stepFunctions.url,
  };
  for (const [name, value] of Object.entries(endpoints)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  await dynamodb.createTable(executionTable(TABLE));
  for (const table of planTables(TABLES)) await dynamodb.createTable(table);
  ssm.put(`${CONFIG_PATH}/requests`, JSON.stringify({ channelId: 'C0INCIDENT1' }));
  const logLines: string[] = [];
  const line = (message: string, fields?: Record<string, unknown>) => {
    logLines.push(JSON.stringify({ message, ...fields }));
  };
  const platform: Platform = {
    environment: {
      EXECUTION_TABLE: TABLE,
      RECOVERY_PLAN_TABLE: TABLES.plans,
      PROTECTION_GROUP_TABLE: TABLES.groups,
      CONFIG_PATH,
      AWS_REGION: REGION,
    },
    credentials: identities.forRole(`arn:aws:iam::${CENTRAL_ACCOUNT}:role/tester`),
    now: () => clock.now(),
    log: { info: line, warn: line, error: line },
  };
  return {
    clock,
    /** What further simulated services are started with. */
    services: options,
    platform,
    store: executionStore(platform),
    logLines,
    /** Calls of AWS, in their order. */
    calls: aws.calls,
    answers: () => aws.calls.filter(({ action }) => action.startsWith('SendTask')),
    configure: (name: string, document: unknown) => ssm.put(`${CONFIG_PATH}/${name}`, JSON.stringify(document)),
    /** What happens to calls of Step Functions from now on; undefined: nothing out of the ordinary. */
    breakStepFunctions(how: typeof broken): void {
      broken = how;
    },

    /** Starts a parent that waits. */
    async parent(accountId: string = CENTRAL_ACCOUNT) {
      const stateMachineArn = engine.createStateMachine({
        name: 'parent',
        accountId,
        roleArn: `arn:aws:iam::${accountId}:role/parent`,
        definition: PARENT,
      });
      const { executionArn } = engine.startExecution({ stateMachineArn });
      await clock.idle();
      const token = tokens.at(-1) ?? '';
      return {
        token,
        state: () => engine.describeExecution(executionArn),
        stop: () => engine.stopExecution({ executionArn }),
      };
    },

    /** Stores an execution that is over with a result. */
    async ended(execution: ExecutionRecord): Promise<void> {
      const summary = { totalServers: 3, succeeded: 3, failed: 0, skipped: 0 };
      await executionStore(platform).recordWave({
        executionId: execution.executionId,
        wave: execution.waves[0] ?? 0,
        planRevision: 1,
        outcome: 'success',
        summary,
        nextPhaseReady: true,
        resultLocation: 's3://results/wave-01.json',
        startedAt: clock.now(),
        endedAt: clock.now(),
      });
      await executionStore(platform).createExecution({
        ...execution,
        status: 'completed',
        outcome: 'success',
        summary,
        resultLocation: 's3://results/wave-01.json',
      });
    },
  };
}
