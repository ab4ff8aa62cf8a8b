/** Time as the page shows it. */
export interface PracticeTime {
  /** Simulated seconds per real second that were asked for; 0 is a pause. */
  speed: number;
  /** What really runs at this moment: 1 while a person is waited for. */
  rate: number;
  /** Simulated time, milliseconds since the epoch. */
  now: number;
  waitingForPerson: boolean;
}

/** Something that can go wrong, to rehearse it. */
export interface RehearsedFault {
  id: string;
  /** One line: what goes wrong. */
  title: string;
  /** One line: what the bot should do then. */
  expected: string;
  active: boolean;
}

/** What the page may change of the practice. The host provides it; the page only shows it. */
export interface PageControls {
  time(): PracticeTime;
  /** Calls `listener` when time begins to run at another rate, e.g. because a person is waited for; the answer stops that. */
  onRateChange(listener: () => void): () => void;
  /** 0 pauses. @throws {RangeError} for a speed below 0 or over 10,000 */
  setSpeed(speed: number): void;
  /**
   * Jumps to the next thing that is due. While a person is waited for it does so only with `letWait`: what is due may be
   * their deadline. False when there is none, or when it may not.
   */
  nextEvent(letWait: boolean): boolean;
  faults(): RehearsedFault[];
  /** @throws {RangeError} for an unknown id */
  setFault(id: string, active: boolean): void;
}
