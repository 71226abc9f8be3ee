import type { Permission } from '$lib/access/queries.ts';
import { query } from '$lib/kit/client.ts';
import { connection, STALE_AFTER_MS } from '$lib/kit/connection.svelte.ts';
import { Entities } from '$lib/kit/entities.ts';
import type { ResultOf, VariablesOf } from '$lib/kit/graphql.ts';
import { List } from '$lib/kit/list.svelte.ts';
import { pageOf } from '$lib/kit/page-of.ts';
import { resume } from '$lib/kit/resume.ts';
import { session } from '$lib/kit/session.svelte.ts';
import { subscribe } from '$lib/kit/subscribe.ts';
import type { OperationRow } from '$lib/live/fragments.ts';
import { topology } from '$lib/live/store.svelte.ts';
import type { CommandRow, StepRow } from './fragments.ts';
import { CommandSteps, OperationChanged, OperationDetail } from './queries.ts';

/** Commands a page, and steps a page of each. */
const COMMANDS = 20;
const STEPS = 100;

type Changed = ResultOf<typeof OperationChanged>;

/** One operation with its commands and steps, kept current. Make it while the component initialises. */
export class LiveOperation {
  readonly commands = new Entities<CommandRow>();
  readonly steps = new Entities<StepRow>();
  readonly list: List<{ id: string }>;
  missing = $state(false);
  /** What one may do to it. */
  permissions = $state.raw<readonly Permission[]>();
  /** Grows when what was fetched before may lack what happened since: steps have to be fetched again. */
  snapshots = $state(0);
  /** What waits to be drawn, the newest word on each only. */
  #operation: OperationRow | undefined;
  readonly #commands = new Map<string, CommandRow>();
  readonly #steps = new Map<string, StepRow>();
  #now = 0;
  #frame = 0;

  constructor(private readonly id: string) {
    this.list = new List(() => (after) => this.#fetch(after));
    $effect(() => {
      const stream = resume<Changed>({
        open: (since, sink) => subscribe(OperationChanged, { id: this.id, since: since ?? null }, sink),
        revisionOf: (data) => data.operationChanged.revision,
        onEvent: ({ operationChanged: event }) => {
          // What the page fetched before the stream began may lack what happened in between.
          if (event.__typename === 'OperationSnapshot') {
            this.snapshots++;
            void this.list.refresh();
          }
          if (event.__typename === 'OperationDelta') this.#collect(event);
        },
        // The pill tells the state of the page's main stream, over the same connection.
        onState: () => undefined,
        onResync: () => undefined,
        silenceMs: STALE_AFTER_MS,
      });
      const stopListening = session.onBegin(() => stream.retryNow());
      return () => {
        stopListening();
        stream.stop();
        cancelAnimationFrame(this.#frame);
      };
    });
    // What was collected while paused is shown when that ends.
    $effect(() => {
      if (!connection.paused) this.#draw();
    });
  }

  /** What the page asks for. */
  variables(after: string | null = null): VariablesOf<typeof OperationDetail> {
    return { id: this.id, first: COMMANDS, after };
  }

  /** A page of a command's steps, in the order in which they are done. */
  async stepsOf(commandId: string, after: string | null) {
    const begun = this.#now;
    const outcome = await query(CommandSteps, { id: commandId, first: STEPS, after });
    const answer = pageOf(outcome, (data) => data.command?.steps);
    for (const step of answer.page?.items ?? []) this.steps.put(step, begun);
    return answer;
  }

  async #fetch(after: string | null) {
    const moment = topology.begin();
    const begun = this.#now;
    const outcome = await query(OperationDetail, this.variables(after));
    const operation = outcome.data?.operation;
    if (outcome.data) this.missing = operation === null;
    if (operation) {
      this.permissions = operation.viewerCan;
      topology.putOperations([operation], moment);
      for (const { node } of operation.page.edges) this.commands.put(node, begun);
    }
    return pageOf(outcome, (data) => data.operation?.page);
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
    this.#now++;
    topology.apply({ clusters: [], nodes: [], operations: [this.#operation] });
    for (const command of this.#commands.values()) this.commands.patch(command, this.#now);
    for (const step of this.#steps.values()) this.steps.patch(step, this.#now);
    this.#operation = undefined;
    this.#commands.clear();
    this.#steps.clear();
  }
}
