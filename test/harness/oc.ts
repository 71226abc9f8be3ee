import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from '../services/postgres.ts';
import { copyDataDir } from '../services/templates.ts';
import { Client } from './client.ts';
import { until } from './until.ts';

const root = join(import.meta.dirname, '..', '..');

/**
 * A program of a story lives for some seconds. In these V8's second and better translation of WebAssembly, in which
 * the embedded database and Prisma are written, costs more of the processor than it saves.
 */
const RUN_OPTIONS = ['--enable-source-maps', '--liftoff-only'];

/** A program of this package under test, with all it wrote. */
export class Program {
  readonly process: ChildProcess;
  output = '';
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  constructor(bundle: string, args: string[], env: Record<string, string>, inspect = false) {
    const options = [...RUN_OPTIONS, ...(inspect ? ['--inspect=127.0.0.1:0'] : [])];
    this.process = spawn(process.execPath, [...options, join(root, 'dist', bundle), ...args], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (data: Buffer) => (this.output += data.toString()));
    }
    this.ended = new Promise((resolve) =>
      this.process.once('close', (code, signal) => resolve({ code, signal })),
    );
  }

  get running(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** It was told to end; one that has ended and was not, did so by itself. */
  told = false;

  /** Sends the signal, also to one that is frozen, and waits for the end. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.told = true;
    if (this.running) {
      this.process.kill(signal);
      this.process.kill('SIGCONT');
    }
    await this.ended;
  }
}

export interface OcOptions {
  /** Leases are short, so that silence is noticed within a test's patience. */
  leaseSeconds?: number;
  /** A PostgreSQL of the story's own, for what cannot be done to one that others use. */
  databaseUrl?: string;
  /** Shares the PostgreSQL database of this one, which must be stopped after it. */
  databaseOf?: Oc;
  env?: Record<string, string>;
  /** Whoever asks must log in: see people.ts. */
  auth?: boolean;
  /** Lets its memory be looked at: see `bytesHeld`. */
  inspect?: boolean;
}

/** A real OC in a process of its own over the database that this run of the tests is for. */
export class Oc {
  readonly folder = mkdtempSync(join(tmpdir(), 'oc-story-'));
  readonly #options: OcOptions;
  #database: { url: string; drop(): Promise<void> } | undefined;
  #program: Program | undefined;
  #port = 0;
  #cleanups: (() => Promise<unknown>)[] = [];

  private constructor(options: OcOptions) {
    this.#options = options;
  }

  static async start(options: OcOptions = {}): Promise<Oc> {
    const oc = new Oc(options);
    const shared = options.databaseOf?.databaseUrl;
    if (shared) oc.#database = { url: shared, drop: async () => undefined };
    else if (!options.databaseUrl && process.env['OC_TEST_DATABASE'] === 'postgres')
      oc.#database = await createTestDatabase(process.env['TEST_DATABASE_TEMPLATE']);
    else if (!options.databaseUrl) copyDataDir(oc.environment['DATA_DIR']!);
    await oc.boot();
    return oc;
  }

  get url(): string {
    const secure = this.#options.env?.['TLS_CERT'] !== undefined;
    return `${secure ? 'https' : 'http'}://127.0.0.1:${this.#port}`;
  }

  get client(): Client {
    return new Client(this.url);
  }

  /** Of PostgreSQL; none with the embedded database. */
  get databaseUrl(): string | undefined {
    return this.#database?.url;
  }

  /** What /readyz answers. */
  async health(): Promise<{ status: string; degraded?: string[] }> {
    return (await (await fetch(`${this.url}/readyz`)).json()) as { status: string; degraded?: string[] };
  }

  get program(): Program {
    if (!this.#program) throw new Error('The OC was not started.');
    return this.#program;
  }

  get environment(): Record<string, string> {
    const databaseUrl = this.#options.databaseUrl ?? this.#database?.url;
    return {
      PORT: String(this.#port),
      DATA_DIR: join(this.folder, 'oc'),
      LEASE_SECONDS: String(this.#options.leaseSeconds ?? 2),
      LOG_LEVEL: 'warn',
      AUTH: this.#options.auth ? 'on' : 'off',
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
      ...this.#options.env,
    };
  }

  /** Starts it (again), on the same port and data. */
  async boot(): Promise<void> {
    const program = new Program('server.js', [], this.environment, this.#options.inspect);
    this.#program = program;
    const ready = await until('the OC is ready', () => {
      if (!program.running) throw new Error(program.output);
      return /is ready on https?:\/\/127\.0\.0\.1:(\d+)/.exec(program.output) ?? undefined;
    });
    this.#port = Number(ready[1]);
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.program.kill(signal);
  }

  /** Done at the end, last first. */
  atEnd(cleanup: () => Promise<unknown>): void {
    this.#cleanups.push(cleanup);
  }

  /** Ends everything that belongs to it. Errors that the server logged fail the test. */
  async stop(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
    await this.kill('SIGTERM');
    await this.#database?.drop();
    rmSync(this.folder, { recursive: true, force: true });
    const unexpected = this.program.output.split('\n').filter((line) => line.startsWith('{"level":50'));
    if (unexpected.length > 0) throw new Error(`The OC logged errors:\n${unexpected.join('\n')}`);
  }
}
