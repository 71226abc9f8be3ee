import type { GraphQLError } from 'graphql';
import { samePosition, type Position } from '../../platform/event-log.ts';
import type { LiveEvent, LiveStream } from '../../platform/live-stream.ts';

/** One subscriber at the other end of a transport. */
export interface Consumer {
  /**
   * Hands over one result as JSON in UTF-8. The promise, if there is one, resolves when the consumer can take more:
   * until then it is left where it is and gets all that it missed as one result.
   */
  send(result: Buffer): Promise<void> | undefined;
  /** Ends it with errors. */
  fail(errors: readonly GraphQLError[]): void;
  /** Ends it: the server stops. */
  end(): void;
}

/** What consumers share that asked for the same: document, variables and view of the data. */
export interface Shareable {
  key: string;
  stream: Pick<LiveStream<LiveEvent>, 'start' | 'snapshot' | 'next'>;
  /** Executes the document on one event of the stream; tries for as long as the database is away and somebody waits. */
  execute(event: LiveEvent, abandoned: AbortSignal): Promise<Buffer>;
  errorsOf(error: unknown): readonly GraphQLError[];
}

interface Member {
  readonly shareable: Shareable;
  readonly consumer: Consumer;
  cohort: Cohort | undefined;
  left: boolean;
}

/** Members of a group that are at the same place: they get the next result together. */
interface Cohort {
  readonly position: Position;
  /** Set for those that have seen nothing yet. */
  readonly snapshot: LiveEvent | undefined;
  readonly members: Set<Member>;
  /** Aborted when the last member has left. */
  readonly abandoned: AbortController;
}

/**
 * Executes each step of a subscription once, however many consumers are at that step, and serialises it once.
 *
 * Consumers of one key form a group, those of a group at the same position a cohort. A cohort waits for what follows
 * its position, executes that, and moves on; cohorts that arrive at the same position become one. A consumer that
 * takes its results slowly stays behind alone, costs no memory but its position, and holds up nobody.
 */
export class SharedSubscriptions {
  readonly #groups = new Map<string, Set<Cohort>>();

  /** How many groups and cohorts there are. */
  get size(): { groups: number; cohorts: number } {
    let cohorts = 0;
    for (const group of this.#groups.values()) cohorts += group.size;
    return { groups: this.#groups.size, cohorts };
  }

  /** Serves the consumer until it leaves, fails or is ended; returns the function by which it leaves. */
  join(shareable: Shareable, consumer: Consumer): () => void {
    const { start, snapshot } = shareable.stream;
    const member: Member = { shareable, consumer, cohort: undefined, left: false };
    this.#place(member, start, snapshot);
    return () => {
      member.left = true;
      const { cohort } = member;
      if (cohort?.members.delete(member) && cohort.members.size === 0) cohort.abandoned.abort();
    };
  }

  /** Puts the member into the cohort at that position, making it if there is none. */
  #place(member: Member, position: Position, snapshot?: LiveEvent): void {
    if (member.left) return;
    const { key } = member.shareable;
    const group = this.#groups.get(key) ?? new Set<Cohort>();
    this.#groups.set(key, group);
    for (const cohort of group) {
      const here = samePosition(cohort.position, position) && !cohort.snapshot === !snapshot;
      if (!here || cohort.abandoned.signal.aborted) continue;
      cohort.members.add(member);
      member.cohort = cohort;
      return;
    }
    const cohort = { position, snapshot, members: new Set([member]), abandoned: new AbortController() };
    group.add(cohort);
    member.cohort = cohort;
    void this.#serve(member.shareable, group, cohort);
  }

  /** One step of a cohort, in the name of the member that it was made for; behind it all are placed anew. */
  async #serve(
    { key, stream, execute, errorsOf }: Shareable,
    group: Set<Cohort>,
    cohort: Cohort,
  ): Promise<void> {
    const { position, snapshot, members, abandoned } = cohort;
    // From here on nobody joins any more: what is handed over is handed to those who are in.
    const dissolve = () => {
      group.delete(cohort);
      if (group.size === 0 && this.#groups.get(key) === group) this.#groups.delete(key);
    };
    try {
      const event = snapshot ?? (await stream.next(position, abandoned.signal));
      const result = event && !abandoned.signal.aborted ? await execute(event, abandoned.signal) : undefined;
      dissolve();
      for (const member of members) {
        if (!event || !result) member.consumer.end();
        else this.#hand(member, result, event.position);
      }
    } catch (error) {
      dissolve();
      const errors = errorsOf(error);
      for (const member of members) member.consumer.fail(errors);
    }
  }

  #hand(member: Member, result: Buffer, position: Position): void {
    const taken = member.consumer.send(result);
    if (taken) void taken.then(() => this.#place(member, position));
    else this.#place(member, position);
  }
}
