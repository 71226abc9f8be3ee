import { EventEmitter, setMaxListeners } from 'node:events';
import { availableParallelism, hostname, release, totalmem, type } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import type { Logger } from '../../log.ts';
import {
  Released,
  type ClusterDriver,
  type DriverNode,
  type Guard,
  type NodeSamples,
  type StopMode,
  type StopOutcome,
} from '../driver.ts';
import { expandWorkers, type ProcessConfig, type WorkerSpec } from './config.ts';
import { Meter } from './meter.ts';
import { WorkerRecords } from './records.ts';
import { Worker, type WorkerContext } from './worker.ts';

/** How often the workers' output files are held to their bound, milliseconds. */
const BOUND_OUTPUT_MS = 5000;

/** A cluster of worker processes on this machine. They outlive the manager; it finds them again by their records. */
export class ProcessDriver implements ClusterDriver {
  readonly kind = 'process';
  private readonly specs: WorkerSpec[];
  private readonly records: WorkerRecords;
  private readonly meter = new Meter();
  private readonly events = new EventEmitter<{ change: [name: string] }>();
  private workers = new Map<string, Worker>();
  private released = new AbortController();

  constructor(
    private readonly config: ProcessConfig,
    stateDir: string,
    private readonly log: Logger,
  ) {
    this.specs = expandWorkers(config);
    this.records = new WorkerRecords(stateDir);
    this.released.abort();
  }

  takeOver(guard: Guard): void {
    this.released = new AbortController();
    const { signal } = this.released;
    setMaxListeners(0, signal); // each worker listens
    this.workers = new Map(this.specs.map((spec) => [spec.name, this.worker(spec, guard)]));
    const known = new Set(this.workers.keys());
    for (const { name } of this.records.all()) if (!known.has(name)) this.retire(name, guard);
    for (const worker of this.workers.values()) worker.adopt();
    void this.bringUp([...this.workers.values()], signal);
    const timer = setInterval(() => {
      for (const { output } of this.workers.values()) output.bound();
    }, BOUND_OUTPUT_MS);
    signal.addEventListener('abort', () => clearInterval(timer));
  }

  release(): void {
    this.released.abort();
    this.workers = new Map();
  }

  nodes(): DriverNode[] {
    return [...this.workers.values()].map((worker) => this.describe(worker));
  }

  node(name: string): DriverNode | undefined {
    const worker = this.workers.get(name);
    return worker && this.describe(worker);
  }

  onChange(listener: (name: string) => void): () => void {
    this.events.on('change', listener);
    return () => this.events.off('change', listener);
  }

  stop(name: string, mode: StopMode): Promise<StopOutcome> {
    return this.find(name).stop(mode, 'STOPPED');
  }

  start(name: string): Promise<void> {
    return this.find(name).start();
  }

  lastOutput(name: string): string[] {
    return this.workers.get(name)?.output.tail() ?? [];
  }

  measure(): Promise<NodeSamples[]> {
    const running = this.nodes().flatMap(({ name, pid }) => (pid == null ? [] : [{ name, pid }]));
    return this.meter.measure(running);
  }

  async shutDown(): Promise<void> {
    await Promise.all([...this.workers.values()].map((worker) => worker.stop('GRACEFUL', 'EXIT')));
  }

  /** One after the other: starting a process takes milliseconds, and the lease is to be renewed meanwhile. */
  private async bringUp(workers: readonly Worker[], signal: AbortSignal): Promise<void> {
    for (const worker of workers) {
      if (signal.aborted) return;
      worker.bringUp();
      await setImmediate();
    }
  }

  private find(name: string): Worker {
    const worker = this.workers.get(name);
    if (worker) return worker;
    if (this.released.signal.aborted) throw new Released('the driver was released');
    throw new Error(`There is no worker ${name}.`);
  }

  private worker(spec: WorkerSpec, guard: Guard): Worker {
    const { config, records, log } = this;
    const released = this.released.signal;
    const changed = () => {
      if (!released.aborted) this.events.emit('change', spec.name);
    };
    return new Worker(spec, { config, records, guard, changed, log, released } satisfies WorkerContext);
  }

  /** A worker that a former config asked for and this one does not: it is no node any more, and what runs is drained. */
  private retire(name: string, guard: Guard): void {
    this.log.info(`${name} is not in the configuration any more: it is stopped and forgotten`);
    this.events.emit('change', name);
    const nowhere = {
      command: [],
      cwd: '.',
      env: {},
      port: null,
      zone: null,
      healthUrl: null,
      consoleUrl: null,
    };
    const worker = this.worker({ name, ...nowhere }, guard);
    worker.adopt();
    worker
      .stop('GRACEFUL', 'STOPPED')
      .then(() => this.records.remove(name, guard))
      .catch((error: unknown) => this.log.warn(`${name} was not stopped: ${(error as Error).message}`));
  }

  private describe(worker: Worker): DriverNode {
    const { spec, state, running, returning } = worker;
    const { config } = this;
    return {
      name: spec.name,
      status: state.status,
      statusReason: state.statusReason,
      role: config.role ?? null,
      host: hostname(),
      zone: spec.zone,
      version: config.version ?? null,
      os: `${type()} ${release()}`,
      pid: running ? state.pid : null,
      address: spec.port === null ? null : `${hostname()}:${spec.port}`,
      cpuCount: availableParallelism(),
      memoryTotal: totalmem(),
      startedAt: running ? state.startedAt : null,
      restarts: state.restarts,
      labels: Object.entries(config.labels).map(([key, value]) => ({ key, value })),
      consoleUrl: spec.consoleUrl,
      lastOutput: state.lastOutput,
      instance: running ? `pid ${state.pid} @ ${state.startedAt}` : null,
      returning,
    };
  }
}
