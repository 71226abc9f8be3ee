import { Command, InvalidArgumentError } from 'commander';
import { enrolmentToken } from './api.ts';
import { SimulatedManager } from './simulated-manager.ts';

/**
 * `npm run seed -- --clusters 500 --nodes 20`: fills a running OC with clusters that exist only on the wire, one
 * simulated manager each. They keep their leases and change nodes now and then until Ctrl-C; afterwards the OC shows
 * them as silent. `OC_API_KEY` is the key of an administrator, unless the OC runs with AUTH=off.
 */
const whole = (value: string): number => {
  const n = Number(value);
  if (!Number.isInteger(n) || n < 0) throw new InvalidArgumentError('A whole number is needed.');
  return n;
};
const options = new Command('seed')
  .option('--url <url>', 'the OC', 'http://127.0.0.1:4000')
  .option('--clusters <n>', 'how many clusters', whole, 500)
  .option('--nodes <n>', 'nodes in each', whole, 20)
  .option('--changes <n>', 'node changes a second', whole, 5)
  .option('--once', 'end when all have joined instead of keeping them alive')
  .parse()
  .opts<{ url: string; clusters: number; nodes: number; changes: number; once?: boolean }>();

/** Requests under way at once: as many as help, not so many that they time out in a queue. */
const AT_ONCE = 8;

const managers = Array.from(
  { length: options.clusters },
  (_, index) => new SimulatedManager(options.url, index, options.nodes),
);
try {
  // A token admits 1,000 at the most.
  const tokens = await Promise.all(
    Array.from({ length: Math.ceil(options.clusters / 1000) }, () =>
      enrolmentToken(options.url, process.env.OC_API_KEY, 1000),
    ),
  );
  const queue = [...managers];
  let joining = 0;
  let joined = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let manager = queue.shift(); manager; manager = queue.shift()) {
        await manager.join(tokens[joining++ % tokens.length]!);
        if (++joined % 100 === 0) console.log(`${joined} of ${managers.length} clusters have joined`);
      }
    }),
  );
} catch (error) {
  const { message, cause } = error as Error;
  console.error(
    `Could not seed ${options.url}: ${message}${cause instanceof Error ? ` (${cause.message})` : ''}`,
  );
  process.exit(1);
}
console.log(`${managers.length} clusters × ${options.nodes} nodes have joined ${options.url}.`);
if (options.once) process.exit(0);

console.log(`Keeping them alive with ${options.changes} changes a second. Ctrl-C ends it.`);
const ignore = (error: Error) => console.error(error.message);
for (const manager of managers) manager.keepAlive(ignore);
if (options.changes > 0 && options.nodes > 0) {
  setInterval(() => {
    // As often repaired as broken, so that the system stays about as it is.
    const troubled = managers.filter(({ inTrouble }) => inTrouble);
    const among = Math.random() < 0.5 && troubled.length > managers.length / 20 ? troubled : managers;
    among[Math.floor(Math.random() * among.length)]?.change().catch(ignore);
  }, 1000 / options.changes);
}
