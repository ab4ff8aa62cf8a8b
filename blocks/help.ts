import type { Catalogue } from '../src/domain/records.ts';
import { COMMANDS, type CommandForm, type CommandWord, formOf } from './commands.ts';
import { escapeText, name } from './message.ts';
import { wavesText } from './verbs.ts';

/** What one person is told of what can be done: texts in mrkdwn. */

/** More would make an answer that nobody reads, and in the end one that Slack cuts. */
const MOST_APPLICATIONS_SHOWN = 40;
const MOST_PEOPLE_SHOWN = 10;

/** `/dr help`: the commands that somebody may use, each with an example, and what exists to use them on. */
export function helpText(words: readonly CommandWord[], catalogue: Catalogue | undefined): string {
  return [
    '*What you may do* (`@dr-chatops …` works too, also in threads; votes are taken by buttons and `/dr` only):',
    ...words.map((word) => `• ${formOf(word)}\n   ${COMMANDS[word].about} For example \`${COMMANDS[word].example}\`.`),
    applicationsText(catalogue),
  ].join('\n');
}

/** `/dr help drill`: one command. `isAllowed`: whether this person may use it. */
export function commandHelpText(word: CommandWord, isAllowed: boolean, catalogue: Catalogue | undefined): string {
  const { about, example, more = [] }: CommandForm = COMMANDS[word];
  return [
    `${formOf(word)}`,
    about,
    `For example \`${example}\`.`,
    ...more.map((form) => `• \`${escapeText(form.form)}\`\n   ${form.about}`),
    ...(isAllowed ? [] : ['⚠️ You may not use it: `/dr access` shows what you may do.']),
    applicationsText(catalogue),
  ].join('\n');
}

/** Which applications and waves exist. */
export function applicationsText(catalogue: Catalogue | undefined): string {
  if (catalogue === undefined || catalogue.applications.length === 0) return 'No applications are known yet.';
  const names = catalogue.applications
    .slice(0, MOST_APPLICATIONS_SHOWN)
    .map((application) => `${name(application.name)} (${knownWavesText(application.waves)})`);
  const rest = catalogue.applications.length - names.length;
  return `Applications: ${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`;
}

/** The waves that an application has: `waves 1–4`. */
export function knownWavesText(waves: readonly { wave: number }[]): string {
  return waves.length === 0 ? 'no waves' : wavesText(waves.map(({ wave }) => wave));
}

/** What `/dr access` shows. */
export interface AccessView {
  userId: string;
  /** Own roles, and the applications that each is limited to. */
  roles: { role: string; applications?: string[] }[];
  /** What may be typed. */
  words: readonly CommandWord[];
  /** Who decides, by Slack user ids. */
  deciders: readonly string[];
  /** The SSM parameter that says so. */
  configuredAt: string;
}

/** `/dr access`: own roles and applications, who decides, and where that is configured. */
export function accessText({ userId, roles, words, deciders, configuredAt }: AccessView): string {
  return [
    `*Access of <@${userId}>*`,
    ...roles.map(
      ({ role, applications }) =>
        `• ${role}: ${applications === undefined ? 'all applications' : applications.map(name).join(', ')}`,
    ),
    `You may: ${words.map((word) => `\`${word}\``).join(' ')}. \`/dr help\` shows how.`,
    `${peopleText(deciders)} may decide about requests. Nobody decides about an own request, unless a policy says so.`,
    `This is configured in the SSM parameter \`${name(configuredAt)}\`.`,
  ].join('\n');
}

/** Mentions of people, the first of them. */
export function peopleText(userIds: readonly string[], most = MOST_PEOPLE_SHOWN): string {
  const all = [...new Set(userIds)];
  if (all.length === 0) return 'Nobody';
  const shown = all.slice(0, most).map((userId) => `<@${userId}>`);
  const rest = all.length - shown.length;
  return `${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
