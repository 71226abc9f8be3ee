import DataLoader from 'dataloader';
import type { Context, Deps } from './context.ts';

/**
 * Loads by key in batches: all keys asked for in one turn of a request become one query. Nothing is cached beyond
 * the turn, because a subscription's request lives for days.
 *
 * @param load answers one result for each key; a key that is missing from the map gets `fallback`.
 */
export function batched<V>(
  load: (keys: readonly string[], deps: Deps) => Promise<ReadonlyMap<string, V>>,
  fallback: V,
): (context: Context, key: string) => Promise<V> {
  const loaders = new WeakMap<Context, DataLoader<string, V>>();
  return (context, key) => {
    let loader = loaders.get(context);
    if (!loader) {
      loader = new DataLoader(
        async (keys) => {
          const found = await load([...new Set(keys)], context.deps);
          return keys.map((wanted) => found.get(wanted) ?? fallback);
        },
        { cache: false },
      );
      loaders.set(context, loader);
    }
    return loader.load(key);
  };
}
