import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import type { GraphQLFieldResolver } from 'graphql';
import type { AuditTarget } from '../access/audit/chain.ts';
import type { Context } from './context.ts';

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- Pothos keeps its plugins' types here
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      denials: DenialsPlugin<Types>;
    }
  }
}

/** Has each mutation that is denied written down. It stands before the plugin that denies, and so around it. */
class DenialsPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(
    resolve: GraphQLFieldResolver<unknown, Types['Context'], object>,
    { kind }: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    if (kind !== 'Mutation') return resolve;
    return async (parent, args, context, info) => {
      try {
        return (await resolve(parent, args, context, info)) as unknown;
      } catch (error) {
        const { deps, principal, from } = context as Context;
        const { fieldName } = info;
        await deps.denials.note({ principal, from }, fieldName, error, targetsIn(fieldName, args));
        throw error;
      }
    };
  }
}

/** Of a request that may be anybody's no more is written down, each cut to this length. */
const MOST_TARGETS = 20;
const LONGEST_ID = 64;

/**
 * What a mutation's arguments say it is to be done to: `managerId` and `clusterIds` are of what they are called by, an
 * `id` is of what the mutation is called by (`updatePerson`).
 */
function targetsIn(action: string, args: object): AuditTarget[] {
  const idsIn = (value: object): AuditTarget[] =>
    Object.entries(value).flatMap(([key, part]: [string, unknown]) => {
      const [isId, of = action.replace(/^[a-z]+/, '')] = /^(?:id|([a-z]+)Ids?)$/.exec(key) ?? [];
      if (isId === undefined) return isRecord(part) ? idsIn(part) : [];
      const type = of.charAt(0).toUpperCase() + of.slice(1);
      const ids = [part].flat().filter((id) => typeof id === 'string');
      return ids.slice(0, MOST_TARGETS).map((id) => ({ type, id: id.slice(0, LONGEST_ID), name: null }));
    });
  return idsIn(args).slice(0, MOST_TARGETS);
}

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

SchemaBuilder.registerPlugin('denials', DenialsPlugin);

export default 'denials' as const;
