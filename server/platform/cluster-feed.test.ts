import { describe, expect, it } from 'vitest';
import { ClusterFeed } from './cluster-feed.ts';
import type { LoggedEvent } from './event-log.ts';
import type { EventKind } from './generated/prisma/enums.ts';

const ISSUED = new Set<EventKind>(['COMMAND_ISSUED']);
let revision = 0n;
const event = (clusterId: string | null, kind: EventKind = 'COMMAND_ISSUED'): LoggedEvent => ({
  revision: ++revision,
  mark: 'm',
  kind,
  clusterId,
  nodeId: null,
  operationId: null,
  commandId: null,
  stepId: null,
});
const next = async ({ events }: { events: AsyncIterable<LoggedEvent[]> }) =>
  (await events[Symbol.asyncIterator]().next()) as IteratorResult<LoggedEvent[], void>;

describe('a feed of clusters', () => {
  it('tells each follower of its cluster, in order, what it asked for, from when it began', async () => {
    const feed = new ClusterFeed();
    feed.tell([event('a')]);
    const [a, other, b] = ['a', 'a', 'b'].map((id) => feed.follow(id, ISSUED));
    const told = [event('a'), event('b'), event(null), event('a', 'NODE_CHANGED'), event('a')];
    feed.tell(told);
    expect((await next(a!)).value).toEqual([told[0], told[4]]);
    expect((await next(other!)).value).toEqual([told[0], told[4]]);
    expect((await next(b!)).value).toEqual([told[1]]);
  });

  it('wakes who waits, and only by news of its own', async () => {
    const feed = new ClusterFeed();
    const a = next(feed.follow('a', ISSUED));
    feed.tell([event('b')]);
    const late = event('a');
    feed.tell([late]);
    expect((await a).value).toEqual([late]);
  });

  it('ends for who leaves, also while it waits, and tells the others on', async () => {
    const feed = new ClusterFeed();
    const [gone, there] = [feed.follow('a', ISSUED), feed.follow('a', ISSUED)];
    const waiting = next(gone);
    gone.leave();
    gone.leave();
    const told = event('a');
    feed.tell([told]);
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect((await next(there)).value).toEqual([told]);
    there.leave();
    const again = feed.follow('a', ISSUED);
    feed.tell([told]);
    expect((await next(again)).value).toEqual([told]);
  });

  it('sends everybody back to the beginning when events may be missing, and those who are too far behind', async () => {
    const feed = new ClusterFeed();
    const [lost, slow] = [feed.follow('a', ISSUED), feed.follow('b', ISSUED)];
    const waiting = next(lost);
    feed.tell(Array.from({ length: 1001 }, () => event('b')));
    await expect(next(slow)).rejects.toMatchObject({ extensions: { code: 'RESYNC_REQUIRED' } });
    feed.lose();
    await expect(waiting).rejects.toMatchObject({ extensions: { code: 'RESYNC_REQUIRED' } });
  });

  it('ends for everybody with the server', async () => {
    const feed = new ClusterFeed();
    const waiting = next(feed.follow('a', ISSUED));
    feed.end();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });
});
