import { join } from 'node:path';

export interface DemoCluster {
  name: string;
  /** Names of its managers; the first to register is primary. */
  managers: string[];
  workers: number;
  /** The config of one manager as YAML would have it. */
  config(manager: string, where: { url: string; token: string; stateDir: string; port: number }): object;
}

/** The three clusters of the demo: one with two managers and zones, one with a worker that dies, one without health URLs. */
export function demoClusters(workerFile: string): DemoCluster[] {
  const command = [process.execPath, workerFile];
  const common = (name: string, labels: Record<string, string>) => (manager: string, where: Where) => ({
    operationsCenter: where.url,
    token: where.token,
    cluster: { name, labels },
    manager: { name: manager },
    stateDir: join(where.stateDir, name),
  });
  const shop = common('shop', { env: 'demo', tier: 'front' });
  const search = common('search', { env: 'demo', tier: 'back' });
  const jobs = common('jobs', { env: 'demo', tier: 'back' });
  const health = (port = '{port}') => ({
    url: `http://127.0.0.1:${port}/health`,
    intervalSeconds: 1,
    timeoutSeconds: 2,
  });
  return [
    {
      name: 'shop',
      managers: ['shop-m1', 'shop-m2'],
      workers: 8,
      config: (manager, where) => ({
        ...shop(manager, where),
        onExit: 'keep',
        process: {
          command,
          count: 8,
          name: 'web-{n}',
          port: where.port,
          zones: ['a', 'b'],
          role: 'web',
          version: '2.4.1',
          env: { PORT: '{port}', NAME: '{name}', START_MS: '1500' },
          health: health(),
        },
      }),
    },
    {
      name: 'search',
      managers: ['search-m1'],
      workers: 5,
      config: (manager, where) => ({
        ...search(manager, where),
        process: {
          command: [
            '/bin/sh',
            '-c',
            'case "$NAME" in index-5) export CRASH_SECONDS=40;; esac; exec "$0" "$@"',
            ...command,
          ],
          count: 5,
          name: 'index-{n}',
          port: where.port,
          role: 'index',
          version: '9.1.0',
          env: { PORT: '{port}', NAME: '{name}', START_MS: '3000' },
          health: health(),
        },
      }),
    },
    {
      name: 'jobs',
      managers: ['jobs-m1'],
      workers: 4,
      config: (manager, where) => ({
        ...jobs(manager, where),
        process: {
          command,
          count: 4,
          name: 'job-{n}',
          role: 'batch',
          env: { NAME: '{name}', DRAIN_MS: '2000' },
        },
      }),
    },
  ];
}

type Where = Parameters<DemoCluster['config']>[1];
