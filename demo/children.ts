import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../manager/package-root.ts';

interface Child {
  name: string;
  process: ChildProcess;
  /** All it has written so far. */
  output: string;
  ended: Promise<void>;
}

/** How long a child may take to end by itself, milliseconds. */
const PATIENCE_MS = 8000;

/** The demo's own processes: started, watched, and ended in the reverse order. */
export class Children {
  readonly #logFolder: string;
  readonly #children: Child[] = [];
  #stopping = false;
  #unexpected: (name: string, how: string) => void = () => undefined;

  constructor(logFolder: string) {
    this.#logFolder = logFolder;
  }

  /**
   * Starts a program of this package; its output goes to `<name>.log`. A process group of its own, so that Ctrl-C
   * reaches the demo only and the demo decides what ends when.
   * @throws Error once all are being ended: nobody would end this one.
   */
  start(name: string, program: string, args: string[], env: Record<string, string>): Child {
    if (this.#stopping) throw new Error(`The demo is ending: ${name} is not started.`);
    const child = spawn(process.execPath, ['--enable-source-maps', join(packageRoot, program), ...args], {
      cwd: packageRoot,
      // The OC's port is for the OC alone: workers inherit what their manager is given.
      env: { ...process.env, PORT: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const log = createWriteStream(join(this.#logFolder, `${name}.log`));
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const entry: Child = { name, process: child, output: '', ended };
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        entry.output = (entry.output + data.toString()).slice(-20_000);
        log.write(data);
      });
    }
    child.once('exit', (code, signal) => {
      if (!this.#stopping) this.#unexpected(name, signal ?? `exit code ${code}: ${lastLine(entry.output)}`);
    });
    this.#children.push(entry);
    return entry;
  }

  /** Calls `listener` for each child that ends although it was not asked to. */
  onUnexpectedExit(listener: (name: string, how: string) => void): void {
    this.#unexpected = listener;
  }

  /** Resolves with the match when the child has written what matches; rejects with its last output when it ends before. */
  async line(child: Child, pattern: RegExp): Promise<RegExpExecArray> {
    const written = (async () => {
      for (;;) {
        const match = pattern.exec(child.output);
        if (match) return match;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    })();
    const died = child.ended.then((): never => {
      throw new Error(`${child.name} could not start: ${child.output.trim()}`);
    });
    return Promise.race([written, died]);
  }

  /** Asks every child to end, last started first, and kills what does not within its time. */
  async stopAll(): Promise<void> {
    this.#stopping = true;
    const [server, ...managers] = this.#children;
    await Promise.all(managers.map(stop));
    if (server) await stop(server);
  }
}

async function stop({ process: child, ended }: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  await ended;
  clearTimeout(timer);
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
