import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { REGION } from '../accounts.ts';
import { resourceTags } from '../aws/identities.ts';
import type { Clock } from '../clock.ts';
import { type Operation, operation } from './json-service.ts';
import { ServiceError } from './service.ts';
import { documentArnOf } from './ssm-documents.ts';

/** An instance whose agent Systems Manager knows. */
export interface ManagedNode {
  instanceId: string;
  platform: 'Linux' | 'Windows';
  isOnline: boolean;
  /** Of the instance. @default none */
  tags?: Readonly<Record<string, string>>;
}

export interface RunCommandOptions {
  clock: Clock;
  /** The managed nodes of an account and Region. */
  nodes(accountId: string, region: string): ManagedNode[];
}

/** A command as it was sent. */
export interface SentCommand {
  commandId: string;
  accountId: string;
  region: string;
  documentName: string;
  comment: string;
  parameters: Record<string, string[]>;
  instanceIds: string[];
  /** Milliseconds since the epoch. */
  requestedAt: number;
}

/** Run Command: documents of the type Command, and what they did on managed nodes. */
export interface LocalRunCommand {
  /** Creates a document of an account and Region; `required` names the parameters that it has to be given. */
  createDocument(name: string, required: string[], accountId: string, region?: string): void;
  /** On the next `times` nodes (or on this one only) the command ends as Failed, with exit code 1. */
  failNext(times: number, instanceId?: string): void;
  /** How long a command takes on a node from now on, in milliseconds. @default 10_000 */
  takes(ms: number): void;
  /** What was sent and is still kept, oldest first. */
  readonly sent: readonly SentCommand[];
}

interface Invocation {
  instanceId: string;
  endsAt: number;
  hasFailed: boolean;
}

interface Command extends SentCommand {
  invocations: Invocation[];
}

interface CommandDocument {
  required: string[];
  platform?: ManagedNode['platform'];
}

/** Amazon's own documents, which every account and Region has. */
const PUBLIC_DOCUMENTS: Readonly<Record<string, CommandDocument>> = {
  'AWS-RunShellScript': { required: ['commands'], platform: 'Linux' },
  'AWS-RunPowerShellScript': { required: ['commands'] },
};
const MOST_COMMANDS_KEPT = 1_000;
const PAGE_LIMIT = 50;

const page = {
  MaxResults: z.int().min(1).max(PAGE_LIMIT).nullish(),
  NextToken: z.string().regex(/^\d+$/).nullish(),
};
const commandFilter = z.object({
  key: z.enum(['InvokedAfter', 'InvokedBefore', 'Status', 'DocumentName']),
  value: z.string(),
});

/**
 * Run Command with SendCommand (by instance ids), ListCommands, ListCommandInvocations and DescribeInstanceInformation. Not
 * simulated: targets, rate control and error limits, output, notifications, and what a command does.
 */
