import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { killWorkers } from '../../manager/drivers/process/kill-workers.ts';
import type { Client } from './client.ts';
import { Program, type Oc } from './oc.ts';
import type { StepSeen } from './operation.ts';
import { processesWith } from './processes.ts';
import { until } from './until.ts';
import { WireManager } from './wire-manager.ts';

/** The demo's worker: answers /health on PORT, takes START_MS to be ready and DRAIN_MS to finish. */
export const WORKER = join(import.meta.dirname, '..', '..', 'demo', 'worker.mjs');

export interface ClusterOptions {
  workers: number;
  /** Of the process driver's config, over the defaults below. */
  process?: object;
  env?: Record<string, string>;
  onExit?: 'stop' | 'keep';
  /** Where its managers reach the OC, when that is not its own address. */
  ocUrl?: string;
  /** Of its managers' configs, over the defaults below. */
  config?: object;
  /** Its nodes are not expected to run. */
  broken?: boolean;
}

export interface NodeSeen {
  id: string;
  name: string;
  status: string;
  pid: number | null;
  statusReason: string | null;
  restarts: number;
  lastOutput: string[];
}

/** A cluster of real worker processes under one or more real managers. */
export class RealCluster {
  readonly name: string;
  readonly stateDir: string;
  readonly #oc: Oc;
  readonly #options: ClusterOptions;
  readonly #port: number;
  readonly managers = new Map<string, Program>();
  #id = '';

  private constructor(oc: Oc, name: string, options: ClusterOptions, port: number) {
    this.#oc = oc;
    this.name = name;
    this.#options = options;
    this.#port = port;
    this.stateDir = join(oc.folder, `state-${name}`);
  }

  /** Starts the managers, first comes first, and waits until every node runs. */
  static async start(
    oc: Oc,
    name: string,
    options: ClusterOptions,
    managers = [`${name}-m1`],
  ): Promise<RealCluster> {
    const cluster = await RealCluster.create(oc, name, options);
    for (const manager of managers) {
      await cluster.startManager(manager, await WireManager.token(oc.client));
      await until(`${manager} has registered`, async () => (await cluster.managerNames()).includes(manager));
    }
    if (!options.broken) await cluster.allRunning();
    return cluster;
  }

  /** One whose managers the story starts by itself. */
  static async create(oc: Oc, name: string, options: ClusterOptions): Promise<RealCluster> {
    const cluster = new RealCluster(oc, name, options, await freePorts(options.workers));
    oc.atEnd(() => cluster.end());
    return cluster;
  }

