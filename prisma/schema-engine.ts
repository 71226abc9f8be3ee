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
  const engine = await startEngine(schema);
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
  // To change an enum the engine brackets statements with these. The server runs each migration in one transaction,
  // which they would end half-way.
  return sql.replace(/^(BEGIN|COMMIT);\n/gm, '');
}

async function startEngine(schema: SchemaFile): Promise<bindings.SchemaEngine> {
  const wasmFile = new URL(
    'schema_engine_bg.wasm',
    import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg'),
  );
  const { instance } = await WebAssembly.instantiate(await readFile(wasmFile), {
    './schema_engine_bg.js': bindings,
  });
  bindings.__wbg_set_wasm(instance.exports);
  (instance.exports['__wbindgen_start'] as () => void)();
  // Comparing needs a database only to replay the migrations in, so one serves as both.
  const shadow = await openMemoryDatabase();
  const databases = bindMigrationAwareSqlAdapterFactory({
    provider: 'postgres',
    adapterName: 'shadow',
    connect: async () => shadow,
    connectToShadowDb: async () => shadow,
  });
  const ignoreLog = (): void => undefined;
  return bindings.SchemaEngine.new({ datamodels: [[schema.path, schema.content]] }, ignoreLog, databases);
}

async function openMemoryDatabase(): Promise<SqlDriverAdapter> {
  const pglite = await PGlite.create();
  const adapter = await new PrismaPGlite(pglite).connect();
  // The adapter's own does not wait for the script, so a failing one would go unnoticed.
  adapter.executeScript = async (script) => void (await pglite.exec(script));
  return adapter;
}
