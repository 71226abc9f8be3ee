interface Said<Word> {
  word: Word;
  at: number;
}

/** So many words at least are remembered: more than a stream says while a question is under way. */
const REMEMBERED = 5_000;

/**
 * The stream's last words of things, also of those that nobody holds yet: the answer that brings one may be under way.
 * They tell whose word is newer, the stream's or that of an answer to a question asked earlier. Revisions cannot: they
 * are opaque, and an answer does not carry one for each thing. Old words are forgotten, so that this does not grow
 * with all that a stream speaks of. Moments are numbers that grow with each message.
 */
export class Recency<Word> {
  #recent = new Map<string, Said<Word>>();
  #older = new Map<string, Said<Word>>();

  /** The message of this moment says so of the thing with this id. */
  mark(id: string, word: Word, at: number): void {
    if (this.#recent.size >= REMEMBERED) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(id, { word, at });
  }

  /** The last word of it, while it is remembered. */
  last(id: string): Word | undefined {
    return this.#find(id)?.word;
  }

  /** What was said of it after `begun`: an answer to a question asked then is the older word. */
  newer(id: string, begun: number): Word | undefined {
    const said = this.#find(id);
    return said && said.at > begun ? said.word : undefined;
  }

  #find(id: string): Said<Word> | undefined {
    return this.#recent.get(id) ?? this.#older.get(id);
  }
}
