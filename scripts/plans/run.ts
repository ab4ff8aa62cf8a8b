/** What the command ends with. */
export const EXIT = {
  ok: 0,
  /** Something is wrong, and it is said what. Nothing was stored. */
  problems: 1,
  wrongUsage: 2,
  /** All is well, but nobody said yes. Nothing was stored. */
  notConfirmed: 3,
} as const;

/** What a run prints, and how it ends. */
export interface PlansRun {
  exitCode: number;
  out: string[];
  err: string[];
}

/** Shows these lines and asks whether to store what they say. */
export type Confirm = (lines: Pick<PlansRun, 'out' | 'err'>) => Promise<boolean>;
