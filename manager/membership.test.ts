import { describe, expect, it, onTestFinished } from 'vitest';
import { Backoff } from './backoff.ts';
import { OcClient } from './client.ts';
import type { Lease } from './graphql.ts';
import { Membership } from './membership.ts';
import { FakeCluster, FakeDriver } from './testing/fake-driver.ts';
import { silent } from './testing/silent.ts';
import { until } from './testing/until.ts';
import { fault, lease, openWire, type Answer } from './testing/wire.ts';

interface Report {
  kind: string;
  sequence: number;
  nodes: { name: string; status: string }[];
  left: { name: string }[];
}

async function open(answer: (report: Report) => Answer, first: Partial<Lease> = {}, names = ['a', 'b', 'c']) {
  const { url, requests } = await openWire(({ input }) => answer(input as unknown as Report));
  const driver = new FakeDriver(new FakeCluster(names));
  const over = new AbortController();
  let roleLost = 0;
  const membership = new Membership({
    client: new OcClient(url, { current: 'ocm_1' }),
    driver,
    lease: lease(first),
    backoff: new Backoff({ baseMs: 1, capMs: 5 }),
    roleLost: () => (roleLost += 1),
    log: silent,
    signal: over.signal,
  });
  onTestFinished(() => over.abort());
  const reports = () => requests.map(({ input }) => input as unknown as Report);
  const flushed = () => membership.flushed(over.signal);
  return { driver, membership, reports, flushed, rolesLost: () => roleLost };
}
const applied = ({ sequence }: Report) => ({ data: { applied: true, sequence } });
const brief = (reports: Report[]) =>
  reports.map(({ kind, sequence, nodes }) => [kind, sequence, nodes.map(({ name }) => name)]);

describe('membership', () => {
  it('is told as a snapshot first, then by what changes', async () => {
    const { driver, reports, flushed } = await open(applied, { epoch: 7 });
    await flushed();
    driver.change('b', 'DOWN');
    await flushed();
    driver.change('c', 'LEFT');
    await flushed();
    expect(brief(reports())).toEqual([
      ['SNAPSHOT', 1, ['a', 'b', 'c']],
      ['DELTA', 2, ['b']],
      ['DELTA', 3, []],
    ]);
    expect(reports()[0]).toMatchObject({ epoch: 7 });
    expect(reports()[1]!.nodes[0], 'what is the manager’s own stays with it').toEqual({
      name: 'b',
      status: 'DOWN',
    });
    expect(reports()[2]!.left).toEqual([{ name: 'c' }]);
  });

  it('is told as one snapshot after the OC was away', async () => {
    let away = false;
    const { driver, reports, flushed } = await open((report) => (away ? { status: 502 } : applied(report)));
    await flushed();
    away = true;
    driver.change('a', 'DOWN');
    driver.change('b', 'DOWN');
    await until('it was tried', () => reports().length > 3);
    away = false;
    await flushed();
    expect(reports().at(-1)).toMatchObject({
      kind: 'SNAPSHOT',
      nodes: [{ status: 'DOWN' }, { status: 'DOWN' }, { status: 'RUNNING' }],
    });
  });

  it('names those that left while the OC was away, above all the last ones', async () => {
    let away = false;
    const { driver, reports, flushed } = await open((report) => (away ? { status: 502 } : applied(report)));
    await flushed();
    away = true;
    driver.change('b', 'LEFT');
    await until('it was tried', () => reports().length > 2);
    driver.change('a', 'LEFT');
    driver.change('c', 'LEFT');
    driver.change('new', 'LEFT');
    // One may be on its way that does not know of these yet.
    const tried = reports().length;
    await until('it was tried with them', () => reports().length > tried + 1);
    away = false;
    await flushed();
    const { kind, nodes, left } = reports().at(-1)!;
    expect({ kind, nodes, left: left.map(({ name }) => name).sort() }).toEqual({
      kind: 'SNAPSHOT',
      nodes: [],
      left: ['a', 'b', 'c', 'new'],
    });
  });

  it('names at its beginning those that are found to have left, and does not call a cluster empty of itself', async () => {
    const { driver, reports, flushed } = await open(applied, {}, []);
    await flushed();
    expect(reports()).toEqual([]);
    driver.change('a', 'LEFT');
    await flushed();
    expect(reports()).toMatchObject([{ kind: 'SNAPSHOT', sequence: 1, nodes: [], left: [{ name: 'a' }] }]);
  });

  it('is told anew after a gap, a duplicate, or when the OC says that it lacks something', async () => {
    const answers: ((report: Report) => Answer)[] = [
      applied,
      () => fault('CONFLICT', { field: 'input.sequence', expectedSequence: 9 }),
      ({ sequence }) => (sequence === 9 ? { data: { applied: false, sequence: 20 } } : fault('INVALID')),
    ];
    const { driver, membership, reports, flushed } = await open((report) =>
      (answers.shift() ?? applied)(report),
    );
    await flushed();
    driver.change('a', 'DOWN');
    await flushed();
    const all = ['a', 'b', 'c'];
    expect(brief(reports())).toEqual([
      ['SNAPSHOT', 1, all],
      ['DELTA', 2, ['a']],
      ['SNAPSHOT', 9, all],
      ['SNAPSHOT', 21, all],
    ]);
    membership.renewed(lease({ membershipSequence: 21 }), membership.mark());
    await flushed();
    expect(reports()).toHaveLength(4);
    membership.renewed(lease({ membershipSequence: 20 }), membership.mark());
    await flushed();
    membership.renewed(lease({ membershipSequence: 22, snapshotWanted: true }), membership.mark());
    await flushed();
    expect(brief(reports().slice(4))).toEqual([
      ['SNAPSHOT', 22, all],
      ['SNAPSHOT', 23, all],
    ]);
    const mark = membership.mark();
    driver.change('b', 'DOWN');
    await flushed();
    membership.renewed(lease({ membershipSequence: 23 }), mark);
    await flushed();
    expect(reports().at(-1), 'an answer that a report has overtaken says nothing').toMatchObject({
      kind: 'DELTA',
    });
  });

  it('that is not believed any more asks who is primary', async () => {
    const { reports, flushed, rolesLost } = await open(() => fault('CONFLICT', { field: 'input.epoch' }));
    await flushed();
    expect(rolesLost()).toBe(1);
    expect(reports()).toHaveLength(1);
  });
});
