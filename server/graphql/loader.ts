import DataLoader from 'dataloader';
import type { Context } from './context.ts';
import type { Deps } from '../deps.ts';

/**
 * Loads by key in batches: all keys asked for in one turn of a request, with the same arguments, become one query.
 * Nothing is cached beyond the turn, because a subscription's request lives for days.
 *
 * @param load answers one result for each key; a key that is missing from the map gets `fallback`.
 */
export function batched<V, A = void>(
  load: (keys: readonly string[], deps: Deps, args: A, context: Context) => Promise<ReadonlyMap<string, V>>,
  fallback: V,
): (context: Context, key: string, args: A) => Promise<V> {
  const loaders = new WeakMap<Context, Map<string, DataLoader<string, V>>>();
  return (context, key, args) => {
    const ofContext = loaders.get(context) ?? new Map<string, DataLoader<string, V>>();
    loaders.set(context, ofContext);
    const name = JSON.stringify(args) ?? '';
    let loader = ofContext.get(name);
    if (!loader) {
      loader = new DataLoader(
        async (keys) => {
          const found = await load([...new Set(keys)], context.deps, args, context);
          return keys.map((wanted) => found.get(wanted) ?? fallback);
        },
        { cache: false },
      );
      ofContext.set(name, loader);
    }
    return loader.load(key);
  };
}
