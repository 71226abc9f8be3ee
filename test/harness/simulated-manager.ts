import { join } from 'node:path';
import pino from 'pino';
import { Agent } from '../../manager/agent.ts';
import type { ManagerConfig } from '../../manager/config.ts';
import { FakeCluster, FakeDriver } from '../../manager/testing/fake-driver.ts';
import type { Client } from './client.ts';
import { until } from './until.ts';
import { WireManager } from './wire-manager.ts';

/** A real manager, in the process of the test, of nodes that are in memory only and remember what was done to them. */
export class SimulatedManager {
  readonly name: string;
  readonly nodes: FakeCluster;
  readonly #config: Omit<ManagerConfig, 'process'>;
  /** What it acts by: a new one each time that it comes. */
  driver!: FakeDriver;
  #id = '';
  #agent: Agent | null = null;
  #ran: Promise<void> = Promise.resolve();

  private constructor(config: Omit<ManagerConfig, 'process'>, nodes: FakeCluster) {
    this.#config = config;
    this.name = config.cluster.name;
    this.nodes = nodes;
  }

  /**
   * @param options.folder where it keeps its state
   * @param options.ocUrl where it reaches the OC, when that is not its own address
   */
  static async start(
    client: Client,
    name: string,
    { folder, ocUrl = client.url, nodes = ['n1'] }: { folder: string; ocUrl?: string; nodes?: string[] },
  ): Promise<SimulatedManager> {
    const config = {
      operationsCenter: ocUrl,
      ca: null,
      token: await WireManager.token(client),
      cluster: { name, labels: {} },
      manager: { name: `${name}-m1`, url: null, consoleUrl: null },
      stateDir: join(folder, name),
      onExit: 'keep' as const,
    };
    const manager = new SimulatedManager(config, new FakeCluster(nodes));
    manager.come();
    await until(`the nodes of ${name} are known`, async () => {
      const { clusters } = await client.data(
        'query ($name: String!) { clusters(filter: { search: $name }) { edges { node { id name nodes { totalCount } } } } }',
        { name },
      );
      const found = clusters.edges.find(({ node }: { node: { name: string } }) => node.name === name)?.node;
      manager.#id = found?.id ?? '';
      return found?.nodes.totalCount === nodes.length;
    });
    return manager;
  }

  get clusterId(): string {
    return this.#id;
  }

  /** It is there (again). */
  come(): void {
    this.driver = new FakeDriver(this.nodes);
    this.#agent = new Agent({
      config: this.#config as ManagerConfig,
      driver: this.driver,
      version: '1',
      log: pino({ level: 'silent' }),
      failed: () => undefined,
    });
    this.#ran = this.#agent.run();
  }

  /** It ends; its nodes stay. */
  async go(): Promise<void> {
    await this.#agent?.stop('the story says so');
    await this.#ran;
    this.#agent = null;
  }
}
