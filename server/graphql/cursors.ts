import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core';
import { invalid } from '../platform/errors.ts';

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- Pothos keeps its plugins' types here
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      cursors: CursorsPlugin<Types>;
    }
  }
}

/** What is in a cursor that is a revision; the letter says how it is to be read. */
const REVISION = /^GPC:I:\d{1,18}$/;
/** Of a list that is in memory. */
const OFFSET = /^OffsetConnection:\d{1,9}$/;

/** Marks, as a connection's `extensions`, what its cursors are. */
export const REVISION_CURSORS = { cursors: REVISION };
export const OFFSET_CURSORS = { cursors: OFFSET };
/** Whoever reads the page checks them. */
export const CHECKED_CURSORS = { cursors: undefined };

/**
 * Checks the cursors of all connections before they are read: one that was not given out here, or not by this
 * connection, is INVALID. Without it the database would be asked for a value that no such column can have. A
 * connection that is not marked is no part of a schema: the ids that Prisma pages by unless told otherwise would tell
 * whether a row exists that is not seen.
 */
class CursorsPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(config: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    if (!config.args['after'] || !config.args['before']) return config;
    const { extensions, name, parentType } = config;
    if (!extensions || !('cursors' in extensions))
      throw new Error(`${parentType}.${name} says not what its cursors are`);
    const pattern = extensions['cursors'] as RegExp | undefined;
    if (!pattern) return config;
    const check = (args: Record<string, unknown>) => {
      for (const field of ['after', 'before']) {
        const cursor = args[field];
        if (typeof cursor !== 'string' || pattern.test(Buffer.from(cursor, 'base64').toString())) continue;
        throw invalid(field, 'is no cursor that was given out here');
      }
      return args;
    };
    return { ...config, argMappers: [...config.argMappers, check] };
  }
}

SchemaBuilder.registerPlugin('cursors', CursorsPlugin);

export default 'cursors' as const;
