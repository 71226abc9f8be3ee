import { z } from 'zod';
import { readJsonOrNull, writeFileAtomic } from './files.ts';

const recordSchema = z.object({ clusterId: z.string(), epoch: z.int(), manager: z.string() });

/** A later primary has begun to act on the same workers: whoever sees this must not act any more. */
export class Fenced extends Error {
  override readonly name = 'Fenced';

  /** @param epoch the later one. */
  constructor(
    message: string,
    readonly epoch: number,
  ) {
    super(message);
  }
}

/**
 * Keeps two managers from acting on the same workers.
 *
 * The lease alone cannot: it has run out for a primary whose OC is away, and yet that primary is to finish the
 * rolling restart it began. So the lease is not what stops it; a rival is. Rival managers of one cluster share their
 * state folder, and there the file `epoch` holds the highest epoch that has acted. A new primary writes its epoch
 * before its first act, and every manager looks into the file before each act: while no rival has acted, carrying on
 * without the OC is safe, and once one has, it is over.
 *
 * Epochs of different clusters are not compared: when the OC's data was lost, the cluster is a new one with a new id,
 * and its epochs begin at 1 again.
 */
export class Fence {
  constructor(
    private readonly path: string,
    private readonly mine: { clusterId: string; epoch: number; manager: string },
  ) {}

  /** From now on earlier epochs are fenced off. @throws Fenced when a later one has acted already. */
  claim(): void {
    this.check();
    this.write();
  }

  private write(): void {
    writeFileAtomic(this.path, `${JSON.stringify(this.mine)}\n`);
  }

  /** Who acted last in this cluster; undefined when nobody did, or nobody can tell. */
  private last() {
    const { data } = recordSchema.safeParse(readJsonOrNull(this.path));
    return data?.clusterId === this.mine.clusterId ? data : undefined;
  }

  /**
   * Also puts up the fence again where it is gone: a state folder that was removed, or a rival that was about to claim
   * an earlier epoch when this one claimed.
   * @throws Fenced when a later epoch has acted.
   */
  check(): void {
    const last = this.last();
    if (last === undefined || last.epoch < this.mine.epoch) this.write();
    if (last && last.epoch > this.mine.epoch) {
      throw new Fenced(
        `${last.manager} acts as primary under epoch ${last.epoch}, after mine (${this.mine.epoch})`,
        last.epoch,
      );
    }
  }
}
