import { untrack } from 'svelte';
import { connection } from './connection.svelte.ts';
import { differences } from './order.ts';
import { isPassing, type Problem } from './problem.ts';

/** One page of a connection, as a fetcher answers it. */
export interface Page<Item> {
  items: Item[];
  endCursor: string | null;
  hasNextPage: boolean;
  totalCount: number;
}

export type PageFetcher<Item> = (
  after: string | null,
) => Promise<{ page: Page<Item>; problem?: undefined } | { page?: undefined; problem: Problem }>;

/**
 * A list that the server filters, orders, counts and pages. It refreshes as many pages as were loaded, and while it
 * is held (pointer over it or focus in it) a new order waits, so that no row moves under the cursor.
 *
 * Make it while the component initialises.
 */
export class List<Item extends { id: string }> {
  /** What is shown, in the order shown. */
  items = $state.raw<Item[]>([]);
  total = $state<number>();
  hasMore = $state(false);
  loading = $state(false);
  /** What is shown answers an earlier question: the new one is under way. */
  renewing = $state(false);
  problem = $state.raw<Problem>();
  /** How many rows would come, go or move if the waiting order were shown. */
  waiting = $state(0);
  #held = false;
  #next: Item[] | undefined;
  #cursor: string | null = null;
  #pages = 1;
  #run = 0;

  /** @param fetcher read as an effect reads: what it depends on before its first await starts the list anew */
  constructor(private readonly fetcher: () => PageFetcher<Item> | undefined) {
    $effect(() => {
      void connection.generation;
      this.fetcher();
      if (!connection.ready) return;
      untrack(() => {
        this.#pages = 1;
        void this.#load(false);
      });
    });
    $effect(() => {
      if (connection.stream.phase !== 'open') return;
      if (untrack(() => this.problem && isPassing(this.problem))) untrack(() => void this.refresh());
    });
  }

  /** Fetches what is loaded once more; a changed order waits while the list is held. */
  refresh = (): Promise<void> => this.#load(true);

  /** Fetches what is loaded once more and shows it as it is, held or not. */
  renew = (): Promise<void> => this.#load(false);

  /** Fetches the next page and appends it. */
  more = async (): Promise<void> => {
    const fetch = untrack(this.fetcher);
    if (!fetch || !this.hasMore || this.loading) return;
    const run = ++this.#run;
    this.loading = true;
    const { page, problem } = await fetch(this.#cursor);
    if (run !== this.#run) return;
    this.loading = false;
    this.problem = problem;
    if (!page) return;
    this.#pages++;
    const shown = new Set(this.items.map((item) => item.id));
    this.items = [...this.items, ...page.items.filter((item) => !shown.has(item.id))];
    this.#end(page);
  };

  /** Holds the order as it is, or lets a waiting one through. */
  hold(held: boolean): void {
    this.#held = held;
    if (!held) this.settle();
  }

  /** Shows the waiting order now. */
  settle = (): void => {
    if (this.#next) this.items = this.#next;
    this.#next = undefined;
    this.waiting = 0;
  };

  async #load(keepOrder: boolean): Promise<void> {
    const fetch = untrack(this.fetcher);
    if (!fetch) return;
    const run = ++this.#run;
    this.loading = true;
    this.renewing ||= !keepOrder;
    const items: Item[] = [];
    let cursor: string | null = null;
    for (let n = 0; n < this.#pages; n++) {
      const { page, problem } = await fetch(cursor);
      if (run !== this.#run) return;
      if (!page) {
        this.loading = this.renewing = false;
        this.problem = problem;
        return;
      }
      items.push(...page.items);
      cursor = page.endCursor;
      this.#end(page);
      if (!page.hasNextPage) break;
    }
    // The first answer to a new question is shown as it is, also when a refresh overtook it.
    this.#show(items, keepOrder && !this.renewing);
    this.loading = this.renewing = false;
    this.problem = undefined;
  }

  #show(items: Item[], keepOrder: boolean): void {
    if (!keepOrder || !this.#held) {
      this.#next = undefined;
      this.waiting = 0;
      this.items = items;
      return;
    }
    const now = new Map(items.map((item) => [item.id, item]));
    this.waiting = differences(this.items, items);
    this.#next = this.waiting > 0 ? items : undefined;
    // Rows stay where they are; what they tell is brought up to date.
    this.items = this.items.map((item) => now.get(item.id) ?? item);
  }

  #end(page: Page<Item>): void {
    this.#cursor = page.endCursor;
    this.hasMore = page.hasNextPage;
    this.total = page.totalCount;
  }
}
