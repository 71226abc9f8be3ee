import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { EventKind } from '../platform/generated/prisma/enums.ts';
import type { Principal } from './principal.ts';

/** By what someone is known who may stay for long. */
export interface Credential {
  kind: keyof typeof CREDENTIALS;
  /** By which the database knows it. */
  id: string;
  /** Only events of this cluster concern it; null: those of none. */
  clusterId: string | null;
  expiresAt: Date | null;
}

/** Of each kind: after which events it may have ended, and which of some are still there. */
export const CREDENTIALS = {
  person: {
    endedBy: ['ACCESS_CHANGED'],
    validAmong: async (prisma, ids) => {
      const where = { id: { in: ids }, person: { disabled: false } };
      return new Set((await prisma.session.findMany({ where, select: { id: true } })).map(({ id }) => id));
    },
  },
  key: {
    endedBy: ['ACCESS_CHANGED'],
    validAmong: async (prisma, ids) => {
      const where = { id: { in: ids }, revokedAt: null };
      return new Set((await prisma.apiKey.findMany({ where, select: { id: true } })).map(({ id }) => id));
    },
  },
  manager: {
    endedBy: ['MANAGER_REGISTERED'],
    validAmong: async (prisma, hashes) => {
      const where = { credentialHash: { in: hashes } };
      const rows = await prisma.manager.findMany({ where, select: { credentialHash: true } });
      return new Set(rows.map(({ credentialHash }) => credentialHash));
    },
  },
} satisfies Record<string, Kind>;

interface Kind {
  endedBy: readonly EventKind[];
  validAmong(prisma: PrismaClient, ids: string[]): Promise<ReadonlySet<string>>;
}

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
        id: principal.credentialHash,
        clusterId: principal.clusterId,
        expiresAt: null,
      };
    default:
      return undefined;
  }
}
