import type { CommandInvocation } from '@aws-sdk/client-ssm';
import { filledParameters } from '../domain/action-parameters.ts';
import type { ActionRecord } from '../domain/records.ts';
import type { WaveAction } from '../domain/recovery-plan.ts';
import type { Configuration } from '../platform/configuration.ts';
import type { ExecutionStore } from '../platform/execution-store.ts';
import {
  type ActionPlace,
  MOST_INSTANCES_A_COMMAND,
  type TargetRegion,
  targetAccountOf,
  type targetRegions,
} from '../platform/target-account.ts';
import { tokenOf } from './automation.ts';
import { launchedInstances } from './launched-instances.ts';
import { type ActionKind, countOf, isAnswered, refusalOf, type Step, type StepContext, some } from './step.ts';

/** How long a command may take to be listed after it was sent: ours, AWS says nothing of it. */
const LISTED_WITHIN_MS = 60_000;

/** Statuses from which a command does not go on at an instance (SSM API: CommandInvocationStatus). */
const ENDED = ['Success', 'Cancelled', 'Failed', 'TimedOut'];

type CommandAction = Extract<WaveAction, { actionType: 'command' }>;

export interface CommandTools {
  store: Pick<ExecutionStore, 'getPlan' | 'getBatches'>;
  configuration: Pick<Configuration, 'targetAccount'>;
  targetIn: ReturnType<typeof targetRegions>;
  now: () => number;
}

/** One SendCommand: some instances of one account and Region. */
interface Sending {
  place: ActionPlace;
  target: TargetRegion;
  instanceIds: string[];
  /** By which it is found again. */
  comment: string;
}

/**
 * SSM Run Command on every instance that the wave has launched, once each of them can be reached; on each it has to succeed.
 *
 * A command is sent once, although SendCommand knows no token. The intent is written first (`sendingSince`, under the
 * record's version, so that of two steps at the same time one goes on), then the command is sent without any retry, then its
 * id is written. A step that finds an intent without an id does not know whether the command was taken: it looks for it by
 * its comment, which names this attempt and these instances alone, and takes it over. What is not listed a minute after the
 * intent was not taken, and is sent again. An answer that says no is certain: the intent is taken back.
 */
