import { SvelteMap } from 'svelte/reactivity';
import { query } from '$lib/kit/client.ts';
import { connection, STALE_AFTER_MS } from '$lib/kit/connection.svelte.ts';
import type { ResultOf } from '$lib/kit/graphql.ts';
import { List } from '$lib/kit/list.svelte.ts';
import { pageOf } from '$lib/kit/page-of.ts';
import { Recency } from '$lib/kit/recency.ts';
import { resume } from '$lib/kit/resume.ts';
import { subscribe } from '$lib/kit/subscribe.ts';
import { topology } from '$lib/topology/store.svelte.ts';
import type { CommandRow, OperationRow, StepRow } from './fragments.ts';
import { OperationChanged, OperationDetail } from './queries.ts';

/** Commands a page, and steps of each: enough for a screen; what is left out is said. */
const COMMANDS = 20;
export const STEPS = 200;

type Changed = ResultOf<typeof OperationChanged>;
type CommandWithSteps = NonNullable<
  ResultOf<typeof OperationDetail>['operation']
>['page']['edges'][number]['node'];

/** One operation with its commands and steps, kept current. Make it while the component initialises. */
export class LiveOperation {
  readonly commands = new SvelteMap<string, CommandRow>();
  /** The steps of each command, in order. */
  readonly steps = new SvelteMap<string, readonly StepRow[]>();
  readonly stepTotals = new SvelteMap<string, number>();
  readonly list: List<{ id: string }>;
  missing = $state(false);
  /** What waits to be drawn, the newest word on each only. */
  #operation: OperationRow | undefined;
  readonly #commands = new Map<string, CommandRow>();
  readonly #steps = new Map<string, StepRow>();
  readonly #recency = new Recency();
  #frame = 0;

  constructor(private readonly id: string) {
    this.list = new List(() => (after) => this.#fetch(after));
    $effect(() => {
      const stream = resume<Changed>({
        open: (since, sink) => subscribe(OperationChanged, { id: this.id, since: since ?? null }, sink),
        revisionOf: (data) => data.operationChanged.revision,
        onEvent: ({ operationChanged: event }) => {
          // What the page fetched before the stream began may lack what happened in between.
          if (event.__typename === 'OperationSnapshot') void this.list.refresh();
          if (event.__typename === 'OperationDelta') this.#collect(event);
        },
        // The pill tells the state of the page's main stream, over the same connection.
        onState: () => undefined,
        onResync: () => undefined,
        silenceMs: STALE_AFTER_MS,
      });
      return () => {
        stream.stop();
        cancelAnimationFrame(this.#frame);
      };
    });
    // What was collected while paused is shown when that ends.
    $effect(() => {
      if (!connection.paused) this.#draw();
    });
  }

  async #fetch(after: string | null) {
    const begun = topology.begin();
    const since = this.#recency.begin();
    const outcome = await query(OperationDetail, { id: this.id, first: COMMANDS, after, steps: STEPS });
    const operation = outcome.data?.operation;
    if (outcome.data) this.missing = operation === null;
    if (operation) {
      topology.putOperations([operation], begun);
      for (const { node } of operation.page.edges) this.#put(node, since);
    }
    return pageOf(outcome, (data) => data.operation?.page);
  }

  #put(command: CommandWithSteps, since: number): void {
    const { id, steps } = command;
    if (!this.#recency.isNewer(id, since)) this.commands.set(id, command);
    const before = new Map(this.steps.get(id)?.map((step) => [step.id, step]));
    const current = steps.edges.map(({ node }) =>
      this.#recency.isNewer(node.id, since) ? (before.get(node.id) ?? node) : node,
    );
    this.steps.set(id, current);
    this.stepTotals.set(id, steps.totalCount);
  }

  #collect({
    operation,
    commands,
    steps,
  }: Extract<Changed['operationChanged'], { __typename: 'OperationDelta' }>): void {
    this.#operation = operation;
    for (const command of commands) this.#commands.set(command.id, command);
    for (const step of steps) this.#steps.set(step.id, step);
    if (!connection.paused) this.#draw();
  }

  #draw(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#apply();
    });
  }

  #apply(): void {
    if (!this.#operation) return;
    this.#recency.advance();
    for (const id of [...this.#commands.keys(), ...this.#steps.keys()]) this.#recency.mark(id);
    topology.apply({ clusters: [], nodes: [], operations: [this.#operation] });
    for (const [id, command] of this.#commands) if (this.commands.has(id)) this.commands.set(id, command);
    for (const commandId of new Set([...this.#steps.values()].map((step) => step.command.id))) {
      const before = this.steps.get(commandId);
      if (before)
        this.steps.set(
          commandId,
          before.map((step) => this.#steps.get(step.id) ?? step),
        );
    }
    this.#operation = undefined;
    this.#commands.clear();
    this.#steps.clear();
  }
}
