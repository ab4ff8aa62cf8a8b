import type { AutomationExecution } from '@aws-sdk/client-ssm';
import { filledParameters } from '../domain/action-parameters.ts';
import { messageOf } from '../domain/errors.ts';
import type { ActionRecord } from '../domain/records.ts';
import type { WaveAction } from '../domain/recovery-plan.ts';
import { executionIdOf } from '../domain/request.ts';
import type { Configuration } from '../platform/configuration.ts';
import type { Log } from '../platform/platform.ts';
import {
  type ActionPlace,
  type TargetRegion,
  targetAccountOf,
  type targetRegions,
} from '../platform/target-account.ts';
import { type ActionKind, quoted, type Step, type StepContext } from './step.ts';

/** Statuses from which an automation does not go on (SSM API: AutomationExecutionStatus), those of change requests apart. */
const SUCCEEDED = ['Success', 'CompletedWithSuccess'];
const FAILED = [
  'Failed',
  'TimedOut',
  'Cancelled',
  'Rejected',
  'CompletedWithFailure',
  'ChangeCalendarOverrideRejected',
  'Exited',
];

type AutomationAction = Extract<WaveAction, { actionType: 'automation' }>;

export interface AutomationTools {
  configuration: Pick<Configuration, 'targetAccount'>;
  targetIn: ReturnType<typeof targetRegions>;
  log: Log;
}

/**
 * SSM Automation documents. One is started with a token that is made of the execution and the action's key: a step that
 * died between the call and the write is taken again with the same token, for which Systems Manager answers with the
 * automation that it has started already. A started one is followed to its end, also when the execution is cancelled.
 */
export function automations({ configuration, targetIn, log }: AutomationTools): ActionKind {
  return {
    async step({ execution, record, mayStart, keep }) {
      const action = record.action as AutomationAction;
      const [id] = record.references ?? [];
      const target = await targetOf(record);
      if (id !== undefined) return ended(action, await target.automation(id)) ?? { status: 'running' };
      if (!mayStart) return { status: 'running' };
      const { documentName, documentVersion } = action;
      const started = await target.start({
        documentName,
        documentVersion,
        parameters: filledParameters(action.parameters, execution, record.wave),
        token: tokenOf(record),
      });
      await keep({ references: [started] });
      return { status: 'running' };
    },

    /** Best effort: an automation that cannot be asked to stop is named, so that people look at it. */
    async abandon({ record }: StepContext) {
      const [id] = record.references ?? [];
      if (id === undefined) return undefined;
      try {
        await (await targetOf(record)).stop(id);
        return `The automation ${id} was asked to stop.`;
      } catch (error) {
        const { executionId } = record;
        log.warn('An automation could not be asked to stop', { executionId, automation: id, error: messageOf(error) });
        return `The automation ${id} could not be asked to stop and may still run (${quoted(messageOf(error))}).`;
      }
    },
  };

  async function targetOf(record: ActionRecord): Promise<TargetRegion> {
    const { accountId = '', region = '' }: Partial<ActionPlace> = record;
    return targetIn(await targetAccountOf(configuration, { accountId, region }), region);
  }
}

/** The same for every try to start this attempt, another one for the next attempt. */
export function tokenOf({ executionId, wave, phase, index, attempt }: ActionRecord): string {
  return executionIdOf('action', executionId, String(wave), phase, String(index), String(attempt));
}

function ended({ documentName }: AutomationAction, automation: AutomationExecution): Step | undefined {
  const { AutomationExecutionStatus: status = '' } = automation;
  if (SUCCEEDED.includes(status)) return { status: 'succeeded', detail: `${documentName} has run to its end.` };
  if (!FAILED.includes(status)) return undefined;
  const step = automation.StepExecutions?.find(({ StepStatus = '' }) => FAILED.includes(StepStatus));
  const said = quoted(step?.FailureMessage ?? automation.FailureMessage ?? '');
  const where = step?.StepName === undefined ? '' : ` at its step ${step.StepName}`;
  return {
    status: 'failed',
    detail: `${documentName} ended as ${status}${where}${said === '' ? '.' : `: ${said}`}`,
  };
}
