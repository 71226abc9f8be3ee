import { createRequire } from 'node:module';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** Stories and faults run once on each database: what holds on one must hold on the other. */
const onDatabase = (database: 'pglite' | 'postgres', ...more: string[]) => ({
  test: {
    name: `on-${database}`,
    include: ['test/{stories,faults}/**/*.test.ts', ...more],
    env: { OC_TEST_DATABASE: database },
  },
});

/** `npm run test:faults` repeats faults as often as promised, for as long as that takes; see test/harness/rounds.ts. */
const timeout = process.env['OC_FAULTS'] === 'full' ? 3 * 3_600_000 : 120_000;

export default defineConfig({
  resolve: {
    alias: [
      { find: '$lib', replacement: new URL('./ui/lib', import.meta.url).pathname },
      // Libraries get its CommonJS half from Node; with the other half the sources would have a GraphQL of their own.
      { find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') },
    ],
  },
  test: {
    testTimeout: timeout,
    hookTimeout: 120_000,
    // Each story starts servers, managers and workers of its own, and waits for them for half of its time: one more than
    // CI has cores keeps these busy, still more only makes all of them slow.
    maxWorkers: 3,
    // See RUN_OPTIONS of test/harness/oc.ts: the same goes for tests that open the embedded database themselves.
    execArgv: ['--liftoff-only'],
    projects: [
      {
        extends: true,
        // Runes in modules of the UI are compiled.
        plugins: [svelte({ configFile: false })],
        test: {
          name: 'unit',
          include: ['{server,manager,cli,ui,test,prisma}/**/*.test.ts', 'bench/*.test.mjs'],
          exclude: ['**/node_modules/**', 'test/{stories,faults,door,postgres,browser}/**'],
        },
      },
      { extends: true, ...onDatabase('pglite') },
      // Also what the embedded database cannot do: serve several servers, or go away while they stay; and who gets in, by
      // which door, before any database is asked.
      { extends: true, ...onDatabase('postgres', 'test/{postgres,door}/**/*.test.ts') },
      // What a page shows is the same on both: on the one that leaves more of the machine to the browser.
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          env: { OC_TEST_DATABASE: 'postgres' },
        },
      },
    ],
  },
});
