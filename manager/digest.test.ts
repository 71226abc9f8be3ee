import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { membershipDigest } from './digest.ts';

describe('the digest of a membership', () => {
  it('is that of PROTOCOL.md', () => {
    expect(membershipDigest([])).toBe('0000000000000000');
    expect(membershipDigest([['web-1', 'RUNNING']])).toBe('31a6d66b26a244c9');
    expect(
      membershipDigest([
        ['web-2', 'DOWN'],
        ['web-1', 'RUNNING'],
      ]),
    ).toBe('8922c43be77ebf33');
  });

  it('does not depend on the order, and tells one membership from another', () => {
    const members = fc.uniqueArray(fc.tuple(fc.string(), fc.constantFrom('RUNNING', 'DOWN', 'STOPPED')), {
      selector: ([name]) => name,
      minLength: 1,
    });
    fc.assert(
      fc.property(members, (nodes) => {
        const digest = membershipDigest(nodes);
        expect(membershipDigest([...nodes].reverse())).toBe(digest);
        expect(membershipDigest(nodes.slice(1))).not.toBe(digest);
        expect(membershipDigest(nodes.map(([name, status], n) => [name, n ? status : 'STARTING']))).not.toBe(
          digest,
        );
      }),
    );
  });
});
