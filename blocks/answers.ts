import type { Catalogue } from '../src/domain/records.ts';
import { count, escapeText, name } from './message.ts';

/** What one person is told, only visible to them: texts in mrkdwn. */

/** The form of every command of this version. */
export const USAGE = '`/dr drill <application> wave <number> [reason "…"]`';

/** More would make an answer that nobody reads, and in the end one that Slack cuts. */
const MOST_APPLICATIONS_SHOWN = 40;

/** `/dr help`: the commands, and what exists to use them on. */
export function helpText(catalogue: Catalogue | undefined): string {
  return [
    `*${USAGE}*`,
    'Launches drill instances for the servers of one application and wave, after preflight and one other person’s approval. It never touches live instances. For example `/dr drill HRP wave 1`.',
    '`/dr help` shows this.',
    applicationsText(catalogue),
  ].join('\n');
}

/** Which applications and waves exist. */
export function applicationsText(catalogue: Catalogue | undefined): string {
  if (catalogue === undefined || catalogue.applications.length === 0) return 'No applications are known yet.';
  const names = catalogue.applications
    .slice(0, MOST_APPLICATIONS_SHOWN)
    .map((application) => `${name(application.name)} (${wavesText(application.waves)})`);
  const rest = catalogue.applications.length - names.length;
  return `Applications: ${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}.`;
}

/** `waves 1–4` */
export function wavesText(waves: Catalogue['applications'][number]['waves']): string {
  const numbers = waves.map(({ wave }) => wave);
  const first = numbers[0];
  const last = numbers.at(-1);
  if (first === undefined || last === undefined) return 'no waves';
  if (numbers.length === 1) return `wave ${first}`;
  return last - first + 1 === numbers.length ? `waves ${first}–${last}` : `waves ${numbers.join(', ')}`;
}

/** The answer to an accepted request. */
export function acceptedText(scope: string, servers: number | undefined): string {
  const about = servers === undefined ? '' : ` (about ${count(servers, 'server')})`;
  return `Looking at ${escapeText(scope)}${about} in every staging account. The card follows in this channel; nothing is launched before somebody else approves.`;
}
