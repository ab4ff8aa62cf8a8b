import type { KnownBlock } from '@slack/types';
import { LIMITS, lines, section } from './message.ts';

/** Ours: characters of one list in a message that has room for little else. */
const LIST_CHARACTERS = 9_000;

/** Lines in as few sections as Slack takes, `most` of them at most, and how many more there are. No line is cut in two. */
export function listing(all: string[], most: number, characters: number = LIST_CHARACTERS): KnownBlock[] {
  const sections: string[] = [];
  for (const line of lines(all, most, characters).split('\n')) {
    const last = sections.at(-1);
    if (last !== undefined && last.length + 1 + line.length <= LIMITS.section) {
      sections[sections.length - 1] = `${last}\n${line}`;
    } else {
      sections.push(line);
    }
  }
  return sections.filter((text) => text !== '').map(section);
}

/** Seconds as `40 s`, `3 min`, `2 h 5 min` or `4 d 3 h`. */
export function spokenAge(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** Parts of a line with dots between them; what is undefined or empty is left out. */
export function dotted(...parts: (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(' · ');
}
