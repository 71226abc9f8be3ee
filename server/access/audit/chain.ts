import { createHash } from 'node:crypto';
import type { AuditActor, AuditResult } from '../../platform/generated/prisma/enums.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What an act was done to. */
export interface AuditTarget {
  type: string;
  id: string;
  name: string | null;
}

/** All that an entry says. */
export interface AuditFacts {
  at: Date;
  actorKind: AuditActor;
  actorId: string | null;
  actorName: string | null;
  from: string;
  action: string;
  reason: string | null;
  targets: Json;
  result: AuditResult;
  detail: Json;
}

export interface Link extends AuditFacts {
  sequence: bigint;
  hash: string;
}

/** How many entries there are, and the hash of the last. */
export interface Head {
  entries: bigint;
  hash: string;
}

/** What the first entry has in the place of the hash of the one before. */
export const GENESIS = '0'.repeat(64);

/** An entry as the one text that its hash is of: the same for the same facts, however the database keeps them. */
export const canonical = (facts: AuditFacts): string =>
  JSON.stringify(
    sorted([
      facts.at.toISOString(),
      facts.actorKind,
      facts.actorId,
      facts.actorName,
      facts.from,
      facts.action,
      facts.reason,
      facts.targets,
      facts.result,
      facts.detail,
    ]),
  );

/** With the keys of all objects in one order: the database does not keep theirs. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key]!)]));
}

/** SHA-256, in hex, of the hash before, the sequence and the canonical text, each on a line of its own. */
export const hashOf = (before: string, sequence: bigint, text: string): string =>
  createHash('sha256').update(`${before}\n${sequence}\n${text}`).digest('hex');

/** Follows a chain from its first entry, and says where it is broken. */
export class ChainCheck {
  #last: Head = { entries: 0n, hash: GENESIS };
  readonly #anchors: Map<bigint, string>;

  /** @param anchors heads of before that were written down elsewhere: the chain must go through them. */
  constructor(anchors: readonly Head[] = []) {
    this.#anchors = new Map(anchors.map(({ entries, hash }) => [entries, hash]));
  }

  get last(): Head {
    return this.#last;
  }

  /** What is wrong with the next entry; undefined when it is the one that follows. */
  next({ sequence, hash, ...facts }: Link): string | undefined {
    const due = this.#last.entries + 1n;
    if (sequence > due) return `entry ${due} is missing: ${sequence} is the next that there is`;
    if (sequence < due) return `entry ${sequence} stands in the place of ${due}`;
    if (hash !== hashOf(this.#last.hash, sequence, canonical(facts))) {
      return `entry ${sequence} was changed, or does not follow the one before it`;
    }
    const anchor = this.#anchors.get(sequence);
    if (anchor !== undefined && anchor !== hash) {
      return `entry ${sequence} is not the one that was anchored: the chain was written anew from there or before`;
    }
    this.#last = { entries: sequence, hash };
    return undefined;
  }

  /** What is wrong with the chain's end, once there are no more entries. */
  end(head: Head | null): string | undefined {
    const { entries, hash } = this.#last;
    if (!head) return `the head is missing: how many entries there were after ${entries} is not known`;
    if (head.entries > entries) {
      return `entry ${entries + 1n} is missing, and all after it up to ${head.entries}: the end was cut off`;
    }
    if (head.entries < entries) return `entry ${head.entries + 1n} was added past the head`;
    if (head.hash !== hash) return `the head is not that of entry ${entries}`;
    const lost = [...this.#anchors.keys()].find((anchored) => anchored > entries);
    if (lost === undefined) return undefined;
    return `entry ${entries + 1n} is missing, and all after it up to ${lost}, which was anchored: the end was cut off`;
  }
}
