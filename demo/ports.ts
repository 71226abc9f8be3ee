import { createServer } from 'node:net';

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** The first of `count` free loopback ports in a row, looked for from `from` on. */
export async function freePorts(from: number, count = 1): Promise<number> {
  let first = from;
  for (let port = from; port < first + count; port++) {
    if (port > 65_535) throw new Error(`There are no ${count} free ports in a row from ${from} on.`);
    if (!(await isFree(port))) first = port + 1;
  }
  return first;
}
