import type { SlackViewAction } from '@slack/bolt';
import { z } from 'zod';
import type { Field } from '../../blocks/modal.ts';

/** What the forms of plans and groups carry: which draft they are about, never what is in it. */
const stateSchema = z.strictObject({
  /** Left out by a form that has no draft yet. */
  draftId: z.uuid().optional(),
  /** Where the form was asked for, and where its answer goes; left out in App Home. */
  channelId: z.string().max(64).optional(),
  threadTs: z.string().max(64).optional(),
  /** The wave that the form is about. */
  wave: z.int().min(1).max(99).optional(),
});
export type FormState = z.infer<typeof stateSchema>;

/** A form's `private_metadata`. */
export function formState(state: FormState): string {
  return JSON.stringify(state);
}

/** Reads it; undefined for a form of another version. */
export function readFormState(metadata: string): FormState | undefined {
  try {
    return stateSchema.safeParse(JSON.parse(metadata)).data;
  } catch {
    // Not even JSON: not one of our forms.
    return undefined;
  }
}

/** What is filled into a view. */
export type FormValues = Pick<SlackViewAction['view'], 'state'>;

/** Problems by the block that they are shown at. */
export type FieldErrors = Record<string, string>;

/** What somebody has typed into an input, without spaces around it. */
export function typedIn({ state }: FormValues, { blockId, actionId }: Field): string {
  return (state.values[blockId]?.[actionId]?.value ?? '').trim();
}

/** The option that somebody has chosen. */
export function chosenIn({ state }: FormValues, { blockId, actionId }: Field): string | undefined {
  return state.values[blockId]?.[actionId]?.selected_option?.value;
}

/** The options that somebody has chosen. */
export function allChosenIn({ state }: FormValues, { blockId, actionId }: Field): string[] {
  return (state.values[blockId]?.[actionId]?.selected_options ?? []).map(({ value }) => value);
}

/** The files that somebody has given. */
export function filesIn({ state }: FormValues, { blockId, actionId }: Field): { id: string }[] {
  return state.values[blockId]?.[actionId]?.files ?? [];
}

/** Tags as a form shows them: one `key=value` a line. */
export function tagLines(tags: Record<string, string> | undefined): string {
  return Object.entries(tags ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join('\n');
}

/** Reads lines of `key=value`; undefined for none. */
export function readTagLines(text: string): { tags: Record<string, string> | undefined } | { problem: string } {
  const tags = new Map<string, string>();
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '') continue;
    const at = line.indexOf('=');
    const key = line.slice(0, at).trim();
    if (at === -1 || key === '' || key === '__proto__')
      return { problem: `“${line}” is no tag: write key=value, one a line.` };
    if (tags.has(key)) return { problem: `${key} is there twice: a server has one value of each tag.` };
    tags.set(key, line.slice(at + 1).trim());
  }
  return { tags: tags.size === 0 ? undefined : Object.fromEntries(tags) };
}
