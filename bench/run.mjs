/**
 * `npm run bench -- NAME`: runs ours and the reference in turn and prints one JSON object a line to standard output;
 * progress goes to standard error. Exits with 1 when a target is missed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const [name] = process.argv.slice(2);
const file = join(here, `${name}/bench.mjs`);
if (!name || !existsSync(file)) {
  console.error('Usage: npm run bench -- NAME, where NAME is: boot');
  process.exit(2);
}
const npm = (args, cwd) => {
  const { status } = spawnSync('npm', args, { cwd, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
};
if (!existsSync(join(here, 'node_modules'))) npm(['ci', '--silent'], here);
npm(['run', 'build', '--silent'], join(here, '..'));
const { default: run } = await import(file);
let missed = false;
for await (const row of run((text) => console.error(text))) {
  console.log(JSON.stringify({ bench: name, ...row }));
  missed ||= !row.ok;
}
process.exitCode = missed ? 1 : 0;
