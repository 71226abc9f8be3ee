import { SvelteMap } from 'svelte/reactivity';
import { Recency } from './recency.ts';

/**
 * The things of one kind that pages asked for, by id, kept current by a stream. They are replaced, never changed.
 * Moments are numbers that grow with each message of the stream.
 */
export class Entities<Entity extends { id: string }> {
  readonly #held = new SvelteMap<string, Entity>();
  readonly #recency = new Recency<Entity>();
  #asked = new Set<string>();

  get(id: string): Entity | undefined {
    return this.#held.get(id);
  }

  /** What is known of it, held or not: what the stream said lately is remembered for a while. */
  known(id: string): Entity | undefined {
    return this.#held.get(id) ?? this.#recency.last(id);
  }

  /** The newer of a thing as the answer to a question asked at `begun` has it, and the stream's word of it. */
  current<Answer extends { id: string }>(answer: Answer, begun: number): Answer | Entity {
    return this.#recency.newer(answer.id, begun) ?? answer;
  }

  /** Takes an answer over: from now on it is held. */
  put(entity: Entity, begun: number): void {
    this.#asked.add(entity.id);
    this.#held.set(entity.id, this.current(entity, begun));
  }

  /** Takes the stream's word over. */
  patch(entity: Entity, now: number): void {
    this.#recency.mark(entity.id, entity, now);
    if (this.#held.has(entity.id)) this.#held.set(entity.id, entity);
  }

  /** Another page is shown: what the one before did not ask for is let go of. */
  turnPage(): void {
    for (const id of [...this.#held.keys()]) if (!this.#asked.has(id)) this.#held.delete(id);
    this.#asked = new Set();
  }
}
