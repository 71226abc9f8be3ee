import { builder } from '../../graphql/builder.ts';
import * as input from '../../graphql/input.ts';
import type { Deps } from '../../graphql/context.ts';
import { notFound } from '../../platform/errors.ts';
import { endingWithConsumer } from '../../platform/iterate.ts';
import { headRevision } from '../../platform/event-log.ts';
import { Bookmark, TopologyDelta } from '../../topology/schema/changes.ts';
import { EventConnection } from '../../topology/schema/event.ts';
import { Command, Step } from './command.ts';
import { Operation } from './operation.ts';

interface DeltaShape {
  type: 'delta';
  revision: bigint;
  operationId: string;
  commandIds: string[];
  /** Clusters whose link or queue changed: what their commands wait for may have, too. */
  clusterIds: string[];
  stepIds: string[];
}
type SnapshotShape = { type: 'snapshot'; revision: bigint; operationId: string };
type OperationEventShape = DeltaShape | SnapshotShape | { type: 'bookmark'; revision: bigint };

const OperationSnapshot = builder.objectRef<SnapshotShape>('OperationSnapshot').implement({
  authScopes: { operator: true },
  fields: (t) => ({
    revision: t.expose('revision', { type: 'Revision' }),
    operation: t.prismaField({
      type: Operation,
      resolve: (query, { operationId: id }, _args, { deps }) =>
        deps.prisma.operation.findUniqueOrThrow({ ...query, where: { id } }),
    }),
  }),
});

const OperationDelta = builder.objectRef<DeltaShape>('OperationDelta').implement({
  description: 'What changed since the message before, as it is now.',
  authScopes: { operator: true },
  fields: (t) => ({
    revision: t.expose('revision', { type: 'Revision' }),
    operation: t.prismaField({
      type: Operation,
      resolve: (query, { operationId: id }, _args, { deps }) =>
        deps.prisma.operation.findUniqueOrThrow({ ...query, where: { id } }),
    }),
    commands: t.prismaField({
      type: [Command],
      resolve: (query, { operationId, commandIds, clusterIds }, _args, { deps }) =>
        deps.prisma.command.findMany({
          ...query,
          where: { operationId, OR: [{ id: { in: commandIds } }, { clusterId: { in: clusterIds } }] },
        }),
    }),
    steps: t.prismaField({
      type: [Step],
      resolve: (query, { stepIds }, _args, { deps }) =>
        deps.prisma.step.findMany({ ...query, where: { id: { in: stepIds } } }),
    }),
  }),
});

const OperationEvent = builder.unionType('OperationEvent', {
  types: [OperationSnapshot, OperationDelta, Bookmark],
  resolveType: ({ type }) =>
    ({ snapshot: 'OperationSnapshot', delta: 'OperationDelta', bookmark: 'Bookmark' })[type],
});

builder.subscriptionFields((t) => ({
  operationChanged: t.field({
    type: OperationEvent,
    description: 'As `topologyChanged`, of one operation.',
    authScopes: { operator: true },
    args: { id: t.arg.id({ required: true, validate: input.id }), since: t.arg({ type: 'Revision' }) },
    subscribe: (_parent, { id, since }, { deps }) =>
      endingWithConsumer((signal) => operationChanges(deps, signal, id, since ?? undefined)),
    resolve: (event) => event,
  }),
}));

builder.objectFields(TopologyDelta, (t) => ({
  operations: t.prismaField({
    type: [Operation],
    resolve: (query, { operationIds }, _args, { deps }) =>
      deps.prisma.operation.findMany({ ...query, where: { id: { in: operationIds } } }),
  }),
}));

builder.prismaObjectFields('Operation', (t) => ({
  history: t.relatedConnection(
    'events',
    {
      cursor: 'revision',
      totalCount: true,
      description: 'What happened, newest first.',
      query: { orderBy: { revision: 'desc' } },
    },
    EventConnection,
  ),
}));
builder.prismaObjectFields('Event', (t) => ({ operation: t.relation('operation', { nullable: true }) }));

/** Kinds of event after which a command of the same cluster may wait for something else. */
const MOVES_OTHERS = new Set(['CLUSTER_SILENT', 'CLUSTER_BACK', 'COMMAND_CHANGED']);

async function* operationChanges(
  { prisma, tail }: Deps,
  signal: AbortSignal,
  operationId: string,
  since: bigint | undefined,
): AsyncGenerator<OperationEventShape, void, void> {
  const start = since ?? (await headRevision(prisma));
  const commands = await prisma.command.findMany({ where: { operationId }, select: { clusterId: true } });
  if (commands.length === 0) throw notFound('operation', operationId);
  const clusters = new Set(commands.map(({ clusterId }) => clusterId));
  if (since === undefined) yield { type: 'snapshot', revision: start, operationId };
  for await (const { revision, events } of tail.follow(start, signal)) {
    const mine = events.filter((event) => event.operationId === operationId);
    const moved = events.flatMap(({ kind, clusterId }) =>
      clusterId && clusters.has(clusterId) && MOVES_OTHERS.has(kind) ? [clusterId] : [],
    );
    if (mine.length + moved.length === 0) {
      yield { type: 'bookmark', revision };
      continue;
    }
    const ids = (key: 'commandId' | 'stepId') => [
      ...new Set(mine.map((event) => event[key]).filter((id) => id !== null)),
    ];
    yield {
      type: 'delta',
      revision,
      operationId,
      commandIds: ids('commandId'),
      clusterIds: [...new Set(moved)],
      stepIds: ids('stepId'),
    };
  }
}
