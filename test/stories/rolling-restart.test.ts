import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import {
  batchSpans,
  mostAtOnce,
  operationEnded,
  seeOperation,
  startOperation,
} from '../harness/operation.ts';
import { isAlive, RealCluster } from '../harness/real-manager.ts';
import { until } from '../harness/until.ts';

describe('an operator restarts a cluster of real processes', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 3 });
  });
  afterAll(() => oc.stop());

  it('node by node: every process is another one, never more down than allowed', async () => {
    const shop = await RealCluster.start(oc, 'shop', { workers: 6, env: { START_MS: '400' } });
    const before = await shop.pids();
    const id = await startOperation(oc.client, {
      kind: 'ROLLING_RESTART',
      targets: { clusterIds: [await shop.id()] },
      rolling: { batchSize: { count: 2 }, maxUnavailable: { count: 2 } },
    });
    const ended = await operationEnded(oc.client, id);
    expect(ended).toMatchObject({ status: 'SUCCEEDED', command: { status: 'SUCCEEDED' } });

    const after = await shop.asTheStepsSay(ended.steps);
    for (const [name, pid] of Object.entries(before)) {
      expect(after[name], name).not.toBe(pid);
      expect(isAlive(pid), `${name} of before`).toBe(false);
      expect(isAlive(after[name]!), `${name} of now`).toBe(true);
    }
    for (const step of ended.steps) {
      expect(step).toMatchObject({ status: 'SUCCEEDED', reason: null });
      expect(step.instanceBefore).toContain(`pid ${before[step.nodeName]}`);
    }
    expect(mostAtOnce(ended.steps), 'nodes at once').toBe(2);
    expect(batchSpans(ended.steps)).toHaveLength(3);
    expect(mostAtOnce(batchSpans(ended.steps)), 'batches at once').toBe(1);
  });

  it('and a node that does not come back stops it, with its last words as the reason', async () => {
    // The first start works, each later one dies: a flag in the state folder tells them apart.
    const once = 'if [ -e "$FLAG" ]; then echo "no space left on device" >&2; exit 3; fi; exec "$0" "$@"';
    const broken = await RealCluster.start(oc, 'broken', {
      workers: 3,
      process: {
        command: [
          '/bin/sh',
          '-c',
          once,
          process.execPath,
          new URL('../../demo/worker.mjs', import.meta.url).pathname,
        ],
        env: { PORT: '{port}', NAME: '{name}', START_MS: '100', FLAG: `${oc.folder}/broken-flag` },
        restart: 'never',
      },
    });
    const { writeFileSync } = await import('node:fs');
    writeFileSync(`${oc.folder}/broken-flag`, '');
    const id = await startOperation(oc.client, {
      kind: 'ROLLING_RESTART',
      targets: { clusterIds: [await broken.id()] },
      rolling: { batchSize: { count: 1 }, maxUnavailable: { count: 1 }, healthTimeoutSeconds: 2 },
    });
    const ended = await operationEnded(oc.client, id);
    expect(ended.status).toBe('FAILED');
    const [first, ...rest] = ended.steps;
    expect(first).toMatchObject({ status: 'FAILED' });
    expect(first!.output.join('\n')).toContain('no space left on device');
    expect(rest.map(({ status }) => status)).toEqual(['SKIPPED', 'SKIPPED']);
    const nodes = await until('the nodes have told of it', async () => {
      const seen = await broken.nodes();
      return seen.some(({ status }) => status === 'DOWN') && seen;
    });
    expect(nodes.filter(({ status }) => status === 'RUNNING')).toHaveLength(2);
    expect(nodes.find(({ name }) => name === first!.nodeName)).toMatchObject({ status: 'DOWN' });
  });

  it('and aborting stops before the next batch', async () => {
    const long = await RealCluster.start(oc, 'long', { workers: 4 });
    const before = await long.pids();
    const id = await startOperation(oc.client, {
      kind: 'ROLLING_RESTART',
      targets: { clusterIds: [await long.id()] },
      rolling: { batchSize: { count: 1 }, maxUnavailable: { count: 1 }, pauseSeconds: 3600 },
    });
    await until('the pause after the first batch', async () => {
      const { command } = await seeOperation(oc.client, id);
      return command.hold !== null && (await seeOperation(oc.client, id)).steps[0]?.status === 'SUCCEEDED';
    });
    await oc.client.data('mutation ($id: ID!) { abortOperation(input: { operationId: $id }) { status } }', {
      id,
    });
    const ended = await operationEnded(oc.client, id);
    expect(ended.status).toBe('ABORTED');
    expect(ended.steps.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SKIPPED', 'SKIPPED', 'SKIPPED']);
    const after = await until('the first batch’s node has told its new process', async () => {
      const now = await long.pids();
      return ended.steps[0]?.instanceAfter?.startsWith(`pid ${now[ended.steps[0].nodeName]} `) && now;
    });
    const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
    expect(changed).toEqual([ended.steps[0]!.nodeName]);
  });

  it('and shuts nodes down, which stay down, and starts them again', async () => {
    const night = await RealCluster.start(oc, 'night', { workers: 3, process: { restart: 'always' } });
    const [first] = await night.nodes();
    const off = await startOperation(oc.client, {
      kind: 'SHUTDOWN',
      mode: 'FORCED',
      targets: { nodeIds: [first!.id] },
    });
    expect((await operationEnded(oc.client, off)).steps).toMatchObject([
      { nodeName: first!.name, status: 'SUCCEEDED' },
    ]);
    await until('it has told so', async () => (await night.node(first!.name)).status === 'STOPPED');
    expect(isAlive(first!.pid)).toBe(false);
    const all = await startOperation(oc.client, {
      kind: 'SHUTDOWN',
      targets: { clusterIds: [await night.id()] },
    });
    expect((await operationEnded(oc.client, all)).status).toBe('SUCCEEDED');
    await until('all are stopped', async () =>
      (await night.nodes()).every(({ status }) => status === 'STOPPED'),
    );
    const on = await startOperation(oc.client, {
      kind: 'RESTART',
      targets: { clusterIds: [await night.id()] },
    });
    expect((await operationEnded(oc.client, on)).status).toBe('SUCCEEDED');
    await night.allRunning();
  });
});
