import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { isAlive, RealCluster } from '../harness/real-manager.ts';
import { until } from '../harness/until.ts';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

describe('a manager watches real workers', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 2 });
  });
  afterAll(() => oc.stop());

  it('one that dies is seen at once and started again', async () => {
    const cluster = await RealCluster.start(oc, 'mortal', { workers: 2, process: { restart: 'always' } });
    const victim = await cluster.node('web-1');
    const live = oc.client.subscribe(
      `subscription ($id: ID) {
        topologyChanged(clusterId: $id) { ... on TopologyDelta { nodes { name status statusReason } } }
      }`,
      { id: await cluster.id() },
    );
    await until('subscribed', () => live.events.length > 0);
    process.kill(victim.pid!, 'SIGKILL');
    const told = await until('its death is told', () =>
      live.events
        .flatMap(
          ({ nodes }: { nodes?: { name: string; status: string; statusReason: string }[] }) => nodes ?? [],
        )
        .find(({ name, status }) => name === 'web-1' && status === 'DOWN'),
    );
    expect(told.statusReason).toContain('SIGKILL');
    const again = await until('it runs again', async () => {
      const node = await cluster.node('web-1');
      return node.status === 'RUNNING' && node.pid !== victim.pid && node;
    });
    expect(again.restarts).toBe(1);
    live.close();
  });

  it('or stays down, if the config says so, with its last words', async () => {
    const cluster = await RealCluster.start(oc, 'frail', { workers: 2, process: { restart: 'never' } });
    const { pid } = await cluster.node('web-2');
    process.kill(pid!, 'SIGKILL');
    const node = await until('it is down', async () => {
      const seen = await cluster.node('web-2');
      return seen.status === 'DOWN' && seen;
    });
    expect(node.lastOutput.join('\n')).toContain('web-2: ready');
  });

  it('whose command does not exist: down with the reason, and the manager lives', async () => {
    const typo = await RealCluster.start(oc, 'typo', {
      workers: 1,
      process: { command: ['/no/such/program'], restart: 'never' },
      broken: true,
    });
    const node = await until('it is told', async () => {
      const seen = await typo.node('web-1');
      return seen.status === 'DOWN' && seen;
    });
    expect(node.statusReason).toContain('/no/such/program');
    expect(typo.managers.get('typo-m1')!.running).toBe(true);
  });

  it('whose health URL hangs: not healthy, said why, and the others are not held up', async () => {
    const hanging = new Set<ServerResponse>();
    const health = createServer((request, response) => {
      if (request.url === '/web-1') {
        hanging.add(response);
        response.once('close', () => hanging.delete(response));
      } else {
        // Well only while the other's check hangs: who asks one after the other is never told so.
        response.writeHead(hanging.size > 0 ? 200 : 503).end();
      }
    });
    await new Promise<void>((resolve) => health.listen(0, '127.0.0.1', resolve));
    const { port } = health.address() as AddressInfo;
    const cluster = await RealCluster.start(oc, 'hung', {
      workers: 2,
      broken: true,
      process: {
        health: {
          url: `http://127.0.0.1:${port}/{name}`,
          intervalSeconds: 0.2,
          timeoutSeconds: 0.5,
          failures: 1,
        },
      },
    });
    const node = await until('it is told', async () => {
      const seen = await cluster.node('web-1');
      return seen.statusReason !== null && seen;
    });
    expect(node.status).not.toBe('RUNNING');
    expect(node.statusReason).toMatch(/time|answer/i);
    await until(
      'the other one runs meanwhile',
      async () => (await cluster.node('web-2')).status === 'RUNNING',
    );
    expect((await cluster.node('web-1')).status).not.toBe('RUNNING');
    health.closeAllConnections();
    health.close();
  });

  it('and when it is told to, takes them along when it ends', async () => {
    const cluster = await RealCluster.start(oc, 'tidy', { workers: 2, onExit: 'stop' });
    const pids = Object.values(await cluster.pids());
    await cluster.managers.get('tidy-m1')!.kill('SIGTERM');
    expect(pids.map(isAlive)).toEqual([false, false]);
    expect(await cluster.primary()).toMatchObject({ link: 'SILENT' });
  });

  it('and says what they use of the processor and of memory', async () => {
    const cluster = await RealCluster.start(oc, 'measured', { workers: 2 });
    const id = await cluster.id();
    const measured = await until('both are measured', async () => {
      const { cluster: seen } = await oc.client.data(
        'query ($id: ID!) { cluster(id: $id) { nodes { edges { node { metrics { name value } } } } } }',
        { id },
      );
      const nodes: { name: string; value: number }[][] = seen.nodes.edges.map(
        ({ node }: { node: { metrics: object[] } }) => node.metrics,
      );
      return nodes.every(({ length }) => length === 2) && nodes;
    });
    for (const metrics of measured) {
      expect(metrics.map(({ name }) => name)).toEqual(['cpu.total', 'memory.rss']);
      expect(metrics[0]!.value).toBeGreaterThanOrEqual(0);
      // A Node.js process has tens of megabytes.
      expect(metrics[1]!.value).toBeGreaterThan(10_000_000);
    }
  });
});