export function runCommand(options: RunCommandOptions): LocalRunCommand & {
  operations: Record<string, Operation>;
  document(name: string, accountId: string, region: string): CommandDocument | undefined;
} {
  const { clock, nodes } = options;
  const documents = new Map<string, CommandDocument>();
  const commands: Command[] = [];
  const faults: { times: number; instanceId: string | undefined }[] = [];
  let duration = 10_000;
  const documentOf = (name: string, accountId: string, region: string): CommandDocument | undefined =>
    Object.hasOwn(PUBLIC_DOCUMENTS, name) ? PUBLIC_DOCUMENTS[name] : documents.get(`${accountId}/${region}/${name}`);

  const sendCommand = operation(
    z.strictObject({
      DocumentName: z.string(),
      InstanceIds: z.array(z.string()).min(1).max(50),
      Parameters: z.record(z.string(), z.array(z.string())).nullish(),
      Comment: z.string().max(100).nullish(),
      TimeoutSeconds: z.int().min(30).max(2_592_000).nullish(),
      MaxConcurrency: z
        .string()
        .regex(/^(\d+|\d{1,2}%|100%)$/)
        .nullish(),
      MaxErrors: z
        .string()
        .regex(/^(\d+|\d{1,2}%|100%)$/)
        .nullish(),
    }),
    ({ DocumentName }, { accountId }, region) => documentArnOf({ name: DocumentName, accountId, region }),
    ({ DocumentName, InstanceIds, Parameters, Comment }, { accountId }, region) => {
      const document = documentOf(DocumentName, accountId, region);
      if (document === undefined) {
        throw new ServiceError('InvalidDocument', `Document with name ${DocumentName} does not exist.`);
      }
      const missing = document.required.find((name) => Parameters?.[name] === undefined);
      if (missing !== undefined) {
        throw new ServiceError('InvalidParameters', `The parameter ${missing} of ${DocumentName} is required.`);
      }
      const known = new Map(nodes(accountId, region).map((node) => [node.instanceId, node]));
      const invalid = InstanceIds.filter((id) => known.get(id)?.isOnline !== true);
      if (invalid.length > 0) {
        const message = `Instances [[${invalid.join(', ')}]] not in a valid state for account ${accountId}`;
        throw new ServiceError('InvalidInstanceId', message);
      }
      const { platform } = document;
      if (platform !== undefined && InstanceIds.some((id) => known.get(id)?.platform !== platform)) {
        throw new ServiceError('UnsupportedPlatformType', `${DocumentName} does not support the platform of a node.`);
      }
      const command: Command = {
        commandId: randomUUID(),
        accountId,
        region,
        documentName: DocumentName,
        comment: Comment ?? '',
        parameters: Parameters ?? {},
        instanceIds: InstanceIds,
        requestedAt: clock.now(),
        invocations: InstanceIds.map((instanceId) => ({
          instanceId,
          endsAt: clock.now() + duration,
          hasFailed: takeFault(instanceId),
        })),
      };
      commands.push(command);
      if (commands.length > MOST_COMMANDS_KEPT) commands.shift();
      return { Command: describe(command) };
    },
    ({ DocumentName, InstanceIds }, { accountId }, region) => [
      { action: 'ssm:SendCommand', resource: documentArnOf({ name: DocumentName, accountId, region }), context: {} },
      ...InstanceIds.map((instanceId) => ({
        action: 'ssm:SendCommand',
        resource: `arn:aws:ec2:${region}:${accountId}:instance/${instanceId}`,
        context: resourceTags(nodes(accountId, region).find((node) => node.instanceId === instanceId)?.tags ?? {}),
      })),
    ],
  );

  function takeFault(instanceId: string): boolean {
    const fault = faults.find((one) => one.times > 0 && (one.instanceId ?? instanceId) === instanceId);
    if (fault === undefined) return false;
    fault.times -= 1;
    return true;
  }

  const statusOf = ({ endsAt, hasFailed }: Invocation): string => {
    if (clock.now() < endsAt) return 'InProgress';
    return hasFailed ? 'Failed' : 'Success';
  };

  const commandStatus = ({ invocations }: Command): string => {
    const statuses = invocations.map(statusOf);
    if (statuses.includes('InProgress')) return 'InProgress';
    return statuses.includes('Failed') ? 'Failed' : 'Success';
  };

  const describe = (command: Command) => ({
    CommandId: command.commandId,
    DocumentName: command.documentName,
    Comment: command.comment,
    InstanceIds: command.instanceIds,
    Parameters: command.parameters,
    RequestedDateTime: command.requestedAt / 1_000,
    Status: commandStatus(command),
    StatusDetails: commandStatus(command),
    TargetCount: command.instanceIds.length,
  });

  const ofAccount = (accountId: string, region: string): Command[] =>
    commands.filter((command) => command.accountId === accountId && command.region === region);

  const listCommands = operation(
    z.object({
      CommandId: z.string().nullish(),
      InstanceId: z.string().nullish(),
      Filters: z.array(commandFilter).min(1).max(5).nullish(),
      ...page,
    }),
    () => '*',
    ({ CommandId, InstanceId, Filters, MaxResults, NextToken }, { accountId }, region) => {
      const found = ofAccount(accountId, region)
        .filter(({ commandId, instanceIds }) => {
          if (CommandId != null && commandId !== CommandId) return false;
          return InstanceId == null || instanceIds.includes(InstanceId);
        })
        .filter((command) => (Filters ?? []).every((filter) => passes(command, filter)))
        .reverse();
      const { items, nextToken } = pageOf(found, MaxResults, NextToken);
      return { Commands: items.map(describe), NextToken: nextToken };
    },
  );

  function passes(command: Command, { key, value }: z.infer<typeof commandFilter>): boolean {
    switch (key) {
      case 'InvokedAfter':
        return command.requestedAt >= Date.parse(value);
      case 'InvokedBefore':
        return command.requestedAt <= Date.parse(value);
      case 'Status':
        return commandStatus(command) === value;
      case 'DocumentName':
        return command.documentName === value;
    }
  }

  const listCommandInvocations = operation(
    z.object({
      CommandId: z.string().nullish(),
      InstanceId: z.string().nullish(),
      Details: z.boolean().nullish(),
      ...page,
    }),
    () => '*',
    ({ CommandId, InstanceId, Details, MaxResults, NextToken }, { accountId }, region) => {
      const found = ofAccount(accountId, region)
        .filter(({ commandId }) => CommandId == null || commandId === CommandId)
        .flatMap((command) => command.invocations.map((invocation) => ({ command, invocation })))
        .filter(({ invocation }) => InstanceId == null || invocation.instanceId === InstanceId);
      const { items, nextToken } = pageOf(found, MaxResults, NextToken);
      const views = items.map(({ command, invocation }) => ({
        CommandId: command.commandId,
        InstanceId: invocation.instanceId,
        Comment: command.comment,
        DocumentName: command.documentName,
        RequestedDateTime: command.requestedAt / 1_000,
        Status: statusOf(invocation),
        StatusDetails: statusOf(invocation),
        ...(Details === true && clock.now() >= invocation.endsAt
          ? { CommandPlugins: [{ Status: statusOf(invocation), ResponseCode: invocation.hasFailed ? 1 : 0 }] }
          : {}),
      }));
      return { CommandInvocations: views, NextToken: nextToken };
    },
  );

  const describeInstanceInformation = operation(
    z.object({
      Filters: z
        .array(z.object({ Key: z.literal('InstanceIds'), Values: z.array(z.string()).min(1).max(100) }))
        .nullish(),
      MaxResults: z.int().min(5).max(PAGE_LIMIT).nullish(),
      NextToken: page.NextToken,
    }),
    () => '*',
    ({ Filters, MaxResults, NextToken }, { accountId }, region) => {
      const found = nodes(accountId, region).filter(({ instanceId }) =>
        (Filters ?? []).every(({ Values }) => Values.includes(instanceId)),
      );
      const { items, nextToken } = pageOf(found, MaxResults, NextToken);
      const views = items.map(({ instanceId, isOnline, platform }) => ({
        InstanceId: instanceId,
        PingStatus: isOnline ? 'Online' : 'ConnectionLost',
        PlatformType: platform,
        ResourceType: 'EC2Instance',
      }));
      return { InstanceInformationList: views, NextToken: nextToken };
    },
  );

  return {
    operations: {
      SendCommand: sendCommand,
      ListCommands: listCommands,
      ListCommandInvocations: listCommandInvocations,
      DescribeInstanceInformation: describeInstanceInformation,
    },
    createDocument(name, required, accountId, region = REGION) {
      documents.set(`${accountId}/${region}/${name}`, { required });
    },
    failNext: (times, instanceId) => void faults.push({ times, instanceId }),
    takes(ms) {
      duration = ms;
    },
    sent: commands,
    document: documentOf,
  };
}

function pageOf<Item>(
  items: readonly Item[],
  size: number | null | undefined,
  token: string | null | undefined,
): { items: Item[]; nextToken: string | undefined } {
  const start = Number(token ?? 0);
  const end = start + (size ?? PAGE_LIMIT);
  return { items: items.slice(start, end), nextToken: end < items.length ? String(end) : undefined };
}
