import { existsSync, readFileSync, statSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { uiPolicy } from './headers.ts';

/** Serves the built UI in the folder; each path that is no file of it is a page of it. */
export function serveUi(uiDir: string, missing: (response: ServerResponse) => void): RequestListener {
  if (!existsSync(uiDir)) return (_request, response) => notBuilt(response);
  const policy = policyOfFile(join(uiDir, 'index.html'));
  const files = sirv(uiDir, {
    single: true,
    // Looks at the files at each request: a build may replace them under a running server.
    dev: true,
    setHeaders: (response, path) => {
      if (!/\.(?!html$)\w+$/.test(path)) response.setHeader('Content-Security-Policy', policy());
    },
  });
  return (request, response) => files(request, response, () => missing(response));
}

/** The policy of the page in the file, made anew when the file is another one. */
function policyOfFile(file: string): () => string {
  let policy = '';
  let made = NaN;
  return () => {
    const { mtimeMs } = statSync(file);
    if (mtimeMs !== made) {
      policy = uiPolicy(readFileSync(file, 'utf8'));
      made = mtimeMs;
    }
    return policy;
  };
}

const notBuilt = (response: ServerResponse): void => {
  response
    .writeHead(503, { 'Content-Type': 'text/plain' })
    .end('The UI is not built: run `npm run build`.\n');
};
