import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Subscription } from '../harness/client.ts';
import { Oc } from '../harness/oc.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

const LIVE = `subscription ($since: Revision) {
  topologyChanged(since: $since) {
    __typename
    ... on TopologySnapshot { revision system { nodeCounts { count } } }
    ... on TopologyDelta { revision nodes { name lastOutput } }
    ... on Bookmark { revision }
  }
}`;
interface Change {
  revision: string;
  nodes?: { name: string }[];
}
const revisionOf = (live: Subscription): string => (live.events as Change[]).at(-1)!.revision;
const namesIn = (live: Subscription): string[] =>
  (live.events as Change[]).flatMap(({ nodes }) => nodes ?? []).map(({ name }) => name);
/** How a server answers a client that was there: `goes on`, or with which error. */
async function resumed(oc: Oc, since: string): Promise<string> {
  const live = oc.client.subscribe(LIVE, { since });
  await until('an answer', () => live.events.length + live.errors.length > 0);
  live.close();
  return live.errors[0]?.extensions.code ?? 'goes on';
}

describe('nothing is lost between a change and a screen', () => {
  let oc: Oc;
  afterEach(() => oc.stop());

  it('a log that was shortened says so to those who are too far behind, and to nobody else', async () => {
    oc = await Oc.start({ env: { EVENTS_MAX_COUNT: '20' } });
    const manager = await WireManager.join(oc.client, 'long');
    await manager.snapshot(running('first'));
    const live = oc.client.subscribe(LIVE);
    await until('a snapshot', () => live.events.length > 0);
    const early = revisionOf(live);
    expect(await resumed(oc, early)).toBe('goes on');
    for (let n = 0; n < 60; n++) await manager.delta(running(`n${n}`));
    await until('all were told to who was there', () => namesIn(live).length === 60);
    const history = async () =>
      (
        await oc.client.data('query ($id: ID!) { cluster(id: $id) { nodeTotal history { totalCount } } }', {
          id: manager.clusterId,
        })
      ).cluster;
    await until('the log is shortened', async () => (await history()).history.totalCount <= 20);
    expect((await history()).nodeTotal).toBe(61);
    const late = revisionOf(live);
    live.close();
    // What a server still has in memory it still tells.
    await oc.kill('SIGTERM');
    await oc.boot();
    expect(await resumed(oc, early)).toBe('RESYNC_REQUIRED');
    expect(await resumed(oc, late)).toBe('goes on');
  });
});

if (process.env['OC_TEST_DATABASE'] === 'pglite') {
  describe('a backup is put back', () => {
    it('and clients that had seen more are told to begin anew, also once the log is as long again', async () => {
      const oc = await Oc.start({ leaseSeconds: 60 });
      const manager = await WireManager.join(oc.client, 'restored');
      await manager.snapshot(running('a'));
      const seen = async (): Promise<string> =>
        (await oc.client.data('{ system { revision } }')).system.revision;
      const before = await seen();
      const data = join(oc.folder, 'oc');
      const backup = join(oc.folder, 'backup');
      await oc.kill('SIGTERM');
      cpSync(data, backup, { recursive: true });
      await oc.boot();
      await manager.delta(running('b'));
      await manager.delta(running('c'));
      const lost = await seen();
      await oc.kill('SIGTERM');
      rmSync(data, { recursive: true });
      cpSync(backup, data, { recursive: true });
      await oc.boot();
      const code = (since: string) => resumed(oc, since);
      expect(await code(lost), 'the log is shorter').toBe('RESYNC_REQUIRED');
      for (let n = 0; n < 5; n++) {
        manager.sequence = (await manager.renew()).membershipSequence;
        await manager.delta(running(`other-${n}`));
      }
      expect(Number.parseInt(await seen(), 10)).toBeGreaterThan(Number.parseInt(lost, 10));
      expect(await code(lost), 'the log is another one').toBe('RESYNC_REQUIRED');
      expect(await code(before), 'the log is the same up to here').toBe('goes on');
      await oc.stop();
    });
  });
}
