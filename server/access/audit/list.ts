import { literally } from '../../platform/contains.ts';
import type { Prisma, PrismaClient } from '../../platform/generated/prisma/client.ts';
import type { AuditEntryModel } from '../../platform/generated/prisma/models.ts';
import type { AuditActor, AuditResult } from '../../platform/generated/prisma/enums.ts';

/** Entries that pass all parts that are set. */
export interface AuditFilterValue {
  /** Name, whatever the case, or id of who did it. */
  actor?: string | null | undefined;
  actorKind?: readonly AuditActor[] | null | undefined;
  action?: readonly string[] | null | undefined;
  /** Id or name of something that it was done to. */
  target?: string | null | undefined;
  result?: AuditResult | null | undefined;
  since?: Date | null | undefined;
  /** Not included. */
  until?: Date | null | undefined;
}

export function auditWhere(filter: AuditFilterValue | null | undefined): Prisma.AuditEntryWhereInput {
  const { actor, actorKind, action, target, result, since, until } = filter ?? {};
  const and: Prisma.AuditEntryWhereInput[] = [];
  if (actor) {
    // Prisma compares without regard to case by ILIKE.
    const name = { equals: literally(actor), mode: 'insensitive' as const };
    and.push({ OR: [{ actorName: name }, { actorId: actor }] });
  }
  if (actorKind) and.push({ actorKind: { in: [...actorKind] } });
  if (action) and.push({ action: { in: [...action] } });
  if (target)
    and.push({ OR: ['id', 'name'].map((key) => ({ targets: { array_contains: [{ [key]: target }] } })) });
  if (result) and.push({ result });
  if (since) and.push({ at: { gte: since } });
  if (until) and.push({ at: { lt: until } });
  return { AND: and };
}

/** Before any entry that there can be: one that was put in front of the first is read too. */
export const BEFORE_ALL = -(2n ** 63n);

/** Rows read at once where all are wanted. */
const PAGE = 1000;

/** The entries after `last` that pass, in their order, page by page: no more than one page is ever held. */
export async function* auditEntries(
  prisma: Pick<PrismaClient, 'auditEntry'>,
  last: bigint,
  pageSize = PAGE,
  where: Prisma.AuditEntryWhereInput = {},
): AsyncGenerator<AuditEntryModel, void, void> {
  for (;;) {
    const page = await prisma.auditEntry.findMany({
      where: { AND: [where, { sequence: { gt: last } }] },
      orderBy: { sequence: 'asc' },
      take: pageSize,
    });
    yield* page;
    if (page.length < pageSize) return;
    last = page.at(-1)!.sequence;
  }
}
