import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyDataDir } from '../../test/services/templates.ts';
import { createLocalBus } from '../platform/bus.ts';
import { systemClock } from '../platform/clock.ts';
import { PrismaClient } from '../platform/generated/prisma/client.ts';
import { createLogger } from '../platform/log.ts';
import { Tail } from '../platform/tail.ts';
import { ensureSystem } from '../topology/service.ts';
import type { Principal } from '../access/principal.ts';
import { withoutAuthentication } from '../access/testing.ts';
import { MembershipWriter } from '../manager/membership-writer.ts';
import { renewalsInRounds } from '../manager/renewals.ts';
import { MetricFeed } from '../metric/feed.ts';
import { createApi } from './yoga.ts';

const SYSTEM_PAGE = `{
  system { status nodeCounts { status count } clusterCounts { status count } }
  clusters(first: 100) {
    totalCount
    edges { node {
      name status nodeCounts { status count } labels { key value }
      primary { name role status leaseExpiresAt }
      managers(first: 3) { totalCount edges { node { name role } } }
      viewerCan { action allowed }
      cells(limit: 10) { name status viewerCan { allowed } }
      nodes(first: 5) { totalCount edges { node { name status cluster { name } } } }
      history(first: 5) { edges { node { kind summary node { name } } } }
    } }
  }
}`;
const OPERATIONS_PAGE = `{
  operations(first: 100) {
    totalCount
    edges { node {
      kind status statusReason startedAt viewerCan { allowed } stepCounts { status count } commandCounts { status count }
      commands(first: 10) { totalCount edges { node {
        status waitingFor stepCounts { status count } cluster { name }
        steps(first: 10) { edges { node { status node { name status } } } }
      } } }
    } }
  }
}`;

describe('the number of queries', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oc-queries-'));
  const logger = createLogger('silent');
  let pglite: PGlite;
  let prisma: PrismaClient;
  let queries = 0;

  beforeAll(async () => {
    copyDataDir(folder);
    pglite = await PGlite.create(join(folder, 'db'));
    const observed = new PrismaClient({
      adapter: new PrismaPGlite(pglite),
      log: [{ emit: 'event', level: 'query' }],
    });
    observed.$on('query', () => queries++);
    prisma = observed;
    await ensureSystem({ prisma, bus: createLocalBus(), clock: systemClock }, 'Counted');
  });
  afterAll(async () => {
    await prisma.$disconnect();
    await pglite.close();
    rmSync(folder, { recursive: true });
  });

  async function fill(from: number, clusters: number): Promise<void> {
    const now = new Date();
    for (let c = from; c < from + clusters; c++) {
      const cluster = await prisma.cluster.create({
        data: {
          name: `c${c}`,
          kind: 'process',
          statusReason: '',
          statusSince: now,
          link: 'CONNECTED',
          labels: { create: { key: 'env', value: 'x' } },
        },
      });
      const manager = await prisma.manager.create({
        data: {
          clusterId: cluster.id,
          name: 'm',
          version: '1',
          credentialHash: `h${c}`,
          credentialExpiresAt: now,
          lastSeenAt: now,
          registeredAt: now,
        },
      });
      await prisma.cluster.update({ where: { id: cluster.id }, data: { primaryId: manager.id } });
      const nodes = await prisma.node.createManyAndReturn({
        data: Array.from({ length: 8 }, (_, n) => ({
          clusterId: cluster.id,
          name: `n${n}`,
          status: 'RUNNING' as const,
          statusSince: now,
          reportedAt: now,
          joinedAt: now,
        })),
      });
      const operation = await prisma.operation.create({
        data: {
          kind: 'RESTART',
          mode: 'FORCED',
          status: 'RUNNING',
          reason: 'r',
          actor: 'a',
          idempotencyKey: `k${c}`,
          requestHash: '',
          createdAt: now,
        },
      });
      const command = await prisma.command.create({
        data: {
          operationId: operation.id,
          clusterId: cluster.id,
          kind: 'RESTART',
          mode: 'FORCED',
          status: 'PENDING',
          issuedAt: now,
          expiresAt: now,
        },
      });
      await prisma.step.createMany({
        data: nodes.map((node, position) => ({
          commandId: command.id,
          nodeId: node.id,
          nodeName: node.name,
          batch: 0,
          position,
          status: 'PENDING' as const,
        })),
      });
      await prisma.event.create({
        data: {
          revision: BigInt(c + 2),
          at: now,
          kind: 'NODE_CHANGED',
          summary: 's',
          clusterId: cluster.id,
          nodeId: nodes[0]!.id,
        },
      });
    }
  }

  const principals: [string, Principal][] = [
    ['one who sees all', { kind: 'local', name: 'local' }],
    [
      'one who sees some',
      {
        ...{ kind: 'key', keyId: 'k', name: 'k', expiresAt: null },
        grants: [{ role: 'OPERATOR', clusters: { names: ['c0'], labels: [{ key: 'env', value: 'x' }] } }],
      },
    ],
  ];
  let filled = 0;
  it.each(principals)('does not grow with the number of rows for %s', async (_who, principal) => {
    const bus = createLocalBus();
    const tail = new Tail({ prisma, bus, logger });
    const api = createApi({
      prisma,
      bus,
      clock: systemClock,
      logger,
      tail,
      membershipWriter: new MembershipWriter({ prisma, bus, clock: systemClock }),
      renewals: renewalsInRounds({ prisma, clock: systemClock, leaseMs: 10_000 }),
      ...withoutAuthentication,
      authenticate: async () => principal,
      metrics: new MetricFeed({ prisma, bus, logger }),
      leaseMs: 10_000,
      credentialMs: 86_400_000,
      graceUntil: new Date(),
    });
    const count = async (query: string) => {
      queries = 0;
      const response = await api.fetch('http://127.0.0.1/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      const { errors } = (await response.json()) as { errors?: unknown };
      expect(errors).toBeUndefined();
      return queries;
    };
    await fill(filled, 2);
    const few = [await count(SYSTEM_PAGE), await count(OPERATIONS_PAGE)];
    await fill(filled + 2, 30);
    filled += 32;
    expect([await count(SYSTEM_PAGE), await count(OPERATIONS_PAGE)]).toEqual(few);
    expect(Math.min(...few)).toBeGreaterThan(0);
  });
});
