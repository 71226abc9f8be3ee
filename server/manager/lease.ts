/** What a cluster's row says of its primary. */
export interface LeaseState {
  primaryId: string | null;
  epoch: number;
  leaseExpiresAt: Date | null;
}

/** How far the reports of a cluster's nodes have come, and what its nodes then are. */
export interface MembershipState {
  membershipSequence: number;
  /** Null: not known. */
  membershipDigest?: string | null | undefined;
}

/** KEEP: the primary goes on. TAKE: the manager becomes primary under the next epoch. STANDBY: another one is. */
export type LeaseDecision = 'KEEP' | 'TAKE' | 'STANDBY';

/**
 * Who is primary once `managerId` has been heard.
 *
 * @param believedEpoch the epoch that the manager acts under; undefined for one that has just started. A primary
 *   that lost its memory takes a new epoch, so that what its former self still has on the wire is refused.
 * @param graceUntil until then no lease passes to another: the OC itself was away and has not heard everybody yet.
 */
export function decideLease(
  state: LeaseState,
  managerId: string,
  believedEpoch: number | undefined,
  now: Date,
  graceUntil: Date,
): LeaseDecision {
  if (state.primaryId === managerId) return believedEpoch === state.epoch ? 'KEEP' : 'TAKE';
  if (state.primaryId === null || state.leaseExpiresAt === null) return 'TAKE';
  return now > state.leaseExpiresAt && now > graceUntil ? 'TAKE' : 'STANDBY';
}

/**
 * Whether the primary is to report all its nodes: none were reported under its epoch, less was applied than it was
 * told (something got lost here, for instance to a restored backup), or the same reports led to other nodes here.
 */
export function snapshotWanted(stored: MembershipState, told: MembershipState): boolean {
  if (stored.membershipSequence === 0 || stored.membershipSequence < told.membershipSequence) return true;
  // After another report the digest has to be another one: only what was told of the same one can be compared.
  if (stored.membershipSequence !== told.membershipSequence) return false;
  if (stored.membershipDigest == null || told.membershipDigest == null) return false;
  return stored.membershipDigest !== told.membershipDigest;
}
