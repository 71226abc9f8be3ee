import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideLease, snapshotWanted } from './lease.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000);
const held = { primaryId: 'a', epoch: 3, leaseExpiresAt: at(10) };

describe('the lease', () => {
  it('stays with its holder under its epoch, also after it ran out, as long as nobody else took it', () => {
    expect(decideLease(held, 'a', 3, at(5), at(0))).toBe('KEEP');
    expect(decideLease(held, 'a', 3, at(99), at(0))).toBe('KEEP');
  });

  it('begins a new epoch for a holder that has forgotten its own', () => {
    expect(decideLease(held, 'a', undefined, at(5), at(0))).toBe('TAKE');
    expect(decideLease(held, 'a', 2, at(5), at(0))).toBe('TAKE');
  });

  it('passes to another only when it ran out and the grace period is over', () => {
    fc.assert(
      fc.property(fc.integer({ min: -60, max: 60 }), fc.integer({ min: -60, max: 60 }), (now, grace) => {
        const decision = decideLease(held, 'b', 3, at(now), at(grace));
        expect(decision).toBe(now > 10 && now > grace ? 'TAKE' : 'STANDBY');
      }),
    );
  });

  it('goes to the first that comes when nobody holds it', () => {
    expect(decideLease({ primaryId: null, epoch: 3, leaseExpiresAt: null }, 'b', 0, at(0), at(60))).toBe(
      'TAKE',
    );
  });
});

describe('a snapshot', () => {
  const state = (membershipSequence: number, membershipDigest?: string | null) => ({
    membershipSequence,
    membershipDigest,
  });

  it.each([
    ['nothing was reported under the epoch', state(0), state(0), true],
    ['nothing was applied of what was told', state(0), state(4), true],
    ['less was applied than was told', state(3, 'x'), state(4, 'x'), true],
    ['the same reports led to other nodes', state(4, 'x'), state(4, 'y'), true],
    ['they led to the same nodes', state(4, 'x'), state(4, 'x'), false],
    ['a report came after what is compared', state(5, 'x'), state(4, 'y'), false],
    ['the manager sends no digest', state(4, 'x'), state(4), false],
    ['there is none here', state(4, null), state(4, 'x'), false],
  ])('when %s: %o here, %o told: %s', (_when, stored, told, wanted) => {
    expect(snapshotWanted(stored, told)).toBe(wanted);
  });
});
