import { z } from 'zod';
import { type ComponentInput, describeIssues, parseComponentInput } from '../domain/contract.ts';
import { DrError } from '../domain/errors.ts';
import type { PlannedVerb, Verb } from '../domain/vocabulary.ts';
import { channelIdSchema } from '../platform/configuration.ts';

/** A machine's request, understood. */
export interface MachineRequest {
  input: ComponentInput & { action: PlannedVerb };
  /** By which the request is told from others: delivered twice, it is one execution. */
  correlationId: string;
  /** Of the parent's own waiting task. Secret. */
  taskToken?: string;
  /** Where its cards are shown, when it says so. */
  channelId?: string;
}

/** Longest task token (Step Functions). */
const MAX_TASK_TOKEN = 2_048;

/** The entrance's own fields, beside the component's input. */
const entranceSchema = z.looseObject({
  taskToken: z.string().min(1).max(MAX_TASK_TOKEN).optional(),
  channelId: channelIdSchema.optional(),
});

/** An event as EventBridge delivers it, with the request as its detail. */
const busEventSchema = z.looseObject({
  id: z.string().min(1),
  'detail-type': z.string(),
  detail: z.record(z.string(), z.unknown()),
});

const correlationIdSchema = z.string().min(1).max(256);

/**
 * Reads a request: the component's input with `taskToken` and `channelId` beside it, or an event of EventBridge with
 * that as its detail.
 * @throws {DrError} ValidationError that names what is wrong: a field, a status (which needs no request), or a request
 *   by which nobody could tell that it was delivered twice.
 */
export function readRequest(event: unknown): MachineRequest {
  const busEvent = busEventSchema.safeParse(event);
  const entrance = entranceSchema.safeParse(busEvent.success ? busEvent.data.detail : event);
  if (!entrance.success) throw new DrError('ValidationError', describeIssues('The request', entrance.error));
  const { taskToken, channelId, ...rest } = entrance.data;
  const input = parseComponentInput(rest);
  const { action } = input;
  if (!isPlanned(action)) {
    throw new DrError(
      'ValidationError',
      `A ${action} changes nothing and needs no request: call drs-orchestration-main directly.`,
    );
  }
  const correlationId = correlationIdSchema.safeParse(
    input.metadata.correlationId ?? (busEvent.success ? busEvent.data.id : undefined),
  );
  if (!correlationId.success) {
    throw new DrError(
      'ValidationError',
      'metadata.correlationId: a text of 1 to 256 characters is needed, another one for each request. By it a request that is delivered twice is one execution. Nothing was started.',
    );
  }
  return {
    // A request for nothing is a mistake that must show, as it is for a command of the chat.
    input: { ...input, action, options: { ...input.options, minServers: Math.max(1, input.options.minServers) } },
    correlationId: correlationId.data,
    ...(taskToken === undefined ? {} : { taskToken }),
    ...(channelId === undefined ? {} : { channelId }),
  };
}

function isPlanned(action: Verb): action is PlannedVerb {
  return action !== 'status';
}
