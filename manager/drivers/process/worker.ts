import { randomUUID } from 'node:crypto';
import { Fenced } from '../../fence.ts';
import type { Logger } from '../../log.ts';
import { within } from '../../news.ts';
import { isAlive } from '../../process-identity.ts';
import { Released, type Guard, type StopMode, type StopOutcome } from '../driver.ts';
import type { ProcessConfig, WorkerSpec } from './config.ts';
import { watchHealth, type HealthResult } from './health.ts';
import { adoptWorker, killLeftOver, launchWorker, signalGroup, type WatchedProcess } from './launch.ts';
import { visible, WorkerOutput } from './output.ts';
import { RestartPlan } from './restart-plan.ts';
import { newRecord, runningProcess, type WorkerRecord, type WorkerRecords } from './records.ts';

export interface WorkerContext {
  config: Pick<ProcessConfig, 'health' | 'drainSeconds' | 'restart'>;
  records: WorkerRecords;
  guard: Guard;
  /** The worker is not as it was. */
  changed(): void;
  log: Logger;
  /** The driver was released. */
  released: AbortSignal;
}

/** Without a health URL a process that has lived this long counts as healthy: most wrong commands end sooner. */
const ALIVE_MS = 500;
const ON_PURPOSE = 'Stopped on purpose.';

/** One worker of the process driver, from when the manager became primary until it is released. */
export class Worker {
  readonly output: WorkerOutput;
  private record: WorkerRecord;
  /** Ends what watches the present process; null when none runs. */
  private watching: AbortController | null = null;
  /** Resolves when the present process has ended. */
  private gone: Promise<void> = Promise.resolve();
  private stopping: { ends: 'STOPPED' | 'EXIT'; note: string | null } | null = null;
  private readonly restart: RestartPlan;
  private failedChecks = 0;

  constructor(
    readonly spec: WorkerSpec,
    private readonly context: WorkerContext,
  ) {
    const { records, released } = context;
    this.record = records.read(spec.name) ?? newRecord(spec.name);
    this.output = new WorkerOutput(records.file(spec.name, 'log'));
    this.restart = new RestartPlan(context.config.restart, () => this.startAgain());
    released.addEventListener('abort', () => {
      this.watching?.abort();
      this.restart.cancel();
    });
  }

  get state(): Readonly<WorkerRecord> {
    return this.record;
  }

  get running(): boolean {
    return this.watching !== null;
  }

  /** It is DOWN and will be started again. */
  get returning(): boolean {
    return this.restart.pending;
  }

  /** Keeps the process that runs, if one does, as it was known last. */
  adopt(): void {
    const { name, desired, ended, status, startedAt } = this.record;
    const found = runningProcess(this.record);
    if (found) {
      this.context.log.info(`${name} runs as process ${found.pid}: adopted`);
      const kept =
        status === 'RUNNING' || status === 'UNHEALTHY' || (status === 'STOPPING' && desired === 'STOPPED');
      this.save({
        ...found,
        startedAt: startedAt ?? new Date().toISOString(),
        ...(!kept && { status: 'STARTING', statusReason: null }),
      });
      this.watch(adoptWorker(found));
    } else if (ended === null && desired === 'STOPPED') {
      this.save({ ended: 'STOPPED', status: 'STOPPED', statusReason: ON_PURPOSE });
    } else if (ended === null) {
      const statusReason = 'It ended while no manager watched it.';
      this.save({ ended: 'DIED', status: 'DOWN', statusReason, lastOutput: this.output.tail() });
    }
  }

  /** Starts it if it should run and does not; after `adopt`. */
  bringUp(): void {
    const { desired, ended } = this.record;
    if (this.running || desired === 'STOPPED') return;
    if (ended === 'EXIT') void this.launch().catch(() => undefined);
    else if (this.context.config.restart === 'always') this.startAgain();
  }

  /** @throws Fenced; Released; Error saying why it cannot be started. */
  async start(): Promise<void> {
    if (this.running && !this.stopping) return;
    if (this.stopping) await this.end(null);
    this.restart.forgive();
    await this.launch();
  }

  /** Stops it. With EXIT, what should run is started again by the next manager. @throws Fenced; Released */
  async stop(mode: StopMode, ends: 'STOPPED' | 'EXIT'): Promise<StopOutcome> {
    const { guard, config } = this.context;
    this.restart.cancel();
    const desired = ends === 'STOPPED' ? 'STOPPED' : this.record.desired;
    if (!this.running) {
      if (ends === 'EXIT') return { note: null };
      this.update({ desired, ended: ends, status: 'STOPPED', statusReason: ON_PURPOSE });
      return { note: null };
    }
    guard.check();
    const stopping = (this.stopping ??= { ends, note: null });
    const how = mode === 'FORCED' ? 'SIGKILL' : 'SIGTERM';
    this.update({ desired, status: 'STOPPING', statusReason: `Being stopped on purpose: ${how} was sent.` });
    this.signal(how);
    if (mode === 'GRACEFUL' && !(await this.end(config.drainSeconds * 1000))) {
      guard.check();
      stopping.note = `It did not end within ${config.drainSeconds} s of SIGTERM: killed.`;
      this.signal('SIGKILL');
    }
    await this.end(null);
    return { note: stopping.note };
  }

