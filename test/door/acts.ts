import { randomUUID } from 'node:crypto';
import type { Client } from '../harness/client.ts';
import { START } from '../harness/operator.ts';
import type { Target } from '../harness/rows.ts';
import { until } from '../harness/until.ts';
import type { Once } from './policies.ts';

/** Does to operations on a cluster what only some of them bear; each act is asked for by `once`. */
export async function actOnOperations(
  once: Once,
  administrator: Client,
  manager: Client,
  { cluster, node, epoch }: Target,
  /** Number of the manager's next membership report. */
  sequence: number,
): Promise<void> {
  const start = async (more: object) => {
    const plan = { kind: 'RESTART', targets: { clusterIds: [cluster] }, ...more };
    const input = { plan, reason: 'once', idempotencyKey: randomUUID() };
    return (await administrator.data(START, { input })).startOperation.id as string;
  };
  const act = (name: string, operationId: string, scope?: object) =>
    once(administrator, 'Mutation', name, { input: { operationId, scope } });

  const gate = { name: 'gate', amount: { count: 1 }, manualGate: true };
  const gated = await start({ rollout: { waves: [gate] } });
  await act('promoteOperation', gated, { wave: 0 });
  await act('skipOperation', gated, { wave: 0 });
  const aborted = await start({});
  await act('abortOperation', aborted);
  await act('retryOperation', aborted);
  await act('abortOperation', aborted);

  // A row has planned it to be offline: nothing would begin here.
  await administrator.data(
    'mutation ($input: EndPlannedOfflineInput!) { endPlannedOffline(input: $input) { reason } }',
    {
      input: { target: { nodeId: node } },
    },
  );
  const shutdown = await start({ kind: 'SHUTDOWN' });
  const { operation } = await administrator.data(
    `query ($id: ID!) { operation(id: $id) {
      commands { edges { node { id steps { edges { node { nodeName } } } } } }
    } }`,
    { id: shutdown },
  );
  const [{ node: command }] = operation.commands.edges;
  const names = command.steps.edges.map(({ node }: { node: { nodeName: string } }) => node.nodeName);
  const report = (field: string, input: object) =>
    manager.data(
      `mutation ($input: ${field}Input!) { ${field[0]!.toLowerCase()}${field.slice(1)}(input: $input) { applied } }`,
      {
        input: { epoch, ...input },
      },
    );
  await report('ReportMembership', {
    kind: 'DELTA',
    sequence,
    nodes: names.map((name: string) => ({ name, status: 'STOPPED' })),
  });
  // What is told of a command that is yet to be issued is not taken.
  await until('the command is issued and the report of it is taken', async () => {
    const { reportCommand } = await report('ReportCommand', {
      commandId: command.id,
      sequence: 1,
      status: 'SUCCEEDED',
      steps: names.map((nodeName: string) => ({ nodeName, status: 'SUCCEEDED' })),
    });
    return reportCommand.applied;
  });
  await until('the shutdown has ended', async () => {
    const seen = await administrator.data('query ($id: ID!) { operation(id: $id) { status } }', {
      id: shutdown,
    });
    return seen.operation.status === 'SUCCEEDED';
  });
  await once(administrator, 'Query', 'planRevert', { operationId: shutdown });
  await once(administrator, 'Mutation', 'revertOperation', {
    input: { operationId: shutdown, reason: 'once', idempotencyKey: randomUUID() },
  });
}
