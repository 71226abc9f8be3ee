import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

/**
 * Runs Redis ("$@") until standard input ends, which it also does when the tests are killed: it does not outlive
 * them, not even frozen. The watcher's descriptor 3 keeps standard input, which `&` takes away.
 */
const SUPERVISE = `
  "$@" & server=$!
  exec 3<&0
  { cat <&3 >/dev/null; kill -KILL $server; } &
  wait $server`;

/** What a server writes when it answers, a sentinel among them; the number before it is its process. */
const READY = /^(\d+):\w .*(Ready to accept connections|Sentinel ID is)/m;

/**
 * A real Redis of one test: on a port of its own of the loopback interface, without anything on disk that lasts.
 * Told to be a sentinel, it is one.
 */
export class RedisServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'oc-redis-'));
  readonly #config: string;
  #port = 0;
  #process: ChildProcess | undefined;
  #pid = 0;
  #ended: Promise<unknown> = Promise.resolve();

  private constructor(config: string) {
    this.#config = config;
  }

  /** @param config lines of a redis.conf */
  static async start(config = ''): Promise<RedisServer> {
    const redis = new RedisServer(config);
    // A port that is free now can be taken a moment later.
    for (let attempt = 1; ; attempt++) {
      redis.#port = await freePort();
      try {
        await redis.boot();
        return redis;
      } catch (error) {
        await redis.kill();
        if (attempt === 5 || !String(error).includes('Address already in use')) throw error;
      }
    }
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Starts it again, on the same port, empty. */
  async boot(): Promise<void> {
    const program = process.env['REDIS_SERVER'];
    if (!program)
      throw new Error('REDIS_SERVER is not set: run the tests by `npm test -- [vitest arguments]`.');
    const file = join(this.#folder, 'redis.conf');
    const fixed = `port ${this.#port}\nbind 127.0.0.1\ndir ${this.#folder}\nsave ""\nappendonly no\n`;
    writeFileSync(file, fixed + this.#config);
    const sentinel = this.#config.includes('sentinel monitor') ? ['--sentinel'] : [];
    const server = spawn('sh', ['-c', SUPERVISE, 'sh', program, file, ...sentinel], {
      env: { PATH: process.env['PATH'] },
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    this.#process = server;
    this.#ended = new Promise((resolve) => server.once('close', resolve));
    this.#pid = await new Promise<number>((resolve, reject) => {
      let output = '';
      server.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const ready = READY.exec(output);
        if (ready) resolve(Number(ready[1]));
      });
      server.once('error', reject);
      server.once('exit', () => reject(new Error(`Redis did not start:\n${output}`)));
    });
  }

  /** As by `kill -9`, frozen or not. */
  async kill(): Promise<void> {
    this.#process?.stdin?.end();
    await this.#ended;
  }

  /** It keeps its connections and takes new ones, and answers none. */
  freeze(): void {
    process.kill(this.#pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.#pid, 'SIGCONT');
  }

  /** Ends it and removes its files. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
