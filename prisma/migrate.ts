import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultMigrationsDir, readMigrations } from '../server/platform/database/migrations.ts';
import { diffMigrationsToSchema } from './schema-engine.ts';

const USAGE = `Usage: npm run migration -- NAME    write the migration that leads from the last one to schema.prisma
       npm run migration -- --check  exit with 1 and that migration's SQL if there is one to write`;

const LOCKFILE = `# Written with the first migration; belongs under version control.
provider = "postgresql"
`;

/** Prisma would have a foreign key for each relation; the schema says why the log has none. */
const FOREIGN_KEYS_OF_THE_LOG = /^-- AddForeignKey\nALTER TABLE "event" ADD CONSTRAINT [^;]*;\n*/gm;

const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean', default: false } },
  allowPositionals: true,
});
process.exitCode = await main(values.check, positionals);

async function main(check: boolean, names: readonly string[]): Promise<number> {
  const [name] = names;
  if (names.length !== (check ? 0 : 1) || (name !== undefined && !/^[a-z0-9_]+$/.test(name))) {
    console.error(`${USAGE}\nNAME is made of a-z, 0-9 and _.`);
    return 2;
  }
  const migrationsDir = defaultMigrationsDir();
  const sql = await missingSql(migrationsDir);
  if (sql === '') {
    console.log('The migrations lead to prisma/schema.prisma: nothing to do.');
    return 0;
  }
  if (name === undefined) {
    console.error(
      'prisma/schema.prisma and the migrations differ. Missing (npm run migration -- NAME writes it):\n',
    );
    console.log(sql);
    return 1;
  }
  console.log(
    `Written: ${relative(process.cwd(), await write(migrationsDir, name, sql))}. Read it before you commit it.`,
  );
  return 0;
}

async function missingSql(migrationsDir: string): Promise<string> {
  await mkdir(migrationsDir, { recursive: true });
  const schemaFile = join(migrationsDir, '..', 'schema.prisma');
  const sql = await diffMigrationsToSchema(
    { path: migrationsDir, lockfile: LOCKFILE, migrations: await readMigrations(migrationsDir) },
    { path: schemaFile, content: await readFile(schemaFile, 'utf8') },
  );
  return sql.replace(FOREIGN_KEYS_OF_THE_LOG, '').trim();
}

async function write(migrationsDir: string, name: string, sql: string): Promise<string> {
  const timestamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const folder = join(migrationsDir, `${timestamp}_${name}`);
  await mkdir(folder);
  await writeFile(join(folder, 'migration.sql'), `${sql}\n`);
  await writeFile(join(migrationsDir, 'migration_lock.toml'), LOCKFILE);
  return join(folder, 'migration.sql');
}
