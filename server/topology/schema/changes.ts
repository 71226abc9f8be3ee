import { visibilityOf, type Visibility } from '../../access/visibility.ts';
import { builder } from '../../graphql/builder.ts';
import * as input from '../../graphql/input.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import type { LoggedEvent, Position } from '../../platform/event-log.ts';
import type { PrismaClient } from '../../platform/generated/prisma/client.ts';
import type { EventKind } from '../../platform/generated/prisma/enums.ts';
import { LiveStream } from '../../platform/live-stream.ts';
import { clusterWhere, type ClusterFilterValue } from '../filter.ts';
import { visibleEvents } from '../visible-events.ts';
import { Cluster, ClusterFilter } from './cluster.ts';
import { Node } from './node.ts';
import { System, openSystem } from './system.ts';

export interface DeltaShape {
  type: 'delta';
  position: Position;
  clusterIds: string[];
  /** Changed, and outside of the filter. */
  outsideClusterIds: string[];
  nodeIds: string[];
  operationIds: string[];
}
type BookmarkShape = { type: 'bookmark'; position: Position };
export type TopologyEventShape = DeltaShape | BookmarkShape | { type: 'snapshot'; position: Position };

const TopologySnapshot = builder
  .objectRef<Extract<TopologyEventShape, { type: 'snapshot' }>>('TopologySnapshot')
  .implement({
    description: 'Where the stream begins: everything as of `revision` or newer, read through `system`.',
    authScopes: { viewer: true },
    fields: (t) => ({
      revision: t.expose('position', { type: 'Revision' }),
      system: t.field({ type: System, resolve: (_event, _args, context, info) => openSystem(context, info) }),
    }),
  });

export const TopologyDelta = builder.objectRef<DeltaShape>('TopologyDelta').implement({
  description: 'What changed since the message before, as it is now: a later delta may say the same again.',
  authScopes: { viewer: true },
  fields: (t) => ({
    revision: t.expose('position', { type: 'Revision' }),
    system: t.field({ type: System, resolve: (_event, _args, context, info) => openSystem(context, info) }),
    clusters: t.prismaField({
      type: [Cluster],
      description:
        'Clusters that changed in any way, themselves or by a manager or node of theirs, and that pass the filter. One that you do not have has entered it: it is whole in what you select here, while `nodes` says only what changed.',
      resolve: (query, { clusterIds }, _args, { deps, principal }) =>
        deps.prisma.cluster.findMany({
          ...query,
          where: { id: { in: clusterIds }, AND: visibilityOf(principal).clusters },
        }),
    }),
    outsideClusterIds: t.exposeIDList('outsideClusterIds', {
      description:
        'Clusters that changed and do not pass the filter: one that you have has left it, with its nodes. Empty without a filter.',
    }),
    nodes: t.prismaField({
      type: [Node],
      description:
        'Nodes that changed, of clusters that pass the filter; those that left have the status LEFT.',
      resolve: (query, { nodeIds }, _args, { deps, principal }) =>
        deps.prisma.node.findMany({
          ...query,
          where: { id: { in: nodeIds }, ...visibilityOf(principal).ofCluster },
        }),
    }),
  }),
});

export const Bookmark = builder.objectRef<{ type: 'bookmark'; position: Position }>('Bookmark').implement({
  description: 'Nothing happened up to `revision`: the stream is alive.',
  authScopes: { viewer: true },
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
      'Without `since`: a snapshot, then deltas. With it: the deltas after it, or RESYNC_REQUIRED where the log does not have it. With a `filter` the same of the clusters that pass it: read them at the snapshot by `system { clusters(filter: …) }`, put `clusters` of each delta over them, and drop those of `outsideClusterIds`. `system` is the whole system all the same.',
    authScopes: { viewer: true },
    args: {
      since: t.arg({ type: 'Revision' }),
      clusterId: t.arg.id({ validate: input.id.nullish() }),
      filter: t.arg({ type: ClusterFilter }),
    },
    subscribe: (_parent, { since, clusterId, filter }, { deps, principal }) => {
      const seen = visibilityOf(principal);
      return LiveStream.open<TopologyEventShape>(deps, since, {
        snapshot: (position) => ({ type: 'snapshot', position }),
        eventOf: async ({ position, events }) => {
          const told = await visibleEvents(deps.prisma, seen, events);
          const mine = told.filter((event) => clusterId == null || event.clusterId === clusterId);
          if (!filter) return topologyEvent(position, mine);
          const passing = await passingClusters(deps.prisma, seen, mine, filter);
          const [inside, outside] = partition(mine, (event) => passing.has(event.clusterId ?? ''));
          return topologyEvent(position, inside, outside);
        },
      });
    },
    resolve: (event) => event,
  }),
}));

/** Kinds of event after which a cluster may pass a filter no more that it passed before. */
const LEADS_OUT = new Set<EventKind>(['CLUSTER_CHANGED', 'CLUSTER_RELABELLED', 'NODE_LEFT']);

/** @param outside events of clusters that do not pass the filter. */
function topologyEvent(
  position: Position,
  events: readonly LoggedEvent[],
  outside: readonly LoggedEvent[] = [],
): DeltaShape | BookmarkShape {
  const leaving = outside.filter(({ kind }) => LEADS_OUT.has(kind));
  if (events.length + leaving.length === 0) return { type: 'bookmark', position };
  return {
    type: 'delta',
    position,
    clusterIds: distinct(events.map(({ clusterId }) => clusterId)),
    outsideClusterIds: distinct(leaving.map(({ clusterId }) => clusterId)),
    nodeIds: distinct(events.map(({ nodeId }) => nodeId)),
    operationIds: distinct(events.map(({ operationId }) => operationId)),
  };
}

/** Which of the events' clusters pass the filter now; if that changes, a later event says so. */
async function passingClusters(
  prisma: PrismaClient,
  seen: Visibility,
  events: readonly LoggedEvent[],
  filter: ClusterFilterValue,
): Promise<ReadonlySet<string>> {
  const ids = distinct(events.map(({ clusterId }) => clusterId));
  if (ids.length === 0) return new Set();
  const passing = await prisma.cluster.findMany({
    where: { AND: [{ id: { in: ids } }, clusterWhere(filter, seen)] },
    select: { id: true },
  });
  return new Set(passing.map(({ id }) => id));
}

const distinct = (ids: readonly (string | null)[]): string[] => [...new Set(ids.filter((id) => id !== null))];

const partition = <T>(all: readonly T[], test: (one: T) => boolean): [T[], T[]] => [
  all.filter(test),
  all.filter((one) => !test(one)),
];
