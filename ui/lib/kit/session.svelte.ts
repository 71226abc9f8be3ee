type Listener = () => void;

/** What the kit has to know of who asks: lib/access finds it out and tells it here. */
class Session {
  /** Whoever asks has to be known; with AUTH=off nobody has to. */
  required = $state(false);
  /** The server does not know any more who asks: nothing answers before the next log-in. */
  ended = $state(false);
  readonly #doubters = new Set<Listener>();
  readonly #starters = new Set<Listener>();

  /** Something was answered with UNAUTHENTICATED: whoever listens finds out whether the session has ended. */
  doubt(): void {
    for (const listener of this.#doubters) listener();
  }

  /** A session has begun: what had to wait for it goes on at once. */
  begin(): void {
    this.ended = false;
    for (const listener of this.#starters) listener();
  }

  /** Returns how to stop listening, as `onBegin` does. */
  onDoubt(listener: Listener): () => void {
    this.#doubters.add(listener);
    return () => this.#doubters.delete(listener);
  }

  onBegin(listener: Listener): () => void {
    this.#starters.add(listener);
    return () => this.#starters.delete(listener);
  }
}

export const session = new Session();
