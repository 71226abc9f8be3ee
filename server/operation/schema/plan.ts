import { builder } from '../../graphql/builder.ts';
import { connectionOf, pageOf } from '../../graphql/connection.ts';
import { OFFSET_CURSORS } from '../../graphql/cursors.ts';
import { batched } from '../../graphql/loader.ts';
import { notFound } from '../../platform/errors.ts';
import type { ClusterModel } from '../../platform/generated/prisma/models.ts';
import { Cluster } from '../../topology/schema/cluster.ts';
import { NodeStatus } from '../../topology/schema/common.ts';
import type { InventoryNode } from '../batches.ts';
import type { ClusterPlan as ClusterPlanShape, Plan } from '../plan.ts';
import type { WavePlan } from '../waves.ts';
import { estimateOf } from '../timings.ts';
import { OperationEstimate } from './estimate.ts';
import { OperationKind, OperationMode } from './operation.ts';
import { RollingLimits, RollingStrategy, RolloutStrategy } from './strategy.ts';

// Lists of a plan are paged like all others. The plan is made anew for each request: pages of one digest fit together.

const PlannedNode = builder.objectRef<InventoryNode>('PlannedNode').implement({
  authScopes: { viewer: true },
  fields: (t) => ({
    nodeId: t.exposeID('id'),
    name: t.exposeString('name'),
    status: t.expose('status', { type: NodeStatus, description: 'As last reported.' }),
  }),
});
const PlannedNodeConnection = connectionOf(PlannedNode, 'PlannedNode');

const PlannedBatch = builder.objectRef<{ index: number; nodes: InventoryNode[] }>('PlannedBatch').implement({
  authScopes: { viewer: true },
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'From 0, in the order in which the batches run.' }),
    nodes: t.connection(
      { type: PlannedNode, extensions: OFFSET_CURSORS, resolve: ({ nodes }, args) => pageOf(args, nodes) },
      PlannedNodeConnection,
    ),
  }),
});
const PlannedBatchConnection = connectionOf(PlannedBatch, 'PlannedBatch');

const ExcludedNode = builder.objectRef<ClusterPlanShape['excluded'][number]>('ExcludedNode').implement({
  authScopes: { viewer: true },
  fields: (t) => ({
    nodeId: t.id({ resolve: ({ node }) => node.id }),
    name: t.string({ resolve: ({ node }) => node.name }),
    reason: t.exposeString('reason'),
  }),
});
const ExcludedNodeConnection = connectionOf(ExcludedNode, 'ExcludedNode');

/** The rows of planned clusters, in one query. */
const clusterById = batched<ClusterModel | undefined>(async (ids, { prisma }) => {
  const rows = await prisma.cluster.findMany({ where: { id: { in: [...ids] } } });
  return new Map(rows.map((row) => [row.id, row]));
}, undefined);

const ClusterPlan = builder.objectRef<ClusterPlanShape>('ClusterPlan').implement({
  authScopes: { viewer: true },
  fields: (t) => ({
    cluster: t.field({
      type: Cluster,
      resolve: async ({ clusterId }, _args, context) => {
        const cluster = await clusterById(context, clusterId);
        if (!cluster) throw notFound('cluster', clusterId);
        return cluster;
      },
    }),
    wave: t.exposeInt('wave', {
      nullable: true,
      description: 'Index of its wave; null: nothing is done there.',
    }),
    limits: t.expose('limits', { type: RollingLimits, nullable: true }),
    batches: t.connection(
      {
        type: PlannedBatch,
        extensions: OFFSET_CURSORS,
        resolve: ({ batches }, args) =>
          pageOf(
            args,
            batches.map((nodes, index) => ({ index, nodes })),
          ),
      },
      PlannedBatchConnection,
    ),
    excluded: t.connection(
      {
        type: ExcludedNode,
        extensions: OFFSET_CURSORS,
        resolve: ({ excluded }, args) => pageOf(args, excluded),
      },
      ExcludedNodeConnection,
    ),
    warnings: t.exposeStringList('warnings'),
  }),
});
const ClusterPlanConnection = connectionOf(ClusterPlan, 'ClusterPlan');

const PlannedWave = builder.objectRef<WavePlan>('PlannedWave').implement({
  authScopes: { viewer: true },
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'From 0, in the order in which they are done.' }),
    name: t.exposeString('name'),
    clusterCount: t.int({ resolve: ({ clusterIds }) => clusterIds.length }),
    manualGate: t.exposeBoolean('manualGate'),
    soakSeconds: t.exposeInt('soakSeconds'),
    failureBudget: t.exposeInt('failureBudget'),
    offlineBudget: t.exposeInt('offlineBudget'),
  }),
});

export const OperationPlan = builder.objectRef<Plan>('OperationPlan').implement({
  description: 'The dry run: exactly what would be done.',
  authScopes: { viewer: true },
  fields: (t) => ({
    digest: t.exposeString('digest'),
    kind: t.expose('kind', { type: OperationKind }),
    mode: t.expose('mode', { type: OperationMode }),
    rollout: t.expose('rollout', { type: RolloutStrategy }),
    rolling: t.expose('rolling', { type: RollingStrategy, nullable: true }),
    waves: t.expose('waves', { type: [PlannedWave], description: 'At most 51.' }),
    clusters: t.connection(
      {
        type: ClusterPlan,
        description: 'By wave; those where nothing is done come last.',
        args: { wave: t.arg.int({ description: 'Index of a wave.' }) },
        extensions: OFFSET_CURSORS,
        resolve: ({ clusters }, { wave, ...args }) =>
          pageOf(
            args,
            typeof wave === 'number' ? clusters.filter((cluster) => cluster.wave === wave) : clusters,
          ),
      },
      ClusterPlanConnection,
    ),
    nodeCount: t.exposeInt('nodeCount'),
    estimate: t.field({
      type: OperationEstimate,
      nullable: true,
      description: 'Null: nothing like it was done in these clusters before.',
      resolve: (plan, _args, { deps }) => estimateOf(deps.prisma, plan),
    }),
    approvalsNeeded: t.exposeInt('approvalsNeeded', {
      description: 'How many people other than who starts it must approve it before it begins.',
    }),
    warnings: t.exposeStringList('warnings', { description: 'What to know before starting, of the whole.' }),
  }),
});
