import type { AppShortcut } from './slack/model.ts';
import type { CommandUsage } from './slack/page/protocol.ts';

const SCOPE = '<application> [wave N|waves N-M|waves N,M|all]';
const MORE = '[reason "…"] [ticket INC…]';

/** The forms of `/dr`, as the composer of the practice Slack explains them. */
export const COMPOSER_COMMANDS: readonly CommandUsage[] = [
  {
    usage: `/dr drill ${SCOPE} ${MORE} [cleanup 4h]`,
    about: 'Asks for a drill. Nothing is launched before somebody else approves.',
  },
  {
    usage: `/dr failover ${SCOPE} ${MORE} [replace i-… i-…]`,
    about: 'Asks for a failover: live recovery instances. Two people approve.',
  },
  { usage: `/dr failback ${SCOPE} ${MORE}`, about: 'Asks to bring servers back to their origin. Two people approve.' },
  { usage: `/dr terminate ${SCOPE} [live] ${MORE}`, about: 'Asks to end drill instances; with live, live ones too.' },
  {
    usage: `/dr plan [drill|failover|failback|terminate] ${SCOPE}`,
    about: 'Shows what would happen. Nobody is asked and nothing is changed.',
  },
  { usage: '/dr plans', about: 'Lists the recovery plans.' },
  { usage: '/dr plan show <plan> [version N]', about: 'Shows a recovery plan and what it matches now.' },
  { usage: '/dr plan new [<name>]', about: 'Makes a recovery plan by a form.' },
  { usage: '/dr plan edit <plan> [as text]', about: 'Changes a recovery plan.' },
  { usage: '/dr plan copy <plan> [as <name>]', about: 'Makes a recovery plan from another one.' },
  { usage: '/dr plan delete <plan>', about: 'Removes a recovery plan.' },
  { usage: '/dr plan import', about: 'Reads plans and groups from a file or a text.' },
  { usage: '/dr plan export <plan>', about: 'Sends you a plan as a file.' },
  { usage: '/dr groups', about: 'Lists the protection groups.' },
  { usage: '/dr group show|new|edit|delete <group>', about: 'Shows, makes, changes or removes a protection group.' },
  {
    usage: '/dr schedule drill <application> <when> [zone <place>] [wave N …] [cleanup 4h]',
    about: 'Asks for a drill by the clock, e.g. every sunday 06:00.',
  },
  { usage: '/dr schedule', about: 'Lists the drills that are asked for by the clock.' },
  { usage: '/dr schedule delete <id>', about: 'Removes a schedule.' },
  { usage: '/dr status [<application>|<execution>]', about: 'Shows what runs and what waits.' },
  { usage: '/dr readiness [<application>]', about: 'Says whether it could be recovered now, and what to do.' },
  { usage: '/dr executions [<application>] [archived]', about: 'Lists what ran.' },
  { usage: '/dr server <hostname>', about: 'Shows one server.' },
  { usage: '/dr logs <execution> [<server>]', about: 'Shows what DRS noted of the jobs.' },
  { usage: '/dr audit <execution>', about: 'Gives the record of who did what, as a file.' },
  { usage: '/dr export <execution>', about: 'Gives an execution as a file for other programs.' },
  { usage: '/dr accounts [list]', about: 'Lists the accounts and when each was validated.' },
  { usage: '/dr accounts validate [<account>]', about: 'Looks whether the accounts have all that is needed.' },
  { usage: '/dr archive <execution> [undo]', about: 'Takes a finished execution out of the lists.' },
  { usage: '/dr approve <execution>', about: 'Approves, as the button of its card does.' },
  { usage: '/dr reject <execution> [reason "…"]', about: 'Rejects, with a reason.' },
  { usage: '/dr resume <execution> [reason "…"]', about: 'Goes on with the next wave.' },
  { usage: '/dr pause <execution>', about: 'Stops before the next wave.' },
  { usage: '/dr cancel <execution> [reason "…"]', about: 'Ends before the next wave.' },
  { usage: '/dr access', about: 'Shows what you may do, and who decides.' },
  { usage: '/dr help [<command>]', about: 'Shows the commands, and which applications and waves exist.' },
];

/** The app's shortcuts, as its manifest has them. */
export const COMPOSER_SHORTCUTS: readonly AppShortcut[] = [
  {
    callbackId: 'request_recovery',
    name: 'Ask to drill or recover',
    description: 'Ask for a drill or a recovery by a form',
  },
];
