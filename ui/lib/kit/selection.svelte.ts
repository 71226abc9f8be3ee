import { SvelteSet } from 'svelte/reactivity';

/** Chosen rows by id. It does not depend on what is loaded: rows may come, go and move. */
export class Selection {
  readonly ids: SvelteSet<string>;
  #anchor: string | undefined;

  constructor(ids: Iterable<string> = []) {
    this.ids = new SvelteSet(ids);
  }

  /**
   * Chooses a row or lets go of it; with `range`, all rows between it and the row touched before, as they stand in
   * `order`.
   */
  toggle(id: string, on: boolean, range: boolean, order: readonly { id: string }[]): void {
    const from = range ? order.findIndex((row) => row.id === this.#anchor) : -1;
    const to = order.findIndex((row) => row.id === id);
    const rows = from < 0 ? [{ id }] : order.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const row of rows) {
      if (on) this.ids.add(row.id);
      else this.ids.delete(row.id);
    }
    this.#anchor = id;
  }

  add(rows: readonly { id: string }[]): void {
    for (const { id } of rows) this.ids.add(id);
  }

  clear(): void {
    this.ids.clear();
    this.#anchor = undefined;
  }
}
