/** Locks by name, each taken by one task at a time, in the order of asking. */
export class KeyLocks {
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `task` while it alone holds all of `keys`. Keys are taken in sorted order, so that two tasks cannot wait for each other. */
  async withLocks<T>(keys: readonly string[], task: () => Promise<T>): Promise<T> {
    const releases: (() => void)[] = [];
    for (const key of [...new Set(keys)].sort()) releases.push(await this.#take(key));
    try {
      return await task();
    } finally {
      for (const release of releases) release();
    }
  }

  async #take(key: string): Promise<() => void> {
    const before = this.#tails.get(key);
    const { promise: mine, resolve } = Promise.withResolvers<void>();
    this.#tails.set(key, mine);
    await before;
    return () => {
      if (this.#tails.get(key) === mine) this.#tails.delete(key);
      resolve();
    };
  }
}
