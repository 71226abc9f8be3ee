import { z } from 'zod';
import { asManager } from '../access/principal.ts';
import { visibilityOf, type Visibility } from '../access/visibility.ts';
import { builder } from '../graphql/builder.ts';
import type { Deps } from '../deps.ts';
import * as input from '../graphql/input.ts';
import { batched } from '../graphql/loader.ts';
import { UNLOGGED } from '../graphql/unlogged.ts';
import { invalid } from '../platform/errors.ts';
import { whenThere } from '../platform/database/hold.ts';
import type { Position } from '../platform/event-log.ts';
import { LiveStream } from '../platform/live-stream.ts';
import {
  latestMetrics,
  type Metric as MetricShape,
  type MetricScope,
  type NodeMetrics as NodeMetricsShape,
} from './read.ts';
import { reportMetrics } from './report.ts';

const metricName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_.]{0,99}$/,
    'must be a letter and up to 99 letters, digits, "_" or "." behind it',
  );

const Metric = builder.objectRef<MetricShape>('Metric').implement({
  description: 'The newest value of a metric of a node.',
  authScopes: { public: true },
  fields: (t) => ({
    name: t.exposeString('name'),
    value: t.exposeFloat('value'),
    at: t.expose('at', {
      type: 'DateTime',
      description: 'When it was measured, by its manager’s clock, but never later than it came.',
      extensions: UNLOGGED,
    }),
  }),
});

const metricsOf = batched<MetricShape[]>(async (nodeIds, { prisma }, _args, { principal }) => {
  const nodes = await latestMetrics(prisma, visibilityOf(principal), { clusterId: null, nodeIds });
  return new Map(nodes.map(({ nodeId, metrics }) => [nodeId, metrics]));
}, []);

builder.prismaObjectFields('Node', (t) => ({
  metrics: t.field({
    type: [Metric],
    description: 'The newest value of each metric that its manager has reported, by name.',
    extensions: UNLOGGED,
    resolve: ({ id }, _args, context) => metricsOf(context, id),
  }),
}));

const MetricSampleInput = builder.inputType('MetricSampleInput', {
  fields: (t) => ({
    name: t.string({ required: true, validate: metricName }),
    // A literal such as 1e400 is none.
    value: t.float({ required: true, validate: z.number('must be a finite number') }),
    at: t.field({
      type: 'DateTime',
      required: true,
      description: 'When it was measured, by the manager’s clock.',
    }),
  }),
});

const NodeSamplesInput = builder.inputType('NodeSamplesInput', {
  fields: (t) => ({
    name: t.string({ required: true, description: 'Of the node.', validate: input.name }),
    samples: t.field({
      type: [MetricSampleInput],
      required: true,
      validate: z.array(z.unknown()).max(100, 'must have at most 100 samples'),
    }),
  }),
});

const ReportMetricsInput = builder.inputType('ReportMetricsInput', {
  fields: (t) => ({
    epoch: t.int({ required: true, validate: z.int().min(0) }),
    nodes: t.field({
      type: [NodeSamplesInput],
      required: true,
      validate: z.array(z.unknown()).max(5000, 'must have at most 5,000 nodes'),
    }),
  }),
});

const ReportMetricsPayload = builder.objectRef<{ applied: number }>('ReportMetricsPayload').implement({
  authScopes: { manager: true },
  fields: (t) => ({
    applied: t.exposeInt('applied', {
      description:
        'How many of the samples are the newest now; the others came late, or twice, or are of a metric too many.',
    }),
  }),
});

builder.mutationFields((t) => ({
  reportMetrics: t.field({
    extensions: { largeInput: true },
    type: ReportMetricsPayload,
    description: 'What the primary manager measured of its nodes. A report is taken whole or not at all.',
    authScopes: { manager: true },
    args: { input: t.arg({ type: ReportMetricsInput, required: true }) },
    resolve: (_parent, { input: report }, { deps, principal }) =>
      reportMetrics(deps, asManager(principal), report),
  }),
}));

const NodeMetrics = builder.objectRef<NodeMetricsShape>('NodeMetrics').implement({
  authScopes: { viewer: true },
  fields: (t) => ({
    nodeId: t.exposeID('nodeId'),
    metrics: t.expose('metrics', { type: [Metric] }),
  }),
});

interface ReportedShape {
  position: Position;
  scope: MetricScope;
  /** Undefined at the beginning: all there are. */
  news?: NodeMetricsShape[];
}

const MetricsReported = builder.objectRef<ReportedShape>('MetricsReported').implement({
  description:
    'The newest values of what was reported since the message before: of each node and metric one.',
  authScopes: { viewer: true },
  fields: (t) => ({
    nodes: t.field({
      type: [NodeMetrics],
      description: 'None: nothing was reported, and the stream is alive.',
      resolve: ({ scope, news }, _args, { deps, principal }) =>
        news ?? latestMetrics(deps.prisma, visibilityOf(principal), scope),
    }),
  }),
});

builder.subscriptionFields((t) => ({
  metricsReported: t.field({
    type: MetricsReported,
    description:
      'Begins with the newest value of each metric of the nodes, then tells what was reported since. Who takes it slowly is told the newest values when there is room again, not those in between. Name a cluster, nodes, or both.',
    authScopes: { viewer: true },
    args: {
      clusterId: t.arg.id({ validate: input.id.nullish() }),
      nodeIds: t.arg.idList({ validate: input.ids.nullish() }),
    },
    subscribe: (_parent, { clusterId, nodeIds }, { deps, principal }) => {
      if (clusterId == null && nodeIds == null)
        throw invalid('clusterId', 'name a cluster, or nodes by nodeIds');
      return followMetrics(deps, visibilityOf(principal), {
        clusterId: clusterId ?? null,
        nodeIds: nodeIds ?? null,
      });
    },
    resolve: (event) => event,
  }),
}));

/** The longest time without a message, milliseconds, however much is reported elsewhere. */
const QUIET_MS = 5000;

function followMetrics(
  { prisma, metrics }: Deps,
  seen: Visibility,
  scope: MetricScope,
): LiveStream<ReportedShape> {
  const start = metrics.position;
  return new LiveStream<ReportedShape>(start, { position: start, scope }, async (position, signal) => {
    const deadline = performance.now() + QUIET_MS;
    let at = position;
    for (;;) {
      const head = await metrics.next(at, signal);
      if (!head) return undefined;
      const since = at.mark;
      const read = async () => (head.mark === since ? [] : latestMetrics(prisma, seen, scope, since));
      const news = await whenThere(read, signal);
      if (!news) return undefined;
      if (news.length > 0 || performance.now() >= deadline) return { position: head, scope, news };
      at = head;
    }
  });
}
