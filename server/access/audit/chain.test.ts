import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonical,
  ChainCheck,
  GENESIS,
  hashOf,
  type AuditFacts,
  type Head,
  type Json,
  type Link,
} from './chain.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const maybe: fc.Arbitrary<string | null> = fc.option(text);
const json = fc.jsonValue({ maxDepth: 2 }).map((value) => value as Json);
const facts: fc.Arbitrary<AuditFacts> = fc.record({
  at: fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }),
  actorKind: fc.constantFrom('LOCAL', 'PERSON', 'MANAGER'),
  actorId: maybe,
  actorName: maybe,
  from: text,
  action: text,
  reason: maybe,
  targets: fc.array(fc.record({ type: text, id: text, name: maybe })),
  result: fc.constantFrom('DONE', 'DENIED'),
  detail: json,
});

/** A chain as the database writes it. */
function chainOf(all: readonly AuditFacts[]): { links: Link[]; head: Head } {
  let hash = GENESIS;
  const links = all.map((one, index) => {
    const sequence = BigInt(index + 1);
    hash = hashOf(hash, sequence, canonical(one));
    return { ...one, sequence, hash };
  });
  return { links, head: { entries: BigInt(all.length), hash } };
}

function check(links: readonly Link[], head: Head | null, anchors: readonly Head[] = []): string | undefined {
  const chain = new ChainCheck(anchors);
  for (const link of links) {
    const problem = chain.next(link);
    if (problem) return problem;
  }
  return chain.end(head);
}

const some = fc.array(facts, { minLength: 2, maxLength: 8 });

describe('a chain of entries', () => {
  it('holds as it was written, also when the database keeps the keys of objects in another order', () => {
    fc.assert(
      fc.property(some, (all) => {
        const { links, head } = chainOf(all);
        const kept = links.map((link) => ({
          ...link,
          detail: turned(link.detail),
          targets: turned(link.targets),
        }));
        expect(check(kept, head)).toBeUndefined();
      }),
    );
  });

  it('shows any fact that was changed, and where', () => {
    const fields = [
      'at',
      'actorKind',
      'actorId',
      'actorName',
      'from',
      'action',
      'reason',
      'targets',
      'result',
      'detail',
    ];
    fc.assert(
      fc.property(some, fc.nat(), fc.constantFrom(...fields), facts, (all, at, field, other) => {
        const { links, head } = chainOf(all);
        const index = at % links.length;
        const changed = { ...links[index]!, [field]: other[field as keyof AuditFacts] } as Link;
        fc.pre(canonical(changed) !== canonical(links[index]!));
        expect(check(links.with(index, changed), head)).toContain(`entry ${index + 1} was changed`);
      }),
    );
  });

  it('shows what is missing, from the middle or the end', () => {
    fc.assert(
      fc.property(some, fc.nat(), fc.integer({ min: 1, max: 3 }), (all, at, count) => {
        const { links, head } = chainOf(all);
        const index = at % links.length;
        expect(check(links.toSpliced(index, count), head)).toContain(`entry ${index + 1} is missing`);
      }),
    );
  });

  it('shows entries that changed places, whether or not their numbers did', () => {
    fc.assert(
      fc.property(some, fc.nat(), fc.nat(), fc.boolean(), (all, a, b, renumbered) => {
        const { links, head } = chainOf(all);
        const [one, other] = [a % links.length, b % links.length];
        fc.pre(one !== other && canonical(links[one]!) !== canonical(links[other]!));
        const swapped = links.with(one, links[other]!).with(other, links[one]!);
        const told = renumbered
          ? swapped.map((link, index) => ({ ...link, sequence: BigInt(index + 1) }))
          : swapped;
        expect(check(told, head)).toBeDefined();
      }),
    );
  });

  it('cut off together with its head is only found by an anchor, and so is one that was written anew', () => {
    fc.assert(
      fc.property(some, (all) => {
        const { head: anchor } = chainOf(all);
        const shorter = chainOf(all.slice(0, -1));
        expect(check(shorter.links, shorter.head)).toBeUndefined();
        expect(check(shorter.links, shorter.head, [anchor])).toContain('the end was cut off');
        const anew = chainOf(all.map((one) => ({ ...one, action: `${one.action}!` })));
        expect(check(anew.links, anew.head)).toBeUndefined();
        expect(check(anew.links, anew.head, [anchor])).toContain('not the one that was anchored');
      }),
    );
  });

  it('without a head is broken, and so is one that goes on past it', () => {
    fc.assert(
      fc.property(some, (all) => {
        const { links } = chainOf(all);
        expect(check(links, null)).toContain('the head is missing');
        expect(check(links, chainOf(all.slice(0, -1)).head)).toContain(
          `entry ${all.length} was added past the head`,
        );
      }),
    );
  });
});

/** With the keys of all objects the other way round. */
function turned(value: Json): Json {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, part]) => [key, turned(part)]),
  );
}
