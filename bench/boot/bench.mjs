/** Time from start to the first answer, and resident memory then, at first start and at second start. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rowAtMost } from '../measure.mjs';
import { startProgram } from '../program.mjs';

const ROUNDS = 5;
const root = join(import.meta.dirname, '..', '..');

const programs = {
  ours: {
    start: (folder) => [
      [join(root, 'dist', 'server.js')],
      { PORT: '0', DATA_DIR: folder, LOG_LEVEL: 'error', AUTH: 'off' },
    ],
    query: '{ system { name } }',
  },
  reference: {
    start: (folder) => [[join(import.meta.dirname, 'reference.mjs'), join(folder, 'db')], {}],
    query: '{ one }',
  },
};

export default async function* boot(say) {
  const pairs = { 'first start': [], 'second start': [], memory: [] };
  for (let round = 1; round <= ROUNDS; round++) {
    // Who goes first alternates, so that neither always finds the caches warm.
    const order = round % 2 ? ['ours', 'reference'] : ['reference', 'ours'];
    const seen = {};
    for (const name of order) {
      const folder = mkdtempSync(join(tmpdir(), 'oc-bench-boot-'));
      const first = await start(programs[name], folder);
      const second = await start(programs[name], folder);
      seen[name] = { 'first start': first.ms, 'second start': second.ms, memory: second.mebibytes };
      rmSync(folder, { recursive: true });
    }
    say(`round ${round}: ${JSON.stringify(seen)}`);
    for (const key of Object.keys(pairs)) pairs[key].push([seen.ours[key], seen.reference[key]]);
  }
  for (const [name, values] of Object.entries(pairs)) {
    yield rowAtMost(name, values, name === 'memory' ? 'MiB resident' : 'ms to ready', 1.5);
  }
}

async function start({ start: command, query }, folder) {
  const [args, env] = command(folder);
  const begin = performance.now();
  const { url, child, stop } = await startProgram(args, env);
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  const ms = performance.now() - begin;
  const mebibytes =
    Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]) / 1024;
  await stop();
  return { ms, mebibytes };
}
