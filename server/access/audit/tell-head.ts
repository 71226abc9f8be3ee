import type { PrismaClient } from '../../platform/generated/prisma/client.ts';
import type { Logger } from '../../platform/log.ts';
import { auditHead } from './verify.ts';

/**
 * Writes the audit log's head to the server's log whenever it is another one: who keeps that log elsewhere can show by
 * it that the chain was not written anew (`npm run audit:verify -- --anchor ENTRIES:HASH`).
 */
export function tellAuditHead({
  prisma,
  logger,
}: {
  prisma: PrismaClient;
  logger: Logger;
}): () => Promise<void> {
  let told = '';
  return async () => {
    const head = await auditHead(prisma);
    const now = head ? `${head.entries}:${head.hash}` : 'missing';
    if (now !== told) logger[head ? 'info' : 'error']({ auditHead: now }, 'the head of the audit log');
    told = now;
  };
}
