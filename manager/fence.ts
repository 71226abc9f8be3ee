import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Guard } from './drivers/driver.ts';
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
 * A manager can be frozen between that look and its act. What it writes is safe from that too: each draft lies in a
 * folder of the primary's own until it is moved into its place, and a new primary removes the drafts of all others
 * before it reads anything. The move of a frozen one then finds nothing to move.
 *
 * Epochs of different clusters are not compared: when the OC's data was lost, the cluster is a new one with a new id,
 * and its epochs begin at 1 again.
 */
export class Fence implements Guard {
  private readonly path: string;
  private readonly allDrafts: string;
  private readonly drafts: string;

  constructor(
    stateDir: string,
    private readonly mine: { clusterId: string; epoch: number; manager: string },
  ) {
    this.path = join(stateDir, 'epoch');
    this.allDrafts = join(stateDir, 'drafts');
    this.drafts = join(this.allDrafts, randomUUID());
  }

  /** From now on earlier epochs are fenced off. @throws Fenced when a later one has acted already. */
  claim(): void {
    this.refuseLater();
    this.putUp();
  }

  /**
   * Also puts up the fence again where it is gone: a state folder that was removed, or a rival that was about to claim
   * an earlier epoch when this one claimed.
   * @throws Fenced when a later epoch has acted.
   */
  check(): void {
    if (this.refuseLater() !== this.mine.epoch) this.putUp();
  }

  write(path: string, text: string, options: { durable?: boolean } = {}): void {
    this.check();
    try {
      writeFileAtomic(path, text, { ...options, drafts: this.drafts });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // A successor has removed the drafts, and its epoch stands there by now; or somebody has removed the folder.
      this.claim();
      writeFileAtomic(path, text, { ...options, drafts: this.drafts });
    }
  }

  private putUp(): void {
    writeFileAtomic(this.path, `${JSON.stringify(this.mine)}\n`);
    rmSync(this.allDrafts, { recursive: true, force: true, maxRetries: 3 });
    mkdirSync(this.drafts, { recursive: true });
  }

  /** The epoch that acted last in this cluster; undefined when none did, or nobody can tell. */
  private refuseLater(): number | undefined {
    const { data: last } = recordSchema.safeParse(readJsonOrNull(this.path));
    if (last?.clusterId !== this.mine.clusterId) return undefined;
    if (last.epoch <= this.mine.epoch) return last.epoch;
    throw new Fenced(
      `${last.manager} acts as primary under epoch ${last.epoch}, after mine (${this.mine.epoch})`,
      last.epoch,
    );
  }
}
