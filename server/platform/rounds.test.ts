import { expect, it } from 'vitest';
import { inRounds } from './rounds.ts';

/** A load whose rounds end when they are told to. */
function held() {
  const rounds: { keys: readonly number[]; end: () => void }[] = [];
  const ask = inRounds<number, number>(
    (keys) =>
      new Promise((resolve, reject) => {
        const answer = (key: number) => (key % 10 === 9 ? new Error(`no ${key}`) : key * 2);
        const end = () => (keys.includes(13) ? reject(new Error('all of it')) : resolve(keys.map(answer)));
        rounds.push({ keys, end });
      }),
    3,
  );
  const turn = () => new Promise(setImmediate);
  return { rounds, ask, turn };
}

it('what comes during a round goes together in the next, in its order', async () => {
  const { rounds, ask, turn } = held();
  const first = ask(1);
  await turn();
  const later = [2, 3].map(ask);
  await turn();
  expect(rounds.map(({ keys }) => keys)).toEqual([[1]]);
  rounds[0]!.end();
  expect(await first).toBe(2);
  await turn();
  expect(rounds.map(({ keys }) => keys)).toEqual([[1], [2, 3]]);
  rounds[1]!.end();
  expect(await Promise.all(later)).toEqual([4, 6]);
});

it('an error of one is its own, that of a round is everybody’s, and the next round comes all the same', async () => {
  const { rounds, ask, turn } = held();
  const one = Promise.allSettled([4, 9].map(ask));
  await turn();
  rounds[0]!.end();
  expect(await one).toMatchObject([{ value: 8 }, { reason: { message: 'no 9' } }]);
  const all = Promise.allSettled([13, 5].map(ask));
  await turn();
  rounds[1]!.end();
  expect(await all).toMatchObject([
    { reason: { message: 'all of it' } },
    { reason: { message: 'all of it' } },
  ]);
  const next = ask(6);
  await turn();
  rounds[2]!.end();
  expect(await next).toBe(12);
});
