import adapter from '@sveltejs/adapter-static';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
  preprocess: vitePreprocess(),
  kit: {
    // A static build, served by the Operations Center at `/`; every unknown path answers with index.html.
    adapter: adapter({ fallback: 'index.html' }),
    // One file of code: a page must open from what is known also while the server is gone.
    output: { bundleStrategy: 'single' },
    // The same sources make the same files: a build beside a running server changes nothing.
    version: { name: '1' },
    files: { routes: 'routes', lib: 'lib', appTemplate: 'app.html', assets: 'static' },
  },
};
