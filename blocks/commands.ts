import { escapeText } from './message.ts';

/** What people can type after `/dr`, or after a mention of the bot. */
export interface CommandForm {
  /** How it is written. */
  form: string;
  example: string;
  /** What it does, for mrkdwn. */
  about: string;
}

const SCOPE = '<application> wave N|waves N-M|waves N,M|all';
const MORE = '[reason "…"] [ticket INC…]';

/** Every command, in the order in which help lists them. */
export const COMMANDS = {
  drill: {
    form: `/dr drill ${SCOPE} ${MORE}`,
    example: '/dr drill HRP wave 1 reason "quarterly test"',
    about: 'Launches drill instances, after preflight and approval. Live instances are never touched.',
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
  status: {
    form: '/dr status [<application>|<execution>]',
    example: '/dr status HRP',
    about: 'Shows what runs and what waits.',
  },
  executions: {
    form: '/dr executions [<application>]',
    example: '/dr executions HRP',
    about: 'Lists what ran.',
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
