import { builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import { CHECKED_CURSORS } from '../../graphql/cursors.ts';
import * as input from '../../graphql/input.ts';
import { byText, Keyset } from '../../graphql/keyset.ts';
import { batched } from '../../graphql/loader.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import type { Prisma } from '../../platform/generated/prisma/client.ts';
import type { ManagerModel } from '../../platform/generated/prisma/models.ts';
import { revokeManager } from '../credential.ts';

const ManagerRole = builder.enumType('ManagerRole', { values: ['PRIMARY', 'STANDBY'] as const });
const ManagerStatus = builder.enumType('ManagerStatus', {
  description:
    'SILENT: not heard for longer than a lease. LEFT: it said that it stops. REVOKED: it is not let in any more.',
  values: ['CONNECTED', 'SILENT', 'LEFT', 'REVOKED'] as const,
});
export { ManagerRole };

/** Clusters' primaries by cluster. */
const leaseOf = batched<{ primaryId: string | null; leaseExpiresAt: Date | null } | undefined>(
  async (ids, { prisma }) => {
    const rows = await prisma.cluster.findMany({
      where: { id: { in: [...ids] } },
      select: { id: true, primaryId: true, leaseExpiresAt: true },
    });
    return new Map(rows.map((row) => [row.id, row]));
  },
  undefined,
);

export const Manager = builder.prismaObject('Manager', {
  description: 'The agent that joins a cluster to the OC; one of a cluster’s managers is primary.',
  authScopes: (manager) => ({ viewer: true, managerOf: manager.clusterId }),
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name'),
    cluster: t.relation('cluster'),
    role: t.field({
      type: ManagerRole,
      resolve: async (manager, _args, context) =>
        (await leaseOf(context, manager.clusterId))?.primaryId === manager.id ? 'PRIMARY' : 'STANDBY',
    }),
    status: t.field({
      type: ManagerStatus,
      resolve: ({ revokedAt, leftAt, silentSince }) =>
        revokedAt ? 'REVOKED' : leftAt ? 'LEFT' : silentSince ? 'SILENT' : 'CONNECTED',
    }),
    url: t.exposeString('url', {
      nullable: true,
      description: 'Where it can be reached, as it said itself; null when it takes no connections.',
    }),
    consoleUrl: t.exposeString('consoleUrl', { nullable: true, description: 'The cluster’s own console.' }),
    host: t.exposeString('host', { nullable: true }),
    pid: t.exposeInt('pid', { nullable: true }),
    version: t.exposeString('version'),
    capabilities: t.exposeStringList('capabilities'),
    lastSeenAt: t.expose('lastSeenAt', { type: 'DateTime', extensions: UNLOGGED }),
    leaseExpiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'Until when it is primary without renewing; null for a standby.',
      extensions: UNLOGGED,
      resolve: async (manager, _args, context) => {
        const lease = await leaseOf(context, manager.clusterId);
        return lease?.primaryId === manager.id ? lease.leaseExpiresAt : null;
      },
    }),
    registeredAt: t.expose('registeredAt', { type: 'DateTime' }),
    credentialExpiresAt: t.field({
      type: 'DateTime',
      description: 'When it has to have renewed its credential; without that it needs a new enrolment token.',
      extensions: UNLOGGED,
      resolve: ({ nextCredentialExpiresAt, credentialExpiresAt }) =>
        nextCredentialExpiresAt ?? credentialExpiresAt,
    }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true }),
    revokedBy: t.exposeString('revokedBy', { nullable: true }),
    revokedReason: t.exposeString('revokedReason', { nullable: true }),
  }),
});

/** Of one cluster's managers: a name is one's alone. */
const BY_NAME = new Keyset<Prisma.ManagerWhereInput, Prisma.ManagerOrderByWithRelationInput>(byText('name'));

const managerCount = batched<number>(async (ids, { prisma }) => {
  const where = { clusterId: { in: [...ids] } };
  const rows = await prisma.manager.groupBy({ by: ['clusterId'], where, _count: true });
  return new Map(rows.map(({ clusterId, _count }) => [clusterId, _count]));
}, 0);

const ManagerConnection = connectionOf(Manager, 'Manager');

const RevokeManagerInput = builder.inputType('RevokeManagerInput', {
  fields: (t) => ({
    managerId: t.id({ required: true, validate: input.id }),
    reason: t.string({
      required: true,
      description: 'Why, for those who read it later.',
      validate: input.reason,
    }),
  }),
});

builder.mutationFields((t) => ({
  revokeManager: t.field({
    type: Manager,
    description:
      'Ends a manager’s credential: it needs a new enrolment token. Whoever has the one that it came with can use what is left of that: revoke it too.',
    authScopes: { administratorOfAll: true },
    args: { input: t.arg({ type: RevokeManagerInput, required: true }) },
    resolve: (_parent, { input: { managerId, reason } }, { deps, ...caller }) =>
      revokeManager(deps, caller, managerId, reason.trim()),
  }),
}));

builder.prismaObjectFields('Cluster', (t) => ({
  primary: t.relation('primary', { nullable: true }),
  managers: t.connection(
    {
      type: Manager,
      extensions: CHECKED_CURSORS,
      select: (args, _context, nested) => ({
        managers: nested({ ...BY_NAME.page(args), select: BY_NAME.select }, ['edges', 'node']),
      }),
      resolve: async ({ id, managers }, args, context) => ({
        ...(await BY_NAME.connection(args, managers as ManagerModel[])),
        totalCount: () => managerCount(context, id),
      }),
    },
    ManagerConnection,
  ),
}));
