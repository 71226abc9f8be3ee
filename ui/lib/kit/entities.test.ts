import { expect, it } from 'vitest';
import { Entities } from './entities.ts';

const thing = (id: string, word: string) => ({ id, word });

it('holds what was asked for and nothing else that the stream speaks of', () => {
  const things = new Entities<{ id: string; word: string }>();
  things.put(thing('a', 'asked'), 0);
  things.patch(thing('a', 'told'), 1);
  things.patch(thing('b', 'told'), 1);
  expect([things.get('a')?.word, things.get('b')]).toEqual(['told', undefined]);
  expect(things.known('b')?.word, 'but it is known for a while').toBe('told');
});

it('takes the stream’s word before that of an answer to an earlier question, also of a thing that is new here', () => {
  const things = new Entities<{ id: string; word: string }>();
  things.patch(thing('a', 'told'), 2);
  things.put(thing('a', 'asked before'), 1);
  expect(things.get('a')?.word).toBe('told');
  things.put(thing('a', 'asked since'), 2);
  expect(things.get('a')?.word).toBe('asked since');
});

it('does not remember all that the stream ever spoke of', () => {
  const things = new Entities<{ id: string; word: string }>();
  for (let n = 0; n < 20_000; n++) things.patch(thing(`${n}`, 'told'), n);
  expect(things.known('0')).toBeUndefined();
  for (let n = 15_000; n < 20_000; n++) expect(things.known(`${n}`)).toBeDefined();
});

it('lets go of what neither this page nor the one before asked for', () => {
  const things = new Entities<{ id: string; word: string }>();
  things.put(thing('first', ''), 0);
  things.turnPage();
  things.put(thing('second', ''), 0);
  expect([things.get('first'), things.get('second')]).toEqual([thing('first', ''), thing('second', '')]);
  things.turnPage();
  expect([things.get('first'), things.get('second')]).toEqual([undefined, thing('second', '')]);
});
