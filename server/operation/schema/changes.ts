import { builder } from '../../graphql/builder.ts';
import { REVISION_CURSORS } from '../../graphql/cursors.ts';
import * as input from '../../graphql/input.ts';
import { visibilityOf, type Visibility } from '../../access/visibility.ts';
import type { Context } from '../../graphql/context.ts';
import type { Deps } from '../../deps.ts';
import { notFound } from '../../platform/errors.ts';
import type { Position } from '../../platform/event-log.ts';
import type { OperationModel } from '../../platform/generated/prisma/models.ts';
import { LiveStream } from '../../platform/live-stream.ts';
import type { Batch } from '../../platform/tail.ts';
import { Bookmark, TopologyDelta } from '../../topology/schema/changes.ts';
import { EventConnection } from '../../topology/schema/event.ts';
import { visibleEvents } from '../../topology/visible-events.ts';
import { Command, Step } from './command.ts';
import { Operation } from './operation.ts';

interface DeltaShape {
  type: 'delta';
  position: Position;
  operationId: string;
  commandIds: string[];
  /** Clusters whose link or queue changed: what their commands wait for may have, too. */
  clusterIds: string[];
  stepIds: string[];
}
type SnapshotShape = { type: 'snapshot'; position: Position; operationId: string };
type OperationEventShape = DeltaShape | SnapshotShape | { type: 'bookmark'; position: Position };

const OperationSnapshot = builder.objectRef<SnapshotShape>('OperationSnapshot').implement({
  authScopes: { viewer: true },
  fields: (t) => ({
    revision: t.expose('position', { type: 'Revision' }),
    operation: t.prismaField({
      type: Operation,
      resolve: (query, { operationId }, _args, context) => operationNow(query, operationId, context),
    }),
  }),
});

const OperationDelta = builder.objectRef<DeltaShape>('OperationDelta').implement({
  description: 'What changed since the message before, as it is now.',
  authScopes: { viewer: true },
  fields: (t) => ({
    revision: t.expose('position', { type: 'Revision' }),
    operation: t.prismaField({
      type: Operation,
      resolve: (query, { operationId }, _args, context) => operationNow(query, operationId, context),
    }),
    commands: t.prismaField({
      type: [Command],
      resolve: (query, { operationId, commandIds, clusterIds }, _args, { deps, principal }) =>
        deps.prisma.command.findMany({
          ...query,
          where: {
            operationId,
            OR: [{ id: { in: commandIds } }, { clusterId: { in: clusterIds } }],
            ...visibilityOf(principal).ofCluster,
          },
        }),
    }),
    steps: t.prismaField({
      type: [Step],
      resolve: (query, { stepIds }, _args, { deps, principal }) =>
        deps.prisma.step.findMany({
          ...query,
          where: { id: { in: stepIds }, ...ofCommand(visibilityOf(principal)) },
        }),
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
    authScopes: { viewer: true },
    args: { id: t.arg.id({ required: true, validate: input.id }), since: t.arg({ type: 'Revision' }) },
    subscribe: (_parent, { id, since }, { deps, principal }) =>
      operationChanges(deps, visibilityOf(principal), id, since),
    resolve: (event) => event,
  }),
}));

builder.objectFields(TopologyDelta, (t) => ({
  operations: t.prismaField({
    type: [Operation],
    resolve: (query, { operationIds }, _args, { deps, principal }) =>
      deps.prisma.operation.findMany({
        ...query,
        where: { id: { in: operationIds }, ...visibilityOf(principal).operations },
      }),
  }),
}));

builder.prismaObjectFields('Operation', (t) => ({
  history: t.relatedConnection(
    'events',
    {
      cursor: 'revision',
      totalCount: true,
      description: 'What happened, newest first.',
      query: (_args, { principal }) => ({
        where: visibilityOf(principal).ofCluster,
        orderBy: { revision: 'desc' as const },
      }),
      extensions: REVISION_CURSORS,
    },
    EventConnection,
  ),
}));
builder.prismaObjectFields('Event', (t) => ({ operation: t.relation('operation', { nullable: true }) }));

/** Kinds of event after which a command of the same cluster may wait for something else. */
const MOVES_OTHERS = new Set(['CLUSTER_SILENT', 'CLUSTER_BACK', 'COMMAND_CHANGED']);

const ofCommand = ({ all, ofCluster }: Visibility) => (all ? {} : { command: ofCluster });

/** @throws AppError NOT_FOUND when it is not seen any more */
async function operationNow(
  query: object,
  id: string,
  { deps, principal }: Context,
): Promise<OperationModel> {
  const where = { id, ...visibilityOf(principal).operations };
  const operation = await deps.prisma.operation.findUnique({ ...query, where });
  if (!operation) throw notFound('operation', id, 'id');
  return operation;
}

async function operationChanges(
  deps: Deps,
  seen: Visibility,
  operationId: string,
  since: Position | null | undefined,
) {
  const commands = await deps.prisma.command.findMany({
    where: { operationId, ...seen.ofCluster },
    select: { clusterId: true },
  });
  if (commands.length === 0) throw notFound('operation', operationId, 'id');
  const clusters = new Set(commands.map(({ clusterId }) => clusterId));
  return LiveStream.open<OperationEventShape>(deps, since, {
    snapshot: (position) => ({ type: 'snapshot', position, operationId }),
    eventOf: async ({ position, events }) =>
      operationEvent(
        { position, events: await visibleEvents(deps.prisma, seen, events) },
        operationId,
        clusters,
      ),
  });
}

function operationEvent(
  { position, events }: Batch,
  operationId: string,
  clusters: ReadonlySet<string>,
): OperationEventShape {
  const mine = events.filter((event) => event.operationId === operationId);
  const moved = events.flatMap(({ kind, clusterId }) =>
    clusterId && clusters.has(clusterId) && MOVES_OTHERS.has(kind) ? [clusterId] : [],
  );
  if (mine.length + moved.length === 0) return { type: 'bookmark', position };
  const ids = (key: 'commandId' | 'stepId') => [
    ...new Set(mine.map((event) => event[key]).filter((id) => id !== null)),
  ];
  return {
    type: 'delta',
    position,
    operationId,
    commandIds: ids('commandId'),
    clusterIds: [...new Set(moved)],
    stepIds: ids('stepId'),
  };
}
