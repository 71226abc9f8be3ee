import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { apiKey, firstAdministrator, type Browser } from '../harness/people.ts';
import { operator } from '../harness/operator.ts';
import { until } from '../harness/until.ts';
import { running, WireManager } from '../harness/wire-manager.ts';

interface Ran {
  code: number | null;
  out: string;
  error: string;
}

describe('the command line', () => {
  let oc: Oc;
  let ann: Browser;
  let key: string;
  let shop: WireManager;
  let pay: WireManager;
  const env = [{ key: 'env', value: 'prod' }];
  beforeAll(async () => {
    oc = await Oc.start({ auth: true, leaseSeconds: 300 });
    ann = await firstAdministrator(oc);
    const made = await apiKey(ann, [{ role: 'OPERATOR', clusters: { labels: env } }]);
    key = made.client.credential!;
    shop = await WireManager.join(ann, 'shop', 'shop-m1', 'process', env);
    pay = await WireManager.join(ann, 'pay', 'pay-m1', 'process', env);
    await shop.snapshot(running('a', 'b', 'c'));
    await pay.snapshot(running('a'));
    const hidden = await WireManager.join(ann, 'hidden');
    await hidden.snapshot(running('x'));
  });
  afterAll(() => oc.stop());

  /** Calls it as a person does, except that nobody sits at a terminal. */
  const run = (line: string[], environment: object = {}) =>
    new Promise<Ran>((resolve) => {
      const program = spawn('node', ['dist/oc.js', ...line], {
        env: { PATH: process.env.PATH, OC_URL: oc.url, OC_API_KEY: key, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ran: Ran = { code: null, out: '', error: '' };
      program.stdout.on('data', (text) => (ran.out += String(text)));
      program.stderr.on('data', (text) => (ran.error += String(text)));
      program.on('close', (code) => resolve({ ...ran, code }));
    });
  const json = async (...line: string[]) => {
    const { code, out, error } = await run(['--json', ...line]);
    expect({ code, error }).toEqual({ code: 0, error: '' });
    return JSON.parse(out);
  };
  const reason = ['--reason', 'because'];
  const { ended } = operator(() => ({ client: ann }));

  it('shows what one may see, for people and for programs', async () => {
    const { code, out } = await run(['cluster', 'list']);
    expect(code).toBe(0);
    expect(out).toMatch(/^NAME +KIND +STATUS +NODES +SINCE +WHY\n/);
    expect(out).toMatch(/^shop +process +healthy +3 /m);
    expect(out).not.toContain('hidden');
    const nodes = await json('node', 'list', '--cluster', 'shop', '--status', 'running');
    expect(nodes.map(({ name }: { name: string }) => name)).toEqual(['a', 'b', 'c']);
    expect((await run(['node', 'list', '--limit', '1'])).out).toContain('3 more of 4');
    expect((await json('graphql', '{ viewer { name } }')).viewer.name).toContain('a program');
  });

  it('plans, starts exactly that, steers it by the verbs of the API, and says why it waits', async () => {
    const what = [
      'rolling-restart',
      '--cluster',
      'shop',
      '--cluster',
      'pay',
      '--canary',
      '1',
      '--batch-size',
      '2',
    ];
    const planned = await run(['operation', 'plan', ...what]);
    expect(planned).toMatchObject({ code: 0, error: '' });
    expect(planned.out).toContain('rolling restart: 4 nodes of 2 clusters');
    expect(planned.out).toContain('waves: canary: 1 → rest: 1, when it is promoted');
    const unsure = await run(['operation', 'start', ...what, ...reason]);
    expect(unsure).toMatchObject({ code: 2, out: '' });
    expect(unsure.error).toContain('Not started');

    const started = await json('operation', 'start', ...what, ...reason, '--yes', '--key', 'k1');
    expect((await json('operation', 'start', ...what, ...reason, '--yes', '--key', 'k1')).id).toBe(
      started.id,
    );
    const other = ['operation', 'start', 'restart', '--cluster', 'shop', ...reason, '--yes', '--key', 'k1'];
    expect(await run(other)).toMatchObject({ code: 1, error: expect.stringMatching(/^CONFLICT: /) });

    await until('it is said why the second wave waits', async () =>
      (await run(['operation', 'show', started.id])).out.includes('rest'),
    );
    const paused = await json('operation', 'pause', started.id, '--cluster', 'shop', ...reason);
    expect(paused.id).toBe(started.id);
    const { commands, waves } = await json('operation', 'show', started.id);
    expect(waves.map(({ name }: { name: string }) => name)).toEqual(['canary', 'rest']);
    expect(commands).toHaveLength(2);
    await json('operation', 'promote', started.id, '--wave', 'rest');
    expect(await run(['operation', 'skip', started.id, '--wave', 'none'])).toMatchObject({
      code: 1,
      error: 'NOT_FOUND: The operation has no wave “none”.\n',
    });
    await json('operation', 'resume', started.id, '--cluster', 'shop');
    await json('operation', 'skip', started.id, '--node', 'shop/c');
    await json('operation', 'abort', started.id, '--at-once', ...reason);
    expect(await run(['operation', 'follow', started.id])).toMatchObject({ code: 3 });
    const listed = await run(['operation', 'list', '--status', 'aborted', '--kind', 'rolling-restart']);
    expect(listed.out).toContain(started.id);
  });

  it('follows an operation to its end, and its exit code says how that was', async () => {
    const follow = (id: string) => run(['operation', 'follow', id]);
    for (const [status, code] of [
      ['SUCCEEDED', 0],
      ['FAILED', 3],
    ] as const) {
      const { id } = await json('operation', 'start', 'restart', '--node', 'pay/a', ...reason, '--yes');
      const following = follow(id);
      const [command] = await until('it is issued', async () => {
        const { operation } = await ann.data(
          'query ($id: ID!) { operation(id: $id) { commands { edges { node { id status } } } } }',
          { id },
        );
        const seen = operation.commands.edges.map(({ node }: { node: object }) => node);
        return seen[0].status === 'PENDING' && seen;
      });
      const steps = [{ nodeName: 'a', status, ...(status === 'FAILED' && { reason: 'no more' }) }];
      await pay.reportCommand({ commandId: command.id, sequence: 1, status, steps });
      await ended(id);
      const { code: exited, out } = await following;
      expect(exited).toBe(code);
      expect(out).toContain(status.toLowerCase());
      if (status === 'SUCCEEDED') continue;
      expect((await json('operation', 'retry', id)).id).toBe(id);
      const reverted = await run(['operation', 'revert', id, ...reason, '--yes']);
      expect(reverted).toMatchObject({ code: 1, error: expect.stringMatching(/^[A-Z]+: /) });
    }
  });

  it('says what is wrong, and does nothing', async () => {
    const start = (...line: string[]) => ['operation', 'start', ...line, '--yes'];
    for (const [line, code, error] of [
      [['operation', 'plan', 'restart'], 1, 'INVALID: input.targets'],
      [['operation', 'plan', 'reboot', '--system'], 2, 'It is one of: restart'],
      [['operation', 'plan', 'restart', '--cluster', 'shop', '--batch-size', 'all'], 2, 'percentage'],
      [start('restart', '--cluster', 'shop'), 2, "required option '--reason <text>'"],
      [start('restart', '--node', 'shop/none', ...reason), 1, 'NOT_FOUND: There is no node “none” in shop.'],
      [start('restart', '--node', 'hidden/x', ...reason), 1, 'NOT_FOUND: There is no cluster “hidden”.'],
      [
        start('restart', '--cluster', 'shop', ...reason, '--at', '2001-01-01T00:00:00Z'),
        1,
        'INVALID: input.startsAt',
      ],
      [start('restart', '--cluster', 'shop', ...reason, '--override', 'now'), 1, 'FORBIDDEN'],
      [['operation', 'show', 'nothing'], 1, 'NOT_FOUND'],
      [['operation', 'pause', 'x', '--wave', 'a', '--cluster', 'b'], 2, 'cannot be used with'],
      [['cluster', 'list', '--status', 'fine'], 1, 'INVALID'],
      [['graphql', '{ viewer { name } }', '--variables', '[]'], 2, 'A JSON object is needed'],
      [['--url', 'nowhere', 'cluster', 'list'], 2, 'is no address'],
    ] as const)
      expect(await run([...line]), line.join(' ')).toMatchObject({
        code,
        out: '',
        error: expect.stringContaining(error),
      });
    const stranger = await run(['cluster', 'list'], { OC_API_KEY: 'ock_none' });
    expect(stranger).toMatchObject({
      code: 1,
      error: expect.stringMatching(/^UNAUTHENTICATED: [^]*OC_API_KEY/),
    });
    const nobody = await run(['graphql', '{ __typename }'], { OC_URL: 'http://127.0.0.1:1' });
    expect(nobody).toMatchObject({ code: 4, error: expect.stringContaining('does not answer') });
  });
});
