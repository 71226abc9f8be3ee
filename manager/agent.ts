import { hostname } from 'node:os';
import { join } from 'node:path';
import { OcClient } from './client.ts';
import { KINDS } from './commands.ts';
import type { ManagerConfig } from './config.ts';
import { Credential } from './credential.ts';
import type { ClusterDriver } from './drivers/driver.ts';
import { Fenced } from './fence.ts';
import { fileName } from './files.ts';
import type { Lease } from './graphql.ts';
import { Hub } from './hub.ts';
import { lockManager } from './lock.ts';
import type { Logger } from './log.ts';
import { Primary } from './primary.ts';

/** How long a manager that stops tries to tell the OC its last news, milliseconds. */
const FAREWELL_MS = 2000;

export interface AgentOptions {
  config: ManagerConfig;
  driver: ClusterDriver;
  version: string;
  log: Logger;
  /** It cannot go on; the reason is logged. */
  failed(): void;
}

/** One manager of a cluster: standby until the OC makes it primary, then what `Primary` is. */
export class Agent {
  private readonly hub: Hub;
  private readonly stopping = new AbortController();
  private readonly unlock: () => void;
  private readonly client: OcClient;
  /** It stops: it takes no role any more. */
  private leaving = false;
  private primary: Primary | null = null;

  /** @throws Error when this manager runs already, or its state folder cannot be used. */
  constructor(private readonly options: AgentOptions) {
    const { config, driver, version, log } = options;
    const home = join(config.stateDir, fileName(config.manager.name));
    this.unlock = lockManager(join(home, 'lock.json'));
    const credential = new Credential(join(home, 'credential.json'));
    this.client = new OcClient(config.operationsCenter, credential, config.ca);
    this.hub = new Hub({
      client: this.client,
      credential,
      registration: {
        token: config.token,
        cluster: {
          name: config.cluster.name,
          kind: driver.kind,
          labels: Object.entries(config.cluster.labels).map(([key, value]) => ({ key, value })),
        },
        manager: { ...config.manager, host: hostname(), pid: process.pid, version, capabilities: [...KINDS] },
      },
      promoted: (lease, clusterId) => this.promote(lease, clusterId),
      demoted: (reason) => this.demote(reason),
      renewing: () => {
        const { primary } = this;
        const mark = primary?.membership.mark() ?? 0;
        return {
          membershipSequence: primary?.membership.acknowledged ?? 0,
          membershipDigest: primary?.membership.digest() ?? null,
          answered: (lease) => {
            if (primary === this.primary) primary?.renewed(lease, mark);
          },
        };
      },
      ocIsBack: () => this.primary?.ocIsBack(),
      log,
      signal: this.stopping.signal,
    });
  }

  /** Runs until `stop()`. */
  run(): Promise<void> {
    return this.hub.run();
  }

  /** Stops in good order: the workers as the config says, then the last news and the farewell to the OC. */
  async stop(reason: string): Promise<void> {
    const { config, driver, log } = this.options;
    this.leaving = true;
    // It may be demoted while the nodes stop.
    const { primary } = this;
    if (primary) {
      primary.stopActing();
      if (config.onExit === 'stop') {
        log.info('stopping the nodes');
        await driver.shutDown().catch((error: unknown) => log.warn((error as Error).message));
      }
      await primary.flushed(AbortSignal.timeout(FAREWELL_MS));
    }
    await this.depart(reason);
  }

  private async depart(reason: string): Promise<void> {
    await this.hub
      .leave(reason)
      .catch((error: unknown) => this.options.log.warn(`the OC was not told: ${(error as Error).message}`));
    this.stopping.abort();
    this.primary?.end();
    this.primary = null;
    this.unlock();
  }

  private promote(lease: Lease, clusterId: string): void {
    const { config, driver, log } = this.options;
    if (this.leaving) return;
    log.info(`primary of ${config.cluster.name} (epoch ${lease.epoch})`);
    try {
      this.primary = new Primary({
        client: this.client,
        driver,
        stateDir: config.stateDir,
        managerName: config.manager.name,
        clusterId,
        lease,
        leaseHeld: () => this.hub.leaseHeld(),
        roleLost: () => this.hub.renewNow(),
        failed: (error) => this.failed(error),
        log,
      });
    } catch (error) {
      this.failed(error);
    }
  }

  private demote(reason: string): void {
    this.options.log.info(`not primary: ${reason}`);
    this.primary?.end();
    this.primary = null;
  }

  /** Fenced: a rival acts, so this one becomes a standby. Anything else (a full disk, say) ends the manager. */
  private failed(error: unknown): void {
    if (this.stopping.signal.aborted) return;
    if (error instanceof Fenced) {
      this.hub.fencedBy(error.epoch, error.message);
      return;
    }
    this.options.log.fatal({ err: error }, 'this manager cannot go on; the nodes keep running');
    this.primary?.stopActing();
    void this.depart('it failed').then(this.options.failed);
  }
}
