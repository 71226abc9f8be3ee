import { expect, it } from 'vitest';
import { diffMigrationsToSchema, type SchemaFile } from './schema-engine.ts';

const schema = (models: string): SchemaFile => ({
  path: 'schema.prisma',
  content: `datasource db {\n  provider = "postgresql"\n}\n${models}`,
});

const folder = (...scripts: string[]): Parameters<typeof diffMigrationsToSchema>[0] => ({
  path: '/migrations',
  lockfile: 'provider = "postgresql"\n',
  migrations: scripts.map((sql, index) => ({ name: `${index}_test`, sql, checksum: '' })),
});

it('writes the SQL from nothing to a schema, after which there is nothing to do', async () => {
  const target = schema('model Lamp {\n  id Int @id\n}');
  const sql = await diffMigrationsToSchema(folder(), target);
  expect(sql).toContain('CREATE TABLE "Lamp"');
  expect(await diffMigrationsToSchema(folder(sql), target)).toBe('');
});

it('writes nothing that would end the transaction in which a migration runs', async () => {
  const before = `CREATE TYPE "Colour" AS ENUM ('RED', 'BLUE');
    CREATE TABLE "Lamp" (id INTEGER NOT NULL, colour "Colour" NOT NULL, CONSTRAINT "Lamp_pkey" PRIMARY KEY (id));`;
  const target = schema('enum Colour {\n  RED\n}\nmodel Lamp {\n  id Int @id\n  colour Colour\n}');
  const sql = await diffMigrationsToSchema(folder(before), target);
  expect(sql).toContain('"Colour_new"');
  expect(sql).not.toMatch(/\b(BEGIN|COMMIT)\b/);
  expect(await diffMigrationsToSchema(folder(before, sql), target)).toBe('');
});

it('tells of a migration that fails, and of a schema that is wrong', async () => {
  await expect(diffMigrationsToSchema(folder('CREATE TABEL x ()'), schema(''))).rejects.toThrow(
    'syntax error',
  );
  await expect(diffMigrationsToSchema(folder(), schema('model Lamp {}'))).rejects.toThrow();
});
