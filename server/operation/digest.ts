import { createHash } from 'node:crypto';
import type { Plan } from './planned.ts';
import { ofClusters } from './state.ts';

type Planned = Omit<Plan, 'digest' | 'warnings'>;

const HASH = 32;
const PART = 8;

/**
 * Stands for all that a plan would do, as base64url: a SHA-256 of everything, then short hashes of what is the same for all
 * and of each cluster's part. By the first two plans are compared; by the others it is told how they differ, without
 * anybody having kept the one that is not there any more.
 */
export function digestOf(plan: Planned): string {
  const parts = partsOf(plan);
  const whole = createHash('sha256').update(JSON.stringify(parts)).digest();
  return Buffer.concat([
    whole,
    short(parts.common),
    ...parts.clusters.flatMap(({ id, deeds }) => [short(id), short(deeds)]),
  ]).toString('base64url');
}

/** How what would be done differs from what the plan with that digest would have done; one sentence each. */
export function differences(digest: string, plan: Planned): string[] {
  const bytes = Buffer.from(digest, 'base64url');
  if (bytes.length < HASH + PART || (bytes.length - HASH - PART) % (2 * PART) !== 0)
    return ['The digest is of no plan.'];
  const parts = partsOf(plan);
  const before = new Map<string, string>();
  for (let at = HASH + PART; at < bytes.length; at += 2 * PART)
    before.set(bytes.toString('hex', at, at + PART), bytes.toString('hex', at + PART, at + 2 * PART));
  const told: string[] = [];
  if (!short(parts.common).equals(bytes.subarray(HASH, HASH + PART)))
    told.push('The kind, the strategy or the waves are others.');
  const names = { more: [] as string[], other: [] as string[] };
  for (const { id, name, deeds } of parts.clusters) {
    const known = before.get(short(id).toString('hex'));
    before.delete(short(id).toString('hex'));
    if (known === undefined) names.more.push(name);
    else if (known !== short(deeds).toString('hex')) names.other.push(name);
  }
  if (names.more.length > 0) told.push(`New in it: ${listed(names.more)}.`);
  if (names.other.length > 0) told.push(`With other nodes, batches or limits: ${listed(names.other)}.`);
  if (before.size > 0) told.push(`No longer in it: ${ofClusters(before.size)}.`);
  return told;
}

function partsOf({ kind, mode, rollout, rolling, waves, clusters }: Planned) {
  return {
    common: JSON.stringify([kind, mode, rollout, rolling, waves.map(({ clusterIds: _, ...wave }) => wave)]),
    clusters: clusters
      .filter(({ wave }) => wave !== null)
      .map(({ clusterId, name, wave, limits, batches }) => ({
        id: clusterId,
        name,
        deeds: JSON.stringify([wave, limits, batches.map((batch) => batch.map(({ id }) => id))]),
      })),
  };
}

const short = (text: string): Buffer => createHash('sha256').update(text).digest().subarray(0, PART);
const listed = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ');
