import DataLoader from 'dataloader';

/**
 * Answers in rounds: what is asked for while one round is under way goes together in the next. One that comes alone
 * does not wait; the more come at once, the less each costs.
 *
 * @param load one answer for each key, in their order; an Error in its place is the answer of that one alone. When it
 *   fails, all of the round fail.
 * @param most how many keys go into one round
 */
export function inRounds<K, V>(
  load: (keys: readonly K[]) => Promise<readonly (V | Error)[]>,
  most = 500,
): (key: K) => Promise<V> {
  let underWay: Promise<unknown> = Promise.resolve();
  const loader = new DataLoader<K, V>(
    (keys) => {
      const round = load(keys);
      underWay = round.catch(() => undefined);
      return round;
    },
    { cache: false, maxBatchSize: most, batchScheduleFn: (run) => void underWay.then(run) },
  );
  return (key) => loader.load(key);
}
