import type { CommandUsage } from './protocol.ts';

/** What a command begins with, word for word, e.g. `/dr drill` of `/dr drill <application> …`. */
function literalOf({ usage }: CommandUsage): string {
  return (/^[^<[]*/.exec(usage)?.[0] ?? '').trim();
}

/** The commands that a text may become, or is one of; none for a text without a slash. */
export function commandsFor(text: string, commands: readonly CommandUsage[]): CommandUsage[] {
  if (!text.startsWith('/')) return [];
  const typed = text.replace(/\s+/g, ' ').toLowerCase();
  return commands.filter((command) => {
    const literal = literalOf(command).toLowerCase();
    return literal.startsWith(typed.trimEnd()) || typed.startsWith(`${literal} `);
  });
}

/** The text with the rest of a command's own words; a text that has them all stays as it is. */
export function completed(text: string, command: CommandUsage): string {
  const literal = literalOf(command);
  if (text.toLowerCase().startsWith(literal.toLowerCase())) return text;
  return literal === command.usage ? literal : `${literal} `;
}
