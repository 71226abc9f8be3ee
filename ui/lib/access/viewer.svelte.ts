import { query, type Outcome } from '$lib/kit/client.ts';
import { connection } from '$lib/kit/connection.svelte.ts';
import type { Problem } from '$lib/kit/problem.ts';
import { session } from '$lib/kit/session.svelte.ts';
import { lacking } from './permission.ts';
import { WhoAsks, type Action, type Viewer } from './queries.ts';

/** Who looks at this page, and what they may do. */
class ViewerState {
  /** Undefined until the server has said. It stays, as it was, when the session ends under an open page. */
  current = $state.raw<Viewer>();
  /** Why that is not known. */
  problem = $state.raw<Problem>();
  #run = 0;
  /** Sessions are being changed: that the one before has ended then is no news. */
  #changing = false;

  constructor() {
    session.onDoubt(() => {
      if (!this.#changing) void this.load();
    });
  }

  /** Asks the server. Never throws. */
  load = async (): Promise<void> => {
    const run = ++this.#run;
    const { data, problem } = await query(WhoAsks, {});
    if (run !== this.#run) return;
    this.problem = problem;
    if (data) this.#become(data.viewer);
  };

  /** Does what begins a session, and goes on as who that is for. */
  async enter<Data>(
    work: () => Promise<Outcome<Data>>,
    pick: (data: Data) => Viewer,
  ): Promise<Problem | undefined> {
    this.#changing = true;
    const { data, problem } = await work();
    this.#changing = false;
    this.#run++;
    if (data !== undefined) this.#become(pick(data));
    return problem;
  }

  /** Does what may give this session's person other rights, and with them another session. */
  async afresh<Data>(work: () => Promise<Outcome<Data>>): Promise<Outcome<Data>> {
    this.#changing = true;
    const outcome = await work();
    this.#changing = false;
    await this.load();
    return outcome;
  }

  /** Why an action cannot be taken that is about no cluster in particular; undefined when it can. */
  blocked(action: Action): string | undefined {
    return lacking(this.current?.viewerCan, action);
  }

  /** Somebody is there, whoever it is. */
  get isIn(): boolean {
    return this.current !== undefined && this.current.kind !== 'ANONYMOUS';
  }

  /** There is something to see, be it nothing yet: who has no role is refused whatever is asked. */
  get hasRole(): boolean {
    return (this.current?.grants.length ?? 0) > 0;
  }

  #become(next: Viewer): void {
    const before = this.current;
    session.required = next.authentication === 'ON';
    if (next.kind === 'ANONYMOUS' && this.isIn) {
      session.ended = true;
      return;
    }
    // Nothing of one person's pages is to be seen by another.
    if (session.ended && before?.personId !== next.personId) return location.reload();
    this.current = next;
    if (next.kind === 'ANONYMOUS') return;
    if (session.ended) connection.generation++;
    session.begin();
  }
}

export const viewer = new ViewerState();
