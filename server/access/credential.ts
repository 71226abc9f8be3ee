import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { EventKind } from '../platform/generated/prisma/enums.ts';
import { credentialEnds } from './manager-credential.ts';
import type { Principal } from './principal.ts';

/** By what someone is known who may stay for long. */
export interface Credential {
  kind: keyof typeof CREDENTIALS;
  /** By which the database knows it. */
  id: string;
  /** Only events of this cluster concern it; null: those of none. */
  clusterId: string | null;
  /** Unless it is renewed. */
  expiresAt: Date | null;
}

/** Of each kind: after which events it may have ended, and when those of some end that are still there. */
export const CREDENTIALS = {
  person: {
    endedBy: ['ACCESS_CHANGED'],
    endsOf: async (prisma, ids, now) => {
      const where = { id: { in: ids }, expiresAt: { gt: now }, person: { disabled: false } };
      return byId(await prisma.session.findMany({ where, select: { id: true, expiresAt: true } }));
    },
  },
  key: {
    endedBy: ['ACCESS_CHANGED'],
    endsOf: async (prisma, ids, now) => {
      const where = {
        id: { in: ids },
        revokedAt: null,
        OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
      };
      return byId(await prisma.apiKey.findMany({ where, select: { id: true, expiresAt: true } }));
    },
  },
  manager: {
    endedBy: ['MANAGER_REGISTERED', 'MANAGER_REVOKED'],
    endsOf: credentialEnds,
  },
} satisfies Record<string, Kind>;

interface Kind {
  endedBy: readonly EventKind[];
  /** Null: it does not expire. */
  endsOf(prisma: PrismaClient, ids: string[], now: Date): Promise<ReadonlyMap<string, Date | null>>;
}

const byId = (rows: readonly { id: string; expiresAt: Date | null }[]): Map<string, Date | null> =>
  new Map(rows.map(({ id, expiresAt }) => [id, expiresAt]));

/** That of a principal; who has none has nothing that could end. */
export function credentialOf(principal: Principal): Credential | undefined {
  switch (principal.kind) {
    case 'person':
      return { kind: 'person', id: principal.sessionId, clusterId: null, expiresAt: principal.expiresAt };
    case 'key':
      return { kind: 'key', id: principal.keyId, clusterId: null, expiresAt: principal.expiresAt };
    case 'manager':
      return {
        kind: 'manager',
        id: principal.credentialId,
        clusterId: principal.clusterId,
        expiresAt: null,
      };
    default:
      return undefined;
  }
}
