import type { Oc } from './oc.ts';
import { until } from './until.ts';
import { WireManager, running } from './wire-manager.ts';

const SEEN = `query ($id: ID!) { operation(id: $id) {
  status statusReason pauseReason hold { rule reason freedBy since }
  waves { index name status statusReason failureBudget hold { rule } commandCounts { status count } }
  commands(first: 100) { edges { node {
    id status statusReason attempt hold { rule } wave { index } cluster { name }
    steps { edges { node { nodeName status skipRequested pauseRequested } } }
  } } }
  history(first: 100) { edges { node { kind summary actor } } }
} }`;

interface Seen {
  status: string;
  cluster: { name: string };
}

/** What stories about operations over many clusters do again and again; `oc` is asked for late, because a story starts it first. */
export function wavesOf(oc: () => Oc) {
  const see = async (id: string) => {
    const { operation } = await oc().client.data(SEEN, { id });
    const commands = operation.commands.edges.map(({ node }: { node: object }) => node);
    return {
      ...operation,
      commands,
      history: operation.history.edges.map(({ node }: { node: object }) => node),
    };
  };
  const act = async (name: string, operationId: string, scope?: object, reason?: string) =>
    (
      await oc().client.data(
        `mutation ($input: OperationActInput!) { act: ${name}(input: $input) { status } }`,
        {
          input: { operationId, scope, reason },
        },
      )
    ).act.status;
  const statuses = async (id: string) =>
    Object.fromEntries(
      (await see(id)).commands.map(({ cluster, status }: Seen) => [cluster.name, status]),
    ) as Record<string, string>;
  /** So many clusters of one node, whose managers do what they are told when they are asked to. */
  async function fleet(name: string, size: number) {
    const managers = await Promise.all(
      Array.from({ length: size }, async (_, index) => {
        const manager = await WireManager.join(oc().client, `${name}-${index + 1}`);
        await manager.snapshot(running('a'));
        return manager;
      }),
    );
    const lines = managers.map((manager) => manager.commands());
    const clusterIds = managers.map(({ clusterId }) => clusterId);
    /** Waits for the newest command there and reports how it ended. */
    const finish = async (index: number, status = 'SUCCEEDED') => {
      const command = await until(`a command at ${name}-${index + 1}`, () => lines[index]!.events.at(-1));
      lines[index]!.events.length = 0;
      await managers[index]!.reportCommand({
        commandId: command.id,
        sequence: 1,
        status,
        steps: [{ nodeName: 'a', status: status === 'SUCCEEDED' ? 'SUCCEEDED' : 'FAILED' }],
      });
    };
    const close = () => lines.forEach((line) => line.close());
    return { managers, lines, clusterIds, finish, close };
  }
  return { see, act, statuses, fleet };
}

/** A restart of these clusters. */
export const restart = (clusterIds: string[], rollout: object = {}) => ({
  kind: 'RESTART',
  targets: { clusterIds },
  rollout,
});