export function commands({ store, configuration, targetIn, now }: CommandTools): ActionKind {
  return {
    async step(context) {
      const { record, mayStart } = context;
      const sendings = await sendingsOf(context);
      const instances = sendings.flatMap(({ instanceIds }) => instanceIds);
      if (instances.length === 0) {
        return { status: 'failed', detail: `Wave ${record.wave} has launched no instance to send a command to.` };
      }
      const hasBegun = record.references !== undefined || record.sendingSince !== undefined;
      if (!hasBegun && !mayStart) return { status: 'running' };
      if (!hasBegun) {
        const unreachable = await unreachableOf(sendings);
        if (unreachable.length > 0) {
          const hindrance = `${unreachable.length} of ${countOf(instances.length, 'instance')} cannot be reached by Systems Manager (${some(unreachable)}): its agent has to run there, with an instance profile that lets it`;
          return { status: 'running', hindrance };
        }
      }
      const sent = await sendRest(context, sendings);
      if ('status' in sent) return sent;
      return await outcome(context, sendings, sent.references);
    },
  };

  async function sendingsOf({ execution, record }: StepContext): Promise<Sending[]> {
    const places = await launchedInstances(store, execution, record.wave);
    const sendings: Sending[] = [];
    for (const { instanceIds, ...place } of places) {
      const target = targetIn(await targetAccountOf(configuration, place), place.region);
      for (let at = 0; at < instanceIds.length; at += MOST_INSTANCES_A_COMMAND) {
        const comment = `dr-chatops ${tokenOf(record)} ${sendings.length + 1}`;
        sendings.push({ place, target, comment, instanceIds: instanceIds.slice(at, at + MOST_INSTANCES_A_COMMAND) });
      }
    }
    return sendings;
  }

  async function unreachableOf(sendings: readonly Sending[]): Promise<string[]> {
    const answers = await Promise.all(
      sendings.map(async ({ target, instanceIds }) => {
        const reachable = await target.reachable(instanceIds);
        return instanceIds.filter((id) => !reachable.has(id));
      }),
    );
    return answers.flat();
  }

  /** Sends what has not been sent, as far as it gets. The answer is the ids so far, or how it stands instead. */
  async function sendRest(
    { execution, record, mayStart, deadline, keep }: StepContext,
    sendings: readonly Sending[],
  ): Promise<{ references: string[] } | Step> {
    const { documentName, parameters } = record.action as CommandAction;
    let { references = [], sendingSince }: ActionRecord = record;
    for (const { target, comment, instanceIds, place } of sendings.slice(references.length)) {
      let id: string | undefined;
      if (sendingSince !== undefined) {
        id = (await target.commandsWith(comment, record.startedAt))[0]?.CommandId;
        if (id === undefined && now() - sendingSince < LISTED_WITHIN_MS) {
          return { status: 'running', hindrance: 'it is not known whether a command was sent' };
        }
      }
      if (id === undefined) {
        if (!mayStart) return { references };
        await keep({ sendingSince: now() });
        try {
          id = await target.send({
            documentName,
            parameters: filledParameters(parameters, execution, record.wave),
            instanceIds,
            comment,
            deliverWithinSeconds: Math.ceil((deadline - now()) / 1_000),
          });
        } catch (error) {
          if (isAnswered(error)) await keep({ sendingSince: undefined });
          const asked = { documentName, place: `account ${place.accountId}, ${place.region}` };
          const refusal = refusalOf(error, asked);
          if (refusal === undefined) throw error;
          const before = `${countOf(references.length, 'command')} had been sent before and may still run.`;
          return { status: 'failed', detail: references.length === 0 ? refusal : `${refusal} ${before}` };
        }
      }
      sendingSince = undefined;
      references = [...references, id];
      await keep({ references, sendingSince });
    }
    return { references };
  }

  async function outcome(
    { record, mayStart }: StepContext,
    sendings: readonly Sending[],
    references: readonly string[],
  ): Promise<Step> {
    const { documentName } = record.action as CommandAction;
    const looks = await Promise.all(
      sendings.slice(0, references.length).map(async ({ target, instanceIds }, at) => {
        const invocations = await target.invocations(references[at] ?? '');
        return instanceIds.map((id) => ({ id, invocation: invocations.find(({ InstanceId }) => InstanceId === id) }));
      }),
    );
    const results = looks.flat();
    const unsent = sendings.slice(references.length).flatMap(({ instanceIds }) => instanceIds);
    const open = results.filter(({ invocation }) => !ENDED.includes(invocation?.Status ?? ''));
    if (open.length > 0 || (unsent.length > 0 && mayStart)) {
      const hindrance = `${documentName} has not ended on ${countOf(open.length + unsent.length, 'instance')} (${some([...open.map(({ id }) => id), ...unsent])})`;
      return { status: 'running', hindrance };
    }
    const failed = results.filter(({ invocation }) => invocation?.Status !== 'Success');
    if (failed.length === 0 && unsent.length === 0) {
      return { status: 'succeeded', detail: `${documentName} succeeded on ${countOf(results.length, 'instance')}.` };
    }
    const shown = [
      ...failed.map(({ id, invocation }) => `${id}: ${resultOf(invocation)}`),
      ...unsent.map((id) => `${id}: not sent`),
    ];
    const output = references.length === 0 ? '' : ` Command ${some(references)} in Systems Manager has its output.`;
    return {
      status: 'failed',
      detail: `${documentName} did not succeed on ${failed.length + unsent.length} of ${countOf(results.length + unsent.length, 'instance')} (${some(shown)}).${output}`,
    };
  }
}

/** Without what it printed: nobody knows what that is. */
function resultOf(invocation: CommandInvocation | undefined): string {
  const code = invocation?.CommandPlugins?.[0]?.ResponseCode;
  return `${invocation?.StatusDetails ?? 'unknown'}${code === undefined ? '' : `, exit code ${code}`}`;
}
