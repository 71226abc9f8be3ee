/**
 * Bundles the programs into dist/. Libraries are bundled too: reading hundreds of small files is half of what a start
 * costs. Left outside: what loads files of its own (PGlite, Prisma's engine, pino), what is optional, and what is
 * seldom asked for.
 */
import { build } from 'esbuild';

await build({
  entryPoints: {
    server: 'server/main.ts',
    manager: 'manager/main.ts',
    oc: 'cli/main.ts',
    demo: 'demo/main.ts',
    'audit-verify': 'server/audit-verify.ts',
  },
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  // A library's ES modules, where it has both: called directly, and what nobody calls is left out.
  mainFields: ['module', 'main'],
  define: { 'process.env.NODE_ENV': '"production"', 'globalThis.process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
  external: [
    '@electric-sql/pglite',
    '@node-rs/argon2',
    '@prisma/client',
    'pino',
    'pg-native',
    '@graphql-yoga/render-graphiql',
  ],
  // CommonJS libraries ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as createRequireOf } from 'node:module'; const require = createRequireOf(import.meta.url);",
  },
});
