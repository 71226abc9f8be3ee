import { builder } from '../../graphql/builder.ts';
import * as input from '../../graphql/input.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import type { Position } from '../../platform/event-log.ts';
import { LiveStream } from '../../platform/live-stream.ts';
import type { Batch } from '../../platform/tail.ts';
import { Cluster } from './cluster.ts';
import { Node } from './node.ts';
import { System, openSystem } from './system.ts';

export interface DeltaShape {
  type: 'delta';
  position: Position;
  clusterIds: string[];
  nodeIds: string[];
  operationIds: string[];
}
export type TopologyEventShape =
  DeltaShape | { type: 'snapshot'; position: Position } | { type: 'bookmark'; position: Position };

const TopologySnapshot = builder
  .objectRef<Extract<TopologyEventShape, { type: 'snapshot' }>>('TopologySnapshot')
  .implement({
    description: 'Where the stream begins: everything as of `revision` or newer, read through `system`.',
    authScopes: { operator: true },
    fields: (t) => ({
      revision: t.expose('position', { type: 'Revision' }),
      system: t.field({ type: System, resolve: (_event, _args, { deps }, info) => openSystem(deps, info) }),
    }),
  });

export const TopologyDelta = builder.objectRef<DeltaShape>('TopologyDelta').implement({
  description: 'What changed since the message before, as it is now: a later delta may say the same again.',
  authScopes: { operator: true },
  fields: (t) => ({
    revision: t.expose('position', { type: 'Revision' }),
    system: t.field({ type: System, resolve: (_event, _args, { deps }, info) => openSystem(deps, info) }),
    clusters: t.prismaField({
      type: [Cluster],
      description: 'Clusters that changed in any way, themselves or by a manager or node of theirs.',
      resolve: (query, { clusterIds }, _args, { deps }) =>
        deps.prisma.cluster.findMany({ ...query, where: { id: { in: clusterIds } } }),
    }),
    nodes: t.prismaField({
      type: [Node],
      description: 'Nodes that changed; those that left have the status LEFT.',
      resolve: (query, { nodeIds }, _args, { deps }) =>
        deps.prisma.node.findMany({ ...query, where: { id: { in: nodeIds } } }),
    }),
  }),
});

export const Bookmark = builder.objectRef<{ type: 'bookmark'; position: Position }>('Bookmark').implement({
  description: 'Nothing happened up to `revision`: the stream is alive.',
  authScopes: { operator: true },
  fields: (t) => ({
    revision: t.expose('position', { type: 'Revision' }),
    at: t.field({
      type: 'DateTime',
      extensions: UNLOGGED,
      resolve: (_event, _args, { deps }) => deps.clock.now(),
    }),
  }),
});

const TopologyEvent = builder.unionType('TopologyEvent', {
  types: [TopologySnapshot, TopologyDelta, Bookmark],
  resolveType: ({ type }) =>
    ({ snapshot: 'TopologySnapshot', delta: 'TopologyDelta', bookmark: 'Bookmark' })[type],
});

builder.subscriptionFields((t) => ({
  topologyChanged: t.field({
    type: TopologyEvent,
    description:
      'Without `since`: a snapshot, then deltas. With it: the deltas after it, or RESYNC_REQUIRED where the log does not have it.',
    authScopes: { operator: true },
    args: { since: t.arg({ type: 'Revision' }), clusterId: t.arg.id({ validate: input.id.nullish() }) },
    subscribe: (_parent, { since, clusterId }, { deps }) =>
      LiveStream.open<TopologyEventShape>(deps, since, {
        snapshot: (position) => ({ type: 'snapshot', position }),
        eventOf: (batch) => topologyEvent(batch, clusterId ?? undefined),
      }),
    resolve: (event) => event,
  }),
}));

/** What happened in the whole system or in one cluster. */
function topologyEvent({ position, events }: Batch, onlyCluster: string | undefined): TopologyEventShape {
  const mine = events.filter(({ clusterId }) => onlyCluster === undefined || clusterId === onlyCluster);
  if (mine.length === 0) return { type: 'bookmark', position };
  return {
    type: 'delta',
    position,
    clusterIds: distinct(mine.map(({ clusterId }) => clusterId)),
    nodeIds: distinct(mine.map(({ nodeId }) => nodeId)),
    operationIds: distinct(mine.map(({ operationId }) => operationId)),
  };
}

const distinct = (ids: readonly (string | null)[]): string[] => [...new Set(ids.filter((id) => id !== null))];
