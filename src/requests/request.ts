import { z } from 'zod';
import { CLEAN_UP_HOURS } from '../domain/clean-up.ts';
import { type ComponentInput, describeIssues, parseComponentInput } from '../domain/contract.ts';
import { DrError } from '../domain/errors.ts';
import { ON_WAVE_FAILURE, type OnWaveFailure } from '../domain/records.ts';
import { applicationOf, wavesOf } from '../domain/request.ts';
import { type PlannedVerb, TAG, type Verb } from '../domain/vocabulary.ts';
import { channelIdSchema } from '../platform/configuration.ts';

/** A machine's request, understood. */
export interface MachineRequest {
  input: ComponentInput & { action: PlannedVerb };
  /** The waves that it names, in ascending order: one by a tag, several by `waves`. */
  waves: number[];
  /** Waves before which somebody has to release it, in ascending order; empty for none. */
  pauseBefore: number[];
  /** What follows a wave that failed; absent where the request does not say it. */
  onWaveFailure?: OnWaveFailure;
  /** Of a drill: hours after its end at which its instances are ended, unless somebody keeps them. */
  cleanUpAfterHours?: number;
  /** By which the request is told from others: delivered twice, it is one execution. */
  correlationId: string;
  /** Of the parent's own waiting task. Secret. */
  taskToken?: string;
  /** Where its cards are shown, when it says so. */
  channelId?: string;
}

/** Longest task token (Step Functions). */
const MAX_TASK_TOKEN = 2_048;

/** As many as a recovery plan has. */
const MOST_WAVES = 99;
/** Ours, in bytes as JSON: with what is stored beside it it fits into an item (DynamoDB: 400 KB) and into a machine's input (256 KiB). */
const MOST_BYTES = 200_000;

const wavesSchema = z.array(z.int().min(1)).min(1).max(MOST_WAVES);

/** The entrance's own fields, beside the component's input. */
const entranceSchema = z.looseObject({
  /** Waves of one application that run one after the other, in ascending order, instead of the tag DR-Wave. */
  waves: wavesSchema.optional(),
  /** Waves before which it waits until somebody releases it. */
  pauseBefore: wavesSchema.optional(),
  /** Whether people are asked what now when a wave fails, or nothing more is begun. */
  onWaveFailure: z.enum(ON_WAVE_FAILURE).optional(),
  /** Of a drill: whole hours after its end at which its instances are ended, unless somebody keeps them. */
  cleanUpAfterHours: z.int().min(CLEAN_UP_HOURS.min).max(CLEAN_UP_HOURS.max).optional(),
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
 * Reads a request: the component's input with `taskToken`, `channelId`, `waves`, `pauseBefore`, `onWaveFailure` and
 * `cleanUpAfterHours` beside it, or an event of EventBridge with that as its detail.
 * @throws {DrError} ValidationError that names what is wrong: a field, a status (which needs no request), or a request
 *   by which nobody could tell that it was delivered twice.
 */
export function readRequest(event: unknown): MachineRequest {
  const busEvent = busEventSchema.safeParse(event);
  const entrance = entranceSchema.safeParse(busEvent.success ? busEvent.data.detail : event);
  if (!entrance.success) throw new DrError('ValidationError', describeIssues('The request', entrance.error));
  const {
    taskToken,
    channelId,
    waves: given,
    pauseBefore: pauses = [],
    onWaveFailure,
    cleanUpAfterHours,
    ...rest
  } = entrance.data;
  const input = parseComponentInput(rest);
  const { action } = input;
  if (!isPlanned(action)) {
    throw new DrError(
      'ValidationError',
      `A ${action} changes nothing and needs no request: call drs-orchestration-main directly.`,
    );
  }
  const bytes = Buffer.byteLength(JSON.stringify(input));
  if (bytes > MOST_BYTES) {
    throw new DrError(
      'ValidationError',
      `The request takes ${bytes} bytes as JSON; there is room for ${MOST_BYTES}. Nothing was started: name servers by tags, or make several requests.`,
    );
  }
  const waves = ascending(given ?? wavesOf(input.tags));
  const pauseBefore = ascending(pauses);
  const wrong = given === undefined ? [] : wrongWaves(input.tags);
  const unknown = pauseBefore.filter((wave) => !waves.includes(wave));
  if (unknown.length > 0) wrong.push(`pauseBefore: the request has no wave ${unknown.join(', ')}.`);
  if (cleanUpAfterHours !== undefined && action !== 'drill') {
    wrong.push(`cleanUpAfterHours: only a drill’s instances are ended after it, not those of a ${action}.`);
  }
  if (wrong.length > 0) throw new DrError('ValidationError', `${wrong.join(' ')} Nothing was started.`);
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
    input: {
      ...input,
      action,
      tags: tagsFor(input.tags, waves),
      options: { ...input.options, minServers: Math.max(1, input.options.minServers) },
    },
    waves,
    pauseBefore,
    ...(onWaveFailure === undefined ? {} : { onWaveFailure }),
    ...(cleanUpAfterHours === undefined ? {} : { cleanUpAfterHours }),
    correlationId: correlationId.data,
    ...(taskToken === undefined ? {} : { taskToken }),
    ...(channelId === undefined ? {} : { channelId }),
  };
}

function ascending(waves: readonly number[]): number[] {
  return [...new Set(waves)].sort((a, b) => a - b);
}

/** One wave is selected by its tag, however it was named. */
function tagsFor(tags: Record<string, string>, waves: readonly number[]): Record<string, string> {
  const [wave] = waves;
  return wave === undefined || waves.length > 1 || TAG.wave in tags ? tags : { ...tags, [TAG.wave]: String(wave) };
}

function wrongWaves(tags: Record<string, string>): string[] {
  return [
    ...(applicationOf(tags) === ''
      ? [`waves: they are of one application, which the tag ${TAG.application} names.`]
      : []),
    ...(TAG.wave in tags ? [`waves: leave the tag ${TAG.wave} out, or name the one wave by it alone.`] : []),
  ];
}

function isPlanned(action: Verb): action is PlannedVerb {
  return action !== 'status';
}
