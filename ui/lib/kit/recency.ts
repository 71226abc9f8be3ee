/**
 * Tells whose word is newer: a stream's, or that of an answer to a question asked earlier. Revisions cannot: they are
 * opaque, and an answer does not carry one for each thing.
 */
export class Recency {
  #now = 0;
  readonly #spokenOf = new Map<string, number>();

  /** The moment to keep with a question that is asked now. */
  begin = (): number => this.#now;

  /** A message of the stream begins. */
  advance(): void {
    this.#now++;
  }

  /** The message speaks of this one. */
  mark(id: string): void {
    this.#spokenOf.set(id, this.#now);
  }

  /** Whether the stream spoke of it after `begun`: an answer to a question asked then is the older word. */
  isNewer(id: string, begun: number): boolean {
    return (this.#spokenOf.get(id) ?? -1) > begun;
  }
}
