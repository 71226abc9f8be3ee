/**
 * The bell between a writer and the readers of the event log. It only says "there is news"; what the news is
 * stands in the log, so a lost ring costs latency and nothing else.
 */
export interface Bus {
  ring(): void;
  /** Calls `listener` after each ring; returns the function that ends it. */
  onRing(listener: () => void): () => void;
}

/** `degraded`: the servers do not hear each other's bell, so news of another one comes with the next poll. */
export type BusState = 'ok' | 'degraded';

/** The bell as the server that owns it sees it. */
export interface OwnedBus extends Bus {
  state(): BusState;
  close(): Promise<void>;
}

/** The bell for one server process. */
export function createLocalBus(): OwnedBus {
  const listeners = new Set<() => void>();
  return {
    ring: () => {
      for (const listener of listeners) listener();
    },
    onRing: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    state: () => 'ok',
    close: async () => listeners.clear(),
  };
}
