/** One line of a report: what is well, what is wrong and what to do about it, or what could not be looked at. */
export interface Finding {
  /** `warning`: it works, and somebody should know. `skipped`: nothing is known of it, and why. */
  state: 'ok' | 'warning' | 'wrong' | 'skipped';
  text: string;
}

/** Something that is as it should be. */
export const ok = (text: string): Finding => ({ state: 'ok', text });
/** Something that has to be put right, and how. */
export const wrong = (what: string, todo: string): Finding => ({ state: 'wrong', text: `${what}. ${todo}.` });
/** Something that works, and that somebody should look at, and how. */
export const warning = (what: string, todo: string): Finding => ({ state: 'warning', text: `${what}. ${todo}.` });
/** Something that was not, or could not be looked at. */
export const skipped = (text: string): Finding => ({ state: 'skipped', text });
