import type { ObjectRef } from '@pothos/core';
import { resolveArrayConnection } from '@pothos/plugin-relay';
import { PAGE_SIZES, builder } from './builder.ts';

type Schema = (typeof builder)['$inferSchemaTypes'];

/**
 * The Relay connection `<name>Connection` of a type, one for all fields that page through it.
 * Pages hold 50 unless `first` or `last` says otherwise, 500 at most.
 */
export function connectionOf<T>(type: ObjectRef<Schema, T>, name: string) {
  const edge = builder.edgeObject({ type, name: `${name}Edge`, authScopes: { public: true } });
  return builder.connectionObject({ type, name: `${name}Connection`, authScopes: { public: true } }, edge);
}

/** One page of a list that is in memory as a whole, with how many there are. Sizes are those of any connection. */
export const pageOf = <T extends object>(
  args: Parameters<typeof resolveArrayConnection>[0]['args'],
  items: readonly T[],
) => resolveArrayConnection({ args, ...PAGE_SIZES }, items);
