import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { RawSocket } from '../harness/raw-socket.ts';
import { until } from '../harness/until.ts';
import { WireManager } from '../harness/wire-manager.ts';

describe('two servers on one database', () => {
  let a: Oc;
  let b: Oc;
  beforeAll(async () => {
    a = await Oc.start();
    b = await Oc.start({ databaseOf: a });
  });
  afterAll(async () => {
    await b.stop();
    await a.stop();
  });

  it('a credential that is replaced on one ends what is open under it on the other', async () => {
    const first = await WireManager.join(a.client, 'moved', 'm');
    const onB = await RawSocket.open(first.through(b.client).client);
    onB.ask('query ($id: ID!) { cluster(id: $id) { name } }', { id: first.clusterId });
    await until('it is answered', () => onB.of('next').length > 0);
    const token = await WireManager.token(a.client);
    await until('another manager has registered under the name', async () => {
      const { errors } = await WireManager.register(a.client, {
        token,
        cluster: { name: 'moved', kind: 'process' },
        manager: { name: 'm', version: '2' },
      });
      return !errors;
    });
    await until('the line is closed', () => onB.closed);
    expect(onB.closed?.code).toBe(4401);
  });
});
