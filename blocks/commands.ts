import { escapeText } from './message.ts';

/** What people can type after `/dr`, or after a mention of the bot. */
export interface CommandForm {
  /** How it is written. */
  form: string;
  example: string;
  /** What it does, for mrkdwn. */
  about: string;
  /** Further forms, for the help of this one command. */
  more?: readonly { form: string; about: string }[];
}

const SCOPE = '<application> [wave N|waves N-M|waves N,M|all]';
const MORE = '[reason "…"] [ticket INC…]';

/** Every command, in the order in which help lists them. */
export const COMMANDS = {
  drill: {
    form: `/dr drill ${SCOPE} ${MORE} [cleanup 4h]`,
    example: '/dr drill HRP wave 1 reason "quarterly test"',
    about:
      'Launches drill instances, after preflight and approval: by the application’s recovery plan where one is stored, else by the waves of its servers’ tags; without a wave all of them. Live instances are never touched. With `cleanup` they are ended some hours after the drill, unless somebody keeps them.',
  },
  failover: {
    form: `/dr failover ${SCOPE} ${MORE} [replace i-… i-…]`,
    example: '/dr failover HRP waves 1-3 ticket INC0012345',
    about:
      'Launches live recovery instances, after preflight and approval. Live instances that `replace` does not name are left as they are.',
  },
  failback: {
    form: `/dr failback ${SCOPE} ${MORE}`,
    example: '/dr failback HRP wave 1',
    about: 'Brings the servers back to their origin, after preflight and approval.',
  },
  terminate: {
    form: `/dr terminate ${SCOPE} [live] ${MORE}`,
    example: '/dr terminate HRP wave 1',
    about: 'Ends the drill instances, after approval. With `live` the live ones too: what is on them is lost.',
  },
  plan: {
    form: `/dr plan [drill|failover|failback|terminate] ${SCOPE}`,
    example: '/dr plan failover HRP all',
    about: 'Shows what would happen. Nobody is asked and nothing is changed.',
  },
  plans: {
    form: '/dr plans',
    example: '/dr plans',
    about:
      'Lists the recovery plans. `/dr plan show`, `new`, `edit`, `copy`, `delete`, `import` and `export` work on one: see `/dr help plans`.',
    more: [
      {
        form: '/dr plan show <plan> [version N]',
        about: 'Shows a recovery plan: its waves in their order, what they match now, pauses, actions, targets.',
      },
      { form: '/dr plan new [<name>]', about: 'Makes one, by a form.' },
      { form: '/dr plan edit <plan> [as text]', about: 'Changes it, by a form or as text.' },
      { form: '/dr plan copy <plan> [as <name>]', about: 'Makes one from it, by a form.' },
      { form: '/dr plan delete <plan>', about: 'Removes it. Its versions are kept.' },
      {
        form: '/dr plan import',
        about: 'Reads plans and groups from a file or a text: our own form and those of other tools.',
      },
      { form: '/dr plan export <plan>', about: 'Sends you the plan and its groups as a file.' },
    ],
  },
  groups: {
    form: '/dr groups',
    example: '/dr groups',
    about: 'Lists the protection groups.',
  },
  group: {
    form: '/dr group show|new|edit|delete <group>',
    example: '/dr group show "HRP database servers"',
    about: 'Shows a protection group with the servers it matches now, makes, changes or removes it.',
  },
  schedule: {
    form: '/dr schedule drill <application> <when> [zone <place>] [wave N …] [cleanup 4h]',
    example: '/dr schedule drill HRP every sunday 06:00 zone Europe/Berlin',
    about:
      'Asks for a drill by the clock; each run is approved like any other. Alone it lists the schedules: see `/dr help schedule`.',
    more: [
      { form: '/dr schedule', about: 'Lists the schedules and when each runs next.' },
      { form: '/dr schedule delete <id>', about: 'Removes one.' },
      {
        form: '<when>',
        about:
          '`every day|weekday|sunday|monday,thursday|first monday 06:00`, or `"cron(0 6 ? * SUN *)"` as EventBridge takes it; at most once a day. Without `zone` it is UTC.',
      },
    ],
  },
  status: {
    form: '/dr status [<application>|<execution>]',
    example: '/dr status HRP',
    about: 'Shows what runs and what waits.',
  },
  readiness: {
    form: '/dr readiness [<application>]',
    example: '/dr readiness HRP',
    about:
      'Says whether an application could be recovered now, what speaks against it, and what to do; alone of all of them, one line each. It is checked every 30 minutes.',
  },
  executions: {
    form: '/dr executions [<application>] [archived]',
    example: '/dr executions HRP',
    about:
      'Lists what ran; of an application by recovery plan, with how long each wave took against its target. With `archived` what was taken off the lists.',
  },
  server: {
    form: '/dr server <hostname>',
    example: '/dr server hrpdb01',
    about: 'Shows one server: its replication, its last launch, its instances.',
  },
  logs: {
    form: '/dr logs <execution> [<server>]',
    example: '/dr logs 1a2b3c4d',
    about: 'Shows what DRS noted of an execution’s jobs.',
  },
  audit: {
    form: '/dr audit <execution>',
    example: '/dr audit 1a2b3c4d',
    about: 'Gives the record of who did what, as a file.',
  },
  export: {
    form: '/dr export <execution>',
    example: '/dr export 1a2b3c4d',
    about: 'Gives an execution’s state as a JSON file, for other programs.',
  },
  accounts: {
    form: '/dr accounts [list]',
    example: '/dr accounts',
    about: 'Lists the accounts of the deployment and when each was validated.',
    more: [
      {
        form: '/dr accounts validate [<account>]',
        about: 'Looks at every account, or one: roles, DRS, executor, CloudTrail, documents. Nothing is changed.',
      },
    ],
  },
  archive: {
    form: '/dr archive <execution> [undo]',
    example: '/dr archive 1a2b3c4d',
    about: 'Takes an execution that is over off the lists. Its audit and all that is known of it stay.',
  },
  approve: {
    form: '/dr approve <execution>',
    example: '/dr approve 1a2b3c4d',
    about: 'Approves what somebody else asked for, as the button on its card does.',
  },
  reject: {
    form: '/dr reject <execution> [reason "…"]',
    example: '/dr reject 1a2b3c4d reason "not at this hour"',
    about: 'Rejects it. Without a reason you are asked for one.',
  },
  resume: {
    form: '/dr resume <execution> [reason "…"]',
    example: '/dr resume 1a2b3c4d',
    about: 'Goes on with the next wave of an execution that is paused.',
  },
  pause: {
    form: '/dr pause <execution>',
    example: '/dr pause 1a2b3c4d',
    about: 'Stops an execution before its next wave, until somebody resumes it.',
  },
  cancel: {
    form: '/dr cancel <execution> [reason "…"]',
    example: '/dr cancel 1a2b3c4d reason "wrong application"',
    about: 'Ends an execution before its next wave. A DRS job that runs cannot be stopped.',
  },
  access: {
    form: '/dr access',
    example: '/dr access',
    about: 'Shows what you may do, and who decides.',
  },
  help: {
    form: '/dr help [<command>]',
    example: '/dr help drill',
    about: 'Shows this, or one command.',
  },
} as const satisfies Record<string, CommandForm>;

/** What follows `plan` where a recovery plan is meant, and `group` or `groups` where a protection group is. */
export const PLAN_WORDS = ['show', 'new', 'edit', 'copy', 'delete', 'import', 'export'] as const;
export const GROUP_WORDS = ['show', 'new', 'edit', 'delete'] as const;
export type PlanWord = (typeof PLAN_WORDS)[number];
export type GroupWord = (typeof GROUP_WORDS)[number];

/** The word that a command begins with. */
export type CommandWord = keyof typeof COMMANDS;
export const COMMAND_WORDS = Object.keys(COMMANDS) as CommandWord[];

/** True for a word that a command begins with. */
export function isCommandWord(word: string): word is CommandWord {
  return Object.hasOwn(COMMANDS, word);
}

/** A command's form, for mrkdwn. */
export function formOf(word: CommandWord): string {
  return `\`${escapeText(COMMANDS[word].form)}\``;
}

/** The form of `/dr plan show` and the like, for mrkdwn. */
export function planFormOf(word: PlanWord): string {
  const form = COMMANDS.plans.more.find((one) => one.form.split(' ')[2] === word)?.form ?? COMMANDS.plans.form;
  return `\`${escapeText(form)}\``;
}
