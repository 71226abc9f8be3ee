import { setImmediate } from 'node:timers/promises';
import {
  Released,
  type Busy,
  type ClusterDriver,
  type DriverNode,
  type Guard,
  type NodeSamples,
  type StopOutcome,
} from '../drivers/driver.ts';
import { unfenced } from './unfenced.ts';

/** A cluster in memory that outlives its drivers, as real processes do, and remembers what was done to it. */
export class FakeCluster {
  readonly nodes = new Map<string, DriverNode>();
  readonly starts = new Map<string, number>();
  /** Most nodes that were other than RUNNING at once. */
  mostUnavailable = 0;
  /** Nodes that never become healthy again once they were started. */
  readonly broken = new Set<string>();
  /** What its drivers say when they are asked. */
  busy: Busy | null = null;
  private instances = 0;

  constructor(names: readonly string[]) {
    for (const name of names) this.start(name);
    for (const node of this.nodes.values()) node.status = 'RUNNING';
    this.starts.clear();
    this.mostUnavailable = 0;
  }

  stop(name: string): void {
    Object.assign(this.nodes.get(name)!, { status: 'STOPPED', instance: null });
    this.look();
  }

  start(name: string): void {
    this.starts.set(name, (this.starts.get(name) ?? 0) + 1);
    this.nodes.set(name, {
      name,
      status: 'STARTING',
      instance: `instance ${++this.instances}`,
      returning: false,
    });
    this.look();
  }

  private look(): void {
    const unavailable = [...this.nodes.values()].filter(({ status }) => status !== 'RUNNING').length;
    this.mostUnavailable = Math.max(this.mostUnavailable, unavailable);
  }
}

/** A driver of a FakeCluster; each act takes a turn or two of the event loop. */
export class FakeDriver implements ClusterDriver {
  readonly kind = 'fake';
  private readonly listeners = new Set<(name: string) => void>();
  /** From a takeOver to the release after it; whoever began something under one does not go on with it under the next. */
  private term: { guard: Guard; over: boolean } = { guard: unfenced, over: false };

  constructor(readonly cluster: FakeCluster) {}

  takeOver(guard: Guard): void {
    this.term = { guard, over: false };
    for (const name of this.cluster.nodes.keys()) void this.becomeHealthy(name);
  }

  release(): void {
    this.term.over = true;
    this.listeners.clear();
  }

  nodes(): DriverNode[] {
    return [...this.cluster.nodes.values()];
  }

  node(name: string): DriverNode | undefined {
    return this.cluster.nodes.get(name);
  }

  onChange(listener: (name: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async stop(name: string): Promise<StopOutcome> {
    const { term } = this;
    act(term);
    this.cluster.nodes.get(name)!.status = 'STOPPING';
    this.changed(name);
    await setImmediate();
    act(term);
    this.cluster.stop(name);
    this.changed(name);
    return { note: null };
  }

  async start(name: string): Promise<void> {
    act(this.term);
    if (this.node(name)?.instance) return;
    this.cluster.start(name);
    this.changed(name);
    void this.becomeHealthy(name);
  }

  busy(): Busy | null {
    return this.cluster.busy;
  }

  async measure(): Promise<NodeSamples[]> {
    return [];
  }

  lastOutput(name: string): string[] {
    return [`last words of ${name}`];
  }

  async shutDown(): Promise<void> {}

  /** Something happens to a node by itself. */
  change(name: string, status: DriverNode['status'] | 'LEFT'): void {
    if (status === 'LEFT') this.cluster.nodes.delete(name);
    else
      Object.assign(this.cluster.nodes.get(name)!, { status, ...(status === 'DOWN' && { instance: null }) });
    this.changed(name);
  }

  private async becomeHealthy(name: string): Promise<void> {
    const { term } = this;
    await setImmediate();
    const node = this.node(name);
    if (term.over || node?.status !== 'STARTING' || this.cluster.broken.has(name)) return;
    node.status = 'RUNNING';
    this.changed(name);
  }

  private changed(name: string): void {
    if (!this.term.over) for (const listener of this.listeners) listener(name);
  }
}

function act({ guard, over }: { guard: Guard; over: boolean }): void {
  if (over) throw new Released('released');
  guard.check();
}
