import type { PrismaClient } from '../../platform/generated/prisma/client.ts';
import { ChainCheck, type Head, type Json } from './chain.ts';
import { auditEntries, BEFORE_ALL } from './list.ts';

export interface Verdict {
  /** How far the chain holds. */
  head: Head;
  /** The first thing that is wrong, in words that name the entry; undefined: nothing. */
  problem: string | undefined;
}

/** The committed head; null when its row is missing. */
export const auditHead = (prisma: Pick<PrismaClient, 'auditHead'>): Promise<Head | null> =>
  prisma.auditHead.findFirst({ select: { entries: true, hash: true } });

/**
 * Follows the whole chain, page by page, also while servers write to it.
 * @param options.anchors heads that were written down elsewhere, through which it must go
 */
export async function verifyAudit(
  prisma: PrismaClient,
  { anchors = [], pageSize }: { anchors?: readonly Head[]; pageSize?: number } = {},
): Promise<Verdict> {
  const chain = new ChainCheck(anchors);
  const follow = async (): Promise<string | undefined> => {
    const { entries } = chain.last;
    for await (const entry of auditEntries(prisma, entries === 0n ? BEFORE_ALL : entries, pageSize)) {
      const problem = chain.next({ ...entry, targets: entry.targets as Json, detail: entry.detail as Json });
      if (problem) return problem;
    }
    return undefined;
  };
  let problem = await follow();
  let head = await auditHead(prisma);
  while (!problem && head && head.entries > chain.last.entries) {
    // Written since the last page was read, or cut off: the entries that this head is of are there now or never.
    const { entries } = chain.last;
    problem = await follow();
    if (entries === chain.last.entries) break;
    head = await auditHead(prisma);
  }
  return { head: chain.last, problem: problem ?? chain.end(head) };
}
