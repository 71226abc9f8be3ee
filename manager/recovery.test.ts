import { describe, expect, it } from 'vitest';
import { journalPath, nodes, oneByOne, primary } from './testing/acting.ts';
import { FakeCluster } from './testing/fake-driver.ts';
import { issued } from './testing/issued.ts';
import { until } from './testing/until.ts';

describe('a manager that dies at any moment', () => {
  const names = nodes(3);
  const command = () => issued('c', oneByOne(names));

  /** Lets the primary die at its `crashAt`th write to the journal: before it, or right after. */
  async function crash(
    cluster: FakeCluster,
    path: string,
    crashAt: number,
    after: boolean,
  ): Promise<boolean> {
    const { relay, journal, end, command: now } = primary(cluster, path, 1);
    let writes = 0;
    const update = journal.update.bind(journal);
    journal.update = (...change) => {
      writes += 1;
      if (writes < crashAt) return update(...change);
      if (writes === crashAt && after) update(...change);
      end();
      throw new Error('the process is gone');
    };
    relay.issue(command());
    await until('it is dead or done', () => writes >= crashAt || now('c')?.status === 'SUCCEEDED');
    return writes >= crashAt;
  }

  it.each([false, true])(
    'is succeeded by one that repeats nothing and leaves nothing out (after the write: %s)',
    async (after) => {
      for (let crashAt = 1; ; crashAt += 1) {
        const path = journalPath();
        const cluster = new FakeCluster(names);
        const crashed = await crash(cluster, path, crashAt, after);
        if (!crashed) {
          expect(crashAt, 'there were writes to die at').toBeGreaterThan(8);
          break;
        }
        const { relay, ended } = primary(cluster, path, 2);
        relay.issue({ ...command(), status: 'RUNNING' });
        const end = await ended('c');
        expect(end.status, `write ${crashAt}`).toBe('SUCCEEDED');
        expect([...cluster.starts], `write ${crashAt}`).toEqual(names.map((name) => [name, 1]));
        expect(cluster.mostUnavailable).toBe(1);
      }
    },
  );

  it('is succeeded by one that is told to abort at once: it leaves no node stopped, and restarts none twice', async () => {
    for (let crashAt = 1; ; crashAt += 1) {
      const path = journalPath();
      const cluster = new FakeCluster(names);
      if (!(await crash(cluster, path, crashAt, true))) break;
      const { relay, driver, ended } = primary(cluster, path, 2);
      relay.issue({ ...command(), status: 'RUNNING', abortRequested: true, abortAtOnce: true });
      const { status, steps } = await ended('c');
      expect(['ABORTED', 'SUCCEEDED'], `write ${crashAt}`).toContain(status);
      for (const { nodeName, status: end } of steps) {
        expect(driver.node(nodeName)?.instance, `write ${crashAt}: ${nodeName} runs`).toBeTruthy();
        const starts = cluster.starts.get(nodeName) ?? 0;
        expect(starts, `write ${crashAt}: ${nodeName}`).toBeLessThanOrEqual(1);
        if (end === 'SUCCEEDED') expect(starts).toBe(1);
        if (end === 'SKIPPED') expect(starts).toBe(0);
      }
    }
  });

  it('is succeeded without its journal from what the OC knows', async () => {
    const cluster = new FakeCluster(names);
    const [first, second] = command().allSteps;
    const known = { startedAt: new Date().toISOString() };
    cluster.start('n1');
    cluster.nodes.get('n1')!.status = 'RUNNING';
    const { relay, ended } = primary(cluster, journalPath());
    relay.issue({
      ...command(),
      status: 'RUNNING',
      reportSequence: 40,
      allSteps: [
        { ...first!, ...known, status: 'STOPPING', instanceBefore: 'instance 1' },
        { ...second!, ...known, status: 'SUCCEEDED' },
        command().allSteps[2]!,
      ],
    });
    const end = await ended('c');
    expect(end.sequence).toBeGreaterThanOrEqual(40);
    expect(end.steps.map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    expect([...cluster.starts], 'the restart of n1 had happened, n2 was done').toEqual([
      ['n1', 1],
      ['n3', 1],
    ]);
  });

  it('is succeeded by one that begins no batch before the OC’s word has come, and hears of the abort', async () => {
    const cluster = new FakeCluster(names);
    const path = journalPath();
    const first = primary(cluster, path);
    cluster.broken.add('n1');
    first.relay.issue(command());
    await until('it is under way', () => first.command('c')?.steps[0]?.status === 'CHECKING');
    first.end();
    cluster.broken.clear();
    const second = primary(cluster, path, 2);
    await until('it asks', () => second.command('c')?.waitingFor?.includes('asks the OC'));
    expect(second.command('c')?.steps.map(({ status }) => status)).toEqual([
      'SUCCEEDED',
      'WAITING',
      'PENDING',
    ]);
    second.relay.issue({ ...command(), status: 'RUNNING', abortRequested: true });
    expect((await second.ended('c')).status).toBe('ABORTED');
    expect(cluster.starts).toEqual(new Map([['n1', 1]]));
  });

  it('only tells again what the journal says is finished', async () => {
    const cluster = new FakeCluster(names);
    const path = journalPath();
    const first = primary(cluster, path);
    first.relay.issue(command());
    await first.ended('c');
    first.end();
    const second = primary(cluster, path, 2);
    expect(second.told).toEqual(['c']);
    second.relay.issue(command());
    expect(second.told).toEqual(['c', 'c']);
    expect(second.command('c')).toMatchObject({ status: 'SUCCEEDED', told: false });
    expect([...cluster.starts.values()]).toEqual([1, 1, 1]);
  });
});
