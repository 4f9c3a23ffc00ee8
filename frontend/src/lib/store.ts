// A store is state outside components: they read it with useSyncExternalStore, everybody else with get().

export type Store<T> = {
  readonly get: () => T;
  /** Replaces the fields given; tells listeners when one differs. */
  readonly set: (change: Partial<T>) => void;
  /** Returns a function that ends it. */
  readonly subscribe: (listener: () => void) => () => void;
};

/** Makes a store. Its state is never changed in place: a reader compares by identity. */
export function createStore<T extends object>(initial: T): Store<T> {
  let state = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    set(change) {
      const keys = Object.keys(change) as (keyof T)[];
      if (keys.every((key) => Object.is(state[key], change[key]))) return;
      state = { ...state, ...change };
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * Runs work one at a time; a call while it runs makes it run once more afterwards. The promise of each call ends
 * when a run that began after the call has ended, so that its effect is seen.
 */
export function coalesce(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  return function start(): Promise<void> {
    if (!running) {
      running = work().finally(() => {
        running = undefined;
      });
      return running;
    }
    next ??= running
      .catch(() => {}) // that run has told its own caller
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };
}
