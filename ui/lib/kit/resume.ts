/** How a stream is doing. `waiting`: it broke and the next attempt is due at `retryAt` (epoch ms). */
export type StreamState = { phase: 'connecting' | 'open' } | { phase: 'waiting'; retryAt: number };

/** What a subscription tells its consumer; `failed` ends it, with a code when the server gave one. */
export interface StreamSink<Event> {
  next(event: Event): void;
  failed(code?: string): void;
}

export interface ResumeOptions<Event> {
  /** Opens the stream behind `since`, or from a snapshot without it; returns how to close it. */
  open(since: string | undefined, sink: StreamSink<Event>): () => void;
  revisionOf(event: Event): string;
  onEvent(event: Event): void;
  onState(state: StreamState): void;
  /** The server no longer keeps what lies behind our revision: a snapshot follows, what was collected is void. */
  onResync(): void;
  /** A stream that says nothing for so long (ms) is taken for dead and opened again. */
  silenceMs: number;
  /** The longest wait between two attempts, ms. */
  maxDelayMs?: number;
  /** In [0, 1): the jitter. */
  random?: () => number;
}

export interface Resumed {
  /** Tries again at once when waiting, e.g. because the network came back. */
  retryNow(): void;
  stop(): void;
}

const BASE_DELAY_MS = 500;

/**
 * Keeps one stream of revisions going for ever: opens it, opens it again behind the last revision whenever it breaks
 * or falls silent (capped backoff with full jitter), and from a snapshot when the server says RESYNC_REQUIRED. Only
 * NOT_FOUND ends it.
 */
export function resume<Event>(options: ResumeOptions<Event>): Resumed {
  const { maxDelayMs = 10_000, random = Math.random } = options;
  let since: string | undefined;
  let attempt = 0;
  let generation = 0;
  let isOpen = false;
  let close: (() => void) | undefined;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let silenceTimer: ReturnType<typeof setTimeout> | undefined;

  function watchSilence(): void {
    clearTimeout(silenceTimer);
    silenceTimer = setTimeout(broken, options.silenceMs);
  }

  function start(): void {
    clearTimeout(retryTimer);
    retryTimer = undefined;
    // Words of an earlier stream that arrive late must not count for this one.
    const mine = ++generation;
    isOpen = false;
    options.onState({ phase: 'connecting' });
    watchSilence();
    const opened = options.open(since, {
      next(event) {
        if (mine !== generation) return;
        attempt = 0;
        since = options.revisionOf(event);
        watchSilence();
        if (!isOpen) options.onState({ phase: 'open' });
        isOpen = true;
        options.onEvent(event);
      },
      failed(code) {
        if (mine !== generation) return;
        // What was to be followed is not there: asking again would not bring it back.
        if (code === 'NOT_FOUND') return end();
        if (code === 'RESYNC_REQUIRED' && since !== undefined) {
          since = undefined;
          options.onResync();
        }
        broken();
      },
    });
    if (mine === generation) close = opened;
    else opened();
  }

  function end(): void {
    generation++;
    clearTimeout(retryTimer);
    clearTimeout(silenceTimer);
    close?.();
    close = undefined;
  }

  function broken(): void {
    end();
    const delay = random() * Math.min(maxDelayMs, BASE_DELAY_MS * 2 ** attempt++);
    retryTimer = setTimeout(start, delay);
    options.onState({ phase: 'waiting', retryAt: Date.now() + delay });
  }

  start();
  return {
    retryNow() {
      if (retryTimer !== undefined) start();
    },
    stop: end,
  };
}
