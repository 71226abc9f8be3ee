import type { Permission } from '$lib/access/queries.ts';
import { AtMost } from '$lib/kit/atmost.ts';
import { query } from '$lib/kit/client.ts';
import { connection, STALE_AFTER_MS } from '$lib/kit/connection.svelte.ts';
import { Entities } from '$lib/kit/entities.ts';
import type { Enum, ResultOf, VariablesOf } from '$lib/kit/graphql.ts';
import { List } from '$lib/kit/list.svelte.ts';
import { pageOf } from '$lib/kit/page-of.ts';
import { resume } from '$lib/kit/resume.ts';
import { session } from '$lib/kit/session.svelte.ts';
import { subscribe } from '$lib/kit/subscribe.ts';
import { topology } from '$lib/live/store.svelte.ts';
import type { CommandRow, OperationParts, StepRow } from './fragments.ts';
import { CommandSteps, OperationChanged, OperationDetail } from './queries.ts';

/** Commands a page, and steps a page of each. */
const COMMANDS = 20;
const STEPS = 100;

/** Which of the operation's commands are listed. */
export interface CommandView {
  /** Index of a wave; absent: of all. */
  wave: number | undefined;
  /** None: whatever their status. */
  status: readonly Enum<'CommandStatus'>[];
  /** Also those that another attempt has replaced. */
  allAttempts: boolean;
}

type Changed = ResultOf<typeof OperationChanged>;

/** One operation with its commands and steps, kept current. Make it while the component initialises. */
export class LiveOperation {
  readonly #parts = new Entities<OperationParts>();
  readonly commands = new Entities<CommandRow>();
  readonly steps = new Entities<StepRow>();
  readonly list: List<{ id: string }>;
  missing = $state(false);
  /** What one may do to it. */
  permissions = $state.raw<readonly Permission[]>();
  /** Grows when what was fetched before may lack what happened since: steps have to be fetched again. */
  snapshots = $state(0);
  /** What waits to be drawn, the newest word on each only. */
  #operation: OperationParts | undefined;
  readonly #commands = new Map<string, CommandRow>();
  readonly #steps = new Map<string, StepRow>();
  #now = 0;
  #frame = 0;

  /** What is listed may be another list by now: commands that were retried, or have another status. */
  readonly #relist = new AtMost(() => this.list.refresh());

  /** @param view read as an effect reads: another view is fetched anew */
  constructor(
    private readonly id: string,
    private readonly view: () => CommandView,
  ) {
    this.list = new List(() => {
      const view = this.view();
      return (after) => this.#fetch(view, after);
    });
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
        this.#relist.stop();
      };
    });
    // What was collected while paused is shown when that ends.
    $effect(() => {
      if (!connection.paused) this.#draw();
    });
  }

  /** What the page asks for. */
  variables(
    { wave, status, allAttempts }: CommandView = { wave: undefined, status: [], allAttempts: false },
    after: string | null = null,
  ): VariablesOf<typeof OperationDetail> {
    return {
      id: this.id,
      first: COMMANDS,
      after,
      ...(wave === undefined ? {} : { wave }),
      ...(status.length > 0 ? { status: [...status] } : {}),
      ...(allAttempts ? { allAttempts } : {}),
    };
  }

  /** The operation as it is now; undefined until it was fetched. */
  get operation(): OperationParts | undefined {
    return this.#parts.get(this.id);
  }

  /** The moment to hand to {@link took} with what is asked for now. */
  begin = (): number => this.#now;

  /** Takes the answer to an act over. What came of it is listed at once, also while someone is at the list: they asked. */
  took(operation: OperationParts, begun: number): void {
    this.#parts.put(operation, begun);
    void this.list.renew();
  }

  /** A page of a command's steps, in the order in which they are done. */
  async stepsOf(commandId: string, after: string | null) {
    const begun = this.#now;
    const outcome = await query(CommandSteps, { id: commandId, first: STEPS, after });
    const answer = pageOf(outcome, (data) => data.command?.steps);
    for (const step of answer.page?.items ?? []) this.steps.put(step, begun);
    return answer;
  }

  async #fetch(view: CommandView, after: string | null) {
    const moment = topology.begin();
    const begun = this.#now;
    const outcome = await query(OperationDetail, this.variables(view, after));
    const operation = outcome.data?.operation;
    if (outcome.data) this.missing = operation === null;
    if (operation) {
      this.permissions = operation.viewerCan;
      topology.putOperations([operation], moment);
      this.#parts.put(operation, begun);
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
    this.#parts.patch(this.#operation, this.#now);
    const isFiltered = this.view().status.length > 0;
    for (const command of this.#commands.values()) {
      const before = this.commands.get(command.id);
      if (!before || (isFiltered && before.status !== command.status)) this.#relist.ask();
    }
    for (const command of this.#commands.values()) this.commands.patch(command, this.#now);
    for (const step of this.#steps.values()) this.steps.patch(step, this.#now);
    this.#operation = undefined;
    this.#commands.clear();
    this.#steps.clear();
  }
}
