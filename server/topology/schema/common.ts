import { builder } from '../../graphql/builder.ts';
import {
  ClusterStatus as ClusterStatusEnum,
  ControlLink as ControlLinkEnum,
} from '../../platform/generated/prisma/enums.ts';
import type { NodeStatus as NodeStatusValue } from '../status.ts';

export const ClusterStatus = builder.enumType(ClusterStatusEnum, {
  name: 'ClusterStatus',
  description: 'State of a cluster’s workload, worst first. UNKNOWN: its primary manager is silent.',
});

export const ControlLink = builder.enumType(ControlLinkEnum, {
  name: 'ControlLink',
  description:
    'The link from the OC to a cluster’s primary manager. SILENT: its lease ran out; what is shown is the last it said.',
});

export const NodeStatus = builder.enumType('NodeStatus', {
  description: 'State of a node, worst first; UNKNOWN: its cluster’s manager is silent.',
  values: [
    'DOWN',
    'UNHEALTHY',
    'STOPPING',
    'STARTING',
    'STOPPED',
    'RUNNING',
    'LEFT',
    'UNKNOWN',
  ] as const satisfies readonly NodeStatusValue[],
});

export const NodeStatusCount = builder
  .objectRef<{ status: NodeStatusValue; count: number }>('NodeStatusCount')
  .implement({
    authScopes: { public: true },
    fields: (t) => ({ status: t.expose('status', { type: NodeStatus }), count: t.exposeInt('count') }),
  });
