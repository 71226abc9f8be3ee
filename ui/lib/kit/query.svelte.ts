import { untrack } from 'svelte';
import type { AnyVariables, TypedDocumentNode } from '@urql/svelte';
import { query } from './client.ts';
import { connection } from './connection.svelte.ts';
import { isPassing, type Problem } from './problem.ts';

/**
 * One query of a component: runs when its variables change, again when held data can no longer be patched, and again
 * when it had failed and the server is back. What was shown stays until something newer takes its place.
 *
 * Make it while the component initialises.
 */
export class Query<Data, Variables extends AnyVariables> {
  data = $state.raw<Data>();
  problem = $state.raw<Problem>();
  loading = $state(false);
  #run = 0;

  /**
   * @param variables read as an effect reads; `undefined` holds the query back
   * @param received called with each answer before it is shown; `begun` is what `begin` returned when it was asked
   */
  constructor(
    private readonly document: TypedDocumentNode<Data, Variables>,
    private readonly variables: () => Variables | undefined,
    private readonly options: { begin?: () => number; received?: (data: Data, begun: number) => void } = {},
  ) {
    $effect(() => {
      void connection.generation;
      const current = this.variables();
      if (connection.ready && current !== undefined) untrack(() => void this.#fetch(current));
    });
    $effect(() => {
      if (connection.stream.phase !== 'open') return;
      if (untrack(() => this.problem && isPassing(this.problem))) untrack(() => void this.refetch());
    });
  }

  /** Asks again with the variables of now. Never throws. */
  async refetch(): Promise<void> {
    const current = untrack(this.variables);
    if (current !== undefined) await this.#fetch(current);
  }

  async #fetch(variables: Variables): Promise<void> {
    const run = ++this.#run;
    this.loading = true;
    const begun = this.options.begin?.() ?? 0;
    const { data, problem } = await query(this.document, variables);
    // An answer to variables that are no longer asked for must not replace a newer one.
    if (run !== this.#run) return;
    this.loading = false;
    this.problem = problem;
    if (data === undefined) return;
    this.options.received?.(data, begun);
    this.data = data;
  }
}
