import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.ts';
import type { Programs } from './programs.ts';

export interface PostgresServer {
  /** Of its maintenance database, as a superuser who may create others. */
  url: string;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
  /** Ends it as a crash does, with its connections; its files stay. */
  crash(): Promise<void>;
  /** After a crash: on the same port, with the same files. */
  startAgain(): Promise<void>;
  /** Stops all its processes where they are: it keeps its connections and takes new ones, and answers none. */
  freeze(): void;
  thaw(): void;
}

/** `uid` and `gid` to run as; PostgreSQL refuses to run as root. */
interface Account {
  uid?: number;
  gid?: number;
}

/**
 * Runs PostgreSQL ("$@") until it is told to end or standard input ends, which it also does when the test command is killed: so neither
 * the server nor its files, unless a crash is to leave them, outlive it. The watcher's descriptor 3 keeps standard input, which `&` takes away.
 */
const SUPERVISE = `
  folder=$1; shift
  "$@" & server=$!
  exec 3<&0
  { cat <&3 >/dev/null; kill -INT $server; } &
  wait $server; code=$?
  [ -e "$folder/keep" ] || rm -rf "$folder"
  exit $code`;

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  // Far from UTC, and not by whole hours: a time that loses its zone on the way is noticed.
  timezone: 'Asia/Kathmandu',
};

/** Loses data in a power cut only, and saves most of the waiting. */
const NOT_DURABLE = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/**
 * Starts a server with an empty data folder of its own on a free port of the loopback interface.
 * @param durable whether it syncs to disk as in production
 */
export async function startPostgres(programs: Programs, durable: boolean): Promise<PostgresServer> {
  const account = unprivilegedAccount();
  const password = randomBytes(16).toString('hex');
  // A port that is free now can be taken a moment later.
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(programs, durable, account, password);
    } catch (error) {
      if (attempt === 5 || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function startOnce(
  { initdb, postgres: program }: Programs,
  durable: boolean,
  account: Account,
  password: string,
): Promise<PostgresServer> {
  const folder = makeDataFolder(initdb, account, password);
  const port = await freePort();
  const settings = { ...SETTINGS, ...(durable ? {} : NOT_DURABLE), port: String(port) };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [program, '-D', join(folder, 'data'), ...options];
  const url = `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`;
  const keep = join(folder, 'keep');
  const postmaster = (): number =>
    Number(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
  let stop = await run(command, folder, account, url);
  return {
    url,
    stop: () => stop(),
    async crash() {
      writeFileSync(keep, '');
      process.kill(postmaster(), 'SIGQUIT');
      await stop();
    },
    async startAgain() {
      stop = await run(command, folder, account, url);
      rmSync(keep);
    },
    freeze() {
      // The postmaster first: it makes no more of them then.
      process.kill(postmaster(), 'SIGSTOP');
      for (const pid of childrenOf(postmaster())) process.kill(pid, 'SIGSTOP');
    },
    thaw() {
      for (const pid of [...childrenOf(postmaster()), postmaster()]) process.kill(pid, 'SIGCONT');
    },
  };
}

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

/** Runs the server and answers, when it lets clients in, the function that ends it. */
async function run(
  command: readonly string[],
  folder: string,
  account: Account,
  url: string,
): Promise<() => Promise<void>> {
  const server = spawn('sh', ['-c', SUPERVISE, 'sh', folder, ...command], {
    ...account,
    cwd: folder,
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', 'ignore', 'pipe'],
    // Ctrl-C is for the test command, which ends this when the tests are over.
    detached: true,
  });
  let output = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4000)));
  const ended = new Promise<void>((resolve, reject) =>
    server.on('error', reject).on('exit', () => resolve()),
  );

  const stop = (): Promise<void> => {
    server.stdin.end();
    return ended;
  };
  const reachable = await Promise.race([
    untilReachable(url, () => server.exitCode === null),
    ended.then(() => false),
  ]);
  if (reachable) return stop;
  await stop();
  throw new Error(`PostgreSQL did not start:\n${output}`);
}

function makeDataFolder(initdb: string, account: Account, password: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'oc-postgres-'));
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account.uid !== undefined && account.gid !== undefined) {
    chownSync(folder, account.uid, account.gid);
    chownSync(passwordFile, account.uid, account.gid);
  }
  const options = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const layout = ['--encoding=UTF8', '--locale=C', '--no-sync', '-D', join(folder, 'data')];
  try {
    execFileSync(initdb, [...options, ...layout], {
      ...account,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  return folder;
}

function unprivilegedAccount(): Account {
  if (process.getuid?.() !== 0) return {};
  const id = (option: string): number =>
    Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function untilReachable(url: string, running: () => boolean): Promise<boolean> {
  while (running()) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
    try {
      await client.connect();
      return true;
    } catch {
      await delay(50);
    } finally {
      await client.end();
    }
  }
  return false;
}
