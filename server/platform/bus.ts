/** One bell for the event log, one for metrics, which stand in a table of their own. */
export const BELLS = ['log', 'metrics'] as const;
export type Bell = (typeof BELLS)[number];

/**
 * The bells between writers and readers. They only say "there is news"; what the news is stands in the database, so a
 * lost ring costs latency and nothing else.
 */
export interface Bus {
  ring(bell?: Bell): void;
  /** Calls `listener` after each ring; returns the function that ends it. */
  onRing(listener: () => void, bell?: Bell): () => void;
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
  const listeners = { log: new Set<() => void>(), metrics: new Set<() => void>() };
  return {
    ring: (bell = 'log') => {
      for (const listener of listeners[bell]) listener();
    },
    onRing: (listener, bell = 'log') => {
      listeners[bell].add(listener);
      return () => listeners[bell].delete(listener);
    },
    state: () => 'ok',
    close: async () => BELLS.forEach((bell) => listeners[bell].clear()),
  };
}