  /** Starts a manager (again); without a token it has a credential of before. */
  async startManager(manager: string, token?: string): Promise<Program> {
    const file = join(this.#oc.folder, `${manager}.yaml`);
    writeFileSync(
      file,
      stringify({
        operationsCenter: this.#options.ocUrl ?? this.#oc.url,
        ...(token && { token }),
        cluster: { name: this.name, labels: { env: 'test' } },
        manager: { name: manager },
        stateDir: this.stateDir,
        onExit: this.#options.onExit ?? 'keep',
        ...this.#options.config,
        process: {
          command: [process.execPath, WORKER],
          count: this.#options.workers,
          name: 'web-{n}',
          port: this.#port,
          env: {
            PORT: '{port}',
            NAME: '{name}',
            START_MS: '100',
            DRAIN_MS: '50',
            OC_STORY: this.stateDir,
            ...this.#options.env,
          },
          health: {
            url: 'http://127.0.0.1:{port}/health',
            intervalSeconds: 0.2,
            timeoutSeconds: 2,
            failures: 3,
          },
          drainSeconds: 5,
          ...this.#options.process,
        },
      }),
    );
    const program = new Program('manager.js', ['--config', file], { LOG_LEVEL: 'info' });
    this.managers.set(manager, program);
    return program;
  }

  get client(): Client {
    return this.#oc.client;
  }

  /** Empty as long as it has not joined. */
  async id(): Promise<string> {
    if (this.#id) return this.#id;
    const { clusters } = await this.client.data(
      'query ($name: String!) { clusters(filter: { search: $name }) { edges { node { id name } } } }',
      { name: this.name },
    );
    const found = clusters.edges.find(({ node }: { node: { name: string } }) => node.name === this.name);
    return (this.#id = found?.node.id ?? '');
  }

  async nodes(): Promise<NodeSeen[]> {
    const { cluster } = await this.client.data(
      `query ($id: ID!) {
        cluster(id: $id) {
          nodes(orderBy: NAME, first: 500) { edges { node { id name status pid statusReason restarts lastOutput } } }
        }
      }`,
      { id: await this.id() },
    );
    return cluster.nodes.edges.map(({ node }: { node: NodeSeen }) => node);
  }

  async node(name: string): Promise<NodeSeen> {
    const found = (await this.nodes()).find((node) => node.name === name);
    if (!found) throw new Error(`${this.name} has no node ${name}`);
    return found;
  }

  async pids(): Promise<Record<string, number | null>> {
    return Object.fromEntries((await this.nodes()).map(({ name, pid }) => [name, pid]));
  }

  async managerNames(): Promise<string[]> {
    const id = await this.id();
    if (!id) return [];
    const { cluster } = await this.client.data(
      'query ($id: ID!) { cluster(id: $id) { managers { edges { node { name } } } } }',
      { id },
    );
    return cluster.managers.edges.map(({ node }: { node: { name: string } }) => node.name);
  }

  async primary(): Promise<{ name: string; epoch: number; link: string }> {
    const { cluster } = await this.client.data(
      'query ($id: ID!) { cluster(id: $id) { epoch controlLink primary { name } } }',
      { id: await this.id() },
    );
    return { name: cluster.primary?.name, epoch: cluster.epoch, link: cluster.controlLink };
  }

  async allRunning(): Promise<NodeSeen[]> {
    return until(`every node of ${this.name} runs`, async () => {
      const nodes = await this.nodes();
      const there =
        nodes.length === this.#options.workers && nodes.every(({ status }) => status === 'RUNNING');
      return there && nodes;
    });
  }

  /**
   * Waits until the processes that the nodes tell of are those that the steps have started, and answers their ids.
   * A node that was restarted once more than its step says would never let this come true.
   */
  async asTheStepsSay(steps: readonly StepSeen[]): Promise<Record<string, number | null>> {
    return until(`the nodes of ${this.name} agree with the steps`, async () => {
      const now = await this.pids();
      return (
        steps.every(({ nodeName, instanceAfter }) => instanceAfter?.startsWith(`pid ${now[nodeName]} `)) &&
        now
      );
    });
  }

  /** Ids of the worker processes that run, whoever knows of them. */
  processes(): string[] {
    return processesWith(`OC_STORY=${this.stateDir}`);
  }

  /** What the manager writes on its requests. */
  credential(manager: string): string {
    const { credential } = JSON.parse(
      readFileSync(join(this.stateDir, manager, 'credential.json'), 'utf8'),
    ) as { credential: string };
    return credential;
  }

  /** Ends managers and workers; fails when a manager has ended by itself, or a worker is left. */
  async end(): Promise<void> {
    const gone = [...this.managers].filter(([, program]) => !program.running && !program.told);
    for (const program of this.managers.values()) await program.kill('SIGTERM');
    await killWorkers(this.stateDir);
    const left = this.processes();
    for (const [name, { output }] of gone) throw new Error(`${name} has ended by itself:\n${output}`);
    if (left.length > 0) throw new Error(`Workers of ${this.name} were left behind: ${left.join(', ')}`);
  }
}

export const isAlive = (pid: number | null): boolean => {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** The first of `count` loopback ports in a row that are free, in a range that differs from process to process. */
async function freePorts(count: number): Promise<number> {
  const free = (port: number) =>
    new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const all = await Promise.all(Array.from({ length: count }, (_, n) => free(first + n)));
    if (all.every(Boolean)) return first;
  }
}
