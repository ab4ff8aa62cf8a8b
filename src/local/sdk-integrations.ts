import {
  DescribeJobsCommand,
  DescribeRecoveryInstancesCommand,
  DescribeSourceServersCommand,
  DrsClient,
  StartFailbackLaunchCommand,
  type StartFailbackLaunchCommandInput,
  StartRecoveryCommand,
  type StartRecoveryCommandInput,
  TerminateRecoveryInstancesCommand,
  type TerminateRecoveryInstancesCommandInput,
} from '@aws-sdk/client-drs';
import {
  CreateTagsCommand,
  type CreateTagsCommandInput,
  DescribeInstancesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DescribeExecutionCommand, type DescribeExecutionCommandInput, SFNClient } from '@aws-sdk/client-sfn';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { AwsCall, Identities } from './aws/identities.ts';
import type { FunctionHost } from './lambda/function-host.ts';
import { LambdaError as HostedFunctionError } from './lambda/lambda-error.ts';
import { IntegrationError, LambdaError } from './step-functions/errors.ts';
import type { Integrations } from './step-functions/integrations.ts';

interface Clients {
  drs: DrsClient;
  ec2: EC2Client;
  eventBridge: EventBridgeClient;
  sfn: SFNClient;
  sts: STSClient;
}

type Call = (clients: Clients, input: object) => Promise<unknown>;

/**
 * What Step Functions calls on AWS, by the unmodified SDK clients with the state machine's own role. One attempt a call:
 * retries are the state machine's.
 */
export function sdkIntegrations(options: {
  identities: Identities;
  host: FunctionHost;
  region: string;
  /** Told of every function that a machine invokes: no simulated service is in between. */
  onCall?: (call: AwsCall) => void;
}): Integrations {
  const { identities, host, region, onCall } = options;
  const clientsOf = memoised((roleArn) => {
    const settings = { region, credentials: identities.forRole(roleArn), maxAttempts: 1 };
    return {
      drs: new DrsClient(settings),
      ec2: new EC2Client(settings),
      eventBridge: new EventBridgeClient(settings),
      sfn: new SFNClient(settings),
      sts: new STSClient(settings),
    };
  });
  const calls: Record<string, Call> = {
    'drs:describeJobs': ({ drs }, input) => drs.send(new DescribeJobsCommand(lowerFirst(input))),
    'drs:describeRecoveryInstances': ({ drs }, input) =>
      drs.send(new DescribeRecoveryInstancesCommand(lowerFirst(input))),
    'drs:describeSourceServers': ({ drs }, input) => drs.send(new DescribeSourceServersCommand(lowerFirst(input))),
    'drs:startRecovery': ({ drs }, input) =>
      drs.send(new StartRecoveryCommand(lowerFirst(input) as StartRecoveryCommandInput)),
    'drs:terminateRecoveryInstances': ({ drs }, input) =>
      drs.send(new TerminateRecoveryInstancesCommand(lowerFirst(input) as TerminateRecoveryInstancesCommandInput)),
    'drs:startFailbackLaunch': ({ drs }, input) =>
      drs.send(new StartFailbackLaunchCommand(lowerFirst(input) as StartFailbackLaunchCommandInput)),
    'ec2:createTags': ({ ec2 }, input) => ec2.send(new CreateTagsCommand(input as CreateTagsCommandInput)),
    'sfn:describeExecution': ({ sfn }, input) =>
      sfn.send(new DescribeExecutionCommand(lowerFirst(input) as DescribeExecutionCommandInput)),
    'ec2:describeInstances': ({ ec2 }, input) => ec2.send(new DescribeInstancesCommand(input)),
  };

  async function assume(machine: { roleArn: string }, RoleArn: string, ExternalId: string): Promise<void> {
    const { sts } = clientsOf(machine.roleArn);
    await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'states', ExternalId }));
  }

  return {
    async invokeLambda({ functionArn, payload, machine }) {
      const { accountId, roleArn } = machine;
      const note = (outcome: string): void =>
        onCall?.({
          service: 'lambda',
          action: 'InvokeFunction',
          identity: { accountId, roleArn },
          resource: functionArn,
          outcome,
        });
      try {
        const answer = await host.invoke(functionArn, payload);
        note('ok');
        return answer;
      } catch (error) {
        note(error instanceof HostedFunctionError ? 'ok' : 'InvocationFailed');
        if (error instanceof HostedFunctionError) throw new LambdaError(error);
        throw error;
      }
    },

    async sdk({ service, action, arguments: input, machine, roleArn }) {
      const call = calls[`${service}:${action}`];
      const prefix = service.charAt(0).toUpperCase() + service.slice(1);
      if (call === undefined) {
        throw new IntegrationError({
          error: `${prefix}.UnknownOperationException`,
          cause: `no ${service}:${action} in practice mode`,
        });
      }
      try {
        // The ExternalId that Step Functions says is the calling machine's ARN.
        if (roleArn !== undefined) await assume(machine, roleArn, machine.arn);
        return upperFirst(await call(clientsOf(roleArn ?? machine.roleArn), input));
      } catch (error) {
        throw new IntegrationError(describe(error, prefix));
      }
    },

    async putEvents({ entries, machine }) {
      try {
        const answer = await clientsOf(machine.roleArn).eventBridge.send(new PutEventsCommand({ Entries: entries }));
        if ((answer.FailedEntryCount ?? 0) > 0) {
          throw new IntegrationError({ error: 'EventBridge.FailedEntry', cause: JSON.stringify(answer.Entries) });
        }
        return { FailedEntryCount: 0, Entries: (answer.Entries ?? []).map(({ EventId }) => ({ EventId })) };
      } catch (error) {
        if (error instanceof IntegrationError) throw error;
        throw new IntegrationError(describe(error, 'EventBridge'));
      }
    },

    async assumeRole({ roleArn, externalId, machine }) {
      try {
        await assume(machine, roleArn, externalId);
      } catch (error) {
        throw new IntegrationError(describe(error, 'Sts'));
      }
      return { accountId: roleArn.split(':')[4] ?? '', roleArn };
    },
  };
}

function memoised<T>(make: (key: string) => T): (key: string) => T {
  const made = new Map<string, T>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const fresh = make(key);
    made.set(key, fresh);
    return fresh;
  };
}

/** An answer of DRS is an exception with a name; a lost connection is the SDK's own. */
function describe(error: unknown, prefix: string): { error: string; cause: string } {
  const { name, message, $metadata } = error as {
    name?: string;
    message?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const answered = $metadata?.httpStatusCode !== undefined;
  return { error: `${prefix}.${answered ? name : 'SdkClientException'}`, cause: message ?? String(error) };
}

/** Keys below these are the caller's own and keep their case. */
const MAPS = ['tags', 'Tags'];

/** Arguments as written in a state machine (PascalCase members) as the SDK takes them. */
function lowerFirst(value: unknown): object {
  return rename(value, (key) => key.charAt(0).toLowerCase() + key.slice(1)) as object;
}

/** An SDK answer as Step Functions shows it: PascalCase members, dates as ISO 8601, no transport details. */
function upperFirst(value: unknown): unknown {
  return rename(value, (key) => key.charAt(0).toUpperCase() + key.slice(1));
}

function rename(value: unknown, nameOf: (key: string) => string): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => rename(item, nameOf));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => key !== '$metadata' && item !== undefined)
      .map(([key, item]) => [nameOf(key), MAPS.includes(key) && !Array.isArray(item) ? item : rename(item, nameOf)]),
  );
}