  private async launch(also: Partial<WorkerRecord> = {}): Promise<void> {
    this.restart.cancel();
    const launch = randomUUID();
    this.save({ desired: 'RUNNING', launch, pid: null, start: null, startedAt: null, ended: null });
    const launched = launchWorker(this.spec, launch, this.output);
    if (launched instanceof Promise) {
      const { message } = await launched;
      this.mustNotBeReleased();
      const reason = visible(`It cannot be started: ${message}.`);
      this.died(reason, 0);
      throw new Error(reason);
    }
    const { pid, start } = launched;
    const startedAt = new Date().toISOString();
    try {
      this.save({ ...also, pid, start, startedAt, status: 'STARTING', statusReason: null });
    } catch (error) {
      if (error instanceof Fenced && !this.context.records.holds(this.spec.name, launch))
        signalGroup(pid, 'SIGKILL');
      throw error;
    }
    this.watch(launched);
    this.context.changed();
  }

  private watch(process: WatchedProcess): void {
    const { config } = this.context;
    const watching = (this.watching = new AbortController());
    this.stopping = null;
    this.failedChecks = 0;
    this.gone = new Promise((resolve) => {
      const unwatch = process.onEnd((how) => {
        watching.abort();
        this.watching = null;
        this.hear(() => this.ended(process.pid, how));
        resolve();
      });
      watching.signal.addEventListener('abort', unwatch);
    });
    const tell = (result: HealthResult) => this.hear(() => this.checked(result));
    if (config.health && this.spec.healthUrl) {
      void watchHealth(this.spec.healthUrl, config.health, tell, watching.signal);
    } else {
      const timer = setTimeout(() => tell(undefined), ALIVE_MS);
      watching.signal.addEventListener('abort', () => clearTimeout(timer));
    }
  }

  /** Takes in what happened to the process. Once fenced off that is for another manager to note. */
  private hear(note: () => void): void {
    try {
      note();
    } catch (error) {
      if (!(error instanceof Fenced)) throw error;
      this.context.log.warn(`${this.record.name}: what happened to it is not noted: ${error.message}`);
    }
  }

  private checked(result: HealthResult): void {
    const { status } = this.record;
    if (status === 'STOPPING') return;
    if (result === undefined) {
      this.failedChecks = 0;
      this.update({ status: 'RUNNING', statusReason: null });
      return;
    }
    this.failedChecks += 1;
    if (status === 'STARTING') this.update({ statusReason: `Not healthy yet: ${result}.` });
    else if (status === 'UNHEALTHY' || this.failedChecks >= (this.context.config.health?.failures ?? 1)) {
      this.update({ status: 'UNHEALTHY', statusReason: `Its process runs, but ${result}.` });
    }
  }

  /** The process has ended, as wanted or not. */
  private ended(pid: number, how: string): void {
    this.context.guard.check();
    try {
      killLeftOver(pid);
    } catch (error) {
      this.context.log.warn(`${this.spec.name} left something behind: ${(error as Error).message}`);
    }
    if (this.stopping || this.record.desired === 'STOPPED') {
      const { ends, note } = this.stopping ?? { ends: 'STOPPED' as const, note: null };
      const why = ends === 'EXIT' ? 'Stopped with its manager.' : ON_PURPOSE;
      this.stopping = null;
      this.update({ ended: ends, status: 'STOPPED', statusReason: [why, note].filter(Boolean).join(' ') });
      return;
    }
    const seconds = Math.max(0, Math.round((Date.now() - Date.parse(this.record.startedAt!)) / 1000));
    this.died(`It ${how}, ${seconds} s after its start.`, seconds);
  }

  /** Notes a death and, where the config says so, plans the next start. */
  private died(reason: string, livedSeconds: number): void {
    const waitMs = this.restart.died(livedSeconds);
    const statusReason = waitMs === null ? reason : `${reason} It is started again in ${waitMs / 1000} s.`;
    this.context.log.warn(`${this.record.name} is DOWN: ${statusReason}`);
    this.update({ ended: 'DIED', status: 'DOWN', statusReason, lastOutput: this.output.tail() });
  }

  private startAgain(): void {
    // What goes wrong is in the record, or (fenced) was told by the guard.
    this.launch({ restarts: this.record.restarts + 1 }).catch(() => undefined);
  }

  /** Waits for the end of the process, for `ms` or (null) however long. @throws Released */
  private async end(ms: number | null): Promise<boolean> {
    const gone = await within(this.gone, ms, this.context.released);
    this.mustNotBeReleased();
    return gone;
  }

  private mustNotBeReleased(): void {
    if (this.context.released.aborted) throw new Released('the driver was released');
  }

  private signal(signal: NodeJS.Signals): void {
    const { pid, start } = this.record;
    if (pid !== null && start !== null && isAlive({ pid, start })) signalGroup(pid, signal);
  }

  /** Writes what changed to the record. @throws Fenced: the record is as it was. */
  private save(change: Partial<WorkerRecord>): void {
    const { records, guard } = this.context;
    const record = { ...this.record, ...change };
    records.write(record, guard);
    this.record = record;
  }

  /** As `save`, and tells of it; what is nothing new is neither written nor told. @throws Fenced */
  private update(change: Partial<WorkerRecord>): void {
    const keys = Object.keys(change) as (keyof WorkerRecord)[];
    if (keys.every((key) => JSON.stringify(this.record[key]) === JSON.stringify(change[key]))) return;
    this.save(change);
    this.context.changed();
  }
}
