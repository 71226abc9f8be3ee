import { setTimeout as pause } from 'node:timers/promises';
import { isRoleLost, isTransient, type OcClient } from './client.ts';
import type { ClusterDriver, NodeSamples } from './drivers/driver.ts';
import { ReportMetrics } from './graphql.ts';
import type { Logger } from './log.ts';

/** Nodes of one message: so many that it stays well below what the OC takes, whatever their names. */
const AT_ONCE = 1000;

export interface MetricsOptions {
  client: OcClient;
  driver: Pick<ClusterDriver, 'measure'>;
  epoch: number;
  /** How often it is measured and told, milliseconds. */
  everyMs?: number;
  /** The OC says that this manager is not the primary of this epoch. */
  roleLost(): void;
  log: Logger;
  signal: AbortSignal;
}

/**
 * Tells the OC what the driver measures, until the signal aborts. Only the newest counts: what could not be told is
 * not told later.
 */
export async function reportMetrics(options: MetricsOptions): Promise<void> {
  const { driver, everyMs = 5000, log, signal } = options;
  for (;;) {
    // At first the OC is to hear of the nodes.
    await pause(everyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const nodes = await driver.measure();
      for (let from = 0; from < nodes.length && !signal.aborted; from += AT_ONCE)
        await tell(options, nodes.slice(from, from + AT_ONCE));
    } catch (error) {
      if (signal.aborted) return;
      if (isRoleLost(error)) return options.roleLost();
      log[isTransient(error) ? 'debug' : 'warn']({ err: error }, 'metrics were not told');
    }
  }
}

const tell = ({ client, epoch, signal }: MetricsOptions, nodes: NodeSamples[]) =>
  client.send(ReportMetrics, { input: { epoch, nodes } }, { signal });
