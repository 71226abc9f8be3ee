import { readFile } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import { bindMigrationAwareSqlAdapterFactory, type SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import type { Migration } from '../server/platform/database/migrations.ts';

/** What `migrate diff` needs to know of a schema file. */
export interface SchemaFile {
  path: string;
  content: string;
}

export interface MigrationsFolder {
  path: string;
  /** The text of `migration_lock.toml`. */
  lockfile: string;
  migrations: readonly Migration[];
}

/**
 * The SQL that leads from what the migrations make to what the schema says; empty when they agree.
 *
 * Prisma's schema engine as WebAssembly does it, since the native one is a download. The migrations are replayed in a
 * shadow database in memory.
 *
 * @throws Error with the database's message when a migration cannot be replayed, or Prisma's when the schema is wrong
 */
export async function diffMigrationsToSchema(folder: MigrationsFolder, schema: SchemaFile): Promise<string> {
  const shadow = await openShadow();
  try {
    const engine = await startEngine(schema, shadow.adapter);
    const result = await engine.diff({
      from: {
        tag: 'migrations',
        baseDir: folder.path,
        lockfile: { path: 'migration_lock.toml', content: folder.lockfile },
        shadowDbInitScript: '',
        migrationDirectories: folder.migrations.map(({ name, sql }) => ({
          path: name,
          migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: sql } },
        })),
      },
      to: { tag: 'schemaDatamodel', files: [schema] },
      script: true,
      exitCode: true,
      filters: { externalTables: [], externalEnums: [] },
    });
    const sql = result.exitCode === 0 ? '' : (result.stdout ?? '');
    // To change an enum the engine brackets statements with these. The server runs each migration in one
    // transaction, which they would end half-way.
    return sql.replace(/^(BEGIN|COMMIT);\n/gm, '');
  } catch (error) {
    throw shadow.explain(error);
  } finally {
    await shadow.close();
  }
}

interface Shadow {
  adapter: SqlDriverAdapter;
  /** The engine passes on only that a script failed; this adds what the database said. */
  explain(error: unknown): unknown;
  close(): Promise<void>;
}

async function openShadow(): Promise<Shadow> {
  const pglite = await PGlite.create();
  const adapter = await new PrismaPGlite(pglite).connect();
  let failure: Error | undefined;
  // The adapter's own does not wait for the script, so a failing one would go unnoticed.
  adapter.executeScript = async (script) => {
    try {
      await pglite.exec(script);
    } catch (error) {
      failure = error as Error;
      throw error;
    }
  };
  const explain = (error: unknown): unknown => {
    if (!failure || !(error instanceof Error)) return error;
    return new Error(`${error.message.split('\n', 1)[0]?.trim()} ${failure.message}`, { cause: failure });
  };
  return { adapter, explain, close: () => pglite.close() };
}

let loaded: Promise<void> | undefined;

/** Once only: the bindings keep views of the memory of the instance that they were first given. */
function loadWasm(): Promise<void> {
  return (loaded ??= (async () => {
    const bindingsFile = import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg');
    const bytes = await readFile(new URL('schema_engine_bg.wasm', bindingsFile));
    const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': bindings });
    bindings.__wbg_set_wasm(instance.exports);
    (instance.exports['__wbindgen_start'] as () => void)();
  })());
}

async function startEngine(schema: SchemaFile, database: SqlDriverAdapter): Promise<bindings.SchemaEngine> {
  await loadWasm();
  // Comparing needs a database only to replay the migrations in, so one serves as both.
  const databases = bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: 'shadow',
    connect: async () => database,
    connectToShadowDb: async () => database,
  });
  const ignoreLog = (): void => undefined;
  return bindings.SchemaEngine.new({ datamodels: [[schema.path, schema.content]] }, ignoreLog, databases);
}
