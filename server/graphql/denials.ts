import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import type { GraphQLFieldResolver } from 'graphql';
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
        const { deps, principal, from, userAgent } = context as Context;
        await deps.denials.note({ principal, from, userAgent }, info.fieldName, error);
        throw error;
      }
    };
  }
}

SchemaBuilder.registerPlugin('denials', DenialsPlugin);

export default 'denials' as const;
