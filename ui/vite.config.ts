import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';

// `OC_URL` names another server for `vite dev`; the build always talks to its own origin.
const target = process.env.OC_URL ?? 'http://127.0.0.1:4000';

export default defineConfig({
  plugins: [tailwindcss(), sveltekit()],
  server: { host: '127.0.0.1', proxy: { '/graphql': { target, ws: true }, '/audit.jsonl': target } },
});
