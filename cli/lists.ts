import { InvalidArgumentError, type Command } from 'commander';
import { listClusters, listNodes, clusterId } from './look.ts';
import type { Means } from './means.ts';
import { each, inCapitals, label, whole } from './options.ts';

const LIMIT = 50;

/** How many rows of a list are shown. */
export const withLimit = (command: Command): Command =>
  command.option('--limit <n>', `rows, at most (${LIMIT})`, whole, LIMIT);

/** `cluster list`, `node list` and `graphql`. */
export function addLists(program: Command, means: () => Means): void {
  withLimit(program.command('cluster').description('see clusters').command('list'))
    .description('clusters, worst first')
    .option('--status <status>', 'e.g. degraded; several times for several', each(inCapitals))
    .option('--label <key=value>', 'that have it', each(label))
    .option('--search <text>', 'part of the name, the kind or the name of a node')
    .action(async ({ limit, status, label: labels, search }) => {
      const { api, output } = means();
      await listClusters(api, output, limit, { status, labels, search });
    });
  withLimit(program.command('node').description('see nodes').command('list'))
    .description('nodes, worst first')
    .option('--cluster <name>', 'of this one')
    .option('--status <status>', 'e.g. down; several times for several', each(inCapitals))
    .option('--search <text>', 'part of the name, host or address')
    .action(async ({ limit, cluster, status, search }) => {
      const { api, output } = means();
      const id = cluster === undefined ? undefined : await clusterId(api, cluster);
      await listNodes(api, output, limit, { clusterId: id, status, search });
    });
  program
    .command('graphql <document>')
    .description('sends a query or a mutation as it is; prints its data as JSON')
    .option('--variables <json>', 'its variables', object, {})
    .action(async (document: string, { variables }: { variables: object }) => {
      console.log(JSON.stringify(await means().api.send(document, variables)));
    });
}

/** @throws InvalidArgumentError */
function object(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // It is said below.
  }
  throw new InvalidArgumentError('A JSON object is needed.');
}
