/**
 * `npm run bench -- NAME`: runs ours and the reference in turn and prints one JSON object a line to standard output;
 * progress goes to standard error. Exits with 1 when a target is missed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
const [name] = process.argv.slice(2);
const file = join(here, `${name}/bench.mjs`);
if (!name || !existsSync(file)) {
  const names = readdirSync(here).filter((entry) => existsSync(join(here, entry, 'bench.mjs')));
  console.error(`Usage: npm run bench -- NAME, where NAME is: ${names.join(', ')}`);
  process.exit(2);
}
const npm = (args, cwd) => {
  const { status } = spawnSync('npm', args, { cwd, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(1);
};
if (!isInstalled()) npm(['ci', '--silent'], here);
const root = join(here, '..');
npm(['run', 'generate', '--silent'], root);
npm(['run', 'build:node', '--silent'], root);
const { default: run } = await import(file);
let missed = false;
for await (const row of run((text) => console.error(text))) {
  console.log(JSON.stringify({ bench: name, ...row }));
  missed ||= !row.ok;
}
// Also when a bench has left something running: simulated managers never give up.
process.exit(missed ? 1 : 0);

/** Whether what is installed is what package-lock.json asks for. */
function isInstalled() {
  const installed = join(here, 'node_modules', '.package-lock.json');
  return (
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(here, 'package-lock.json')).mtimeMs
  );
}
