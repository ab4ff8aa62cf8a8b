import {
  type AutomationExecution,
  type Command,
  type CommandInvocation,
  DescribeInstanceInformationCommand,
  GetAutomationExecutionCommand,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  SendCommandCommand,
  SSMClient,
  StartAutomationExecutionCommand,
  StopAutomationExecutionCommand,
} from '@aws-sdk/client-ssm';
import { DrError } from '../domain/errors.ts';
import { asRole, madeOnce } from './assumed-role.ts';
import type { Configuration, TargetAccount } from './configuration.ts';
import { inChunks, pages } from './pages.ts';
import type { Platform } from './platform.ts';

/** Most instances that one SendCommand names (API reference). */
export const MOST_INSTANCES_A_COMMAND = 50;
/** A command that is not delivered at once is kept for this many seconds at least, and at most (API reference). */
const DELIVERY_SECONDS = { least: 30, most: 2_592_000 };
/** Most characters of a command's comment (API reference); by it a command is found again. */
const COMMENT_LENGTH = 100;

/** What an automation is started with. */
export interface NewAutomation {
  documentName: string;
  documentVersion?: string;
  parameters: Record<string, string[]>;
  /** A UUID: the same one never starts a second automation. */
  token: string;
}

/** What a command is sent with, to at most {@link MOST_INSTANCES_A_COMMAND} instances. */
export interface NewCommand {
  documentName: string;
  parameters: Record<string, string[]>;
  instanceIds: string[];
  comment: string;
  /** How long it may wait for an instance. */
  deliverWithinSeconds: number;
}

/** An account and Region in which actions are done. */
export interface ActionPlace {
  accountId: string;
  region: string;
}

/**
 * The settings of an account in which actions are done.
 * @throws {DrError} ConfigurationError when it is not one, or not in this Region
 */
export async function targetAccountOf(
  configuration: Pick<Configuration, 'targetAccount'>,
  { accountId, region }: ActionPlace,
): Promise<TargetAccount> {
  const account = await configuration.targetAccount(accountId);
  if (account === undefined) {
    throw new DrError(
      'ConfigurationError',
      `No actions are done in account ${accountId}: list it under targetAccounts of the deployment's file, with its documents, and deploy.`,
    );
  }
  if (account.regions.includes(region)) return account;
  throw new DrError(
    'ConfigurationError',
    `No actions are done in ${region} of account ${accountId}, only in ${account.regions.join(', ')}: add the Region to targetAccounts of the deployment's file, and deploy.`,
  );
}

/** Does actions in one account and Region, by the role for them. */
export type TargetRegion = ReturnType<typeof targetRegion>;

/** The places in which actions are done, each with clients that are made once. */
export function targetRegions(platform: Platform): (account: TargetAccount, region: string) => TargetRegion {
  const made = madeOnce(({ account, region }: { account: TargetAccount; region: string }) =>
    targetRegion(platform, account, region),
  );
  return (account, region) => made({ account, region });
}

function targetRegion(platform: Platform, account: TargetAccount, region: string) {
  const settings = { region, credentials: asRole(platform, account) };
  const ssm = new SSMClient(settings);
  // SendCommand knows no token: one whose answer was lost is looked for before it is sent again.
  const once = new SSMClient({ ...settings, maxAttempts: 1 });

  return {
    /** Starts a document; the answer is the execution's id. The same token again gives the same id. */
    async start({ documentName, documentVersion, parameters, token }: NewAutomation): Promise<string> {
      const answer = await ssm.send(
        new StartAutomationExecutionCommand({
          DocumentName: documentName,
          DocumentVersion: documentVersion,
          Parameters: parameters,
          ClientToken: token,
        }),
      );
      return answer.AutomationExecutionId ?? '';
    },

    /** How an automation stands. */
    async automation(id: string): Promise<AutomationExecution> {
      const answer = await ssm.send(new GetAutomationExecutionCommand({ AutomationExecutionId: id }));
      return answer.AutomationExecution ?? {};
    },

    /** Asks an automation to stop; the step that runs is cancelled, none begins. */
    async stop(id: string): Promise<void> {
      await ssm.send(new StopAutomationExecutionCommand({ AutomationExecutionId: id, Type: 'Cancel' }));
    },

    /** Those of these instances whose agent speaks to Systems Manager now. */
    async reachable(instanceIds: readonly string[]): Promise<Set<string>> {
      const known = await inChunks(
        instanceIds,
        (Values) =>
          pages(async (NextToken) => {
            const Filters = [{ Key: 'InstanceIds', Values }];
            const page = await ssm.send(new DescribeInstanceInformationCommand({ Filters, MaxResults: 50, NextToken }));
            return { items: page.InstanceInformationList, nextToken: page.NextToken };
          }),
        MOST_INSTANCES_A_COMMAND,
      );
      return new Set(
        known.filter(({ PingStatus }) => PingStatus === 'Online').map(({ InstanceId }) => InstanceId ?? ''),
      );
    },

    /** Sends a command, once: it is not repeated, whatever happens. The answer is its id. */
    async send({ documentName, parameters, instanceIds, comment, deliverWithinSeconds }: NewCommand): Promise<string> {
      const { least, most } = DELIVERY_SECONDS;
      const answer = await once.send(
        new SendCommandCommand({
          DocumentName: documentName,
          Parameters: parameters,
          InstanceIds: instanceIds,
          Comment: comment.slice(0, COMMENT_LENGTH),
          TimeoutSeconds: Math.min(most, Math.max(least, deliverWithinSeconds)),
          // Every instance is to be tried: otherwise the first that fails ends it for those that have not begun.
          MaxErrors: '100%',
          MaxConcurrency: '100%',
        }),
      );
      return answer.Command?.CommandId ?? '';
    },

    /**
     * Commands with this comment that were sent since a moment (milliseconds since the epoch). Not asked for by instance:
     * such a list leaves out what has not reached its instance yet (API reference, ListCommands).
     */
    async commandsWith(comment: string, since: number): Promise<Command[]> {
      const InvokedAfter = `${new Date(since).toISOString().slice(0, 19)}Z`;
      const found = await pages(async (NextToken) => {
        const Filters = [{ key: 'InvokedAfter' as const, value: InvokedAfter }];
        const page = await ssm.send(new ListCommandsCommand({ Filters, MaxResults: 50, NextToken }));
        return { items: page.Commands, nextToken: page.NextToken };
      });
      return found.filter(({ Comment }) => Comment === comment.slice(0, COMMENT_LENGTH));
    },

    /** How a command stands on each of its instances. */
    async invocations(commandId: string): Promise<CommandInvocation[]> {
      return await pages(async (NextToken) => {
        const page = await ssm.send(
          new ListCommandInvocationsCommand({ CommandId: commandId, Details: true, MaxResults: 50, NextToken }),
        );
        return { items: page.CommandInvocations, nextToken: page.NextToken };
      });
    },
  };
}
