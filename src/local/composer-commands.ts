import type { CommandUsage } from './slack/page/protocol.ts';

/** The forms of `/dr`, as the composer of the practice Slack explains them. */
export const COMPOSER_COMMANDS: readonly CommandUsage[] = [
  {
    usage: '/dr drill <application> wave <number> [reason "…"]',
    about: 'Asks for a drill of one wave. Nothing is launched before somebody else approves.',
  },
  { usage: '/dr help', about: 'Shows the commands, and which applications and waves exist.' },
];
