import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { RealCluster } from '../harness/real-manager.ts';

describe('a manager whose line breaks before the answer to its first message', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 2 });
  });
  afterAll(() => oc.stop());

  it('gets in although its token was good for one use', async () => {
    let lost = 0;
    const line = createServer((manager) => {
      const server = connect(Number(new URL(oc.url).port), '127.0.0.1');
      const cut = () => [manager, server].forEach((socket: Socket) => socket.destroy());
      for (const socket of [manager, server]) socket.on('error', cut).on('close', cut);
      manager.pipe(server);
      if (lost > 0) return void server.pipe(manager);
      server.once('data', () => {
        // The OC has answered, so it has admitted the manager and used the token up.
        lost += 1;
        cut();
      });
    });
    await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
    oc.atEnd(async () => line.close());
    const { port } = line.address() as AddressInfo;
    const cluster = await RealCluster.start(oc, 'cut', { workers: 1, ocUrl: `http://127.0.0.1:${port}` });
    expect(lost).toBe(1);
    expect(await cluster.managerNames()).toEqual(['cut-m1']);
  });
});
