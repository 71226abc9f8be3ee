import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runCommand } from './run-command.ts';

/** Absolute paths of the programs that the tests need beside Node. */
export interface Programs {
  initdb: string;
  postgres: string;
  chromium: string;
  redisServer: string;
  openssl: string;
}

const DEBIAN_POSTGRES = '/usr/lib/postgresql';

/**
 * Finds what the tests need, and installs what is missing where that can be done without asking: on Debian as root.
 * @throws Error that names the missing packages
 */
export async function providePrograms(signal: AbortSignal): Promise<Programs> {
  if (missingPackages().length > 0) await install(missingPackages(), signal);
  const chromium = findChromium();
  const postgres = findPostgres();
  const redisServer = findInPath('redis-server');
  const openssl = findInPath('openssl');
  if (chromium && postgres && redisServer && openssl) return { ...postgres, chromium, redisServer, openssl };
  throw new Error(`The tests need these Debian packages, or their like: ${missingPackages().join(' ')}`);
}

function missingPackages(): string[] {
  const packages: string[] = [];
  if (!findPostgres()) packages.push('postgresql');
  // Without a font Chromium lays out text that nobody can see.
  if (!findChromium()) packages.push('chromium', 'fonts-liberation');
  if (!findInPath('redis-server')) packages.push('redis-server');
  if (!findInPath('openssl')) packages.push('openssl');
  return packages;
}

/**
 * `CHROMIUM`, or else the first of the usual names in PATH.
 * @throws Error when `CHROMIUM` names no program: who sets it does not want another one
 */
function findChromium(): string | undefined {
  const told = process.env['CHROMIUM'];
  if (!told) return findInPath('chromium') ?? findInPath('chromium-browser') ?? findInPath('google-chrome');
  const program = executable(told);
  if (!program) throw new Error(`CHROMIUM is ${told}, which is no program that can be run`);
  return program;
}

/** The server's programs: in PATH, else Debian's newest version, which is not in PATH. */
function findPostgres(): { initdb: string; postgres: string } | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...debianPostgresFolders()];
  for (const folder of folders) {
    const initdb = executable(join(folder, 'initdb'));
    const postgres = executable(join(folder, 'postgres'));
    if (initdb && postgres) return { initdb, postgres };
  }
  return undefined;
}

function debianPostgresFolders(): string[] {
  try {
    const versions = readdirSync(DEBIAN_POSTGRES).sort((a, b) => Number(b) - Number(a));
    return versions.map((version) => join(DEBIAN_POSTGRES, version, 'bin'));
  } catch {
    return [];
  }
}

function findInPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => executable(join(folder, name))).find((path) => path !== undefined);
}

function executable(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}

async function install(packages: readonly string[], signal: AbortSignal): Promise<void> {
  if (process.getuid?.() !== 0 || !findInPath('apt-get')) return;
  console.error(`Installing with apt-get what the tests need: ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const restore = [withoutSystemCluster(), withoutServices()];
  try {
    await runCommand('apt-get', ['update', '--quiet'], { env, signal });
    const options = ['install', '--yes', '--quiet', '--no-install-recommends'];
    await runCommand('apt-get', [...options, ...packages], { env, signal });
  } finally {
    for (const undo of restore) undo();
  }
}

/** Only the programs are wanted: tells Debian's package not to make and start a database server of its own. */
function withoutSystemCluster(): () => void {
  const folder = '/etc/postgresql-common/createcluster.d';
  const file = join(folder, 'operations-center-tests.conf');
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, 'create_main_cluster = false\n');
  return () => rmSync(file);
}

/** The same for Redis, and whatever else comes along: Debian asks this program whether a service may be started. */
function withoutServices(): () => void {
  const file = '/usr/sbin/policy-rc.d';
  // Someone has decided already.
  if (existsSync(file)) return () => undefined;
  writeFileSync(file, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return () => rmSync(file);
}
