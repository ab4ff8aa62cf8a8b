import { z } from 'zod';

/**
 * What Slack sends, as far as Bolt and the listeners read it. Bolt knows a payload by the fields that it has and takes
 * their types for granted: a body that a good signature carries and Slack would not send ends in an error of nobody's.
 */

/** Ids of Slack have 9 to 13 characters; a trigger has three numbers. */
const idSchema = z.string().min(1).max(64);
const triggerSchema = z.string().min(1).max(256);
/** Ours; a message has at most 40,000 characters (chat.postMessage). */
const typedSchema = z.string().max(40_000);
/** Block kit reference: an id of a block or an action. */
const blockKitIdSchema = z.string().max(255);
const withIdSchema = z.looseObject({ id: idSchema });

/** Fields by which Bolt would take the payload for another one, or for that of a workflow's function. */
const NOT_THERE = {
  event: z.undefined().optional(),
  command: z.undefined().optional(),
  name: z.undefined().optional(),
  actions: z.undefined().optional(),
  function_data: z.undefined().optional(),
  bot_access_token: z.undefined().optional(),
};

/** Who acted, where. */
const acted = {
  ...NOT_THERE,
  user: withIdSchema.extend({ team_id: idSchema.nullish() }),
  team: withIdSchema.nullish(),
  enterprise: withIdSchema.nullish(),
  channel: withIdSchema.nullish(),
};

const optionSchema = z.looseObject({ value: z.string() });

/** What is filled into one input: by its kind one of these. */
const inputSchema = z.looseObject({
  value: typedSchema.nullish(),
  selected_option: optionSchema.nullish(),
  selected_options: z.array(optionSchema).nullish(),
  selected_conversation: idSchema.nullish(),
  files: z.array(withIdSchema).nullish(),
});

const viewSchema = z.looseObject({
  id: idSchema,
  hash: z.string().optional(),
  callback_id: blockKitIdSchema.optional(),
  private_metadata: z.string(),
  root_view_id: idSchema.nullish(),
  app_installed_team_id: idSchema.nullish(),
  state: z.looseObject({ values: z.record(z.string(), z.record(z.string(), inputSchema)) }),
});

/** Nothing is filled into App Home. */
const homeSchema = z.looseObject({
  id: idSchema,
  type: z.literal('home'),
  private_metadata: z.undefined().or(z.literal('')).optional(),
  state: z
    .undefined()
    .or(z.looseObject({ values: z.record(z.string(), z.unknown()) }))
    .optional(),
});

const pressSchema = z
  .looseObject({
    ...acted,
    type: z.literal('block_actions'),
    trigger_id: triggerSchema,
    container: z.looseObject({ type: z.string() }),
    view: z.union([viewSchema, homeSchema]).optional(),
    // Whose it is, is looked at apart.
    response_url: z.unknown().optional(),
    actions: z
      .array(
        z.looseObject({
          type: z.string(),
          action_id: blockKitIdSchema,
          block_id: blockKitIdSchema.optional(),
          value: z.string().optional(),
        }),
      )
      .min(1),
  })
  // It is answered by a form, or where it was made.
  .refine(({ container, view, response_url: url }) => (container.type === 'view' ? view : url) !== undefined);

const submissionSchema = z.looseObject({
  ...acted,
  type: z.enum(['view_submission', 'view_closed']),
  trigger_id: triggerSchema.optional(),
  view: viewSchema,
});

const shortcutSchema = z.looseObject({
  ...acted,
  type: z.enum(['shortcut', 'message_action']),
  callback_id: blockKitIdSchema,
  trigger_id: triggerSchema,
});

const suggestionSchema = z.looseObject({
  ...acted,
  type: z.literal('block_suggestion'),
  action_id: blockKitIdSchema,
  block_id: blockKitIdSchema,
  value: typedSchema,
});

/** Payloads of interactivity (Slack's reference, "Interaction payloads"). */
const interactionSchema = z.discriminatedUnion('type', [
  pressSchema,
  submissionSchema,
  shortcutSchema,
  suggestionSchema,
]);

/** The two events that are subscribed to. */
const eventSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('app_mention'),
    // What a bot writes has no user.
    user: idSchema.optional(),
    channel: idSchema,
    text: typedSchema,
    thread_ts: idSchema.optional(),
    team: idSchema.optional(),
    user_team: idSchema.optional(),
    item: z.undefined().optional(),
    subteam: z.undefined().optional(),
    channel_id: z.undefined().optional(),
  }),
  z.looseObject({
    type: z.literal('app_home_opened'),
    user: idSchema,
    channel: idSchema.optional(),
    tab: z.string().optional(),
    item: z.undefined().optional(),
    subteam: z.undefined().optional(),
    channel_id: z.undefined().optional(),
  }),
]);

/** Bodies of the Events API ("The Events API"). */
const deliverySchema = z.discriminatedUnion('type', [
  z.looseObject({ ...NOT_THERE, type: z.enum(['url_verification', 'app_rate_limited']) }),
  z.looseObject({
    ...NOT_THERE,
    type: z.literal('event_callback'),
    team_id: idSchema,
    enterprise_id: idSchema.nullish(),
    event_id: triggerSchema,
    authorizations: z
      .array(z.looseObject({ team_id: idSchema.nullish(), enterprise_id: idSchema.nullish() }))
      .optional(),
    event: eventSchema,
  }),
]);

/** A command's form ("Slash commands"), each field once. */
const commandSchema = z.looseObject({
  command: z.string().min(1).max(64),
  user_id: idSchema,
  team_id: idSchema,
  channel_id: idSchema,
  trigger_id: triggerSchema,
  text: typedSchema.optional(),
  response_url: z.unknown().optional(),
  event: z.undefined().optional(),
  bot_access_token: z.undefined().optional(),
});

/** True for a body of the Events API that may be given on. */
export function isDelivery(body: unknown): boolean {
  return deliverySchema.safeParse(body).success;
}

/** True for a payload of interactivity that may be given on. */
export function isInteraction(payload: unknown): boolean {
  return interactionSchema.safeParse(payload).success;
}

/** True for a command's form that may be given on. */
export function isCommand(form: unknown): boolean {
  return commandSchema.safeParse(form).success;
}
